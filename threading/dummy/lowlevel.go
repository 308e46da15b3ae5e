package dummy

import (
	"context"

	"github.com/conexgo/conex/threading"
)

// ErrNilFunc says that there is no function to be called: see
// [threading.ErrNilFunc].
var ErrNilFunc = threading.ErrNilFunc

// LockType is the type of locks, which is [Lock].
type LockType = Lock

// AllocateLock returns a new lock, which is free. The zero LockType is one as
// well.
func AllocateLock() *LockType { return new(LockType) }

// StartNew runs f as a daemon thread of its own, here and now, and returns when
// it has ended: see [Thread.Start]. Its failures go to the [ExceptHook]. The
// identity is 1. The error is [ErrNilFunc] if f is nil.
func StartNew(ctx context.Context, f func(ctx context.Context) error) (ID, error) {
	if f == nil {
		return 0, ErrNilFunc
	}
	if err := New(f, WithDaemon(true)).Start(ctx); err != nil {
		return 0, err
	}
	return 1, nil
}

// Exit ends the thread that calls it, with its deferred calls, and is no
// failure: it panics with [ErrExit], which Start catches. Where there is
// something to return, returning ErrExit does the same. In the main flow nobody
// catches it.
func Exit() { panic(ErrExit) }

// InterruptMain interrupts the main flow. Called there, which is where no dummy
// thread runs, it returns [ErrInterrupted], for the caller to pass on. Called in
// a dummy thread it returns nil, and the Start of the outermost thread returns
// ErrInterrupted when that thread has ended. It ends no context. Python's has no
// other signal than the interrupt.
func InterruptMain() error {
	registry.mu.Lock()
	defer registry.mu.Unlock()
	if registry.depth == 0 {
		return ErrInterrupted
	}
	registry.interrupted = true
	return nil
}

// interruption returns ErrInterrupted if the main flow goes on now and was
// interrupted.
func interruption() error {
	registry.mu.Lock()
	defer registry.mu.Unlock()
	if registry.depth > 0 || !registry.interrupted {
		return nil
	}
	registry.interrupted = false
	return ErrInterrupted
}
