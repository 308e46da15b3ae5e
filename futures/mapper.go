package futures

import (
	"context"
	"iter"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/conexgo/conex/internal/inherit"
	"github.com/conexgo/conex/internal/wire"
)

// A mapper is one run of Map. Three parties work on it:
//
//   - the feeder, a goroutine of its own, reads the input into chunks and cuts
//     runs of items off as batches, which it submits (feeder.go);
//   - the engine runs batches and ends their items (batch.go);
//   - the consumer, the goroutine that ranges over the results, takes what has
//     ended, in order or not (consumer.go).
//
// Items are numbered from 0. yielded ≤ sent ≤ tail, where tail counts the items
// read. The feeder's path for one item is a store to a chunk, a store to tail
// and a comparison with limit; everything that happens less often is behind
// that comparison.
type mapper[A, R any] struct {
	outer   context.Context // the caller's
	ctx     context.Context // derived: ended when the consumer leaves
	cancel  context.CancelFunc
	vars    inherit.Values // that outer carried at the start
	ex      Executor
	fn      Callable[A, R]
	w       *wire.Func[A, R]
	timeout time.Duration
	workers int

	chunkSize int   // as given by the option, or 0: measure
	buffer    int   // as given by the option, or 0: by size
	maxSize   int64 // of a batch
	maxOut    int64 // of batches that have not ended, before the feeder waits
	unordered bool
	began     time.Time

	_     [64]byte // what follows is written often, by different parties
	tail  atomic.Uint64
	_     [56]byte
	limit atomic.Uint64 // the feeder takes the slow path when tail gets here
	_     [56]byte

	yielded atomic.Uint64
	out     atomic.Int64 // batches submitted and not ended
	size    atomic.Int64 // of the next batch

	stopped   atomic.Bool   // read no further
	over      atomic.Bool   // the consumer has left, or outer has ended: run nothing more
	ctxOver   atomic.Bool   // outer has ended
	late      atomic.Bool   // items wait for a batch to end; nobody looks after them
	feedWaits atomic.Uint32 // what the feeder waits for: forBatch, forRoom
	feed      chan struct{} // wakes it
	wakeup    chan struct{} // wakes the consumer

	send      sync.Mutex // protects what follows; held while submitting, so batches are sent in order
	cur       *chunk[A, R]
	sent      uint64
	refused   error // why the executor takes no more
	inputDone bool
	cutShort  bool // outer ended before the input did
	panicked  any  // what the input panicked with
	exited    bool // the input called runtime.Goexit
	parked    bool // the feeder waits, and will look around when it is woken
	asleep    bool // limit is 0, so that every item is sent at once
	napItems  int  // see maybeAwake
	napBusy   int
	napStart  time.Duration
	timer     *time.Timer
	ticking   bool
	tickSent  uint64 // sent at the last tick

	endsMu  sync.Mutex      // protects what follows
	ends    []time.Duration // when the last batches ended, since began: as many as workers
	nextEnd int             // the oldest of them

	mu         sync.Mutex // protects what follows; taken last
	head, last *batch[A, R]
	ready      []*batch[A, R] // unordered: with items the consumer has not seen
	linked     int            // unordered: batches in the list
	starving   bool           // the consumer waits for a batch
	ended      bool           // no more batches will be linked
	free       []*chunk[A, R]

	// The consumer's own.
	taken   uint64
	grace   *time.Timer
	expired bool // grace is over: what has not ended is left behind
	spent   int  // unordered: batches that are yielded and perhaps still in the list
}

// What the feeder waits for.
const (
	forBatch = 1 << iota // that a batch ends
	forRoom              // that items are yielded
)

const (
	batchTime = 500 * time.Microsecond // of work in a batch that is measured
	batchMax  = 8192
	flushTime = 500 * time.Microsecond // how long an item may wait for its batch to fill
	lastWords = 50 * time.Millisecond  // that running items have to end by themselves when ctx ends
)

func newMapper[A, R any](ctx context.Context, ex Executor, fn Callable[A, R], in iter.Seq[A], opts []MapOption) (*mapper[A, R], error) {
	if err := checkCall(ctx, ex, fn); err != nil {
		return nil, err
	}
	if in == nil {
		return nil, errNoInput
	}
	var o mapOptions
	for _, opt := range opts {
		opt.forMap(&o)
		if o.err != nil {
			return nil, o.err
		}
	}
	if ctx.Err() != nil {
		return nil, ctxError(ctx)
	}
	m := &mapper[A, R]{
		outer: ctx, vars: inherit.Take(ctx), ex: ex, fn: fn, timeout: o.timeout,
		workers:   max(ex.Workers(), 1),
		chunkSize: o.chunk, buffer: o.buffer,
		maxSize: batchMax, maxOut: 1 << 62,
		began:  time.Now(),
		feed:   make(chan struct{}, 1),
		wakeup: make(chan struct{}, 1),
	}
	m.w = wireOf(fn)
	if m.buffer > 0 {
		m.maxSize = max(1, min(m.maxSize, int64(m.buffer/(2*m.workers))))
	}
	if m.chunkSize > 0 {
		m.size.Store(int64(m.chunkSize))
	} else {
		m.size.Store(1)
		m.maxOut = int64(4 * m.workers)
		m.ends = make([]time.Duration, m.workers)
	}
	m.ctx, m.cancel = context.WithCancel(ctx)
	return m, nil
}

// readAhead is how many items may be read and not yielded.
func (m *mapper[A, R]) readAhead() uint64 {
	if m.buffer > 0 {
		return uint64(m.buffer)
	}
	n := uint64(m.workers) * (32 + 2*uint64(m.size.Load()))
	if m.chunkSize > 0 {
		n = max(n, 1024) // short items, perhaps: it takes many to keep the workers busy
	}
	return n
}

func (m *mapper[A, R]) start(in iter.Seq[A]) {
	if m.outer.Done() != nil {
		// It holds m until the outer context ends or the map does.
		stop := context.AfterFunc(m.outer, m.ctxEnded)
		cancel := m.cancel
		m.cancel = func() { stop(); cancel() }
	}
	go m.read(in)
}

// abandon ends everything that has not ended, without waiting for it.
func (m *mapper[A, R]) abandon() {
	m.over.Store(true)
	m.stop()
	m.cancel()
	if m.grace != nil {
		m.grace.Stop()
	}
}

// stop makes the feeder end at the next item it reads.
func (m *mapper[A, R]) stop() {
	m.stopped.Store(true)
	m.limit.Store(0)
	m.wakeFeeder()
}

func (m *mapper[A, R]) ctxEnded() {
	m.ctxOver.Store(true)
	m.over.Store(true)
	m.stop()
	m.wake()
}

// whyOver is the error of items that are not run; ctx is the engine's.
func (m *mapper[A, R]) whyOver(ctx context.Context) error {
	switch {
	case m.outer.Err() != nil:
		return ctxError(m.outer)
	case ctx.Err() != nil:
		return ctxError(ctx)
	}
	return context.Canceled // the consumer is leaving this moment
}

// wake wakes the consumer.
func (m *mapper[A, R]) wake() {
	select {
	case m.wakeup <- struct{}{}:
	default:
	}
}

func (m *mapper[A, R]) wakeFeeder() {
	m.feedWaits.Store(0)
	select {
	case m.feed <- struct{}{}:
	default:
	}
}

// batchEnded is called once for each batch, by whoever ends its last item.
func (m *mapper[A, R]) batchEnded(b *batch[A, R]) {
	if !b.started.IsZero() {
		m.adapt(b)
	}
	out := m.out.Add(-1)
	if m.feedWaits.Load()&forBatch != 0 && out <= m.maxOut/2 {
		m.wakeFeeder()
	} else if m.late.Load() && m.late.CompareAndSwap(true, false) {
		go m.sendLate()
	}
}

// adapt learns from a batch how large the next should be.
func (m *mapper[A, R]) adapt(b *batch[A, R]) {
	m.endsMu.Lock()
	defer m.endsMu.Unlock()
	now := time.Since(m.began)
	// An engine may start a batch long before a worker gets to it. But the
	// worker cannot have begun before the end of the batch that was the
	// last but as many as there are workers.
	began := max(b.started.Sub(m.began), m.ends[m.nextEnd])
	m.ends[m.nextEnd] = now
	m.nextEnd = (m.nextEnd + 1) % len(m.ends)
	n, size := int64(len(b.args)), m.size.Load()
	want := int64(batchTime) * n / max(int64(now-began), 1)
	switch {
	case want < size:
		size = max(want, size/2, 1) // one that was interrupted says little
	case 2*n > size:
		size = min(2*size, want)
	}
	m.size.Store(min(size, m.maxSize))
}

// itemsReady is called when a batch has items that the consumer waits for.
func (m *mapper[A, R]) itemsReady(b *batch[A, R]) {
	if m.unordered {
		m.mu.Lock()
		m.ready = append(m.ready, b)
		m.mu.Unlock()
	}
	m.wake()
}

// finalError is the error behind the last item, or nil. If the input
// panicked, so does finalError.
func (m *mapper[A, R]) finalError() error {
	m.send.Lock()
	panicked, exited, cutShort := m.panicked, m.exited, m.cutShort
	m.send.Unlock()
	switch {
	case panicked != nil:
		panic(panicked)
	case exited:
		runtime.Goexit()
	case cutShort:
		return ctxError(m.outer)
	}
	return nil
}

// A chunk holds the arguments and results of consecutive items. It is used
// again when all batches cut from it are over.
type chunk[A, R any] struct {
	args   []A
	res    []R
	base   uint64 // position of the first item
	refs   atomic.Int32
	spoilt atomic.Bool // somebody may write to it when the batches are over
}

func (c *chunk[A, R]) end() uint64 { return c.base + uint64(len(c.args)) }

// chunkBytes bounds the size of a chunk.
const chunkBytes = 256 << 10

// newChunk makes the next chunk the current one. The caller holds send.
func (m *mapper[A, R]) newChunk() {
	if m.cur != nil {
		m.releaseChunk(m.cur)
		m.cur = nil
	}
	var a A
	var r R
	size := int(m.size.Load())
	n := max(4*size, 16)
	if each := int(unsafe.Sizeof(a) + unsafe.Sizeof(r)); each > 0 {
		n = max(min(n, chunkBytes/each), 1)
	}
	m.mu.Lock()
	for len(m.free) > 0 && m.cur == nil {
		c := m.free[len(m.free)-1]
		m.free[len(m.free)-1] = nil
		m.free = m.free[:len(m.free)-1]
		if 2*len(c.args) >= n { // else it is a small one from the beginning
			m.cur = c
		}
	}
	m.mu.Unlock()
	if m.cur == nil {
		m.cur = &chunk[A, R]{args: make([]A, n), res: make([]R, n)}
	}
	m.cur.base = m.sent
	m.cur.refs.Store(1) // the feeder's
}

func (m *mapper[A, R]) releaseChunk(c *chunk[A, R]) {
	if c.refs.Add(-1) != 0 || c.spoilt.Load() {
		return
	}
	clear(c.args) // the consumer has cleared the results one by one
	m.mu.Lock()
	if len(m.free) < 2*m.workers {
		m.free = append(m.free, c)
	}
	m.mu.Unlock()
}
