package socket

import (
	"errors"

	"github.com/conexgo/conex/internal/mperr"
	"github.com/conexgo/conex/internal/pywire"
)

// Errors to be tested with errors.Is. Those of the Connections are in package
// connection.
var (
	// ErrAuthentication says that the other side does not know the key, or does
	// not even ask for one. It is multiprocessing.ErrAuthentication.
	ErrAuthentication = mperr.ErrAuthentication

	// ErrNoKey says that a Config has neither an AuthKey nor NoAuth.
	ErrNoKey = pywire.ErrNoKey

	// ErrEvicted says that a connection was closed because too many had not
	// shown the key, and that it was the oldest of them.
	ErrEvicted = pywire.ErrEvicted

	// ErrNotConnection says that a value is no connection that a Python program
	// has sent.
	ErrNotConnection = errors.New("socket: the value is no connection of Python's")
)
