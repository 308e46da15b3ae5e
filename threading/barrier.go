package threading

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/conexgo/conex/internal/watch"
)

// A Barrier is where a fixed number of goroutines, its parties, wait for each
// other: when the last has come, all go on. Then it can be used again. Make one
// with [NewBarrier]; the zero value is not ready, and must not be waited at. A
// Barrier must not be copied. Its methods are safe for concurrent use.
//
// If one of them does not come, the others must not wait for ever. So a barrier
// breaks, for everybody: when the context of somebody who waits ends, when its
// action fails, or by [Barrier.Abort]. A broken barrier lets nobody wait, until
// [Barrier.Reset].
//
// In the terminology of the Go memory model, every party's call of Wait
// synchronizes before the action, and that, or if there is none every call,
// before the return of each of those that pass together.
type Barrier struct {
	parties int
	action  func() error
	timeout time.Duration // negative: none

	mu     sync.Mutex
	change sync.Cond     // for those whose context never ends
	gate   chan struct{} // protected by mu; nil, or closed at the next change, for the others
	count  int           // protected by mu: who has come in this round
	acting bool          // protected by mu: the last has come, and its action runs
	broken bool          // protected by mu
	round  uint64        // protected by mu: this one's number

	// failed are the rounds that ended otherwise than by all having come,
	// and how many have yet to hear of it. Protected by mu.
	failed map[uint64]int
}

// A BarrierOption changes a [Barrier] that is being made.
type BarrierOption func(*Barrier)

// WithAction has fn called each time all parties have come, by the last of
// them, before anybody goes on. If it returns an error, panics or ends the
// goroutine, the barrier breaks: the last party gets the error, or the panic,
// the others [ErrBrokenBarrier]. fn must not wait at the barrier.
func WithAction(fn func() error) BarrierOption { return func(b *Barrier) { b.action = fn } }

// WithTimeout limits every wait whose context has no deadline of its own to d.
// Zero or less lets nobody wait but the last party.
func WithTimeout(d time.Duration) BarrierOption {
	return func(b *Barrier) { b.timeout = max(d, 0) }
}

// NewBarrier returns a barrier for that many parties, at least one; fewer are
// [ErrParties].
func NewBarrier(parties int, opts ...BarrierOption) (*Barrier, error) {
	if parties < 1 {
		return nil, fmt.Errorf("%w, not %d", ErrParties, parties)
	}
	b := &Barrier{parties: parties, timeout: -1}
	b.change.L = &b.mu
	for _, o := range opts {
		o(b)
	}
	return b, nil
}

// Wait waits until all parties have called it. Each gets an index of its own,
// in the order of their coming: 0 for the first, so that one of them can be
// picked for something. Who comes while the action runs belongs to the next
// round, and waits for that.
//
// If ctx, or the time limit of the barrier, ends first, the barrier breaks. Wait
// returns an error then that matches both [ErrBrokenBarrier] and the context's
// error and cause; the others get ErrBrokenBarrier, and so does everybody who
// calls Wait later, and who was waiting when Abort or Reset was called. The
// index is -1 with every error. The last party need not wait, so it does not
// matter to it that its ctx has ended.
func (b *Barrier) Wait(ctx context.Context) (index int, err error) {
	if b.parties == 0 {
		return -1, ErrNotInitialized
	}
	end := endWait(nil)
	b.mu.Lock()
	if !b.broken && (b.acting || b.count+1 < b.parties) {
		if b.timeout >= 0 {
			if _, ok := ctx.Deadline(); !ok {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, b.timeout)
				defer cancel()
			}
		}
		end = watched(ctx, b)
	}
	index, err = b.wait(ctx)
	end.call()
	return index, err
}

// wait is called with mu locked, and unlocks it.
func (b *Barrier) wait(ctx context.Context) (int, error) {
	for b.acting && !b.broken {
		if err := b.sleep(ctx); err != nil && b.acting {
			b.broken = true // those of this round have all come: they still go on
			b.mu.Unlock()
			return -1, gaveUp(err)
		}
	}
	if b.broken {
		b.mu.Unlock()
		return -1, ErrBrokenBarrier
	}
	index, round := b.count, b.round
	b.count++
	if b.count == b.parties {
		return b.trip(index)
	}
	for b.round == round {
		if err := b.sleep(ctx); err != nil && b.round == round {
			b.count--
			b.breakUp()
			b.broken = true
			b.mu.Unlock()
			return -1, gaveUp(err)
		}
	}
	defer b.mu.Unlock()
	if n := b.failed[round]; n > 1 {
		b.failed[round] = n - 1
	} else if n == 1 {
		delete(b.failed, round)
	} else {
		return index, nil
	}
	return -1, ErrBrokenBarrier
}

func gaveUp(err error) error { return fmt.Errorf("%w: %w", ErrBrokenBarrier, err) }

// trip lets the parties go on: the last has come. It is called with mu locked,
// and unlocks it.
func (b *Barrier) trip(last int) (index int, err error) {
	if b.action == nil {
		b.next()
		b.mu.Unlock()
		return last, nil
	}
	b.acting = true
	round, ok := b.round, false
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.acting = false
		switch {
		case b.round != round: // Abort, Reset, or somebody gave up
			if ok {
				index, err = -1, ErrBrokenBarrier
			}
			b.wakeAll() // who came meanwhile
		case ok:
			b.next()
		default:
			b.count-- // this one knows
			b.breakUp()
			b.broken = true
		}
	}()
	if err = b.action(); err != nil {
		return -1, err
	}
	ok = true
	return last, nil
}

// next begins a new round. mu is locked.
func (b *Barrier) next() {
	b.count = 0
	b.round++
	b.wakeAll()
}

// breakUp begins a new round, too, and sends those who wait away. mu is locked.
func (b *Barrier) breakUp() {
	n := b.count
	if b.acting {
		n-- // it sees that the round is another one
	}
	if n > 0 {
		if b.failed == nil {
			b.failed = make(map[uint64]int)
		}
		b.failed[b.round] = n
	}
	b.next()
}

// wakeAll has everybody look again. mu is locked.
func (b *Barrier) wakeAll() {
	b.change.Broadcast()
	if b.gate != nil {
		close(b.gate)
		b.gate = nil
	}
}

// sleep waits for the next wakeAll, or until ctx ends, with mu unlocked.
func (b *Barrier) sleep(ctx context.Context) error {
	if ctx.Done() == nil {
		b.change.Wait()
		return nil
	}
	if b.gate == nil {
		b.gate = make(chan struct{})
	}
	gate := b.gate
	b.mu.Unlock()
	defer b.mu.Lock()
	select {
	case <-gate:
		return nil
	case <-ctx.Done():
		return watch.Reason(ctx)
	}
}

// Reset makes the barrier as good as new: not broken, nobody waiting. Those who
// waited get [ErrBrokenBarrier]. It does not wait for an action that runs: the
// party that runs it gets ErrBrokenBarrier when it has returned, and the
// next round begins then.
func (b *Barrier) Reset() { b.stop(false) }

// Abort breaks the barrier: those who wait, and everybody who comes until
// [Barrier.Reset], get [ErrBrokenBarrier]. Use it when one of the parties is not
// going to come.
func (b *Barrier) Abort() { b.stop(true) }

func (b *Barrier) stop(broken bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.count > 0 {
		b.breakUp()
	}
	b.broken = broken
	b.wakeAll()
}

// Parties returns the number of parties.
func (b *Barrier) Parties() int { return b.parties }

// Waiting returns how many wait for the others. It is 0 while the action runs.
func (b *Barrier) Waiting() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.acting {
		return 0
	}
	return b.count
}

// Broken reports whether the barrier is broken.
func (b *Barrier) Broken() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.broken
}
