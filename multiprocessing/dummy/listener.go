package dummy

import (
	"context"
	"errors"
	"fmt"

	"github.com/conexgo/conex/queue"
)

// A Listener waits for connections within the process. It is made by [Listen].
type Listener struct{ backlog *queue.Queue[*Connection] }

// An Address is where a Listener is reached: its queue of connections that wait
// to be accepted.
type Address = *queue.Queue[*Connection]

// Listen returns a listener that keeps backlog connections waiting at most, any
// number for 0. The error is always nil.
func Listen(backlog int) (*Listener, error) {
	return &Listener{queue.New[*Connection](backlog)}, nil
}

// Address returns what [Dial] needs.
func (l *Listener) Address() Address { return l.backlog }

// Accept returns the next connection, waiting for one. If ctx ends first the
// error matches that of ctx; after Close it is [ErrClosed].
func (l *Listener) Accept(ctx context.Context) (*Connection, error) {
	c, err := l.backlog.Get(ctx)
	if errors.Is(err, queue.ErrShutDown) {
		err = ErrClosed
	}
	return c, err
}

// Close ends the listener; who waits in Accept or Dial gets an error.
func (l *Listener) Close() error {
	l.backlog.ShutdownNow()
	return nil
}

// Dial connects to a listener, waiting while its backlog is full.
func Dial(ctx context.Context, to Address) (*Connection, error) {
	a, b, err := Pipe()
	if err != nil {
		return nil, err
	}
	if err := to.Put(ctx, b); errors.Is(err, queue.ErrShutDown) {
		return nil, fmt.Errorf("multiprocessing/dummy: the listener: %w", ErrClosed)
	} else if err != nil {
		return nil, err
	}
	return a, nil
}
