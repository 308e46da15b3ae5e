package multiprocessing

import (
	"context"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"github.com/conexgo/conex/internal/futex"
	"github.com/conexgo/conex/internal/handle"
	"github.com/conexgo/conex/internal/peer"
	"github.com/conexgo/conex/internal/robust"
	"github.com/conexgo/conex/internal/wait"
	"github.com/conexgo/conex/internal/watch"
)

// A barrierState is what a process has of a [Barrier].
//
// All that matters is in one word of shared memory, the state: flags, how many
// have come, and the number of the round. It changes by single
// compare-and-swaps, so whoever is killed has either made a change or not. Who
// comes first writes who it is into the seat that it is going to take, under a
// lock, so that nobody else does; a seat that was written and not taken means
// nothing.
//
// A round that fails takes two steps: the state says that it does, and then,
// once it is on the list of failed rounds, the state says that the next one has
// begun. Anybody can do the second. The list is short, and who has slept
// through so many failures that its round may have been crossed out takes it
// for failed.
type barrierState struct {
	enter robust.Mutex   // protects seats that are not taken
	state *atomic.Uint64 // see above
	actor *atomic.Uint64 // the process whose action runs, as a peer.ID
	bell  *atomic.Uint32 // changes when the state has; odd if somebody may be asleep
	waker *atomic.Int32  // where the last one ran who woke somebody
	base  *handle.Block

	parties int
	timeout time.Duration // negative: none
	action  action
	sent    encodedAction

	group futex.Group
	spin  spinner
	race  raceOrder
}

const (
	barrierBroken  = 1 << iota
	barrierActing  // an action runs, maybe for a round that has failed
	barrierFailing // the round has failed, and the next one has not begun
	_

	barrierCome  = 1 << 4 // one party
	comeMask     = MaxParties
	barrierRound = 1 << 20 // one round

	failedRounds = 32

	// Where things are.
	barrierLock   = 0
	barrierState0 = 8
	barrierActor  = 16
	barrierBell   = 24
	barrierCores  = 28
	barrierFailed = 64 // the list: a failed round's number and 1, at its number modulo the length
	barrierSeats  = barrierFailed + 8*failedRounds
)

func barrierSize(parties int) int { return barrierSeats + 8*parties }

func arrived(st uint64) int  { return int(st / barrierCome & comeMask) }
func round(st uint64) uint64 { return st / barrierRound }

var barriers handle.Locals[barrierState]

func (b *Barrier) open(block *handle.Block, c barrierConfig, a encodedAction) (err error) {
	b.s, err = barriers.Get(block, func() (*barrierState, error) {
		s := &barrierState{
			state: word64(block, barrierState0), actor: word64(block, barrierActor), bell: word32(block, barrierBell),
			waker: int32At(block, barrierCores+4), base: block, parties: c.parties, timeout: c.timeout,
		}
		s.enter.Init(word64(block, barrierLock))
		s.spin.init(int32At(block, barrierCores), s.waker)
		var err error
		s.action, err = a.open()
		s.sent = a
		return s, err
	})
	return err
}

func (s *barrierState) failed(round uint64) *atomic.Uint64 {
	return word64(s.base, barrierFailed+8*int(round%failedRounds))
}

func (s *barrierState) seat(i int) *atomic.Uint64 { return word64(s.base, barrierSeats+8*i) }

// load returns the state, once no round is failing any more.
func (s *barrierState) load() uint64 {
	for {
		st := s.state.Load()
		if st&barrierFailing == 0 {
			return st
		}
		r := round(st)
		for w := s.failed(r); ; {
			old := w.Load()
			if later(old, r+1) || old == r+1 || w.CompareAndSwap(old, r+1) {
				break // somebody slower than all others must not cross out a later one
			}
		}
		if s.state.CompareAndSwap(st, (r+1)*barrierRound|st&(barrierBroken|barrierActing)) {
			s.ring()
		}
	}
}

// later reports whether a round is later than another one, going round.
func later(a, b uint64) bool { return int64((a-b)*barrierRound) > 0 }

// over reports whether round r is over, and how.
func (s *barrierState) over(r uint64) (over, ok bool) {
	st := s.load()
	if round(st) == r {
		return false, false
	}
	mark := s.failed(r).Load()
	return true, mark != r+1 && !later(mark, r+1)
}

// fail makes the round of state st fail, unless the state has changed, and
// reports whether it did. Of the flags, keep stay as they are.
func (s *barrierState) fail(st, broken, keep uint64) bool {
	if !s.state.CompareAndSwap(st, st&^(barrierBroken|barrierActing)|st&keep|broken|barrierFailing) {
		return false
	}
	s.load()
	return true
}

// stop ends the round, and breaks the barrier or mends it.
func (s *barrierState) stop(broken uint64) {
	for {
		st := s.load()
		if arrived(st) > 0 {
			if s.fail(st, broken, barrierActing) {
				return
			}
		} else if s.state.CompareAndSwap(st, st&^barrierBroken|broken) {
			s.ring() // for those who wait for the end of an action
			return
		}
	}
}

// ring wakes everybody who is asleep. The state has changed before.
func (s *barrierState) ring() {
	for {
		w := s.bell.Load()
		if w&1 == 0 {
			return
		}
		if s.bell.CompareAndSwap(w, w+1) {
			wait.Mark(s.waker)
			futex.Wake(s.bell, math.MaxInt32)
			return
		}
	}
}

// wait is Barrier.Wait: ctx ends waiting, and the action gets outer.
func (s *barrierState) wait(ctx, outer context.Context, b *Barrier) (int, error) {
	for {
		index, st, err := s.come(ctx)
		switch {
		case err != nil:
			return -1, err
		case st&barrierActing == 0:
			return s.stay(ctx, index, round(st), b)
		case index >= 0:
			return s.act(outer, index, round(st))
		}
		// The action of the round before runs.
		err = s.sleep(ctx, b, func() bool { return s.load()&(barrierActing|barrierBroken) != barrierActing })
		for err != nil {
			st := s.load()
			if st&(barrierActing|barrierBroken) != barrierActing {
				break
			}
			if s.giveUp(st, err) {
				return -1, gaveUpWaiting(err)
			}
		}
	}
}

// giveUp breaks the barrier while the action of another round runs, unless the
// state has changed. Those of that round have all come: they still go on, but
// if one of them has died.
func (s *barrierState) giveUp(st uint64, err error) bool {
	if err == errPartyDied && arrived(st) > 0 {
		return s.fail(st, barrierBroken, s.acting())
	}
	if !s.state.CompareAndSwap(st, st|barrierBroken) {
		return false
	}
	s.ring()
	return true
}

// acting is the flag for an action that is going to end by itself: its process
// lives.
func (s *barrierState) acting() uint64 {
	if peer.ID(s.actor.Load()).Alive() {
		return barrierActing
	}
	return 0
}

// come takes a seat, and returns its number and the state with which that was
// done; the last one changes the state as it has to. Without a seat the number
// is -1, and an action runs.
func (s *barrierState) come(ctx context.Context) (index int, st uint64, err error) {
	if err := s.lock(ctx); err != nil {
		return 0, 0, gaveUpWaiting(err)
	}
	index, st, next, err := s.seated()
	s.enter.Unlock()
	if round(next) != round(st) {
		s.ring()
	}
	return index, st | next&barrierActing, err
}

// lock lets one in. Nobody is in there for long, so it does not matter that ctx
// has ended, unless somebody was stopped there. That the last one there has
// died does not matter, see above.
func (s *barrierState) lock(ctx context.Context) error {
	_, err := s.enter.Lock(ctx)
	if err == nil {
		return nil
	}
	patient, cancel := context.WithTimeout(context.WithoutCancel(ctx), 50*time.Millisecond)
	defer cancel()
	if _, e := s.enter.Lock(patient); e == nil {
		return nil
	}
	return err
}

// seated is come, under the lock. next is the state as it is then.
func (s *barrierState) seated() (index int, st, next uint64, err error) {
	me := uint64(peer.Self())
	for {
		st := s.load()
		n := arrived(st)
		switch {
		case st&barrierBroken != 0:
			return 0, 0, 0, errBroken
		case st&barrierActing != 0:
			return -1, st, st, nil
		case n >= s.parties:
			return 0, 0, 0, fmt.Errorf("%w: a barrier for %d with %d", ErrCorrupt, s.parties, n)
		}
		s.seat(n).Store(me)
		next := st + barrierCome
		switch {
		case n+1 < s.parties:
		case s.action == nil:
			next = (round(st) + 1) * barrierRound
		default:
			s.actor.Store(me)
			next |= barrierActing
		}
		if s.state.CompareAndSwap(st, next) {
			return n, st, next, nil
		}
	}
}

// stay waits for the end of round r.
func (s *barrierState) stay(ctx context.Context, index int, r uint64, b *Barrier) (int, error) {
	dead := false
	err := s.sleep(ctx, b, func() bool { over, _ := s.over(r); return over })
	for {
		over, ok := s.over(r)
		switch {
		case over && ok:
			return index, nil
		case over && dead:
			return -1, errPartyDied
		case over:
			return -1, errBroken
		}
		// It may be over by now, then this does nothing.
		st := s.load()
		if round(st) != r {
			continue
		}
		if dead = err == errPartyDied; dead {
			s.fail(st, barrierBroken, s.acting())
		} else if s.fail(st, barrierBroken, barrierActing) {
			return -1, gaveUpWaiting(err)
		}
	}
}

// act runs the action of round r, and ends the round.
func (s *barrierState) act(ctx context.Context, index int, r uint64) (_ int, err error) {
	ok := false
	defer func() {
		s.race.mark()
		for {
			st := s.load()
			switch {
			case round(st) != r: // Abort, Reset, or somebody gave up
				if !s.state.CompareAndSwap(st, st&^barrierActing) {
					continue
				}
				if ok {
					err = errBroken
				}
			case ok:
				if !s.state.CompareAndSwap(st, (r+1)*barrierRound|st&barrierBroken) {
					continue
				}
			default:
				if !s.fail(st, barrierBroken, 0) {
					continue
				}
			}
			s.ring()
			return
		}
	}()
	if err = s.action(ctx); err != nil {
		return -1, err
	}
	ok = true
	return index, nil
}

// sleep waits until cond is true, ctx ends, or a process has died that would
// have to make it true.
func (s *barrierState) sleep(ctx context.Context, b *Barrier, cond func() bool) error {
	if cond() {
		return nil
	}
	if ctx.Err() != nil {
		return watch.Reason(ctx)
	}
	if s.spin.until(cond) {
		return nil
	}
	var poll futex.Poll
	for {
		w := s.bell.Load()
		if w&1 == 0 && !s.bell.CompareAndSwap(w, w|1) {
			continue
		}
		if cond() {
			return nil
		}
		if err := s.group.Wait(ctx, s.bell, w|1, poll.Next(), b); err != nil {
			return err
		}
		if cond() {
			return nil
		}
		if s.bereft() {
			return errPartyDied
		}
	}
}

// bereft reports whether a process has died that stands in the barrier or runs
// its action. An action whose round has failed already it ends.
func (s *barrierState) bereft() bool {
	st := s.load()
	known := peer.Self()
	for i := range min(arrived(st), s.parties) {
		id := peer.ID(s.seat(i).Load())
		if id == known {
			continue
		}
		if known = id; !id.Alive() {
			return round(s.load()) == round(st)
		}
	}
	if st&barrierActing != 0 && arrived(st) == 0 && !peer.ID(s.actor.Load()).Alive() {
		s.state.CompareAndSwap(st, st&^barrierActing)
		s.ring()
	}
	return false
}
