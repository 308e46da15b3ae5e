package threading

import (
	"context"
	"errors"
	"math"
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
	parent context.Context       // what that context is derived from, set by Start
	vars   inherit.Values        // the context variables that it begins with
	inner  atomic.Pointer[inner] // parent with vars, once somebody has asked

	target func(context.Context) error // dropped when it is over
	id     ID                          // set by Start
	number uint64                      // in the default name; 0 only in the zero value
	pc     uintptr                     // of the function in the default name
	name   atomic.Pointer[string]      // nil: the default name
	state  atomic.Uint32               // changed with registry.mu locked
	flags  atomic.Uint32               // changed with registry.mu locked

	next, prev *Thread               // in the registry, protected by its lock
	joiners    *park.Queue           // who waits for the end, protected likewise; nil: nobody
	extra      atomic.Pointer[extra] // what few threads have; nil: nothing
}

// The states of a thread. The zero Thread is stateNew, too, but has no number.
const (
	stateNew     = iota
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
	hooks  atomic.Pointer[hooks]
	locals atomic.Pointer[locals]
	native atomic.Int64 // identity of the pinned thread in the system
	began  atomic.Int64 // for the profile hook
}

func (t *Thread) more() *extra {
	if x := t.extra.Load(); x != nil {
		return x
	}
	t.extra.CompareAndSwap(nil, new(extra))
	return t.extra.Load()
}

// given is the number of a thread with a name of its own.
const given = math.MaxUint64

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
	for _, o := range opts {
		o.apply(t)
	}
	if t.number = given; t.name.Load() == nil {
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
	var s start
	t.prepare(ctx, &s)
	registry.mu.Lock()
	err := t.enlist(&s)
	registry.mu.Unlock()
	if err != nil {
		return s.fail(err)
	}
	go t.live()
	return nil
}

// A start is what Start finds out before it takes the registry's lock.
type start struct {
	parent context.Context
	vars   inherit.Values
	cancel context.CancelCauseFunc
	flags  uint32
}

// prepare fills in s.
func (t *Thread) prepare(ctx context.Context, s *start) {
	s.parent, s.flags = ctx, t.flags.Load()
	if labelAll.Load() {
		s.flags |= flagLabels
	}
	if s.flags&flagSet == 0 && Current(ctx).Daemon() {
		s.flags |= flagDaemon
	}
	if x := t.extra.Load(); x == nil || x.vars == nil {
		s.vars = inherit.TakeOrEmpty(ctx)
	}
	if s.flags&flagDaemon != 0 {
		s.parent, s.cancel = context.WithCancelCause(ctx)
	}
}

// enlist makes t alive, all but the goroutine. The caller holds the registry's
// lock.
func (t *Thread) enlist(s *start) error {
	err := t.startable()
	if err == nil && (registry.phase == over || registry.phase == daemonsEnded && s.flags&flagDaemon != 0) {
		err = ErrShuttingDown
	}
	if err != nil {
		return err
	}
	if s.cancel != nil {
		t.more().cancel = s.cancel
	}
	t.parent, t.vars = s.parent, s.vars
	if registry.hooks != nil {
		t.more().hooks.Store(registry.hooks)
	}
	if s.flags != t.flags.Load() {
		t.flags.Store(s.flags)
	}
	registry.add(t)
	return nil
}

// fail undoes prepare.
func (s *start) fail(err error) error {
	if s.cancel != nil {
		s.cancel(nil)
	}
	return err
}

// startable returns the error of a thread that cannot be started or run any
// more.
func (t *Thread) startable() error {
	switch {
	case t.state.Load() != stateNew:
		return ErrAlreadyStarted
	case t.number == 0:
		return ErrNotInitialized
	}
	return nil
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
