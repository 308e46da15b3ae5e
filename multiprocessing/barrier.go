package multiprocessing

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/threading"
)

// A Barrier is where a fixed number of goroutines, its parties, wait for each
// other, in however many processes: when the last has come, all go on. Then it
// can be used again. Make one with [NewBarrier]; the zero value is not ready. A
// Barrier must not be copied. Its methods are safe for concurrent use.
//
// It travels, as a *Barrier, to other processes as a [Lock] does. So does its
// action, which a process that got the Barrier from another one can pass on
// only if no queue, lock or the like is part of its argument.
//
// If one of the parties does not come, the others must not wait for ever. So a
// barrier breaks, for everybody: when the context of somebody who waits ends,
// when its action fails, by [Barrier.Abort], and when a process dies that stands
// in it. A broken barrier lets nobody wait, until [Barrier.Reset]. That a
// process has died is seen by those who wait, at once if it was a child of
// theirs, else within 100 ms; if the last party comes before, all pass.
//
// As with [Event], who waits polls for a moment before it sleeps, and those of a
// process who sleep share one thread of the system.
//
// In the terminology of the Go memory model, every party's call of Wait
// synchronizes before the action, and that, or if there is none every call,
// before the return of each of those that pass together, for the memory they
// share.
type Barrier struct{ s *barrierState }

// MaxParties is how many parties a [Barrier] can have.
const MaxParties = 1<<16 - 1

// A BarrierOption changes a [Barrier] that is being made.
type BarrierOption func(*barrierConfig)

type barrierConfig struct {
	parties int
	action  conex.Bound
	timeout time.Duration // negative: none
}

// WithAction has action called each time all parties have come, by the last of
// them in its process, before anybody goes on. It gets the context of that
// party's Wait. If it returns an error, panics or ends the goroutine, the
// barrier breaks: the last party gets the error, or the panic, the others
// threading.ErrBrokenBarrier. If its process dies meanwhile, the barrier breaks,
// too. It must not wait at the barrier.
func WithAction(action conex.Bound) BarrierOption {
	return func(c *barrierConfig) { c.action = action }
}

// WithTimeout limits every wait at the barrier whose context has no deadline of
// its own to d. Zero or less lets nobody wait but the last party.
func WithTimeout(d time.Duration) BarrierOption {
	return func(c *barrierConfig) { c.timeout = max(d, 0) }
}

// NewBarrier returns a barrier for that many parties. Fewer than one, or more
// than [MaxParties], are an error that matches threading.ErrParties. For the
// rest it fails like [NewLock].
func NewBarrier(parties int, opts ...BarrierOption) (*Barrier, error) {
	if parties < 1 || parties > MaxParties {
		return nil, &lockMisuse{threading.ErrParties, fmt.Sprintf("a barrier for %d parties: it takes 1 to %d", parties, MaxParties)}
	}
	c := barrierConfig{parties: parties, timeout: -1}
	for _, o := range opts {
		o(&c)
	}
	b, err := newBlock(barrierSize(parties))
	if err != nil {
		return nil, err
	}
	a := new(Barrier)
	return a, a.open(b, c, encodedAction{bound: c.action})
}

// Wait waits until all parties have called it. Each gets an index of its own,
// in the order of their coming: 0 for the first, so that one of them can be
// picked for something. Who comes while the action runs belongs to the next
// round, and waits for that.
//
// If ctx ends before all have come, the barrier breaks. Wait returns an error
// then that matches threading.ErrBrokenBarrier and the context's error and
// cause; the others get threading.ErrBrokenBarrier, and so does everybody who
// calls Wait later, and who was waiting when Abort or Reset was called. The index
// is -1 with every error. The last party need not wait, so it does not matter to
// it that its ctx has ended.
func (b *Barrier) Wait(ctx context.Context) (index int, err error) {
	s := b.s
	if s == nil {
		return -1, errZeroLock
	}
	defer runtime.KeepAlive(s)
	s.race.mark()
	if s.timeout >= 0 {
		if _, ok := ctx.Deadline(); !ok {
			short, cancel := context.WithTimeout(ctx, s.timeout)
			defer cancel()
			index, err = s.wait(short, ctx, b)
			s.race.mark()
			return index, err
		}
	}
	index, err = s.wait(ctx, ctx, b)
	s.race.mark()
	return index, err
}

// errBroken matches what package threading has for it.
var errBroken = &lockMisuse{threading.ErrBrokenBarrier, "broken barrier"}

func gaveUpWaiting(err error) error { return fmt.Errorf("%w: %w", errBroken, err) }

// errPartyDied is for the one that has seen it.
var errPartyDied = &lockMisuse{threading.ErrBrokenBarrier, "broken barrier: a process that stood in it has died"}

// Reset makes the barrier as good as new: not broken, nobody waiting. Those who
// waited get threading.ErrBrokenBarrier. It does not wait for an action that
// runs: the party that runs it gets threading.ErrBrokenBarrier when it has
// returned, and the next round begins then. Reset panics for the zero Barrier.
func (b *Barrier) Reset() { b.stop(0) }

// Abort breaks the barrier: those who wait, and everybody who comes until
// [Barrier.Reset], get threading.ErrBrokenBarrier. Use it when one of the
// parties is not going to come. Abort panics for the zero Barrier.
func (b *Barrier) Abort() { b.stop(barrierBroken) }

func (b *Barrier) stop(broken uint64) {
	s := b.s
	if s == nil {
		panic(errZeroLock)
	}
	s.race.mark()
	s.stop(broken)
	runtime.KeepAlive(s)
}

// Parties returns the number of parties, 0 for the zero Barrier.
func (b *Barrier) Parties() int {
	if b.s == nil {
		return 0
	}
	return b.s.parties
}

// Waiting returns how many wait for the others. It is 0 while the action runs.
func (b *Barrier) Waiting() int {
	st := b.state()
	if st&(barrierActing|barrierFailing) != 0 {
		return 0
	}
	return min(arrived(st), b.Parties())
}

// Broken reports whether the barrier is broken.
func (b *Barrier) Broken() bool { return b.state()&barrierBroken != 0 }

func (b *Barrier) state() uint64 {
	if b.s == nil {
		return 0
	}
	st := b.s.state.Load()
	runtime.KeepAlive(b.s)
	return st
}

// String says what b is and how many have come.
func (b *Barrier) String() string {
	if b.Broken() {
		return "Barrier(broken)"
	}
	return fmt.Sprintf("Barrier(%d of %d parties waiting)", b.Waiting(), b.Parties())
}

var errActionHandles = errors.New("multiprocessing: the action of this barrier has a queue, a lock or the like in its argument: only the process that made the barrier can send it")
