package python

import "errors"

// Errors to be tested with errors.Is. What a function raises is an [*Error]; what
// cannot be sent matches futures.ErrNotEncodable, and a worker that died
// futures.ErrWorkerDied.
var (
	// ErrNotFound: there is no such module, function, class or method. The
	// message says what there is instead that looks alike. A module that is
	// there and fails to import is an *Error.
	ErrNotFound = errors.New("python: not found")

	// ErrInterpreter: there is no Python to start, or it is too old, or it
	// does not start; the message says which one was tried, and why.
	ErrInterpreter = errors.New("python: no usable interpreter")

	// ErrNotPython: a function of Python was called here, or given to another
	// engine than a Pool of this package.
	ErrNotPython = errors.New("python: runs only in a pool of package futures/python")
)
