package pool

import (
	"context"
	"slices"
	"sync/atomic"

	"github.com/conexgo/conex/futures"
)

// Map calls fn for every item of in on p's workers, waits for all, and returns
// the results in the order of in: Python's Pool.map. An empty in gives an empty
// slice at once.
//
// If calls fail Map still waits for all of them, and returns the first error to
// arrive, without results; use [IMap] for all that succeeded. ctx bounds the calls
// as well as the wait, as in [Apply].
//
// Items are handed out in chunks of ceil(len(in)/(4*workers)); see [ChunkSize].
// in is copied before Map begins. Unlike in Python, an item that fails does not
// take the rest of its chunk along, and a worker that dies fails the item that it
// had begun.
func Map[A, R any](ctx context.Context, p AnyPool, fn futures.Callable[A, R], in []A, opts ...MapOption) ([]R, error) {
	r, m := startMap(ctx, p, fn, in, opts)
	if m != nil {
		m.poll()
	}
	if ctx == nil {
		ctx = context.Background() // it has failed with that already
	}
	return r.Get(ctx)
}

// MapAsync is [Map] that does not wait: Python's map_async. Its result is the
// whole slice, or the first error. Like ApplyAsync it never fails by itself.
func MapAsync[A, R any](ctx context.Context, p AnyPool, fn futures.Callable[A, R], in []A, opts ...MapOption) *AsyncResult[[]R] {
	r, _ := startMap(ctx, p, fn, in, opts)
	return r
}

// startMap hands everything to the engine. The mapping is nil if there is nothing
// to do.
func startMap[A, R any](ctx context.Context, p AnyPool, fn futures.Callable[A, R], in []A, opts []MapOption) (*AsyncResult[[]R], *mapping[A, R]) {
	m := new(mapping[A, R])
	if err := m.job.prepare(ctx, p, fn); err != nil {
		return failed[[]R](err), nil
	}
	var o mapOptions
	for _, opt := range opts {
		if opt.forMap(&o); o.err != nil {
			return failed[[]R](o.err), nil
		}
	}
	m.result = new(AsyncResult[[]R])
	if len(in) == 0 {
		m.result.finish([]R{}, nil)
		return m.result, nil
	}
	if o.chunk == 0 {
		o.chunk = defaultChunk(len(in), m.job.p.size)
	}
	if m.job.p.divides {
		o.chunk = max(o.chunk, stride)
	}
	m.job.in, m.job.out, m.job.own = slices.Clone(in), make([]R, len(in)), m
	n := (len(in)-1)/o.chunk + 1
	m.chunks = make([]chunk[A, R], n)
	m.left.Store(int64(n))
	for i := range m.chunks {
		m.chunks[i].init(&m.job, i*o.chunk, min((i+1)*o.chunk, len(in)))
	}
	// A pool that is closed meanwhile takes all chunks.
	if err := m.job.p.feed(); err != nil {
		return failed[[]R](err), nil
	}
	defer m.job.p.fedUp()
	if m.job.p.watched {
		var err error
		if m.job.ctx, err = m.job.p.enter(&m.node, m, ctx); err != nil {
			return failed[[]R](err), nil
		}
	}
	for i := range m.chunks {
		m.chunks[i].submit()
	}
	return m.result, m
}

// stride is the size of tasks for engines that divide them.
const stride = 1 << 16

// A mapping is one Map.
type mapping[A, R any] struct {
	result *AsyncResult[[]R] // lives on without the rest
	job    job[A, R]
	chunks []chunk[A, R]
	left   atomic.Int64          // chunks that have not ended
	first  atomic.Pointer[error] // to arrive
	node   node
}

func (m *mapping[A, R]) failed(_, _ int, err error) {
	if m.first.Load() == nil {
		m.first.CompareAndSwap(nil, &err)
	}
}

func (m *mapping[A, R]) ended() {
	if m.left.Add(-1) > 0 {
		return
	}
	m.job.p.leave(&m.node)
	if err := m.first.Load(); err != nil {
		m.result.finish(nil, *err)
		return
	}
	m.result.finish(m.job.out, nil)
}

func (m *mapping[A, R]) terminate(err error) context.CancelCauseFunc {
	for i := range m.chunks {
		m.chunks[i].Fail(-1, err)
	}
	return nil
}

// poll asks the engine for the first few chunks that are not over: a small Map
// ends soon, and a large one is worth being told of.
func (m *mapping[A, R]) poll() {
	tries := 0
	for i := range m.chunks {
		if c := &m.chunks[i]; !c.Done() {
			if c.poll(); !c.Done() {
				return
			}
			if tries++; tries == 16 {
				return
			}
		}
	}
}
