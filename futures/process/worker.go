package process

import (
	"sync/atomic"
	"time"

	"github.com/conexgo/conex/internal/crew"
	"github.com/conexgo/conex/internal/ring"
	"github.com/conexgo/conex/internal/shm"
	"github.com/conexgo/conex/internal/wait"
)

// A worker is this engine's way to one worker process: two rings in shared
// memory and a socket. See [crew.Link] for what the two locks protect.
type worker struct {
	*crew.Worker
	p *Pool

	// Set before the worker is ready, constant afterwards.
	conn  *wait.Conn
	mem   *shm.Segment
	ctl   control
	funcs []int32 // the worker's number of each of the pool's functions; nil: the same

	open atomic.Pointer[wait.Conn] // conn, once the process has started

	// The sending side, protected by the pool's lock.
	tasks   *ring.Producer
	frame   []byte // of the frame that is being filled: what Reserve gave
	used    int    // bytes of it
	ctxs    map[uint32]*sentCtx
	drops   []uint32        // contexts the worker may forget
	segs    map[uint64]bool // shared memory it has
	bare    bool            // it may have a descriptor without memory
	forgets uint64          // how often it was told to forget them

	// The receiving side, protected by the worker's lock.
	results   *ring.Consumer
	part      []byte    // a large result that arrives in pieces
	large     *arriving // a large result that is being copied
	largeID   uint64    // the segment it waits for
	largeSegs map[uint64]*shm.Segment
	shared    []*shm.Shared // came by the socket, for results to come
	waiting   []waiting     // results whose memory is still to come
	backoff   wait.Backoff
}

func (p *Pool) newLink(w *crew.Worker) crew.Link {
	return &worker{Worker: w, p: p, ctxs: make(map[uint32]*sentCtx)}
}

// Open implements [crew.Link].
func (w *worker) Open() {
	w.tasks = ring.NewProducer(tasksMem(w.mem.Mem))
	w.results = ring.NewConsumer(resultsMem(w.mem.Mem))
	w.results.Sleep()
}

// Close implements [crew.Link]: the worker reads end of file, and exits.
func (w *worker) Close() {
	if c := w.open.Load(); c != nil {
		c.Close()
	}
}

// Begun implements [crew.Receiver].
func (w *worker) Begun() uint64 { return atomic.LoadUint64(w.ctl.begun) }

// BegunAt implements [crew.Receiver].
func (w *worker) BegunAt() time.Time { return time.Unix(0, w.ctl.begunAt.Load()) }

// Recover implements [crew.Receiver].
func (w *worker) Recover() (lost []crew.Entry) {
	w.recoverFlat()
	lost = w.dropShared()
	w.closeLarge()
	for _, c := range w.ctxs {
		c.g.Leave()
	}
	w.ctxs = nil
	return lost
}

// Free implements [crew.Link].
func (w *worker) Free() {
	if w.mem != nil {
		w.mem.Close()
	}
}

// Revoke implements [crew.Sender]. The ring still holds what was revoked; the
// worker skips it, frame by frame.
func (w *worker) Revoke() (items int64, frames int32) { return int64(revoke(w.ctl.window)), 0 }

// Revocable implements [crew.Sender].
func (w *worker) Revocable() int64 { return int64(windowFree(w.ctl.window.Load())) }

// Expire implements [crew.Sender]: the worker watches the time itself.
func (w *worker) Expire(uint64) {}

// Spin implements [crew.Sender].
func (w *worker) Spin(on bool) {
	if on {
		w.ctl.spin.Store(1)
	} else {
		w.ctl.spin.Store(0)
	}
}

// recoverFlat takes in flat results that w had written but not committed when
// it was killed. The caller has drained.
func (w *worker) recoverFlat() {
	en := w.Front()
	if w.results == nil || en == nil {
		return
	}
	size := en.T.Entry().ResFlat
	begun := w.Begun()
	if en.T.Entry().RunFlat == nil || begun < w.Ended()+2 {
		return
	}
	n := begun - 1 - w.Ended()
	if n >= uint64(en.Items()) {
		return
	}
	b := w.results.Uncommitted(int(n) * size)
	if b == nil {
		return
	}
	w.Count(int32(n), true)
	en.T.FinishRange(int(en.From), int(en.From)+int(n), b)
	w.Settled(int32(n))
}
