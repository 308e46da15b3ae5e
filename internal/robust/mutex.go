package robust

import (
	"context"
	"sync/atomic"
	"unsafe"

	"github.com/conexgo/conex/internal/futex"
	"github.com/conexgo/conex/internal/peer"
	"github.com/conexgo/conex/internal/wait"
)

// A Mutex is this process's side of a lock. All goroutines of the process must
// use the same Mutex for the same word. Make one with [New]; it must not be
// copied.
//
// The word is 0 while the lock is free. Else its high half is when the holder
// was started, and its low half the holder's number, doubled, and 1 more if
// somebody may be asleep: the kernel looks at the low half.
type Mutex struct {
	word *atomic.Uint64
	low  *atomic.Uint32
	mine uint64
	turn futex.Turn
	race atomic.Uint32 // tells the race detector who comes first
}

// ordered tells the race detector that what this process did before it unlocked
// comes before what it does now that it has locked.
func (m *Mutex) ordered() {
	if raceEnabled {
		m.race.Add(1)
	}
}

const waiters = 1

// New returns the lock on word, which is 0 at first. It is free then.
func New(word *atomic.Uint64) *Mutex {
	m := new(Mutex)
	m.Init(word)
	return m
}

// Init is New for a Mutex that is part of something else.
func (m *Mutex) Init(word *atomic.Uint64) {
	m.word, m.low, m.mine = word, lowHalf(word), pack(peer.Self())
}

func pack(id peer.ID) uint64 { return uint64(id.Start())<<32 | uint64(uint32(id.PID()))<<1 }

func unpack(w uint64) peer.ID { return peer.New(int(uint32(w)>>1), uint32(w>>32)) }

var bigEndian = *(*byte)(unsafe.Pointer(&[]uint16{1}[0])) == 0

func lowHalf(word *atomic.Uint64) *atomic.Uint32 {
	p := unsafe.Pointer(word)
	if bigEndian {
		p = unsafe.Add(p, 4)
	}
	return (*atomic.Uint32)(p)
}

// spins is how often a lock that is held is looked at before going to sleep,
// where there is more than one core: about a microsecond, a few times what
// is done under most locks.
const spins = 400

// Lock takes the lock, waiting for it. With died the process that held it has
// died: the lock is the caller's, and what it protects may be half changed. The
// error says why ctx has ended.
func (m *Mutex) Lock(ctx context.Context) (died bool, err error) {
	if m.word.CompareAndSwap(0, m.mine) {
		m.ordered()
		return false, nil
	}
	if wait.CanSpin() {
		for range spins {
			if m.word.Load() == 0 && m.word.CompareAndSwap(0, m.mine) {
				m.ordered()
				return false, nil
			}
		}
	}
	died, err = m.sleep(ctx)
	if err == nil {
		m.ordered()
	}
	return died, err
}

// LockSoon takes the lock if it is free, or becomes free while it is looked at
// for about a microsecond. It makes no system call, and does not find out that
// the holder is dead: it is for those who have something else to do.
func (m *Mutex) LockSoon() bool {
	if m.word.CompareAndSwap(0, m.mine) {
		m.ordered()
		return true
	}
	if wait.CanSpin() {
		for range spins {
			if m.word.Load() == 0 && m.word.CompareAndSwap(0, m.mine) {
				m.ordered()
				return true
			}
		}
	}
	return false
}

// sleep is the rest of Lock.
func (m *Mutex) sleep(ctx context.Context) (died bool, err error) {
	if err := m.turn.Acquire(ctx, m); err != nil {
		if ok, died := m.TryLock(); ok {
			return died, nil // it would not have had to wait
		}
		return false, err
	}
	defer m.turn.Release()
	var poll futex.Poll
	for seen := uint64(0); ; {
		w := m.word.Load()
		if w == 0 {
			// Others may be asleep: say so, for nobody has counted them.
			if m.word.CompareAndSwap(0, m.mine|waiters) {
				return false, nil
			}
			continue
		}
		if w == seen && !unpack(w).Alive() {
			if m.word.CompareAndSwap(w, m.mine|waiters) {
				return true, nil
			}
			continue
		}
		if err != nil {
			futex.Wake(m.low, 1) // we may have been woken in vain: pass it on
			return false, err
		}
		if w&waiters == 0 {
			if !m.word.CompareAndSwap(w, w|waiters) {
				continue
			}
			w |= waiters
		}
		seen = w
		err = futex.Wait(ctx, m.low, uint32(w), poll.Next())
	}
}

// TryLock takes the lock if it is free, or if the process that holds it is
// dead.
func (m *Mutex) TryLock() (ok, died bool) {
	for {
		w := m.word.Load()
		switch {
		case w == 0:
			if m.word.CompareAndSwap(0, m.mine) {
				m.ordered()
				return true, false
			}
		case unpack(w).Alive():
			return false, false
		default:
			if m.word.CompareAndSwap(w, m.mine|w&waiters) {
				m.ordered()
				return true, true
			}
		}
	}
}

// Unlock frees the lock and reports whether it was held, by whomever.
func (m *Mutex) Unlock() bool {
	m.ordered()
	w := m.word.Swap(0)
	if w&waiters != 0 {
		futex.Wake(m.low, 1)
	}
	return w != 0
}

// Owner is the process that holds the lock, alive or not, or 0.
func (m *Mutex) Owner() peer.ID {
	if w := m.word.Load(); w != 0 {
		return unpack(w)
	}
	return 0
}

// Waiting returns how many goroutines of this process wait in line. There may be
// one more, at their head.
func (m *Mutex) Waiting() int { return m.turn.Waiting() }
