package socket

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/conexgo/conex/internal/pywire"
	"github.com/conexgo/conex/multiprocessing/connection"
)

// A Listener accepts connections from other processes, which call [Dial], or
// Python's multiprocessing.connection.Client. [Listen] makes one.
//
// It accepts them at once and lets each show the key in a goroutine of its own,
// so that one that says nothing holds up nobody. Accept returns only those who
// knew it. When the process has no descriptor left, the oldest of those that
// have not shown the key is closed, or the Listener waits.
//
// The zero value is closed. A Listener must not be copied, and is safe for
// concurrent use. It must be closed.
type Listener struct {
	l     *pywire.Listener
	codec Codec
}

// Listen listens at an address:
//
//	host:port, [::1]:5000      TCP; port 0 for one that is free
//	/path, ./path, unix:path   a socket's file, which Close removes
//	@name                      an abstract name (Linux)
//	\\.\pipe\name              a named pipe (Windows)
//	AF_INET, AF_INET6          a free port that only this machine can reach
//	AF_UNIX                    a file in a directory that only this user can enter
//	(empty)                    the first one of Families
//
// A file that exists is an error that matches syscall.EADDRINUSE, also if
// nobody listens there any more. Other errors: what is wrong with the address or
// the Config, or what the system says. ctx is for this call; after it, the
// Listener lives until Close.
func Listen(ctx context.Context, address string, cfg Config) (*Listener, error) {
	a, err := pywire.ParseAddress(address)
	if err != nil {
		return nil, err
	}
	l, err := pywire.Listen(ctx, a, pywire.ListenConfig{
		Key: cfg.AuthKey, NoAuth: cfg.NoAuth, Policy: cfg.policy(), TLS: cfg.TLS,
		HandshakeTimeout: cfg.HandshakeTimeout, Max: cfg.MaxMessage, Files: mostFiles,
		MaxPending: cfg.MaxPending, Backlog: cfg.Backlog, OnRefused: cfg.OnRefused,
	})
	if err != nil {
		return nil, err
	}
	return &Listener{l: l, codec: cfg.Codec}, nil
}

// Accept returns the next connection that has shown the key and still lives.
//
// It waits at most until ctx ends; then the error matches what it ended with. A
// ctx that has ended lets pass what is there. After Close the error is
// connection.ErrClosed. In Python a connection that does not know the key is an error of
// accept; here it is none, and Config.OnRefused is told.
func (l *Listener) Accept(ctx context.Context) (*connection.Connection, error) {
	if l.l == nil {
		return nil, connection.ErrClosed
	}
	c, err := l.l.Accept(ctx)
	if err != nil {
		if errors.Is(err, net.ErrClosed) {
			err = connection.ErrClosed
		}
		return nil, err
	}
	return wrap(newSock(c, l.codec)), nil
}

// Address is where it listens, with the real port, in a form that Dial and
// Listen take.
func (l *Listener) Address() string {
	if l.l == nil {
		return ""
	}
	return l.l.Address().String()
}

// Family is what Python calls the kind of the address: AF_INET, AF_INET6,
// AF_UNIX or AF_PIPE.
func (l *Listener) Family() string {
	if l.l == nil {
		return ""
	}
	return l.l.Address().Family()
}

// LastAccepted is the other side's address of the connection that Accept
// returned last. There is none before, and for those who connect to a file or a
// pipe.
func (l *Listener) LastAccepted() (string, bool) {
	if l.l == nil {
		return "", false
	}
	return l.l.LastAccepted()
}

// Close stops listening and removes the socket's file. It closes the
// connections that were not accepted, and waits for that; others stay. Calls to
// Accept that wait return connection.ErrClosed. Closing again does nothing.
func (l *Listener) Close() error {
	if l.l == nil {
		return nil
	}
	return l.l.Close()
}

// Ready reports whether Accept would return at once. It is there for [connection.Wait].
func (l *Listener) Ready() bool { return l.l == nil || l.l.Ready() }

// Await calls wake whenever Ready may have become true, until stop is called.
// It is there for [connection.Wait].
func (l *Listener) Await(wake func()) (stop func()) {
	if l.l == nil {
		wake()
		return func() {}
	}
	return l.l.Await(wake)
}

// String describes the Listener for messages.
func (l *Listener) String() string {
	return fmt.Sprintf("socket.Listener(%s)", l.Address())
}

// Families are the kinds of addresses that this system has, as Python calls
// them. The first one is what an empty address means to Listen.
func Families() []string { return pywire.Families() }

// Dial connects to a [Listener], or to Python's, and shows it the key, as it
// shows that it has the key, too. It is Python's Client. The address is one that
// Listen takes, with a port or a name.
//
// It waits at most until ctx ends. Errors match ErrAuthentication if the other
// side has another key, wants none, or is something else;
// context.DeadlineExceeded if it took too long; or say what is wrong with the
// address or the Config, or what the system says: syscall.ECONNREFUSED, say.
func Dial(ctx context.Context, address string, cfg Config) (*connection.Connection, error) {
	a, err := pywire.ParseAddress(address)
	if err != nil {
		return nil, err
	}
	c, err := pywire.Dial(ctx, a, pywire.DialConfig{
		Key: cfg.AuthKey, NoAuth: cfg.NoAuth, Policy: cfg.policy(), TLS: cfg.TLS,
		HandshakeTimeout: cfg.HandshakeTimeout, Max: cfg.MaxMessage, Files: mostFiles,
	})
	if err != nil {
		return nil, err
	}
	return wrap(newSock(c, cfg.Codec)), nil
}
