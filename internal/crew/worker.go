package crew

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/internal/child"
)

// A Worker is a worker process as the pool sees it. Its life:
//
//	starting → ready (spare or active) → retiring → reaped
//	                                   ↘ killed   ↗
//
// Two locks: rd is the role of the reader of results, taken by whoever looks
// for them (the worker's goroutine, or a goroutine that waits for a future);
// the pool's mu protects the sending side. rd is taken first.
type Worker struct {
	p      *Pool
	id     int
	link   Link
	runner futures.Runner
	stderr *tail
	born   time.Time

	// The sending side, protected by the pool's mu.
	child    *child.Child // constant once it is set
	sent     uint64       // items sent, less those revoked
	state    workerState
	spare    bool
	idle     bool
	tasksRun int64
	cause    error // why we killed it
	limit    string
	stack    string       // where it was when its time was over; written before it is killed
	target   futures.Task // the task it was killed for, nil: whatever runs
	targetAt int32
	lastSeen uint64 // begun, at the last tick: see steal.go
	timer    *time.Timer
	timerAt  time.Time // when timer fires, zero if it does not

	opened bool // Link.Open was called; written under both locks

	// flight holds what was sent and has not ended, in order. mu protects
	// its tail, rd its head; see flight.go.
	flight flight
	frames atomic.Int32 // frames sent and not ended

	// The receiving side, protected by rd.
	rd    sync.Mutex
	ended atomic.Uint64 // items that ended, or are about to: see nearlyIdle
	dead  bool          // settled: the link is gone
	mad   bool          // what it sent makes no sense, nothing more is read
	acc   account       // see account.go
}

type workerState int

const (
	starting workerState = iota
	ready
	retiring // gets no more tasks, ends when it has finished
	gone     // killed or dead
)

// room says whether w may be sent a frame now: when it has nothing to do, and
// some ahead while it works on another, if tasks are short enough for the
// hand-over to matter. The caller holds mu.
func (w *Worker) room(prefetch bool) bool {
	if w.state != ready || w.spare || w.quota() <= 0 {
		return false
	}
	n := int(w.frames.Load())
	return n == 0 || prefetch && n < w.p.cfg.MaxFrames
}

// quota is how many more items w may be sent before it is recycled. The caller
// holds mu.
func (w *Worker) quota() int64 {
	if w.p.cfg.Recycle.MaxTasks == 0 {
		return 1 << 62
	}
	return int64(w.p.cfg.Recycle.MaxTasks) - int64(w.sent)
}

// endTime is how long the end of a frame may take after that of its last item.
const endTime = 200 * time.Millisecond

// retire lets w end once it has finished what it has. It is idempotent.
func (w *Worker) retire() {
	p := w.p
	p.mu.Lock()
	if w.state == starting || w.state == ready {
		w.state = retiring
		p.forget(w)
	}
	closing := w.state == retiring && w.frames.Load() == 0
	if w.state == retiring && !closing && w.flight.empty() {
		// Every item has ended, and the end of their frame was not told yet: by a
		// worker that is stopped it will not be.
		time.AfterFunc(endTime, w.link.Close)
	}
	p.mu.Unlock()
	if closing {
		w.link.Close() // end of file: the worker exits
	}
}

// forget takes w off the lists of those that get tasks. The caller holds mu.
func (p *Pool) forget(w *Worker) {
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

func remove(list *[]*Worker, w *Worker) {
	for i, x := range *list {
		if x == w {
			*list = append((*list)[:i], (*list)[i+1:]...)
			return
		}
	}
}
