package multiprocessing

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/conexgo/conex/internal/futex"
	"github.com/conexgo/conex/internal/handle"
	"github.com/conexgo/conex/internal/peer"
	"github.com/conexgo/conex/internal/track"
	"github.com/conexgo/conex/internal/watch"
)

// A conditionState is what a process has of a [Condition].
//
// In shared memory is a table of the processes that have somebody waiting. Two
// numbers are all that counts of a process: how many of it wait and were not
// notified, and how many were notified and have not come back with the lock yet;
// they are one word. The table changes only under the lock of the Condition, by
// single stores, so there is nothing to repair when its holder dies. If a
// notification moves from a dead process to a living one, it is given first and
// taken then.
//
// Who they are only their own process knows: they stand in line in the order
// they came, and the first one waits in the kernel until the numbers say that
// somebody was notified, which it is then.
type conditionState struct {
	lock  ConditionLock
	block *handle.Block

	slot int // in the table, or -1; protected by lock

	mu         sync.Mutex
	head, tail *conditionWaiter // protected by mu; pushed under lock as well
	taken      int              // protected by mu: who are notified, not in line any more, and not back yet
}

// A conditionWaiter is a place in the line.
type conditionWaiter struct {
	next, prev *conditionWaiter
	ch         chan struct{} // says that it is the first now
}

const (
	conditionProcesses = 240

	conditionUsed   = 0  // how much of the table was ever used
	conditionCursor = 4  // whose turn it is to be notified
	conditionTable  = 64 // of entries
	entrySize       = 32
	conditionSize   = conditionTable + conditionProcesses*entrySize
)

var conditions handle.Locals[conditionState]

var errConditionFull = failure(fmt.Sprintf("%d processes wait on this condition at the same time: that is the most it can do", conditionProcesses))

func (c *Condition) open(b *handle.Block, l ConditionLock) (err error) {
	c.s, err = conditions.Get(b, func() (*conditionState, error) {
		return &conditionState{lock: l, block: b, slot: -1}, nil
	})
	return err
}

// An entry of the table.
type conditionEntry struct {
	id     *atomic.Uint64 // of the process, as a peer.ID; 0: free
	counts *atomic.Uint64 // notified, and in the low half not notified
	bell   *atomic.Uint32 // changes when the first number has
}

func (s *conditionState) entry(i int) conditionEntry {
	off := conditionTable + i*entrySize
	return conditionEntry{word64(s.block, off), word64(s.block, off+8), word32(s.block, off+16)}
}

func (e conditionEntry) load() (notified, waiting int) {
	c := e.counts.Load()
	return int(uint32(c>>32) & math.MaxInt32), int(uint32(c) & math.MaxInt32)
}

func (e conditionEntry) store(notified, waiting int) {
	e.counts.Store(uint64(uint32(max(notified, 0)))<<32 | uint64(uint32(max(waiting, 0))))
}

// dead reports whether the entry is of a process that has died.
func (e conditionEntry) dead() bool {
	id := peer.ID(e.id.Load())
	return id != 0 && !id.Alive()
}

func (s *conditionState) used() int {
	return int(min(word32(s.block, conditionUsed).Load(), conditionProcesses))
}

// mine returns this process's entry, with a new one if need be. The caller
// holds the lock.
func (s *conditionState) mine() (conditionEntry, error) {
	me := uint64(peer.Self())
	if s.slot >= 0 {
		if e := s.entry(s.slot); e.id.Load() == me {
			return e, nil
		}
	}
	used := s.used()
	at := -1
	for i := range used {
		if s.entry(i).id.Load() == 0 {
			at = i
			break
		}
	}
	if at < 0 && used < conditionProcesses {
		word32(s.block, conditionUsed).Store(uint32(used + 1))
		at = used
	}
	for i := 0; at < 0 && i < used; i++ {
		if e := s.entry(i); e.dead() {
			notified, _ := e.load()
			e.store(notified, 0)
			s.give(notified)
			at = i
		}
	}
	if at < 0 {
		return conditionEntry{}, errConditionFull
	}
	e := s.entry(at)
	e.id.Store(0)
	e.store(0, 0)
	e.id.Store(me)
	s.slot = at
	return e, nil
}

// change adds to the numbers of this process, and gives its entry back when
// they are 0. The caller holds the lock.
func (s *conditionState) change(notified, waiting int) {
	e, err := s.mine()
	if err != nil {
		return // the memory was written to by another program
	}
	n, w := e.load()
	n, w = max(n+notified, 0), max(w+waiting, 0)
	e.store(n, w)
	if n == 0 && w == 0 {
		e.id.Store(0)
		s.slot = -1
	}
}

// give notifies n of those who wait, and of dead processes whoever they were to
// notify. The caller holds the lock.
func (s *conditionState) give(n int) {
	var dead []int
	cursor := word32(s.block, conditionCursor)
	for again := true; again && n > 0; {
		again = false
		used := s.used()
		start := int(cursor.Load() % conditionProcesses)
		for k := 0; k < used && n > 0; k++ {
			i := (start + k) % used
			e := s.entry(i)
			notified, waiting := e.load()
			if waiting == 0 || e.id.Load() == 0 || slices.Contains(dead, i) {
				continue
			}
			if e.dead() {
				dead = append(dead, i)
				n += notified
				again = true
				continue
			}
			m := min(n, waiting)
			n -= m
			e.store(notified+m, waiting-m)
			e.ring()
			cursor.Store(uint32(i+1) % conditionProcesses)
		}
	}
	for _, i := range dead {
		s.entry(i).id.Store(0)
	}
}

func (e conditionEntry) ring() {
	e.bell.Add(1)
	futex.Wake(e.bell, math.MaxInt32)
}

// orphan returns the place of a dead process that was notified, or -1.
func (s *conditionState) orphan() int {
	for i := range s.used() {
		e := s.entry(i)
		if notified, _ := e.load(); notified > 0 && e.dead() {
			return i
		}
	}
	return -1
}

// waiting is how many wait, those of dead processes too.
func (s *conditionState) waiting() (sum int) {
	for i := range s.used() {
		if e := s.entry(i); e.id.Load() != 0 {
			_, n := e.load()
			sum += n
		}
	}
	return sum
}

// wait is Condition.Wait. The caller holds the lock.
func (s *conditionState) wait(ctx context.Context, c *Condition) error {
	if ctx.Err() != nil {
		return watch.Reason(ctx)
	}
	e, err := s.mine()
	if err != nil {
		return err
	}
	s.change(0, 1)
	w := &conditionWaiter{ch: make(chan struct{}, 1)}
	s.push(w)
	if track.Watched() {
		defer track.Begin(ctx, c, 1)()
	}
	for {
		held := s.lock.suspend()
		err := s.sleep(ctx, w, e)
		died := s.lock.resume(ctx, held)
		err, again := s.settle(w, err, died != nil)
		switch {
		case again:
		case died == nil:
			return err
		case err == nil:
			return died
		default:
			return fmt.Errorf("%w; %w", died, err)
		}
	}
}

// errOrphan says that somebody was notified who is dead.
var errOrphan = failure("a process that was notified has died")

// sleep waits until w is notified, ctx ends, or a dead process is found to have
// been notified.
func (s *conditionState) sleep(ctx context.Context, w *conditionWaiter, e conditionEntry) error {
	var poll futex.Poll
	var err error
	for {
		bell := e.bell.Load()
		s.mu.Lock()
		first := s.head == w
		if notified, _ := e.load(); first && notified > s.taken {
			s.taken++
			s.remove(w)
			s.mu.Unlock()
			return nil
		}
		s.mu.Unlock()
		if err != nil {
			return err
		}
		if !first {
			select {
			case <-w.ch:
			case <-ctx.Done():
				return watch.Reason(ctx)
			}
			continue
		}
		err = futex.Wait(ctx, e.bell, bell, poll.Next())
		if err == nil && e.bell.Load() == bell && s.orphan() >= 0 {
			err = errOrphan
		}
	}
}

// settle says what has become of w: err is what Wait returns, or else it is to
// sleep again. The caller holds the lock.
func (s *conditionState) settle(w *conditionWaiter, err error, died bool) (_ error, again bool) {
	if err == nil {
		s.goOn(func() { s.taken-- })
		return nil, false
	}
	if s.notified(w) {
		s.goOn(func() { s.remove(w) })
		return nil, false
	}
	if err != errOrphan {
		s.drop(w)
		s.change(0, -1)
		return err, false
	}
	i := s.orphan()
	if i < 0 && !died {
		return nil, true // somebody else was faster
	}
	s.drop(w)
	s.change(0, -1)
	if i >= 0 {
		// This one takes the place of the dead.
		e := s.entry(i)
		notified, _ := e.load()
		s.give(notified - 1)
		e.id.Store(0)
	}
	return nil, false
}

// goOn takes back the notification of one who returns from Wait, and with leave
// what the line knew of it. Whoever is first in line looks at both without the
// lock, so that neither may change before the other. The caller holds the lock.
func (s *conditionState) goOn(leave func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.change(-1, 0)
	leave()
}

// notified reports whether w, which is in line, is among those who were
// notified.
func (s *conditionState) notified(w *conditionWaiter) bool {
	e, err := s.mine()
	if err != nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n, _ := e.load()
	n -= s.taken
	for x := s.head; x != nil && n > 0; x = x.next {
		if x == w {
			return true
		}
		n--
	}
	return false
}

func (s *conditionState) push(w *conditionWaiter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w.prev = s.tail
	if s.tail == nil {
		s.head = w
	} else {
		s.tail.next = w
	}
	s.tail = w
}

func (s *conditionState) drop(w *conditionWaiter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remove(w)
}

// remove takes w out of the line, and tells the next one when it is the first.
// The caller holds mu.
func (s *conditionState) remove(w *conditionWaiter) {
	if w.prev == nil {
		s.head = w.next
		if s.head != nil {
			s.head.ch <- struct{}{} // the only one: it becomes the first once
		}
	} else {
		w.prev.next = w.next
	}
	if w.next == nil {
		s.tail = w.prev
	} else {
		w.next.prev = w.prev
	}
	w.next, w.prev = nil, nil
}
