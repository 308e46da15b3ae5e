package process

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/internal/child"
	"github.com/conexgo/conex/internal/ring"
	"github.com/conexgo/conex/internal/shm"
	"github.com/conexgo/conex/internal/wait"
	"github.com/conexgo/conex/internal/watch"
)

// A worker is one worker process as the pool sees it. Its life:
//
//	starting → ready (spare or active) → retiring → reaped
//	                                   ↘ killed   ↗
//
// Two locks: rd is the role of the reader of results, taken by whoever looks
// for them (the worker's goroutine, or a goroutine that waits for a future);
// the pool's mu protects the sending side. rd is taken first.
type worker struct {
	p      *Pool
	id     int
	runner futures.Runner

	// Set before the worker is ready, constant afterwards.
	child  *child.Child
	conn   *wait.Conn
	mem    *shm.Segment
	ctl    control
	stderr *tail
	born   time.Time
	funcs  []int32 // the worker's number of each of the pool's functions; nil: the same

	// The sending side, protected by the pool's mu.
	tasks    *ring.Producer
	sent     uint64 // items sent, less those revoked
	state    workerState
	spare    bool
	idle     bool
	ctxs     map[uint32]*sentCtx
	drops    []uint32        // contexts the worker may forget
	segs     map[uint64]bool // shared memory it has
	bare     bool            // it may have a descriptor without memory
	forgets  uint64          // how often it was told to forget them
	tasksRun int64
	cause    error // why we killed it
	limit    string
	target   futures.Task // the task it was killed for, nil: whatever runs
	targetAt int32
	lastSeen uint64 // begun, at the last tick: see steal.go
	timer    *time.Timer
	timerAt  time.Time // when timer fires, zero if it does not

	// flight holds what was sent and has not ended, in order. mu protects
	// its tail, rd its head; see flight.go.
	flight flight
	frames atomic.Int32 // frames sent and not ended

	// The receiving side, protected by rd.
	rd        sync.Mutex
	results   *ring.Consumer
	ended     atomic.Uint64 // items that ended, or are about to: see nearlyIdle
	part      []byte        // a large result that arrives in pieces
	large     *arriving     // a large result that is being copied
	largeID   uint64        // the segment it waits for
	largeSegs map[uint64]*shm.Segment
	shared    []*shm.Shared // came by the socket, for results to come
	waiting   []waiting     // results whose memory is still to come
	dead      bool          // reaped: the memory is gone
	mad       bool          // what it sent makes no sense, nothing more is read
	backoff   wait.Backoff
	acc       account // see drain.go
}

type workerState int

const (
	starting workerState = iota
	ready
	retiring // gets no more tasks, ends when it has finished
	gone     // killed or dead
)

// A sentCtx is a context that the worker knows.
type sentCtx struct {
	g        *watch.Group
	inFlight int32
}

// room says whether w may be sent a frame now: when it has nothing to do, and
// one ahead while it works on another, if tasks are short enough for the
// hand-over to matter. The caller holds mu.
func (w *worker) room(prefetch bool) bool {
	if w.state != ready || w.spare || w.quota() <= 0 {
		return false
	}
	switch w.frames.Load() {
	case 0:
		return true
	case 1:
		return prefetch
	}
	return false
}

// quota is how many more items w may be sent before it is recycled. The caller
// holds mu.
func (w *worker) quota() int64 {
	if w.p.cfg.MaxTasks == 0 {
		return 1 << 62
	}
	return int64(w.p.cfg.MaxTasks) - int64(w.sent)
}

// retire lets w end once it has finished what it has. It is idempotent.
func (w *worker) retire() {
	p := w.p
	p.mu.Lock()
	if w.state == starting || w.state == ready {
		w.state = retiring
		p.forget(w)
	}
	closing := w.state == retiring && w.frames.Load() == 0
	conn := w.conn
	p.mu.Unlock()
	if closing && conn != nil {
		conn.Close() // end of file: the worker exits
	}
}

// forget takes w off the lists of those that get tasks. The caller holds mu.
func (p *Pool) forget(w *worker) {
	remove(&p.workers, w)
	remove(&p.spares, w)
	remove(&p.idle, w)
	w.idle = false
	if p.spinner == w {
		p.spinner = nil
	}
	p.dying = append(p.dying, w)
	p.full.Store(false)
}

func remove(list *[]*worker, w *worker) {
	for i, x := range *list {
		if x == w {
			*list = append((*list)[:i], (*list)[i+1:]...)
			return
		}
	}
}

// A flight is the queue of what one worker has been sent: a fixed ring of
// entries with a producer under mu and a consumer under rd.
type flight struct {
	buf        []entry
	head, tail atomic.Uint64
}

// flightMax bounds how many entries a worker has at a time.
const flightMax = 4096

func (f *flight) room() int     { return flightMax - int(f.tail.Load()-f.head.Load()) }
func (f *flight) empty() bool   { return f.tail.Load() == f.head.Load() }
func (f *flight) front() *entry { return &f.buf[f.head.Load()%flightMax] }

func (f *flight) push(en entry) {
	if f.buf == nil {
		f.buf = make([]entry, flightMax)
	}
	t := f.tail.Load()
	f.buf[t%flightMax] = en
	f.tail.Store(t + 1)
}

func (f *flight) pop() entry {
	h := f.head.Load()
	en := f.buf[h%flightMax]
	f.buf[h%flightMax] = entry{}
	f.head.Store(h + 1)
	return en
}

// drop is pop for an entry that nobody needs any more.
func (f *flight) drop() {
	h := f.head.Load()
	f.buf[h%flightMax] = entry{}
	f.head.Store(h + 1)
}

// takeBack removes the last n items. The caller holds rd and mu.
func (f *flight) takeBack(p *Pool, n int64) (back []entry) {
	for n > 0 && !f.empty() {
		t := f.tail.Load() - 1
		en := &f.buf[t%flightMax]
		if k := en.items(); k <= n {
			back = append(back, *en)
			*en = entry{}
			f.tail.Store(t)
			n -= k
			continue
		}
		rest := p.split(en, int32(en.items()-n)) // what stays
		back = append(back, *en)
		*en = rest
		n = 0
	}
	return back
}
