package managers

import (
	"context"
	"errors"
	"time"

	"github.com/conexgo/conex/internal/watch"
	"github.com/conexgo/conex/threading"
)

// A Barrier is a place in a server where threads of Go and Python programs wait
// until all are there: the proxy of a threading.Barrier.
//
// Make one with [NewBarrier], or with [BarrierOf] of a proxy that came
// otherwise, such as one that was created with an action. It is safe for
// concurrent use and must not be copied. Every call of Wait synchronizes before
// the returns of all that pass the barrier with it. Errors are those of
// [Proxy.Call].
type Barrier struct{ handle }

// NewBarrier makes a barrier for a number of parties.
func NewBarrier(ctx context.Context, m *Manager, parties int) (*Barrier, error) {
	h, err := create(ctx, m, "Barrier", parties)
	if err != nil {
		return nil, err
	}
	return &Barrier{h}, nil
}

// BarrierOf returns the barrier that p stands for, of whatever typeid, and takes
// p over.
func BarrierOf(p *Proxy) *Barrier { return &Barrier{handle{p}} }

// Wait waits until all parties do, and returns which of them the caller is, from
// 0 on. If the barrier is broken or reset the error matches
// threading.ErrBrokenBarrier.
//
// If ctx ends first, the barrier breaks, for all; the error matches what ctx
// ended with, too. CPython's server does that only if ctx has a deadline: by
// cancelling alone the barrier cannot be left there, and the error then matches
// [ErrUnknownOutcome]; call Abort to break it.
func (b *Barrier) Wait(ctx context.Context) (int, error) {
	if err := b.p.usable(); err != nil {
		return 0, err
	}
	var args []any
	if end, ok := ctx.Deadline(); ok && !b.p.m.native {
		// A little more, so that it is clear why the barrier breaks.
		args = []any{(max(time.Until(end), 0) + 10*time.Millisecond).Seconds()}
	}
	i, err := result[int](b.p.call(ctx, "wait", args...))
	if end, ok := ctx.Deadline(); ok && err != nil && time.Now().After(end) {
		<-ctx.Done() // it is over; the timer is only late
	}
	if err != nil && ctx.Err() != nil && errors.Is(err, threading.ErrBrokenBarrier) {
		err = &waitError{err, watch.Reason(ctx)}
	}
	return i, err
}

// Abort breaks the barrier: all who wait, or come, get an error until Reset.
func (b *Barrier) Abort(ctx context.Context) error { return b.p.do(ctx, "abort") }

// Reset makes the barrier as new. Who waits gets an error.
func (b *Barrier) Reset(ctx context.Context) error { return b.p.do(ctx, "reset") }

// Parties returns for how many the barrier is.
func (b *Barrier) Parties(ctx context.Context) (int, error) {
	return result[int](b.p.call(ctx, "__getattribute__", "parties"))
}

// Waiting returns how many wait.
func (b *Barrier) Waiting(ctx context.Context) (int, error) {
	return result[int](b.p.call(ctx, "__getattribute__", "n_waiting"))
}

// Broken reports whether the barrier is broken.
func (b *Barrier) Broken(ctx context.Context) (bool, error) {
	return result[bool](b.p.call(ctx, "__getattribute__", "broken"))
}
