package crew

import (
	"time"

	"github.com/conexgo/conex/futures"
)

// Stats returns a snapshot. It reads a file for each worker, so it is not for
// tight loops.
func (p *Pool) Stats() futures.WorkerPoolStats {
	p.mu.Lock()
	p.merge()
	s := futures.WorkerPoolStats{
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
	all := append(append([]*Worker(nil), p.workers...), p.spares...)
	for _, w := range all {
		ws := futures.WorkerStats{State: "starting", Age: time.Since(w.born), Tasks: w.tasksRun}
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
func (w *Worker) current() string {
	if !w.rd.TryLock() {
		return "" // between two
	}
	defer w.rd.Unlock()
	if w.dead || w.flight.empty() || w.link.Begun() <= w.ended.Load() {
		return ""
	}
	return w.flight.front().T.Name()
}
