//go:build unix

package multiprocessing

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/exit"
	"github.com/conexgo/conex/internal/inherit"
	"github.com/conexgo/conex/internal/mainctx"
	"github.com/conexgo/conex/internal/propagate"
	"github.com/conexgo/conex/internal/remote"
	"github.com/conexgo/conex/internal/wire"
)

// A call is what a child has to do.
type task func(context.Context) error

// run is the life of the child from hello to its end.
func (s *server) run(h *hello) {
	s.work.Lock() // for good
	ctx, fn, err := s.prepare(h)
	if err != nil {
		s.conn.Send(msgRefused, []byte(err.Error()), nil)
		select {} // until the parent ends us
	}
	if s.conn.Send(msgBegun, nil, nil) != nil {
		select {} // until the life line tells the same
	}
	time.AfterFunc(deaf, s.signals)
	logInfo("child process runs its function", "func", h.Func)
	err = guard(func() error { return fn(ctx) })
	code := 0
	var own *ExitError
	switch {
	case err == nil:
	case errors.As(err, &own):
		code = own.Code
	default:
		code = 1
		fmt.Fprintf(os.Stderr, "Process %s: %v\n", me.Name(), err)
	}
	if code != 0 {
		s.conn.Send(msgEnded, remote.Append(nil, err), nil)
	}
	logInfo("process shutting down")
	exit.Run(ctx)
	logInfo("process exits", "code", code)
	os.Exit(code)
}

// prepare makes this process what h says and the function ready to be called.
func (s *server) prepare(h *hello) (context.Context, task, error) {
	if err := s.adopt(h); err != nil {
		return nil, nil, err
	}
	if err := become(h.Self); err != nil {
		return nil, nil, err
	}
	fn := task(func(context.Context) error { return nil })
	if h.HasTarget {
		var err error
		if fn, err = s.find(h); err != nil {
			return nil, nil, err
		}
	}
	ctx, err := s.taskContext(h)
	return ctx, fn, err
}

// find returns the call of the function that h names with the argument that has
// come.
func (s *server) find(h *hello) (fn task, err error) {
	e := wire.Lookup(h.Func)
	switch {
	case e == nil:
		return nil, fmt.Errorf("the child does not know the function %q: call conex.Register while the program initialises, under no condition", h.Func)
	case e.Sig != h.Sig:
		return nil, fmt.Errorf("the function %q is %s here and %s in the child: both must be the same program", h.Func, h.Sig, e.Sig)
	}
	d := codec.Decoder{Buf: h.Arg, Handles: func(i uint64) (any, error) {
		if i >= uint64(len(h.Handles)) || int(h.Handles[i]) >= len(s.given) {
			return nil, fmt.Errorf("the argument refers to handle %d of %d", i, len(h.Handles))
		}
		return s.given[h.Handles[i]], nil
	}}
	if h.Large > 0 {
		if len(s.given) == 0 || len(s.given[len(s.given)-1].Mem()) < h.Large {
			return nil, fmt.Errorf("the argument of %q has not come", h.Func)
		}
		d.Buf = s.given[len(s.given)-1].Mem()[:h.Large]
	}
	err = guard(func() error {
		fn, err = e.Read(&d)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("the argument of %q cannot be decoded in the child: %w", h.Func, err)
	}
	// The objects have what they need of their own. A descriptor that stayed
	// here would keep others from seeing that the function closed its own.
	for _, m := range s.given {
		m.Release()
	}
	s.given = nil
	return fn, nil
}

// root returns the context of the main thread, from which all others here are
// derived. It is made once: what was preloaded may still use it.
func (s *server) root() context.Context {
	s.rooted.Do(func() {
		ctx, cancel := context.WithCancelCause(context.Background())
		s.ctx, s.cancel = mainctx.Wrap(ctx), cancel
	})
	return s.ctx
}

// taskContext makes the function's context: it ends with that of Start and
// carries its values.
func (s *server) taskContext(h *hello) (context.Context, error) {
	ctx, err := propagate.Extract(s.root(), h.Values)
	if err != nil {
		return nil, err
	}
	if d, ok := h.deadline(); ok {
		ctx, s.stopTimer = context.WithDeadline(ctx, d)
	}
	s.mu.Lock()
	s.begun, s.deadline = true, h.Deadline
	s.mu.Unlock()
	return inherit.Own(ctx), nil
}

// end ends the function's context because that of Start has ended. If that is
// because its deadline passed, the timer of the context itself does it, at the
// same moment, and with the right error.
func (s *server) end(deadline bool, cause error) {
	s.mu.Lock()
	begun, at := s.begun, s.deadline
	s.mu.Unlock()
	if deadline && at != 0 && time.Until(time.Unix(0, at)) < 50*time.Millisecond {
		return
	}
	if begun {
		s.cancel(cause)
	}
}

// guard runs f on a goroutine of its own. A panic and runtime.Goexit are errors.
func guard(f func() error) error {
	done := make(chan error, 1)
	go func() {
		ok := false
		defer func() {
			if ok {
				return
			}
			if v := recover(); v != nil {
				done <- fmt.Errorf("panic: %v\n\n%s", v, debug.Stack())
				return
			}
			done <- errors.New("it called runtime.Goexit")
		}()
		err := f()
		ok = true
		done <- err
	}()
	return <-done
}
