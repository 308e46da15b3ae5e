package futex

import (
	"context"
	"math"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/conexgo/conex/internal/watch"
)

// ownThreads is how many waits of a process may block a thread each; the rest
// go to the dispatcher, whose wake-ups take some 50 µs more.
const ownThreads = 8

// Supported returns nil where waiting works.
func Supported() error { return nil }

// A sleeper is a wait in a thread of its own.
type sleeper struct {
	cancel     atomic.Uint32  // not 0: come back and look
	word       *atomic.Uint32 // what it sleeps on if it does not look at cancel; protected by mu
	next, prev *sleeper
}

var (
	mu       sync.Mutex
	sleepers *sleeper // all that wait in threads of their own
	count    int
)

var pool = sync.Pool{New: func() any { return new(sleeper) }}

// Wait blocks while *word is old, until it is woken, at most the given time, 0
// for no bound. It may return early for no reason: the caller looks again. The
// error says why ctx has ended; a wait that need not block succeeds all the
// same.
func Wait(ctx context.Context, word *atomic.Uint32, old uint32, most time.Duration) error {
	if word.Load() != old {
		return nil
	}
	done := ctx.Done()
	if done != nil && ctx.Err() != nil {
		return watch.Reason(ctx)
	}
	mu.Lock()
	if count >= ownThreads {
		mu.Unlock()
		return disp.wait(ctx, word, old, most)
	}
	s := pool.Get().(*sleeper)
	s.cancel.Store(0)
	// To wait for two words at once takes half a microsecond more. Who cannot
	// be interrupted does without: a nudge that comes too early for it, it
	// misses for as long as its bound.
	plain := done == nil && most > 0
	if plain {
		s.word = word
	}
	s.prev, s.next = nil, sleepers
	if sleepers != nil {
		sleepers.prev = s
	}
	sleepers = s
	count++
	mu.Unlock()

	var stop func() bool
	if done != nil {
		stop = context.AfterFunc(ctx, s.wake)
	}
	if plain {
		sleepPlain(word, old, most)
	} else {
		sleep(word, old, &s.cancel, most)
	}
	if stop != nil {
		stop() // a wake that comes too late finds s in other hands, which look once in vain
	}

	mu.Lock()
	if s.prev == nil {
		sleepers = s.next
	} else {
		s.prev.next = s.next
	}
	if s.next != nil {
		s.next.prev = s.prev
	}
	s.next, s.prev, s.word = nil, nil, nil
	count--
	mu.Unlock()
	pool.Put(s)
	if done != nil && word.Load() == old && ctx.Err() != nil {
		return watch.Reason(ctx)
	}
	return nil
}

func (s *sleeper) wake() {
	s.cancel.Store(1)
	wakeWord(&s.cancel, 1, private)
}

// Nudge makes all waits of this process return: a process has died, and what it
// held may have become free.
func Nudge() {
	mu.Lock()
	for s := sleepers; s != nil; s = s.next {
		if s.word != nil {
			wakeWord(s.word, math.MaxInt32, 0) // and others, who look in vain
		} else {
			s.wake()
		}
	}
	mu.Unlock()
	disp.nudge()
}

// Wake wakes at most n of those who wait for word, in whatever process, and
// returns how many. A Group or Turn counts as one.
func Wake(word *atomic.Uint32, n int) int { return wakeWord(word, n, 0) }

const (
	private = 128 // FUTEX_PRIVATE_FLAG, for words that no other process has

	opWait = 0
	opWake = 1

	size32 = 2 // FUTEX2_SIZE_U32
)

func wakeWord(word *atomic.Uint32, n int, flags uintptr) int {
	woken, _, errno := unix.RawSyscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), opWake|flags, uintptr(n), 0, 0, 0)
	if errno != 0 {
		return 0
	}
	return int(woken)
}

// waitv is the kernel's struct futex_waitv.
type waitv struct {
	val   uint64
	addr  uint64
	flags uint32
	_     uint32
}

func (w *waitv) set(word *atomic.Uint32, old uint32, flags uint32) {
	*w = waitv{val: uint64(old), addr: uint64(uintptr(unsafe.Pointer(word))), flags: size32 | flags}
}

// noWaitv is set once the kernel has refused futex_waitv. Tests set it.
var noWaitv atomic.Bool

// pollEvery is how often a wait looks for the end of its context without
// futex_waitv.
const pollEvery = 2 * time.Millisecond

// sleep blocks the thread while *word is old and *cancel is 0.
func sleep(word *atomic.Uint32, old uint32, cancel *atomic.Uint32, most time.Duration) {
	if !noWaitv.Load() {
		var v [2]waitv
		v[0].set(word, old, 0)
		v[1].set(cancel, 0, private)
		if waitMany(v[:], most) {
			return
		}
	}
	end := time.Now().Add(most)
	for word.Load() == old && cancel.Load() == 0 {
		d := pollEvery
		if most > 0 {
			if d = min(d, time.Until(end)); d <= 0 {
				return
			}
		}
		if sleepPlain(word, old, d) {
			return
		}
	}
}

// sleepPlain blocks the thread while *word is old, and reports whether it was
// woken.
func sleepPlain(word *atomic.Uint32, old uint32, most time.Duration) bool {
	ts := unix.NsecToTimespec(int64(most))
	_, _, errno := unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), opWait, uintptr(old), uintptr(unsafe.Pointer(&ts)), 0, 0)
	return errno == 0
}

// The kernel's clock when the program's was at start. The two go alike, and the
// program's takes no system call.
var start, startClock = clocks()

const clockMonotonic = 1

func clocks() (time.Time, time.Duration) {
	var now unix.Timespec
	unix.ClockGettime(clockMonotonic, &now)
	return time.Now(), time.Duration(now.Nano())
}

// waitMany blocks until one of the words is not what it was, or is woken. It
// reports false if the kernel cannot do that.
func waitMany(v []waitv, most time.Duration) bool {
	var ts *timespec64
	if most > 0 {
		t := int64(startClock + time.Since(start) + most)
		ts = &timespec64{t / 1e9, t % 1e9}
	}
	_, _, errno := unix.Syscall6(unix.SYS_FUTEX_WAITV, uintptr(unsafe.Pointer(&v[0])), uintptr(len(v)), 0,
		uintptr(unsafe.Pointer(ts)), clockMonotonic, 0)
	if errno == unix.ENOSYS || errno == unix.EPERM {
		noWaitv.Store(true)
		return false
	}
	return true
}

// timespec64 is what futex_waitv takes on all architectures.
type timespec64 struct{ sec, nsec int64 }
