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

// run is the life of the child from hello to its end.
func (s *server) run(h *hello) {
	ctx, fn, err := s.prepare(h)
	if err != nil {
		s.conn.Send(msgRefused, []byte(err.Error()), nil)
		select {} // until the parent ends us
	}
	if s.conn.Send(msgBegun, nil, nil) != nil {
		select {} // until the life line tells the same
	}
	logInfo("child process runs its function", "func", h.Func)
	err = s.call(ctx, fn, s.arg)
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

// prepare makes this process what h says and finds the function, nil for none.
func (s *server) prepare(h *hello) (context.Context, *wire.Entry, error) {
	if err := s.adopt(h); err != nil {
		return nil, nil, err
	}
	if err := become(h.Self); err != nil {
		return nil, nil, err
	}
	if h.Handles != len(s.given) {
		return nil, nil, fmt.Errorf("%d of %d handles have come", len(s.given), h.Handles)
	}
	var fn *wire.Entry
	if h.HasTarget {
		fn = wire.Lookup(h.Func)
		switch {
		case fn == nil:
			return nil, nil, fmt.Errorf("the child does not know the function %q: call conex.Register while the program initialises, under no condition", h.Func)
		case fn.Sig != h.Sig:
			return nil, nil, fmt.Errorf("the function %q is %s here and %s in the child: both must be the same program", h.Func, h.Sig, fn.Sig)
		}
	}
	ctx, err := s.taskContext(h)
	return ctx, fn, err
}

// taskContext makes the function's context: it ends with that of Start, carries
// its values, and is the main thread's.
func (s *server) taskContext(h *hello) (context.Context, error) {
	ctx, cancel := context.WithCancelCause(context.Background())
	s.mu.Lock()
	s.cancel = cancel
	s.mu.Unlock()
	if d, ok := h.deadline(); ok {
		ctx, s.stopTimer = context.WithDeadline(ctx, d)
	}
	ctx, err := propagate.Extract(mainctx.Wrap(ctx), h.Values)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.deadline = h.Deadline
	s.mu.Unlock()
	return inherit.Own(ctx), nil
}

// end ends the function's context because that of Start has ended. If that is
// because its deadline passed, the timer of the context itself does it, at the
// same moment, and with the right error.
func (s *server) end(deadline bool, cause error) {
	s.mu.Lock()
	cancel, at := s.cancel, s.deadline
	s.mu.Unlock()
	if deadline && at != 0 && time.Until(time.Unix(0, at)) < 50*time.Millisecond {
		return
	}
	if cancel != nil {
		cancel(cause)
	}
}

// call runs the function. A panic and runtime.Goexit are errors.
func (s *server) call(ctx context.Context, fn *wire.Entry, arg []byte) (err error) {
	if fn == nil {
		return nil
	}
	done := make(chan error, 1)
	go func() {
		ok := false
		defer func() {
			if ok {
				return
			}
			if v := recover(); v != nil {
				done <- &panicError{fmt.Sprintf("panic: %v", v), string(debug.Stack())}
				return
			}
			done <- errors.New("the function called runtime.Goexit")
		}()
		d := codec.Decoder{Buf: arg, Owned: true, Handles: s.lend}
		err, _ := fn.RunOne(ctx, &d, new(codec.Encoder))
		ok = true
		done <- err
	}()
	return <-done
}

// A panicError is a panic of the function.
type panicError struct{ text, stack string }

func (e *panicError) Error() string { return e.text + "\n\n" + e.stack }
