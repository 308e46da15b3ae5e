package futures

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/inherit"
	"github.com/conexgo/conex/internal/propagate"
	"github.com/conexgo/conex/internal/remote"
)

// NewIsolatedPool returns a thread pool whose calls see nothing of each other
// and of their callers but bytes: every argument and result is encoded and
// decoded as it would be on its way to another process and back, errors lose
// their types unless registered, and of the context only deadline,
// cancellation and what propagators carry arrive. Functions must be registered
// with conex.Register; what cannot leave the process is refused with an error
// matching [ErrNotEncodable].
//
// It is the engine for tests: what works here works in a process pool, but
// that package variables are shared, and that nothing can be killed. It is
// also what comes nearest to Python's InterpreterPoolExecutor.
func NewIsolatedPool(cfg ThreadConfig) (*ThreadPool, error) {
	return newThreadPool(cfg, true)
}

// An isolatedTask is a task whose arguments are bytes.
type isolatedTask struct {
	Task
	handles []any  // what the arguments refer to
	carried []byte // what propagators took of the context
	from    int    // the first item that has not run
}

// isolate fixes the bytes of t's arguments.
func isolate(t Task) (*isolatedTask, error) {
	e := t.Entry()
	if e == nil {
		return nil, notRegistered(t.Name())
	}
	if err := e.Check(""); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotEncodable, err)
	}
	carried, err := propagate.Inject(t.Inherited().Give(t.Context()))
	if err != nil {
		return nil, fmt.Errorf("%w: context of %q: %w", ErrNotEncodable, t.Name(), err)
	}
	handles, err := t.Encode(nil)
	if err != nil {
		return nil, fmt.Errorf("%w: argument of %q: %w", ErrNotEncodable, t.Name(), err)
	}
	return &isolatedTask{Task: t, handles: handles, carried: carried}, nil
}

// runIsolated runs the items of t on copies of their arguments.
func (w *thread) runIsolated(t *isolatedTask) {
	parent := t.Context()
	ctx, cancel := isolatedContext(parent, w, t.carried)
	vars := inherit.TakeOrEmpty(ctx)
	defer cancel(nil)
	defer func() {
		if t.from == t.Len() {
			release(t.handles)
			t.handles = nil
		}
	}()
	for t.from < t.Len() {
		i := t.from
		t.from++ // first, since the item may end the goroutine
		if parent.Err() != nil {
			w.failures++
			t.Fail(i, ctxError(parent))
			continue
		}
		w.runCopy(ctx, vars, t, i)
	}
}

// runCopy runs item i.
func (w *thread) runCopy(ctx context.Context, vars inherit.Values, t *isolatedTask, i int) {
	if d := t.Timeout(); d > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d)
		defer cancel()
	}
	ctx = vars.Give(ctx)
	returned := false
	defer func() {
		if returned {
			return
		}
		w.failures++
		if r := recover(); r != nil {
			// A value as such cannot cross, its text can.
			t.Fail(i, &PanicError{Value: fmt.Sprint(r), Stack: debug.Stack()})
		} else {
			t.Fail(i, ErrGoexit)
		}
	}()
	var lent []any
	d := codec.Decoder{Buf: t.AppendArgs(nil, i, i+1), Handles: func(id uint64) (any, error) {
		h, err := pick(t.handles, id)
		if err == nil {
			lent = append(lent, h)
		}
		return h, err
	}}
	var e codec.Encoder
	defer func() {
		// What the function was lent and what it has given away, as in
		// a worker: see package process.
		for _, h := range e.Handles {
			if !slices.Contains(lent, h) {
				release([]any{h})
			}
		}
		release(e.Handles)
		release(lent)
	}()
	err, encoding := t.Entry().RunOne(ctx, &d, &e)
	returned = true
	switch {
	case err == nil:
		t.FinishOwned(i, e.Buf, func(id uint64) (any, error) { return pick(e.Handles, id) })
	case encoding:
		w.failures++
		t.Fail(i, fmt.Errorf("%w: result of %q: %w", ErrNotEncodable, t.Name(), err))
	default:
		w.failures++
		t.Fail(i, acrossBorder(err))
	}
}

// acrossBorder is err as another process would see it.
func acrossBorder(err error) error {
	got, _, failed := remote.Read(remote.Append(nil, err))
	if failed != nil {
		return failed
	}
	return got
}

// release gives references to handles back.
func release(handles []any) {
	for _, h := range handles {
		if r, ok := h.(interface{ Release() }); ok {
			r.Release()
		}
	}
}

// pick finds a handle by its place.
func pick(handles []any, id uint64) (any, error) {
	if id >= uint64(len(handles)) {
		return nil, fmt.Errorf("futures: no handle %d", id)
	}
	return handles[id], nil
}

// isolatedContext is what arrives of parent on the other side of a border,
// where propagators took carried along.
func isolatedContext(parent context.Context, w *thread, carried []byte) (context.Context, context.CancelCauseFunc) {
	ctx, err := propagate.Extract(&threadCtx{context.Background(), w, w.me}, carried)
	ctx, cancel := context.WithCancelCause(ctx)
	if err != nil {
		cancel(err)
	}
	if parent.Done() == nil {
		return ctx, cancel
	}
	stopTimer := func() {}
	at, timed := parent.Deadline()
	if timed {
		ctx, stopTimer = context.WithDeadline(ctx, at)
	}
	stop := context.AfterFunc(parent, func() {
		// A deadline is kept on either side, and must look like one.
		if !timed || parent.Err() != context.DeadlineExceeded {
			cancel(context.Cause(parent))
		}
	})
	return ctx, func(err error) {
		stop()
		stopTimer()
		cancel(err)
	}
}
