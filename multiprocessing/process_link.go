package multiprocessing

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"github.com/conexgo/conex/internal/child"
	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/wait"
	"github.com/conexgo/conex/internal/watch"
	"github.com/conexgo/conex/internal/worker"
)

// A link is the parent's side of a child process, from its start to its end.
type link struct {
	conn  *wait.Conn
	child *child.Child
}

// streams are the standard streams that a child gets. The variables of package
// os are the program's to change, so they are read by those it calls only, not in
// the background.
type streams struct{ stdout, stderr *os.File }

func ourStreams() streams { return streams{os.Stdout, os.Stderr} }

// launch starts a process that waits to be told what to do. Nothing is left
// behind if it fails.
func launch(executable string, out streams) (*link, error) {
	conn, theirs, err := wait.Pair()
	if err != nil {
		return nil, err
	}
	defer theirs.Close()
	c, err := child.Start(child.Spec{
		Path:   executable,
		Env:    worker.Env(kind, nil),
		Files:  []*os.File{theirs},
		Stdout: stream(out.stdout),
		Stderr: stream(out.stderr),
	})
	if err != nil {
		conn.Close()
		return nil, err
	}
	return &link{conn, c}, nil
}

// stream returns f, or nil, which is the null device, for a stream that the
// program has closed.
func stream(f *os.File) *os.File {
	if f == nil || f.Fd() == ^uintptr(0) {
		return nil
	}
	return f
}

// abandon ends a child whose function was not begun.
func (l *link) abandon() {
	l.child.Kill()
	l.conn.Close()
}

// bury waits for the end of an abandoned child.
func (l *link) bury() {
	l.abandon()
	<-l.child.Done()
}

// A refusal is the word of a child that cannot do what it was told.
type refusal struct{ text string }

func (r refusal) Error() string { return r.text }

// errGone says that the child died before its function was begun.
var errGone = errors.New("the new process died before it began")

// begin sends c and returns once the child runs the function. s is what l was
// before if it comes from the stock, else nil. If it fails, the child is dead and
// was waited for. The error is that of ctx, a refusal, or errGone with the reason.
func (l *link) begin(ctx context.Context, c *call, s *standby) error {
	var settled atomic.Bool // begun, or given up
	stop := context.AfterFunc(ctx, func() {
		if settled.CompareAndSwap(false, true) {
			l.abandon()
		}
	})
	defer stop()
	err := s.prepare(c)
	if err == nil {
		err = l.handOver(c)
	}
	if err == nil {
		err = l.confirmed()
	}
	switch {
	case err == nil && settled.CompareAndSwap(false, true):
		return nil
	case ctx.Err() != nil:
		err = watch.Reason(ctx)
	}
	l.bury()
	if _, ok := err.(refusal); !ok && ctx.Err() == nil {
		// The socket only tells that the child is dead; how it died says more.
		err = fmt.Errorf("%w: %w", errGone, &ExitError{exitCode(l.child.Status())})
	}
	return err
}

// handOver sends everything.
func (l *link) handOver(c *call) error {
	for _, s := range c.handles {
		if err := l.conn.Send(msgHandle, handleMessage(s), s.File()); err != nil {
			return err
		}
	}
	b, err := codec.Append(nil, &c.hello)
	if err != nil {
		return err
	}
	return l.conn.Send(msgHello, b, nil)
}

// confirmed waits for the child's answer.
func (l *link) confirmed() error {
	for {
		fr, _, err := l.conn.Recv(true)
		switch {
		case err != nil:
			return err
		case fr.Type == msgBegun:
			return nil
		case fr.Type == msgRefused:
			return refusal{string(fr.Payload)}
		}
	}
}

// linger is how long a child may go on without its end of the socket, which it
// closes by dying, unless its function closes descriptors that are not its own.
const linger = 2 * time.Second

// ended waits for the end of a child whose function was begun, and returns what
// the function returned, encoded.
func (l *link) ended() (result []byte) {
	for {
		fr, _, err := l.conn.Recv(true)
		if err != nil {
			break
		}
		if fr.Type == msgEnded {
			result = append([]byte(nil), fr.Payload...)
		}
	}
	t := time.NewTimer(linger)
	defer t.Stop()
	select {
	case <-l.child.Done():
	case <-t.C:
		l.child.Kill()
		<-l.child.Done()
	}
	l.conn.Close()
	return result
}

// exitCode is Python's: negative for signals.
func exitCode(s child.Status) int {
	switch {
	case s.Lost:
		return 255
	case s.Signal != 0:
		return -int(s.Signal)
	}
	return s.ExitCode
}
