package process

import (
	"sync/atomic"
	"time"
)

// Stats is a snapshot of a pool. Items of Map count one by one.
type Stats struct {
	Queued     int64         // taken over and with no worker yet
	Running    int64         // with a worker: run or about to; may lag a moment behind the futures
	Done       int64         // returned a result
	Failed     int64         // had a worker and ended with an error: its own, or its worker's death
	Killed     int64         // workers that Conex killed
	Restarts   int64         // workers that died, were killed or recycled
	OldestWait time.Duration // how long the first in the queue has waited
	Workers    []WorkerStats // active ones, then spares
}

// WorkerStats describes one worker process.
type WorkerStats struct {
	PID   int
	State string        // "starting", "idle", "busy" or "spare"
	Func  string        // what it runs, "" if nothing
	RSS   int64         // resident memory in bytes, 0 if unknown
	Tasks int64         // items it has run
	Age   time.Duration // since its start
}

// Stats returns a snapshot. It reads a file for each worker, so it is not for
// tight loops.
func (p *Pool) Stats() Stats {
	if p.inline != nil {
		return p.inlineStats()
	}
	p.mu.Lock()
	p.merge()
	s := Stats{
		Queued:   p.queued,
		Running:  p.running.Load(),
		Done:     p.done.Load(),
		Failed:   p.failed.Load(),
		Killed:   p.killed.Load(),
		Restarts: p.restarts.Load(),
	}
	if p.queue.len() > 0 {
		s.OldestWait = time.Duration(max(now()-p.queue.front().queuedAt, 0))
	}
	all := append(append([]*worker(nil), p.workers...), p.spares...)
	for _, w := range all {
		ws := WorkerStats{State: "starting", Age: time.Since(w.born), Tasks: w.tasksRun}
		if w.child != nil {
			ws.PID = w.child.PID()
		}
		if w.state == ready {
			switch {
			case w.spare:
				ws.State = "spare"
			case w.frames.Load() == 0:
				ws.State = "idle"
			default:
				ws.State = "busy"
				ws.Func = w.current()
			}
		}
		s.Workers = append(s.Workers, ws)
	}
	p.mu.Unlock()
	for i, w := range all {
		if s.Workers[i].PID != 0 {
			s.Workers[i].RSS, _ = w.child.RSS()
		}
	}
	return s
}

// current names the function that w runs. The caller holds mu.
func (w *worker) current() string {
	if !w.rd.TryLock() {
		return "" // between two
	}
	defer w.rd.Unlock()
	if w.dead || w.flight.empty() || atomic.LoadUint64(w.ctl.begun) <= w.ended.Load() {
		return ""
	}
	return w.flight.front().t.Name()
}
