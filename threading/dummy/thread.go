package dummy

import (
	"context"
	"errors"
	"reflect"
	"sync"

	"github.com/conexgo/conex/contextvars"
	"github.com/conexgo/conex/threading"
)

// A Runner is what a thread can run instead of a function.
type Runner = threading.Runner

// A Thread is a function that [Thread.Start] calls and waits for, with a name
// and an identity: see [threading.Thread], whose methods it has. It runs once.
//
// The zero value cannot be started: [ErrNotInitialized]. A Thread must not be
// copied. Its methods are safe for concurrent use, although its function runs
// where Start is called.
type Thread struct {
	// Set while it is made.
	number uint64               // in the default name
	pc     uintptr              // of the function in the default name
	vars   *contextvars.Context // what it runs in; nil: a copy of the starter's

	mu       sync.Mutex
	target   func(context.Context) error // protected by mu: dropped when it is over
	name     *string                     // protected by mu: nil is the default name
	state    state                       // protected by mu
	flags    flags                       // protected by mu
	err      error                       // protected by mu: valid when it has stopped
	native   int                         // protected by mu: 0 is none
	cancel   context.CancelCauseFunc     // protected by mu: of a daemon that runs
	atEnd    []func()                    // protected by mu: drop its values from Locals
	settings settings                    // protected by mu: the hooks it calls
}

// A state is how far a thread has come. The zero Thread is in none.
type state int

const (
	stateNew     state = iota + 1
	stateUsed          // not started, but Run has used up its function
	stateStarted       // alive
	stateStopped
)

// flags are what is true of a thread.
type flags int

const (
	flagDaemon   flags = 1 << iota
	flagSet            // the daemon flag was given, not to be inherited
	flagMain           // the main thread
	flagAdopted        // it was not started
	flagOSThread       // it keeps an operating system thread to itself
	flagLabels         // it is seen in profiles and execution traces
)

// New returns a thread that will call target, which may be nil: then the
// thread has nothing to do. It starts nothing.
func New(target func(ctx context.Context) error, opts ...Option) *Thread {
	t := new(Thread)
	t.setUp(target, opts)
	return t
}

func (t *Thread) setUp(target func(context.Context) error, opts []Option) {
	t.target = target
	if target != nil {
		t.pc = reflect.ValueOf(target).Pointer()
	}
	t.init(opts)
}

// NewRunner returns a thread that will call r.Run. Nothing else of r is used.
func NewRunner(r Runner, opts ...Option) *Thread {
	t := &Thread{target: r.Run}
	t.init(opts)
	return t
}

func (t *Thread) init(opts []Option) {
	t.state = stateNew
	for _, o := range opts {
		o.apply(t)
	}
	if t.name == nil {
		t.number = threadNumbers.Add(1)
	}
}

// Go makes a thread that calls fn and runs it: [New] and [Thread.Start]. The
// error of a thread that was interrupted, see [InterruptMain], comes with the
// thread.
func Go(ctx context.Context, fn func(ctx context.Context) error, opts ...Option) (*Thread, error) {
	t := New(fn, opts...)
	if err := t.Start(ctx); err != nil && !errors.Is(err, ErrInterrupted) {
		return nil, err
	} else {
		return t, err
	}
}

// startable returns the error of a thread that cannot be started or run any
// more. The caller holds mu.
func (t *Thread) startable() error {
	switch t.state {
	case 0:
		return ErrNotInitialized
	case stateNew:
		return nil
	}
	return ErrAlreadyStarted
}

// Run calls the thread's function with the caller's ctx, and returns its error;
// a panic goes to the caller. It starts no thread, and changes nothing about
// which one is current. The function is used up then: the error of another Run,
// or a Start, is [ErrAlreadyStarted].
func (t *Thread) Run(ctx context.Context) error {
	target, err := t.claim()
	if err != nil || target == nil {
		return err
	}
	return target(ctx)
}

// claim takes the function of t for Run.
func (t *Thread) claim() (target func(context.Context) error, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.startable(); err != nil {
		return nil, err
	}
	t.state = stateUsed
	target, t.target = t.target, nil
	return target, nil
}

// Join returns nil: the thread has ended when Start returns. If it has not,
// because the caller runs inside of it, Join returns a *[DeadlockError], or the
// end of ctx if that has ended. The other errors are those of
// [threading.Thread.Join]: [ErrNotStarted], [ErrNotInitialized],
// [ErrJoinSelf] if the thread is the one of ctx, and [ErrJoinDummy] for an
// adopted one.
func (t *Thread) Join(ctx context.Context) error {
	t.mu.Lock()
	state, flags := t.state, t.flags
	t.mu.Unlock()
	switch {
	case state == 0:
		return ErrNotInitialized
	case state < stateStarted:
		return ErrNotStarted
	case flags&flagAdopted != 0:
		return ErrJoinDummy
	case state == stateStopped:
		return nil
	case Current(ctx) == t:
		return ErrJoinSelf
	}
	return deadlock(ctx, "Thread.Join", holder{thread: t}, "the caller is run")
}

// Daemon reports whether [Shutdown] does not wait for the thread. It is false
// for nil.
func (t *Thread) Daemon() bool {
	if t == nil {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.flags&flagDaemon != 0
}

// SetDaemon says whether the thread is a daemon. The error is
// [ErrAlreadyStarted] if it is too late for that, and [ErrNotInitialized] for a
// zero Thread.
func (t *Thread) SetDaemon(daemon bool) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.startable(); err != nil {
		return err
	}
	t.setDaemon(daemon)
	return nil
}

func (t *Thread) setDaemon(daemon bool) {
	t.flags = t.flags&^flagDaemon | flagSet
	if daemon {
		t.flags |= flagDaemon
	}
}

// Alive reports whether the thread runs: whether its function is among the
// callers of whoever asks, unless that is another goroutine.
func (t *Thread) Alive() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.state == stateStarted
}

// Err is how the thread's function ended: with the error it returned, or a
// *[PanicError]. It is nil before that, and when the function ended with
// [ErrExit] or by runtime.Goexit, which are no failures. A deadlock that was
// found in the thread is here if its function returned it.
func (t *Thread) Err() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}

func (t *Thread) setErr(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.err = err
}
