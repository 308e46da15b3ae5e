package managers

import (
	"context"
	"errors"
	"runtime"
	"time"

	"github.com/conexgo/conex/internal/watch"
	"github.com/conexgo/conex/pickle"
	"github.com/conexgo/conex/queue"
)

// A wait is a call that waits in the server.
//
// A server of this package ends it when it is asked to. CPython's does not: what
// waits there goes on when the client has lost interest, or is gone, and takes
// an item for nobody. So there the call is made in slices, each with a timeout,
// and the end of ctx is waited for by nobody but the client.
type wait struct {
	p      *Proxy
	owned  bool // by the link of ctx's thread
	method string
	plain  []any                       // arguments of a call without timeout
	timed  []any                       // what comes before the timeout in one that has it
	over   func(v any, err error) bool // an answer that says that the timeout is over
	more   time.Duration               // see task
}

const (
	firstSlice = 50 * time.Millisecond
	lastSlice  = 200 * time.Millisecond
)

// until waits. If ctx ends first, the error is that of ctx.
func (w *wait) until(ctx context.Context) (v any, err error) {
	if err := w.p.usable(); err != nil {
		return nil, err
	}
	defer runtime.KeepAlive(w.p)
	m := w.p.m
	perform := m.perform
	if w.owned {
		perform = m.performAs
	}
	t := task{head: w.p.head, method: w.method, args: w.plain, more: w.more}
	if m.native || ctx.Done() == nil {
		v, err = perform(ctx, &t)
		if ctx.Err() != nil && (w.over(v, err) || errors.Is(err, pickle.CancelledError)) {
			return nil, watch.Reason(ctx)
		}
		return v, err
	}
	slice := firstSlice
	for {
		d := slice
		if end, ok := ctx.Deadline(); ok {
			d = max(min(d, time.Until(end)), 0)
		}
		t.args = append(w.timed[:len(w.timed):len(w.timed)], d.Seconds())
		if t.more >= 0 {
			t.more = d
		}
		v, err = perform(ctx, &t)
		if !w.over(v, err) {
			return v, err
		}
		if ctx.Err() != nil {
			return nil, watch.Reason(ctx)
		}
		slice = min(2*slice, lastSlice)
	}
}

// whole waits by a call that has no timeout in Python.
func (w *wait) whole(ctx context.Context) error {
	if err := w.p.usable(); err != nil {
		return err
	}
	_, err := w.p.m.perform(ctx, &task{head: w.p.head, method: w.method, args: w.plain})
	runtime.KeepAlive(w.p)
	if ctx.Err() != nil && errors.Is(err, pickle.CancelledError) {
		return watch.Reason(ctx)
	}
	return err
}

// The answers that say that a timeout is over.
func isFalse(v any, err error) bool   { return err == nil && v == false }
func isEmpty(_ any, err error) bool   { return errors.Is(err, queue.ErrEmpty) }
func isFull(_ any, err error) bool    { return errors.Is(err, queue.ErrFull) }
func isTimeout(_ any, err error) bool { return errors.Is(err, pickle.ProcessTimeoutError) }
func never(any, error) bool           { return false }
