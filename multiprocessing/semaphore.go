package multiprocessing

import (
	"context"
	"runtime"
	"strconv"

	"github.com/conexgo/conex/internal/codec"
)

// A Semaphore is a number of permits that processes share. Acquire takes one,
// and waits while there is none; Release adds one. It stands for Python's
// multiprocessing.Semaphore. A call is one atomic operation, some 6 ns, as long as
// one process uses the semaphore, two when processes take turns, and none in the
// kernel as long as nobody has to wait.
//
// It is made by [NewSemaphore]; the methods of the zero value fail with
// threading.ErrNotInitialized. It must not be copied. It can be sent to other
// processes, as or within an argument and through queues and connections: all
// of them have the same permits then. Its methods are safe for concurrent use.
//
// # When a process ends
//
// The permits that a process has acquired and not released return when it ends,
// however it ends, also by kill -9 between any two instructions: none is lost and
// none returns twice. What counts is the process's balance, not its goroutines.
// Those who wait find out at once if a child of theirs was killed, else within a
// tenth of a second, or some tenths if dozens of processes hold permits. A process
// that is merely stopped keeps its permits, and holds up nobody for longer than
// that.
//
// That is right for permits that are given back by who took them. A semaphore may
// be used as a signal as well: one process releases, others acquire, and a permit
// is a message that must not come back. The rule that tells the two apart: once a
// process has released that held no permit, permits are passed on, not given
// back; from then on the semaphore keeps no account, and the end of a process
// returns nothing, as with CPython. So it is from the beginning
//
//   - if the initial value is 0, since the first release must be such a one;
//   - if it is above 65,535.
//
// There are accounts for 240 living processes. Those that come after count as one
// that never ends: what they hold when they die is lost.
//
// # Order
//
// A free permit is for whoever takes it first. The goroutines of one process wait
// in the order they came; of the processes, the kernel chooses. Thousands of
// goroutines may wait for one semaphore: one of each process sleeps in the
// kernel, on behalf of the others.
//
// In the terminology of the Go memory model, the n'th permit released
// synchronizes before the acquisition that takes it, and any release synchronizes
// before every acquisition that would not have succeeded without it, in whatever
// process; that matters for memory that they share.
type Semaphore struct{ s *sem }

// NewSemaphore makes a semaphore with n permits, which may be 0. Python's default
// is 1. A negative n is threading.ErrNegativeValue, one above 2³¹-1
// threading.ErrTooManyPermits. Where processes cannot wait for shared memory,
// the error matches errors.ErrUnsupported and says why; and there may be no
// memory or descriptor left.
func NewSemaphore(n int) (*Semaphore, error) {
	s, err := newSem(n, kindSemaphore)
	if err != nil {
		return nil, err
	}
	return &Semaphore{s}, nil
}

// Acquire takes a permit. If there is none it waits for one until ctx ends; in
// the latter case it returns an error that matches both ctx.Err() and
// context.Cause(ctx), and has taken none. A free permit is taken even if ctx has
// ended. The other error is [ErrCorrupt], if another program has written into
// the semaphore's memory; then no permit was taken either.
func (s *Semaphore) Acquire(ctx context.Context) error {
	err := s.s.acquire(ctx, s)
	runtime.KeepAlive(s)
	return err
}

// TryAcquire takes a permit if there is one, or if a process has died that held
// one, and reports whether it did. It never waits; if it fails it has looked after
// the processes that hold permits, some microseconds for each. The error is
// [ErrCorrupt].
func (s *Semaphore) TryAcquire() (bool, error) {
	ok, err := s.s.tryOrSettle()
	runtime.KeepAlive(s)
	return ok, err
}

// Release adds a permit; one goroutine that waits for it goes on, in whatever
// process. A process may release more than it has acquired: see the type for
// what that means. The errors are threading.ErrTooManyPermits, if there are 2³¹-1
// already, and [ErrCorrupt]; no permit was added then. Release does not wait.
func (s *Semaphore) Release() error {
	err := s.s.release()
	runtime.KeepAlive(s)
	return err
}

// Value returns the number of free permits, those of processes that have died
// among them: that takes some microseconds for each process that holds any. It
// may be out of date by the time the caller has it.
func (s *Semaphore) Value() int {
	n := s.s.value()
	runtime.KeepAlive(s)
	return n
}

// Locked reports whether no permit is free. It may be out of date by the time the
// caller has it.
func (s *Semaphore) Locked() bool {
	locked := s.s.locked()
	runtime.KeepAlive(s)
	return locked
}

// With calls fn while holding a permit, and returns fn's error. It waits for the
// permit as Acquire does, and if that fails returns its error and does not call
// fn; a nil fn is threading.ErrNilFunc. It releases the permit however fn ends,
// also by a panic or [runtime.Goexit].
func (s *Semaphore) With(ctx context.Context, fn func(ctx context.Context) error) error {
	return withLock(ctx, s, fn)
}

// String shows the value, as in "Semaphore(value=1)".
func (s *Semaphore) String() string { return "Semaphore(value=" + strconv.Itoa(s.Value()) + ")" }

func (s *Semaphore) releaseFor(context.Context) error { return s.Release() }

// AppendHandle makes a *Semaphore travel. It is for the codec.
func (s *Semaphore) AppendHandle(e *codec.Encoder) error { return s.s.append(e) }

// ReadHandle is the other half of AppendHandle.
func (s *Semaphore) ReadHandle(d *codec.Decoder) (err error) {
	s.s, err = readSem(d, kindSemaphore)
	return err
}
