package futures

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/inherit"
	"github.com/conexgo/conex/internal/wire"
)

// A batch is the task of a run of a Map's items. Its args and res are windows
// onto a chunk.
//
// How its items end is kept in one word, prog, as long as they end one after
// the other, which is nearly always: the low half counts the items that have
// ended, from the first on. The high half is 0, or 1 + the first of the items
// that failed together with the error failed. A goroutine that runs items
// moves prog forward item by item without a lock. Everybody else holds mu.
type batch[A, R any] struct {
	m    *mapper[A, R]
	args []A
	res  []R
	base int // position of the first item in the input

	prog   atomic.Uint64
	phase  atomic.Uint32 // phasePending, phaseRunning, or phaseFinished: failed as a whole
	armed  atomic.Bool   // the consumer wants to be told of the next item
	tell   atomic.Bool   // see notify
	runner atomic.Pointer[Runner]
	errs   atomic.Pointer[[]error] // by item; nil while none has failed by itself
	gappy  atomic.Bool             // items have ended out of order
	failed error                   // set before prog's high half is

	started time.Time // by Start; zero if the batch is not measured
	buf     []byte    // encoded arguments, unless they are flat
	ends    []int     // where each ends in buf
	bad     int       // the item that Encode failed on, or -1

	mu    sync.Mutex // protects the ends of items but by Run, and what follows
	gaps  spans      // items that have ended out of order
	fresh spans      // unordered: those the consumer has not seen

	next  *batch[A, R] // protected by m.mu
	chunk *chunk[A, R]

	// What follows belongs to the consumer.
	pos   int   // items yielded, from the first on
	ahead spans // further ones yielded, if out of order
}

var _ Task = (*batch[int, int])(nil)

func (b *batch[A, R]) Entry() *wire.Entry {
	if b.m.w == nil {
		return nil
	}
	return &b.m.w.Entry
}

func (b *batch[A, R]) Name() string              { return b.m.fn.Name() }
func (b *batch[A, R]) Context() context.Context  { return b.m.ctx }
func (b *batch[A, R]) Inherited() inherit.Values { return b.m.vars }
func (b *batch[A, R]) Timeout() time.Duration    { return b.m.timeout }
func (b *batch[A, R]) Len() int                  { return len(b.args) }
func (b *batch[A, R]) Attach(r *Runner)          { b.runner.Store(r) }
func (b *batch[A, R]) Done() bool                { return b.ready() == len(b.args) }

// ready is how many items have ended, from the first on.
func (b *batch[A, R]) ready() int { return int(uint32(b.prog.Load())) }

func (b *batch[A, R]) Start() bool {
	if b.phase.CompareAndSwap(phasePending, phaseRunning) {
		if b.m.chunkSize == 0 {
			b.started = time.Now()
		}
		return true
	}
	return b.phase.Load() == phaseRunning
}

// hasEnded reports whether item i has. The caller holds mu.
func (b *batch[A, R]) hasEnded(i int) bool { return i < b.ready() || b.gaps.has(i) }

// advance notes that the items from..to-1, whose results or errors are in
// place, have ended. The caller holds mu, and has seen that they had not.
func (b *batch[A, R]) advance(from, to int) {
	if !b.gappy.Load() && b.prog.CompareAndSwap(uint64(from), uint64(to)) {
		return
	}
	b.gappy.Store(true)
	b.gaps.add(span{from, to})
	if b.m.unordered && from > b.ready() {
		b.fresh = append(b.fresh, span{from, to})
	}
	b.catchUp()
}

// catchUp moves prog over items that ended out of order. The caller holds mu.
func (b *batch[A, R]) catchUp() {
	for {
		p := b.prog.Load()
		to := b.gaps.after(int(uint32(p)))
		if to == int(uint32(p)) || p>>32 != 0 || b.prog.CompareAndSwap(p, uint64(to)) {
			return
		}
	}
}

// advanceOne is advance for item i of a goroutine that runs items, where its
// attempt without the lock has failed, or was not enough since somebody else
// ends items too.
func (b *batch[A, R]) advanceOne(i int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.hasEnded(i) {
		b.advance(i, i+1)
	} else {
		b.catchUp()
	}
}

// setErr puts err beside item i. The caller holds mu.
func (b *batch[A, R]) setErr(i int, err error) {
	errs := b.errs.Load()
	if errs == nil {
		e := make([]error, len(b.args))
		errs = &e
		b.errs.Store(errs)
	}
	(*errs)[i] = err
}

// errAt is the error of item i, which has ended.
func (b *batch[A, R]) errAt(i int) error {
	if from := b.prog.Load() >> 32; from != 0 && i >= int(from)-1 {
		// Nothing ends any more, so gaps can be read.
		if !b.gaps.has(i) {
			return b.failed
		}
	}
	if errs := b.errs.Load(); errs != nil {
		return (*errs)[i]
	}
	return nil
}

// notify tells the map that items have ended. It comes after them: the batch
// may belong to the past by the time it runs.
func (b *batch[A, R]) notify() {
	if b.Done() && b.tell.CompareAndSwap(false, true) {
		b.m.batchEnded(b)
	}
	if b.armed.Load() && b.armed.CompareAndSwap(true, false) {
		b.m.itemsReady(b)
	}
}

func (b *batch[A, R]) Fail(i int, err error) {
	if i >= len(b.args) {
		return
	}
	b.mu.Lock()
	if i >= 0 {
		if !b.hasEnded(i) {
			b.setErr(i, err)
			b.advance(i, i+1)
		}
	} else {
		b.failRest(err)
	}
	b.mu.Unlock()
	b.notify()
}

// failRest ends every item that has not ended. The caller holds mu.
func (b *batch[A, R]) failRest(err error) {
	if !b.phase.CompareAndSwap(phasePending, phaseFinished) {
		// A goroutine may still be writing a result into the chunk.
		b.chunk.spoilt.Store(true)
	}
	if b.Done() {
		return
	}
	b.failed = err
	for {
		p := b.prog.Load()
		from := uint64(uint32(p))
		if p>>32 != 0 || from == uint64(len(b.args)) {
			return
		}
		if b.prog.CompareAndSwap(p, uint64(len(b.args))|(from+1)<<32) {
			return
		}
	}
}

// failRange ends the items from..to-1.
func (b *batch[A, R]) failRange(from, to int, err error) {
	b.mu.Lock()
	for i := from; i < to; i++ {
		if !b.hasEnded(i) {
			b.setErr(i, err)
			b.advance(i, i+1)
		}
	}
	b.mu.Unlock()
	b.notify()
}

func (b *batch[A, R]) SizeHint() int {
	w := b.m.w
	switch {
	case w == nil:
		return 0
	case w.ArgFlat > 0:
		return w.ArgFlat * len(b.args)
	}
	n := 0
	for i := range b.args {
		n += w.ArgSizeHint(&b.args[i])
	}
	return n
}

func (b *batch[A, R]) Encode(buf []byte) (handles []any, err error) {
	w := b.m.w
	if w == nil {
		return nil, notRegistered(b.Name())
	}
	if w.ArgFlat > 0 {
		if buf != nil {
			w.AppendArgs(buf, b.args) // the engine wants them there
		}
		return nil, nil // AppendArgs copies them from b.args
	}
	e := encoders.Get().(*codec.Encoder)
	e.Buf = buf
	start := len(buf)
	b.ends = make([]int, len(b.args))
	for i := range b.args {
		if err = w.AppendArg(e, &b.args[i]); err != nil {
			b.bad = i
			break
		}
		b.ends[i] = len(e.Buf) - start
	}
	b.buf, handles = e.Buf[start:], e.Handles
	*e = codec.Encoder{}
	encoders.Put(e)
	return handles, err
}

// span is where the arguments from..to-1 lie in buf.
func (b *batch[A, R]) span(from, to int) (lo, hi int) {
	if from >= to {
		return 0, 0
	}
	if from > 0 {
		lo = b.ends[from-1]
	}
	return lo, b.ends[to-1]
}

func (b *batch[A, R]) AppendArgs(dst []byte, from, to int) []byte {
	if w := b.m.w; w != nil && w.ArgFlat > 0 {
		return w.AppendArgs(dst, b.args[from:to])
	}
	lo, hi := b.span(from, to)
	return append(dst, b.buf[lo:hi]...)
}

func (b *batch[A, R]) ArgSize(from, to int) int {
	if w := b.m.w; w != nil && w.ArgFlat > 0 {
		return w.ArgFlat * (to - from)
	}
	lo, hi := b.span(from, to)
	return hi - lo
}

func (b *batch[A, R]) Finish(i int, data []byte) { b.finish(i, data, false, nil) }

func (b *batch[A, R]) FinishOwned(i int, data []byte, handles func(id uint64) (any, error)) {
	b.finish(i, data, true, handles)
}

func (b *batch[A, R]) finish(i int, data []byte, owned bool, handles func(id uint64) (any, error)) {
	if i < 0 || i >= len(b.args) {
		return
	}
	b.mu.Lock()
	if !b.hasEnded(i) {
		if err := readResult(b.m.w, data, &b.res[i], owned, handles); err != nil {
			b.setErr(i, err)
		}
		b.advance(i, i+1)
	}
	b.mu.Unlock()
	b.notify()
}

func (b *batch[A, R]) FinishRange(from, to int, data []byte) {
	from, to = max(from, 0), min(to, len(b.args))
	w := b.m.w
	if from >= to || w == nil {
		return
	}
	if w.ResFlat == 0 || len(data) != w.ResFlat*(to-from) {
		b.failRange(from, to, badResult(w.Name, len(data), w.ResFlat*(to-from)))
		return
	}
	b.mu.Lock()
	for lo := from; ; {
		// The next items that have not ended, which is mostly all of them.
		lo = b.gaps.after(max(lo, b.ready()))
		if lo >= to {
			break
		}
		hi := b.gaps.before(lo, to)
		w.ReadResults(data[(lo-from)*w.ResFlat:], b.res[lo:hi])
		b.advance(lo, hi)
		lo = hi
	}
	b.mu.Unlock()
	b.notify()
}
