package pool

import (
	"context"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/internal/inherit"
	"github.com/conexgo/conex/internal/watch"
	"github.com/conexgo/conex/internal/wire"
)

// A chunk is some consecutive items of a job: the task that the engine gets. Its
// items are numbered from 0, as a Task's are; item i is in[from+i] of the job.
//
// A chunk of one item ends by one compare-and-swap. A longer one keeps account of
// its items under mu: engines may end them in any order, and more than once.
type chunk[A, R any] struct {
	j        *job[A, R]
	from, to int
	phase    atomic.Uint32
	runner   atomic.Pointer[futures.Runner]
	rest     *restOfChunk // nil for one item that needs no buffer
}

// Phases of a chunk.
const (
	phasePending uint32 = iota
	phaseRunning
	phaseOver // every item has ended, or is about to: one goroutine is at it
)

// restOfChunk is what one number does without.
type restOfChunk struct {
	mu    sync.Mutex // protects what follows
	front int        // items that have ended, from the first on
	bits  []uint64   // items that have ended beyond front; nil until one does out of order
	left  int        // items that have not ended

	buf  []byte // encoded arguments, unless they are flat
	ends []int  // where each ends in buf
}

var _ futures.Task = (*chunk[int, int])(nil)

func (c *chunk[A, R]) init(j *job[A, R], from, to int) {
	c.j, c.from, c.to = j, from, to
	if to-from > 1 {
		c.rest = &restOfChunk{left: to - from}
	}
}

// more returns the rest, which one item gets when it is needed.
func (c *chunk[A, R]) more() *restOfChunk {
	if c.rest == nil {
		c.rest = new(restOfChunk)
	}
	return c.rest
}

// submit hands c to the engine.
func (c *chunk[A, R]) submit() error {
	j := c.j
	var t futures.Task = c
	if j.p.bundled && c.Len() > 1 && j.w != nil {
		t = &bundle[A, R]{chunk: c}
	}
	if err := j.p.ex.Submit(t); err != nil {
		err = j.p.refusal(err)
		c.Fail(-1, err)
		return err
	}
	return nil
}

func (c *chunk[A, R]) Entry() *wire.Entry {
	if c.j.w == nil {
		return nil
	}
	return &c.j.w.Entry
}

func (c *chunk[A, R]) Name() string              { return c.j.fn.Name() }
func (c *chunk[A, R]) Context() context.Context  { return c.j.ctx }
func (c *chunk[A, R]) Inherited() inherit.Values { return c.j.vars }
func (c *chunk[A, R]) Timeout() time.Duration    { return 0 }
func (c *chunk[A, R]) Len() int                  { return c.to - c.from }
func (c *chunk[A, R]) Done() bool                { return c.phase.Load() == phaseOver }
func (c *chunk[A, R]) Attach(r *futures.Runner)  { c.runner.Store(r) }

func (c *chunk[A, R]) Start() bool {
	return c.phase.CompareAndSwap(phasePending, phaseRunning) || c.phase.Load() == phaseRunning
}

// poll asks the engine for the results, for some microseconds.
func (c *chunk[A, R]) poll() {
	if r := c.runner.Load(); r != nil && r.Poll != nil && !c.Done() {
		r.Poll(c)
	}
}

// end ends those of the items from..to-1 that have not: do is called for each
// run of them, and then they count.
func (c *chunk[A, R]) end(from, to int, do func(from, to int)) {
	if c.Len() == 1 {
		if from <= 0 && to > 0 && c.claim() {
			do(0, 1)
			c.j.own.ended()
		}
		return
	}
	r := c.rest
	r.mu.Lock()
	from, to = max(from, r.front), min(to, c.Len())
	for from < to {
		hi := from
		for hi < to && !r.has(hi) {
			hi++
		}
		if hi > from {
			do(from, hi)
			r.mark(from, hi, c.Len())
		}
		from = hi + 1
	}
	over := r.left == 0 && c.phase.Swap(phaseOver) != phaseOver
	r.mu.Unlock()
	if over {
		c.j.own.ended()
	}
}

// claim makes the caller the one that ends a chunk of one item.
func (c *chunk[A, R]) claim() bool {
	return c.phase.CompareAndSwap(phaseRunning, phaseOver) || c.phase.CompareAndSwap(phasePending, phaseOver)
}

// has reports whether item i, which is not below front, has ended. The caller
// holds mu.
func (r *restOfChunk) has(i int) bool { return r.bits != nil && r.bits[i/64]&(1<<(i%64)) != 0 }

// mark notes that the items from..to-1 of n have ended. The caller holds mu.
func (r *restOfChunk) mark(from, to, n int) {
	r.left -= to - from
	if from == r.front && r.bits == nil {
		r.front = to
		return
	}
	if r.bits == nil {
		r.bits = make([]uint64, (n+63)/64)
	}
	for i := from; i < to; i++ {
		r.bits[i/64] |= 1 << (i % 64)
	}
}

func (c *chunk[A, R]) Fail(i int, err error) {
	from, to := i, i+1
	if i < 0 {
		from, to = 0, c.Len()
	}
	c.fail(from, to, err)
}

func (c *chunk[A, R]) fail(from, to int, err error) {
	err = c.j.p.explain(c.Name(), err)
	c.end(from, to, func(from, to int) { c.j.own.failed(c.from+from, c.from+to, err) })
}

// Run runs items on the caller's goroutine. Their results count together when
// all have run: nobody looks at a chunk before.
func (c *chunk[A, R]) Run(ctx context.Context, from, to int) {
	if c.Len() == 1 {
		if from <= 0 && to > 0 && !c.Done() {
			c.runOne(ctx)
		}
		return
	}
	c.rest.mu.Lock()
	from, to = max(from, c.rest.front), min(to, c.Len())
	c.rest.mu.Unlock()
	for from < to {
		from = c.runSome(ctx, from, to)
	}
}

func (c *chunk[A, R]) runOne(ctx context.Context) {
	returned := false
	defer func() {
		if !returned {
			c.Fail(0, panicError(recover()))
		}
	}()
	v, err := c.j.fn.Call(c.j.vars.Give(ctx), c.j.in[c.from])
	returned = true
	if err != nil {
		c.Fail(0, err)
	} else if c.claim() {
		c.j.out[c.from] = v
		c.j.own.ended()
	}
}

// runSome runs items until one fails or all have run; it returns the next to
// run. One deferred call serves many items.
func (c *chunk[A, R]) runSome(ctx context.Context, from, to int) (next int) {
	i, until := from, to
	var err error
	returned := false
	defer func() {
		if !returned {
			// Item i panicked. Or it ended the goroutine: then nobody
			// gets next, and the engine runs the rest on another.
			err, until = panicError(recover()), i+1
		}
		c.end(from, i, func(int, int) {})
		if err != nil {
			c.fail(i, until, err)
		}
		next = until
	}()
	j := c.j
	in, out := j.in[c.from:c.to], j.out[c.from:c.to]
	own, copies := ctx, j.vars.Each(ctx, to-from)
	for ; i < to && !c.Done(); i++ {
		if ctx.Err() != nil {
			err = watch.Reason(ctx)
			break
		}
		if copies != nil {
			own = copies()
		}
		var v R
		if v, err = j.fn.Call(own, in[i]); err != nil {
			until = i + 1
			break
		}
		out[i] = v
	}
	returned = true
	return
}

// panicError turns what recover returned in a call that did not return into the
// call's error.
func panicError(r any) error {
	if r == nil {
		return futures.ErrGoexit
	}
	return &futures.PanicError{Value: r, Stack: debug.Stack()}
}
