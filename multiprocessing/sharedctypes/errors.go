package sharedctypes

import (
	"errors"
	"fmt"
	"reflect"
)

// Errors to be tested with errors.Is. Whoever gets one has changed nothing.
//
// Those of other packages that come from here as well: what the lock says, such
// as multiprocessing.ErrOwnerDied and threading.ErrNoThread; the error of a
// context that ended, with its cause; threading.ErrNilFunc for a function that
// is nil; multiprocessing.ErrCorrupt for a handle whose bytes make no sense.
var (
	// ErrNotFixed says that a type cannot lie in memory that several processes
	// share: it has pointers, or no size. The error that matches it is a
	// [*TypeError], which names the part at fault.
	ErrNotFixed = errors.New("sharedctypes: not a type of fixed layout")

	// ErrIndex says that an index is outside of the array, or negative. Python
	// counts negative ones from the end; here they are a mistake.
	ErrIndex = errors.New("sharedctypes: index outside of the array")

	// ErrLength says that an array cannot have that many elements.
	ErrLength = errors.New("sharedctypes: no such length")

	// ErrTooLong says that there is less room than there are bytes.
	ErrTooLong = errors.New("sharedctypes: too long")

	// ErrCode says that there is no such [Code], or that the value given with
	// it is not of its type.
	ErrCode = errors.New("sharedctypes: type code")

	// ErrMismatch says that what another process has sent is an object of
	// another kind, or with elements of another type.
	ErrMismatch = errors.New("sharedctypes: received an object of another type")

	// ErrNoLock says that WithLock or WithRLock was given nil.
	ErrNoLock = errors.New("sharedctypes: a lock that is nil: leave the option out for a new one, or use a raw form for none")

	// ErrNoObject says that an object was needed and nil, or a zero value, was
	// given.
	ErrNoObject = errors.New("sharedctypes: nil, or a zero value: make it with its New function")
)

// A TypeError says which part of a type cannot lie in shared memory, and what to
// use instead. It matches [ErrNotFixed].
type TypeError struct {
	Type   reflect.Type // the type that was asked for
	Path   string       // the part at fault, such as ".Points[].Name"; empty for Type itself
	Part   reflect.Type // the type of that part
	Reason string       // why, and what to do about it
}

// Error names the part and the reason.
func (e *TypeError) Error() string {
	if e.Path == "" {
		return fmt.Sprintf("sharedctypes: %v cannot lie in shared memory: %s", e.Type, e.Reason)
	}
	return fmt.Sprintf("sharedctypes: %v cannot lie in shared memory: its part %s has type %v: %s", e.Type, e.Path, e.Part, e.Reason)
}

// Is reports whether target is ErrNotFixed.
func (e *TypeError) Is(target error) bool { return target == ErrNotFixed }

func indexError(i, n int) error {
	return fmt.Errorf("%w: %d of %d", ErrIndex, i, n)
}

func sliceError(i, j, n int) error {
	return fmt.Errorf("%w: from %d to %d of %d", ErrIndex, i, j, n)
}

func tooLong(n, room int) error {
	return fmt.Errorf("%w: %d bytes into %d", ErrTooLong, n, room)
}
