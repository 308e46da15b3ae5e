package futures

import "time"

// WorkerPoolStats is a snapshot of a pool of worker processes. Items of [Map]
// count one by one.
type WorkerPoolStats struct {
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
