package multiprocessing

import "github.com/conexgo/conex/multiprocessing/connection"

// Pipe returns the two ends of a pipe; both can send and receive. It is
// connection.Pipe.
func Pipe() (a, b *connection.Connection, err error) { return connection.Pipe() }

// OneWayPipe returns the two ends of a pipe of which the first can only receive
// and the second only send: Python's Pipe(duplex=False).
func OneWayPipe() (recv, send *connection.Connection, err error) { return connection.OneWayPipe() }
