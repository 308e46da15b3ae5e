// Package mpsock is what packages connection and connection/socket know of each
// other. A Connection may be one over a socket, but a program whose Connections
// are all pipes shall not have to link net and crypto/tls, whose
// initialisation takes longer than that of everything else in a worker process.
package mpsock

import (
	"context"
	"errors"
	"os"
	"syscall"
)

// A Socket is a socket with frames of CPython's form, and carries the messages of
// a Connection. Its methods are safe for concurrent use, and their errors are
// those of package connection.
type Socket interface {
	// SendBytes sends a whole message.
	SendBytes(ctx context.Context, b []byte) error
	// RecvBytes takes the next message if it is no longer than most, which is
	// negative for no limit; else it stays. The message is put into what into
	// has room for, if it fits.
	RecvBytes(ctx context.Context, most int, into []byte) ([]byte, error)
	// SendValue and RecvValue send what the codec makes of v, and receive into
	// what v points to.
	SendValue(ctx context.Context, v any) error
	RecvValue(ctx context.Context, v any) error

	// Ready reports whether receiving would not have to wait, Wait waits for
	// that, and Await calls wake whenever it may be so, until stop.
	Ready() bool
	Wait(ctx context.Context) error
	Await(wake func()) (stop func())

	Close() error
	Closed() bool

	// What Connection's methods of these names do.
	SyscallConn() (syscall.RawConn, error)
	PeerPID() (pid int, ok bool)
	RemoteAddress() string
	SendFile(ctx context.Context, f *os.File) error
	RecvFile(ctx context.Context) (*os.File, error)
	SendSocket(ctx context.Context, x Socket) error
	RecvSocket(ctx context.Context) (Socket, error)

	// Duplicate returns another descriptor of the socket, unless it is in use.
	Duplicate() (*os.File, error)
}

// Wrap makes a *connection.Connection of a Socket, and Unwrap returns the Socket
// of one, or nil and why there is none. Package connection sets both.
var (
	Wrap   func(Socket) any
	Unwrap func(connection any) (Socket, error)
)

// Open makes a Socket of a descriptor, which it closes. Package
// connection/socket sets it; a program without it has no sockets to receive.
var Open = func(f *os.File) (Socket, error) {
	f.Close()
	return nil, errNotLinked
}

var errNotLinked = errors.New("connection: a connection over a socket has arrived: import multiprocessing/connection/socket to receive those")
