package multiprocessing

import (
	"context"
	"fmt"
	"runtime"

	"github.com/conexgo/conex/internal/codec"
)

// A BoundedSemaphore is a [Semaphore] that never has more permits than it began
// with: a release too many is an error, not one permit more. Use it to guard a
// resource of limited size, such as connections to a server that several
// processes use. It stands for Python's multiprocessing.BoundedSemaphore.
//
// It is made by [NewBoundedSemaphore]; the methods of the zero value fail with
// threading.ErrNotInitialized. It
// must not be copied, can be sent to other processes, and is safe for concurrent
// use. What it does when a process ends, order and memory model are those of
// Semaphore: permits return, unless processes have released what others had
// acquired.
type BoundedSemaphore struct{ s *sem }

// NewBoundedSemaphore makes a semaphore that has n permits and never will have
// more. The errors are those of [NewSemaphore].
func NewBoundedSemaphore(n int) (*BoundedSemaphore, error) {
	s, err := newSem(n, kindBounded)
	if err != nil {
		return nil, err
	}
	return &BoundedSemaphore{s}, nil
}

// Acquire takes a permit. If there is none it waits for one until ctx ends; in
// the latter case it returns an error that matches both ctx.Err() and
// context.Cause(ctx), and has taken none. A free permit is taken even if ctx has
// ended. The other error is [ErrCorrupt].
func (s *BoundedSemaphore) Acquire(ctx context.Context) error {
	err := s.s.acquire(ctx, s)
	runtime.KeepAlive(s)
	return err
}

// TryAcquire takes a permit if there is one, or if a process has died that held
// one, and reports whether it did. It never waits; if it fails it has looked after
// the processes that hold permits, some microseconds for each. The error is
// [ErrCorrupt].
func (s *BoundedSemaphore) TryAcquire() (bool, error) {
	ok, err := s.s.tryOrSettle()
	runtime.KeepAlive(s)
	return ok, err
}

// Release gives back a permit; one goroutine that waits for it goes on, in
// whatever process. If all are there already it returns
// threading.ErrReleasedTooOften and changes nothing. It may be called by another
// process than the one that has acquired: see [Semaphore] for what that means. The
// other error is [ErrCorrupt]. Release does not wait.
func (s *BoundedSemaphore) Release() error {
	err := s.s.release()
	runtime.KeepAlive(s)
	return err
}

// Value returns the number of free permits, those of processes that have died
// among them: that takes some microseconds for each process that holds any. It
// may be out of date by the time the caller has it.
func (s *BoundedSemaphore) Value() int {
	n := s.s.value()
	runtime.KeepAlive(s)
	return n
}

// Bound returns the number of permits it began with; 0 for the zero value.
func (s *BoundedSemaphore) Bound() int {
	if s.s == nil {
		return 0
	}
	return int(s.s.initial)
}

// Locked reports whether no permit is free. It may be out of date by the time the
// caller has it.
func (s *BoundedSemaphore) Locked() bool {
	locked := s.s.locked()
	runtime.KeepAlive(s)
	return locked
}

// With calls fn while holding a permit, and returns fn's error. It waits for the
// permit as Acquire does, and if that fails returns its error and does not call
// fn; a nil fn is threading.ErrNilFunc. It releases the permit however fn ends,
// also by a panic or [runtime.Goexit].
func (s *BoundedSemaphore) With(ctx context.Context, fn func(ctx context.Context) error) error {
	return withLock(ctx, s, fn)
}

// String shows the value and the bound, as in "BoundedSemaphore(value=1, bound=2)".
func (s *BoundedSemaphore) String() string {
	return fmt.Sprintf("BoundedSemaphore(value=%d, bound=%d)", s.Value(), s.Bound())
}

func (s *BoundedSemaphore) releaseFor(context.Context) error { return s.Release() }

// AppendHandle makes a *BoundedSemaphore travel. It is for the codec.
func (s *BoundedSemaphore) AppendHandle(e *codec.Encoder) error { return s.s.append(e) }

// ReadHandle is the other half of AppendHandle.
func (s *BoundedSemaphore) ReadHandle(d *codec.Decoder) (err error) {
	s.s, err = readSem(d, kindBounded)
	return err
}
