package multiprocessing

import "github.com/conexgo/conex/multiprocessing/connection"

// Pipe returns the two ends of a new pipe: what is sent at one is received at
// the other. Either can be sent to other processes. See package connection for
// what they can do, and for what happens when somebody dies.
//
// On systems where processes cannot share memory the error matches
// errors.ErrUnsupported.
func Pipe() (a, b *connection.Connection, err error) { return connection.Pipe() }

// OneWayPipe returns the two ends of a new pipe whose first end only receives
// and whose second end only sends: Python's Pipe(duplex=False).
func OneWayPipe() (recv, send *connection.Connection, err error) { return connection.OneWayPipe() }
