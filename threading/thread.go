package threading

import (
	"context"
	"errors"
	"reflect"
	"sync/atomic"

	"github.com/conexgo/conex/contextvars"
	"github.com/conexgo/conex/internal/inherit"
	"github.com/conexgo/conex/internal/park"
)

// A Thread is a goroutine with a name and an identity, which can be waited
// for. Make one with [New] and call its Start, or do both with [Go]. It runs
// once.
//
// The zero value cannot be started: [ErrNotInitialized]. A Thread must not be
// copied. Its methods are safe for concurrent use.
//
// What happens before Start synchronizes before the thread's function begins,
// and the function's return synchronizes before Join returns nil.
type Thread struct {
	// A Thread is its function's context too: see threadContext. That
	// makes starting one cost one allocation.
	parent context.Context // what that context is derived from, set by Start

	target func(context.Context) error // dropped when it is over
	id     ID                          // set by Start
	number uint64                      // in the default name
	pc     uintptr                     // of the function in the default name
	name   atomic.Pointer[string]      // nil: the default name
	state  atomic.Uint32               // changed with registry.mu locked
	flags  atomic.Uint32               // changed with registry.mu locked

	joiners    park.Queue            // who waits for the end
	next, prev *Thread               // in the registry, protected by its lock
	hooks      atomic.Pointer[hooks] // nil: none
	locals     atomic.Pointer[locals]
	extra      atomic.Pointer[extra] // what few threads have
}

// The states of a thread. The zero Thread is in none of them.
const (
	stateNew     = iota + 1
	stateUsed    // not started, but Run has used up its function
	stateStarted // alive
	stateStopped
)

// The flags of a thread.
const (
	flagDaemon   = 1 << iota
	flagSet      // the daemon flag was given, not to be inherited
	flagMain     // the main thread
	flagAdopted  // nobody knows when its goroutine ends
	flagOSThread // it keeps its operating system thread to itself
	flagLabels   // it is seen in profiles and execution traces
)

// An extra holds what few threads have.
type extra struct {
	cancel context.CancelCauseFunc // of a daemon: ends its context
	vars   *contextvars.Context    // what it runs in; nil: a copy of the starter's
	err    error                   // valid when the thread has stopped
	native atomic.Int64            // identity of the pinned thread in the system
	began  atomic.Int64            // for the profile hook
}

func (t *Thread) more() *extra {
	if x := t.extra.Load(); x != nil {
		return x
	}
	t.extra.CompareAndSwap(nil, new(extra))
	return t.extra.Load()
}

// threadNumbers counts the threads without a name of their own.
var threadNumbers atomic.Uint64

// New returns a thread that will call target, which may be nil: then the
// thread has nothing to do. It starts nothing. Python's args and kwargs are
// what the closure holds.
func New(target func(ctx context.Context) error, opts ...Option) *Thread {
	t := new(Thread)
	t.setUp(target, opts)
	return t
}

func (t *Thread) setUp(target func(ctx context.Context) error, opts []Option) {
	if t.target = target; target != nil {
		t.pc = reflect.ValueOf(target).Pointer()
	}
	t.state.Store(stateNew)
	for _, o := range opts {
		o.apply(t)
	}
	if t.name.Load() == nil {
		t.number = threadNumbers.Add(1)
	}
}

// A Runner is what a thread can run instead of a function: Python's way to
// make a thread by overriding Thread.run.
type Runner interface {
	Run(ctx context.Context) error
}

// NewRunner returns a thread that will call r.Run. Nothing else of r is used.
func NewRunner(r Runner, opts ...Option) *Thread {
	t := new(Thread)
	t.setUp(nil, opts)
	if r != nil {
		t.target = r.Run
	}
	return t
}

// Go makes a thread that calls fn and starts it: [New] and [Thread.Start].
func Go(ctx context.Context, fn func(ctx context.Context) error, opts ...Option) (*Thread, error) {
	t := New(fn, opts...)
	if err := t.Start(ctx); err != nil {
		return nil, err
	}
	return t, nil
}

// Start starts the thread and returns; the thread is alive then. The context
// of its function is derived from ctx: it has ctx's values, deadline and
// cancellation, carries this thread as the [Current] one, and a copy of ctx's
// context variables. The context of a daemon thread ends, besides, with the
// program and with the thread.
//
// A thread that was made without [WithDaemon] is a daemon if the thread of ctx
// is one.
//
// The error is [ErrAlreadyStarted] if it was started or run before,
// [ErrNotInitialized] for a zero Thread, and [ErrShuttingDown] at the end of
// the program. It does not block.
func (t *Thread) Start(ctx context.Context) error {
	parent := ctx
	if x := t.extra.Load(); x == nil || x.vars == nil {
		parent = inherit.Own(ctx)
	}
	if err := t.enlist(ctx, parent); err != nil {
		return err
	}
	go t.live()
	return nil
}

// enlist makes t alive, all but the goroutine. Who starts it has ctx, from
// which parent is derived.
func (t *Thread) enlist(ctx, parent context.Context) error {
	flags := t.flags.Load()
	if labelAll.Load() {
		flags |= flagLabels
	}
	if flags&flagSet == 0 && Current(ctx).Daemon() {
		flags |= flagDaemon
	}
	var cancel context.CancelCauseFunc
	if flags&flagDaemon != 0 {
		parent, cancel = context.WithCancelCause(parent)
	}
	registry.mu.Lock()
	err := t.startable()
	if err == nil && (registry.phase == over || registry.phase == daemonsEnded && flags&flagDaemon != 0) {
		err = ErrShuttingDown
	}
	if err != nil {
		registry.mu.Unlock()
		if cancel != nil {
			cancel(nil)
		}
		return err
	}
	if cancel != nil {
		t.more().cancel = cancel
	}
	t.parent = parent
	t.hooks.Store(registry.hooks)
	t.flags.Store(flags)
	registry.add(t)
	registry.mu.Unlock()
	return nil
}

// startable returns the error of a thread that cannot be started or run any
// more.
func (t *Thread) startable() error {
	switch t.state.Load() {
	case 0:
		return ErrNotInitialized
	case stateNew:
		return nil
	}
	return ErrAlreadyStarted
}

// Run calls the thread's function in the caller's goroutine, with the caller's
// ctx, and returns its error; a panic goes to the caller. It starts no thread,
// and changes nothing about which one is current. The function is used up
// then: the error of another Run, or a Start, is [ErrAlreadyStarted].
func (t *Thread) Run(ctx context.Context) error {
	target, err := t.claim()
	if err != nil || target == nil {
		return err
	}
	return target(ctx)
}

// claim takes the function out of a thread that was not started.
func (t *Thread) claim() (func(context.Context) error, error) {
	registry.mu.Lock()
	defer registry.mu.Unlock()
	if err := t.startable(); err != nil {
		return nil, err
	}
	t.state.Store(stateUsed)
	target := t.target
	t.target = nil
	return target, nil
}

// Daemon reports whether the program's end does not wait for the thread. It is
// false for nil.
func (t *Thread) Daemon() bool { return t != nil && t.flags.Load()&flagDaemon != 0 }

// SetDaemon says whether the thread is a daemon: see [Shutdown]. The error
// matches [ErrAlreadyStarted] if it is too late for that, and is
// [ErrNotInitialized] for a zero Thread.
func (t *Thread) SetDaemon(daemon bool) error {
	registry.mu.Lock()
	defer registry.mu.Unlock()
	if err := t.startable(); errors.Is(err, ErrAlreadyStarted) {
		return errDaemonFixed
	} else if err != nil {
		return err
	}
	t.setDaemon(daemon)
	return nil
}

// errDaemonFixed is what ErrAlreadyStarted reads like when it is about the flag.
var errDaemonFixed error = &activeError{misuseError{"the daemon flag of a thread is fixed when it is started"}}

type activeError struct{ misuseError }

func (e *activeError) Unwrap() error { return ErrAlreadyStarted }

func (t *Thread) setDaemon(daemon bool) {
	flags := t.flags.Load()&^flagDaemon | flagSet
	if daemon {
		flags |= flagDaemon
	}
	t.flags.Store(flags)
}

// Alive reports whether the thread has been started and has not ended.
func (t *Thread) Alive() bool { return t.state.Load() == stateStarted }

// Err is how the thread's function ended: with the error it returned, or a
// *[PanicError]. It is nil before that, and when the function ended with
// [ErrExit] or by runtime.Goexit, which are no failures. Python's threads do
// not have this; Join does not return it.
func (t *Thread) Err() error {
	if t.state.Load() != stateStopped {
		return nil
	}
	if x := t.extra.Load(); x != nil {
		return x.err
	}
	return nil
}
