package mpring

import "errors"

// Errors of Mail.
var (
	// ErrMailFull: as many descriptors are under way as the system allows.
	ErrMailFull = errors.New("conex: too many descriptors are under way")
	// ErrNoMail: there is no parcel of that number.
	ErrNoMail = errors.New("conex: the descriptors of a record are missing")
)

// MaxFiles is how many descriptors a parcel may have: what the kernel takes at
// once, nearly.
const MaxFiles = 250
