package multiprocessing

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"sync/atomic"
	"unsafe"

	"github.com/conexgo/conex/internal/futex"
	"github.com/conexgo/conex/threading"
)

// posixSem is glibc's sem_t on 64-bit systems, since 2.21: new_sem in its
// internaltypes.h. There are 32 bytes of it.
type posixSem struct {
	data    atomic.Uint64 // the value in the low half, how many sleep in the high one
	private uint32
	_       [20]byte
}

const (
	posixSize   = 32
	posixShared = 128 // private, if processes share it
	oneSleeper  = 1 << 32
)

// A namedSem is what a process has of a semaphore that it has opened once.
type namedSem struct {
	name   string
	file   string
	mem    *posixSem
	low    *atomic.Uint32 // the low half of mem.data: what sleepers sleep on
	closed atomic.Bool
	spin   spinner
	turn   futex.Turn    // who has it sleeps in the kernel
	order  atomic.Uint32 // for the race detector
}

var bigEndian = *(*byte)(unsafe.Pointer(&[]uint16{1}[0])) == 0

func newNamedSem(name, file string, mem *posixSem) *namedSem {
	p := unsafe.Pointer(&mem.data)
	if bigEndian {
		p = unsafe.Add(p, 4)
	}
	s := &namedSem{name: name, file: file, mem: mem, low: (*atomic.Uint32)(p)}
	s.spin.init(new(atomic.Int32), new(atomic.Int32)) // there is no room to say where one runs
	return s
}

func createNamed(name string, n int) (*namedSem, error) {
	name, file, err := posixName(name)
	switch {
	case err != nil:
		return nil, err
	case n < 0:
		return nil, fmt.Errorf("%w: %d", threading.ErrNegativeValue, n)
	case n > maxPermits:
		return nil, tooMany(n)
	}
	s, err := createPosix(name, file, uint32(n))
	return s, posixError("creating", name, err)
}

func openNamed(name string) (*namedSem, error) {
	name, file, err := posixName(name)
	if err != nil {
		return nil, err
	}
	s, err := openPosix(name, file)
	return s, posixError("opening", name, err)
}

// posixName is the name with its slash, and the file that has it.
func posixName(name string) (full, file string, err error) {
	if err := posixSupported(); err != nil {
		return "", "", err
	}
	base := strings.TrimPrefix(name, "/")
	if base == "" || len(base) > 251 || strings.ContainsAny(base, "/\x00") {
		return "", "", fmt.Errorf("%w: %s is no name of a semaphore, which is a slash and up to 251 bytes without slashes: %w",
			ErrProcess, strconv.Quote(name), fs.ErrInvalid)
	}
	return "/" + base, posixDir + base, nil
}

func posixError(doing, name string, err error) error {
	if err == nil || errors.Is(err, ErrProcess) {
		return err
	}
	return fmt.Errorf("%w: %s semaphore %s: %w", ErrProcess, doing, strconv.Quote(name), err)
}

// check says why the semaphore cannot be used.
func (s *namedSem) check() error {
	switch {
	case s == nil:
		return errZeroLock
	case s.closed.Load():
		return ErrClosed
	}
	return nil
}

func (s *namedSem) try() (bool, error) {
	if err := s.check(); err != nil {
		return false, err
	}
	for {
		d := s.mem.data.Load()
		switch value := uint32(d); {
		case value > maxPermits:
			return false, ErrCorrupt
		case value == 0:
			return false, nil
		case s.mem.data.CompareAndSwap(d, d-1):
			if raceEnabled {
				s.order.Load()
			}
			return true, nil
		}
	}
}

func (s *namedSem) release() error {
	if err := s.check(); err != nil {
		return err
	}
	if raceEnabled {
		s.order.Add(1)
	}
	for {
		d := s.mem.data.Load()
		switch value := uint32(d); {
		case value > maxPermits:
			return ErrCorrupt
		case value == maxPermits:
			return errFull
		case s.mem.data.CompareAndSwap(d, d+1):
			if d >= oneSleeper {
				futex.Wake(s.low, 1)
			}
			return nil
		}
	}
}

func (s *namedSem) acquire(ctx context.Context, obj any) error {
	if ok, err := s.try(); ok || err != nil {
		return err
	}
	if ctx.Err() == nil && s.spin.until(func() bool { return s.low.Load() > 0 }) {
		if ok, err := s.try(); ok || err != nil {
			return err
		}
	}
	if err := s.turn.Acquire(ctx, obj); err != nil {
		if ok, bad := s.try(); ok || bad != nil {
			return bad
		}
		return err
	}
	defer s.turn.Release()
	return s.sleep(ctx)
}

// sleep waits for a permit, counted among the sleepers as glibc counts: whoever
// releases wakes one if there are any. With the permit the count goes down in one
// step. A process that is killed here stays counted, which costs others a call of
// the kernel for each release.
func (s *namedSem) sleep(ctx context.Context) (err error) {
	s.mem.data.Add(oneSleeper)
	var poll futex.Poll
	for {
		d := s.mem.data.Load()
		switch value := uint32(d); {
		case value > maxPermits:
			err = ErrCorrupt
		case d < oneSleeper: // somebody has not counted us
			return ErrCorrupt
		case value > 0:
			if s.mem.data.CompareAndSwap(d, d-1-oneSleeper) {
				if raceEnabled {
					s.order.Load()
				}
				return nil
			}
			continue
		case s.closed.Load():
			err = ErrClosed
		}
		if err != nil {
			break
		}
		err = futex.Wait(ctx, s.low, 0, poll.Next())
	}
	for {
		d := s.mem.data.Load()
		if d < oneSleeper || s.mem.data.CompareAndSwap(d, d-oneSleeper) {
			break
		}
	}
	// The wake-up may have been for us: pass it on.
	if d := s.mem.data.Load(); uint32(d) > 0 && d >= oneSleeper {
		futex.Wake(s.low, 1)
	}
	return err
}

func (s *namedSem) value() int {
	if s.check() != nil {
		return 0
	}
	return int(s.low.Load())
}

func (s *namedSem) close() error {
	if s == nil {
		return errZeroLock
	}
	if s.closed.CompareAndSwap(false, true) {
		futex.Nudge() // those who wait look at closed
	}
	return nil
}

func (s *namedSem) unlink() error {
	if s == nil {
		return errZeroLock
	}
	return posixError("unlinking", s.name, unlinkPosix(s.file))
}
