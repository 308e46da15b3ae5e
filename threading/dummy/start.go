package dummy

import (
	"context"
	"errors"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"runtime/trace"

	"github.com/conexgo/conex/internal/inherit"
)

// Start calls the thread's function, here and now, and returns when that has
// ended. The context of the function is derived from ctx: it has ctx's values,
// deadline and cancellation, carries this thread as the [Current] one, and a
// copy of ctx's context variables. That of a daemon ends with the thread.
//
// How the function ended is for [Thread.Err] and the [ExceptHook], as it is for
// a thread that runs beside its starter; a panic is caught. A runtime.Goexit
// ends the goroutine of the caller, since that is the one the function runs in:
// a test's FailNow works in a dummy thread.
//
// The error is [ErrAlreadyStarted] if it was started or run before,
// [ErrNotInitialized] for a zero Thread, and [ErrInterrupted] if
// [InterruptMain] was called meanwhile and this is the outermost thread.
func (t *Thread) Start(ctx context.Context) error {
	ctx, err := t.enlist(ctx)
	if err != nil {
		return err
	}
	func() {
		defer t.leave() // also if the function calls Goexit
		t.live(ctx)
	}()
	return interruption()
}

// enlist makes t alive and returns its context.
func (t *Thread) enlist(ctx context.Context) (context.Context, error) {
	starter := Current(ctx)
	daemon := starter.Daemon()
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.startable(); err != nil {
		return nil, err
	}
	if t.flags&flagSet == 0 && daemon {
		t.flags |= flagDaemon
	}
	if labelAll.Load() {
		t.flags |= flagLabels
	}
	if t.vars == nil {
		ctx = inherit.Own(ctx)
	}
	if t.flags&flagDaemon != 0 {
		ctx, t.cancel = context.WithCancelCause(ctx)
	}
	t.state = stateStarted
	t.settings = registry.add(t)
	return withThread(ctx, t), nil
}

// leave ends t, for everybody to see.
func (t *Thread) leave() {
	t.mu.Lock()
	t.state = stateStopped
	t.target = nil
	atEnd, cancel := t.atEnd, t.cancel
	t.atEnd, t.cancel = nil, nil
	registry.remove(t)
	t.mu.Unlock()
	for _, drop := range atEnd {
		drop()
	}
	if cancel != nil {
		cancel(nil)
	}
}

// live calls the function of t as the options of t say.
func (t *Thread) live(ctx context.Context) {
	t.mu.Lock()
	flags := t.flags
	t.mu.Unlock()
	if flags&flagOSThread != 0 {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		t.mu.Lock()
		t.native, _ = NativeID()
		t.mu.Unlock()
	}
	if flags&flagLabels == 0 {
		t.call(ctx)
		return
	}
	pprof.Do(ctx, pprof.Labels("thread", t.Name()), func(ctx context.Context) {
		ctx, task := trace.NewTask(ctx, t.Name())
		defer task.End()
		t.call(ctx)
	})
}

// call calls the function of t and deals with how it ends.
func (t *Thread) call(ctx context.Context) {
	t.traceStart()
	var err error
	returned := false
	defer func() {
		if !returned {
			if p := recover(); p != nil {
				err = &PanicError{Value: p, Stack: debug.Stack()}
			}
		}
		failed := err != nil && t.failed(ctx, err)
		t.traceEnd(err, failed)
	}()
	t.mu.Lock()
	target := t.target
	t.mu.Unlock()
	if target != nil && t.vars != nil {
		err = t.vars.Run(ctx, target)
	} else if target != nil {
		err = target(ctx)
	}
	returned = true
}

// failed notes that the function ended with err, and reports it unless that is
// no failure; it returns whether it is one.
func (t *Thread) failed(ctx context.Context, err error) bool {
	if errors.Is(err, ErrExit) {
		return false
	}
	t.setErr(err)
	if end := ctx.Err(); end != nil && (errors.Is(err, end) || errors.Is(err, context.Cause(ctx))) {
		if _, panicked := err.(*PanicError); !panicked {
			return false // it obeyed
		}
	}
	report(t, err)
	return true
}
