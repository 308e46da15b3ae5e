package pool

import (
	"context"
	"errors"
	"iter"
	"math"
	"sync"

	"github.com/conexgo/conex/futures"
)

// IMap calls fn for every item of in on p's workers and returns an iterator over
// the results, in the order of in: Python's Pool.imap. It begins at once, on a
// goroutine that reads in ahead of the results; in may be endless. It never fails
// by itself: what is wrong with the call is the error of the first Next.
//
// ctx is the context of the calls: when it ends, in is read no further and the
// contexts of running calls end. Items are handed out one by one; see
// [ChunkSize], which is well worth it for long inputs of short calls.
//
// If in panics, Next returns a *futures.PanicError behind the results of what was
// read before.
func IMap[A, R any](ctx context.Context, p AnyPool, fn futures.Callable[A, R], in iter.Seq[A], opts ...IMapOption) *Iterator[R] {
	return startIMap(ctx, p, fn, in, opts, true)
}

// IMapUnordered is [IMap] with results as they come: Python's imap_unordered.
// With one worker they come in the order of the input.
func IMapUnordered[A, R any](ctx context.Context, p AnyPool, fn futures.Callable[A, R], in iter.Seq[A], opts ...IMapOption) *Iterator[R] {
	return startIMap(ctx, p, fn, in, opts, false)
}

var errNoInput = errors.New("multiprocessing/pool: IMap over a nil sequence")

// An imap is the feeder of an iterator.
type imap[A, R any] struct {
	it      Iterator[R]
	job     job[A, R] // what all pieces have in common
	cancel  context.CancelCauseFunc
	ordered bool
	chunk   int
	buffer  int
	node    node

	mu      sync.Mutex // protects what follows; taken before it.mu
	room    sync.Cond
	ahead   int  // items read and not taken
	hurry   bool // the pool was closed: do not wait for room
	stopped bool // read no further: the end of the iterator is settled
	busy    int  // chunks that have not ended, and the feeder
}

func startIMap[A, R any](ctx context.Context, p AnyPool, fn futures.Callable[A, R], in iter.Seq[A], opts []IMapOption, ordered bool) *Iterator[R] {
	m := &imap[A, R]{ordered: ordered}
	fail := func(err error) *Iterator[R] { return &Iterator[R]{final: err} }
	if err := m.job.prepare(ctx, p, fn); err != nil {
		return fail(err)
	}
	if in == nil {
		return fail(errNoInput)
	}
	var o mapOptions
	for _, opt := range opts {
		if opt.forIMap(&o); o.err != nil {
			return fail(o.err)
		}
	}
	m.chunk = max(o.chunk, 1)
	m.buffer = max(o.buffer, m.chunk)
	if o.buffer == 0 {
		m.buffer = max(1024, m.chunk)
		if most := math.MaxInt / (4 * m.job.p.size); m.chunk <= most {
			m.buffer = max(1024, 4*m.job.p.size*m.chunk)
		}
	}
	m.room.L = &m.mu
	m.it.src, m.it.open, m.busy = m, 1, 1
	m.job.ctx, m.cancel = context.WithCancelCause(ctx)
	pool := m.job.p
	pool.mu.Lock()
	if pool.state.Load() != stateRun {
		pool.mu.Unlock()
		m.cancel(nil)
		return fail(ErrNotRunning)
	}
	pool.feeders++
	pool.link(&m.node, m)
	pool.mu.Unlock()
	go m.read(ctx, in)
	return &m.it
}
