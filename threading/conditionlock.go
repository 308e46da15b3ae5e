package threading

import (
	"context"
	"sync"

	"github.com/conexgo/conex/internal/track"
)

// A ConditionLock is what a [Condition] can be tied to: a *[Lock] or an
// *[RLock].
type ConditionLock interface {
	Acquirer
	conditionLock()
}

func (l *Lock) conditionLock()  {}
func (r *RLock) conditionLock() {}

// A resumer is a lock as a Condition gives it up, with Unlock, and takes it
// back, with resume, for the thread of ctx and however long that takes.
type resumer interface {
	sync.Locker
	resume(ctx context.Context)
}

func (l *Lock) resume(ctx context.Context) {
	if !l.state.CompareAndSwap(track.Free.Load(), -permit) {
		l.acquire(endless(ctx))
	}
}

// A suspended is an RLock that is given up and taken back however often it is
// held; the caller remembers how often, and for whom. For sync.Cond it is a
// Locker that does not lock, since that could not know for whom.
type suspended RLock

func (s *suspended) Lock() {}

func (s *suspended) Unlock() {
	s.level = 0
	(*RLock)(s).free()
}

func (s *suspended) resume(ctx context.Context) {
	if !s.gate.state.CompareAndSwap(track.Free.Load(), -permit) {
		(*RLock)(s).slow(endless(ctx))
	}
}

// endless returns ctx without its end.
func endless(ctx context.Context) context.Context {
	if ctx.Done() == nil {
		return ctx
	}
	return context.WithoutCancel(ctx)
}
