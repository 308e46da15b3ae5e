package pool

import (
	"context"

	"github.com/conexgo/conex/futures"
)

// Apply calls fn with arg on one of p's workers, waits, and returns what it
// returned: Python's Pool.apply. ctx bounds the call as well as the wait: when it
// ends, the context of the call ends too. See [AsyncResult.Get] for the errors.
func Apply[A, R any](ctx context.Context, p AnyPool, fn futures.Callable[A, R], arg A) (R, error) {
	r := ApplyAsync(ctx, p, fn, arg)
	if ctx == nil {
		ctx = context.Background() // it has failed with that already
	}
	return r.Get(ctx)
}

// ApplyAsync is Apply that does not wait: Python's apply_async. It never fails
// by itself: a call that p refuses is a result that has failed already, with an
// error matching [ErrNotRunning], [ErrInitializer] or futures.ErrNotEncodable.
//
// ctx is the context of the call: when it ends before the call has started, the
// call is not made; when it ends later, the call's own context ends. A pool of
// processes fixes arg's bytes before ApplyAsync returns; a pool of threads passes
// arg as it is.
//
// For callbacks see [AsyncResult.OnResult] and [AsyncResult.OnError].
func ApplyAsync[A, R any](ctx context.Context, p AnyPool, fn futures.Callable[A, R], arg A) *AsyncResult[R] {
	c := new(call[A, R])
	if err := c.job.prepare(ctx, p, fn); err != nil {
		return failed[R](err)
	}
	c.arg[0] = arg
	c.job.in, c.job.out, c.job.own = c.arg[:], c.val[:], c
	c.chunk.init(&c.job, 0, 1)
	c.result.engine = &c.chunk
	if c.job.p.watched {
		var err error
		if c.job.ctx, err = c.job.p.enter(&c.node, c, ctx); err != nil {
			return failed[R](err)
		}
	}
	c.chunk.submit()
	return &c.result
}

// A call is one Apply: its result, its task, and its value's place, in one
// allocation.
type call[A, R any] struct {
	result AsyncResult[R]
	job    job[A, R]
	chunk  chunk[A, R]
	node   node
	arg    [1]A
	val    [1]R
	err    error
}

func (c *call[A, R]) failed(_, _ int, err error) { c.err = err }

func (c *call[A, R]) ended() {
	c.job.p.leave(&c.node)
	v := c.val[0]
	// The result may live on for long; what the call needed shall not. The
	// engine is through with the argument, unless the call was terminated and
	// goes on regardless.
	if c.err == nil {
		clear(c.arg[:])
		clear(c.val[:])
	}
	c.result.finish(v, c.err)
}

func (c *call[A, R]) terminate(err error) context.CancelCauseFunc {
	c.chunk.Fail(-1, err)
	return nil
}
