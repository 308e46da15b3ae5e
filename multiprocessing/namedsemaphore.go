package multiprocessing

import (
	"context"
	"runtime"
	"strconv"

	"github.com/conexgo/conex/internal/codec"
)

// A NamedSemaphore is a semaphore that has a name on this machine: a POSIX
// semaphore, the very object that CPython's _multiprocessing.SemLock makes and
// opens, and that C programs get from sem_open. Use it to share permits with
// those. Among Go programs that start each other use [Semaphore], which needs no
// name and does not lose what a killed process holds.
//
// The Lock or Semaphore of a spawn or forkserver context in CPython is opened by
// the name that its _semlock.name says. The reverse, in Python, is
//
//	_multiprocessing.SemLock._rebuild(0, 1, 2**31-1, "/name")
//
// It is made by [CreateNamedSemaphore] or [OpenNamedSemaphore]; the methods of
// the zero value fail with threading.ErrNotInitialized. It must not be copied. It can be sent to other processes:
// what travels is the name, so it arrives only while the name is there. Its
// methods are safe for concurrent use.
//
// There is no account of holders: the permits of a process that dies are lost, as
// with CPython, and the name stays until somebody calls Unlink. Go programs that
// wait look after the semaphore every tenth of a second, so that a wake-up that
// went to a process which was killed is not missed; CPython does not.
//
// Names and layout are those of glibc from 2.21 on, on 64-bit Linux. Elsewhere,
// and with another C library, the errors match errors.ErrUnsupported.
//
// In the terminology of the Go memory model, the n'th permit released
// synchronizes before the acquisition that takes it.
type NamedSemaphore struct{ s *namedSem }

// CreateNamedSemaphore makes a semaphore with n free permits. The name is a slash
// and up to 251 bytes that are no slashes, as in "/mp-x1y2z3"; the slash may be
// left out. The error matches fs.ErrExist if the name is taken,
// threading.ErrNegativeValue or threading.ErrTooManyPermits for a bad n, fs.ErrInvalid
// for a bad name, and errors.ErrUnsupported where there are no such semaphores.
//
// The name appears with the finished semaphore, for this user only, and stays
// until [NamedSemaphore.Unlink].
func CreateNamedSemaphore(name string, n int) (*NamedSemaphore, error) {
	s, err := createNamed(name, n)
	if err != nil {
		return nil, err
	}
	return &NamedSemaphore{s}, nil
}

// OpenNamedSemaphore opens a semaphore that exists. The error matches
// fs.ErrNotExist if there is none of that name, fs.ErrPermission if it is for
// somebody else, fs.ErrInvalid for a bad name, [ErrCorrupt] if its value makes no
// sense, and errors.ErrUnsupported if it was made by another C library.
func OpenNamedSemaphore(name string) (*NamedSemaphore, error) {
	s, err := openNamed(name)
	if err != nil {
		return nil, err
	}
	return &NamedSemaphore{s}, nil
}

// Name returns the name, with its slash.
func (s *NamedSemaphore) Name() string {
	if s.s == nil {
		return ""
	}
	return s.s.name
}

// Acquire takes a permit. If there is none it waits for one until ctx ends or s
// is closed; in the first case it returns an error that matches both ctx.Err()
// and context.Cause(ctx), in the second [ErrClosed], and has taken none. A free
// permit is taken even if ctx has ended. The other error is [ErrCorrupt], if
// another program has written nonsense.
func (s *NamedSemaphore) Acquire(ctx context.Context) error {
	err := s.s.acquire(ctx, s)
	runtime.KeepAlive(s)
	return err
}

// TryAcquire takes a permit if there is one, and reports whether it did. It never
// waits. The errors are [ErrClosed] and [ErrCorrupt].
func (s *NamedSemaphore) TryAcquire() (bool, error) {
	ok, err := s.s.try()
	runtime.KeepAlive(s)
	return ok, err
}

// Release adds a permit; one of those who wait for it goes on, in whatever
// process. There is no bound but 2³¹-1, then it returns
// threading.ErrTooManyPermits, also for what is a Lock or a BoundedSemaphore in
// CPython. The other errors are [ErrClosed] and [ErrCorrupt]. It does not wait.
func (s *NamedSemaphore) Release() error {
	err := s.s.release()
	runtime.KeepAlive(s)
	return err
}

// Value returns the number of free permits, 0 once s is closed. It may be out of
// date by the time the caller has it.
func (s *NamedSemaphore) Value() int {
	n := s.s.value()
	runtime.KeepAlive(s)
	return n
}

// Locked reports whether no permit is free. It may be out of date by the time the
// caller has it.
func (s *NamedSemaphore) Locked() bool { return s.Value() == 0 }

// With calls fn while holding a permit, and returns fn's error. It waits for the
// permit as Acquire does, and if that fails returns its error and does not call
// fn; a nil fn is threading.ErrNilFunc. It releases the permit however fn ends,
// also by a panic or [runtime.Goexit], unless s was closed meanwhile.
func (s *NamedSemaphore) With(ctx context.Context, fn func(ctx context.Context) error) error {
	return withLock(ctx, s, fn)
}

// Unlink takes the name away. Those who have the semaphore go on with it; nobody
// can open it any more. The error matches fs.ErrNotExist if the name is gone
// already. It can be called after Close.
func (s *NamedSemaphore) Unlink() error { return s.s.unlink() }

// Close ends the use of the semaphore through s: what waits for it, and every
// later call, returns [ErrClosed]. It releases no permits, and the name stays.
// The memory, one page, is given back once nothing refers to s. Close may be
// called several times.
func (s *NamedSemaphore) Close() error { return s.s.close() }

// String shows the name and the value, as in "NamedSemaphore(/mp-x1, value=1)".
func (s *NamedSemaphore) String() string {
	return "NamedSemaphore(" + s.Name() + ", value=" + strconv.Itoa(s.Value()) + ")"
}

func (s *NamedSemaphore) releaseFor(context.Context) error { return s.Release() }

// AppendHandle makes a *NamedSemaphore travel, by its name. It is for the codec.
func (s *NamedSemaphore) AppendHandle(e *codec.Encoder) error {
	if err := s.s.check(); err != nil {
		return err
	}
	e.AppendString(s.s.name)
	return nil
}

// ReadHandle is the other half of AppendHandle: it opens the semaphore.
func (s *NamedSemaphore) ReadHandle(d *codec.Decoder) error {
	name, err := d.ReadString()
	if err != nil {
		return err
	}
	s.s, err = openNamed(name)
	return err
}
