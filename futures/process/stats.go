package process

import "github.com/conexgo/conex/futures"

// Stats is a snapshot of a pool. Items of Map count one by one.
type Stats = futures.WorkerPoolStats

// WorkerStats describes one worker process.
type WorkerStats = futures.WorkerStats

// Stats returns a snapshot. It reads a file for each worker, so it is not for
// tight loops.
func (p *Pool) Stats() Stats {
	if p.inline != nil {
		return p.inlineStats()
	}
	return p.engine.Stats()
}
