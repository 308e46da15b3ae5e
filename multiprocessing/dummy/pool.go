package dummy

import "github.com/conexgo/conex/multiprocessing/pool"

// A Pool is a pool of threads.
type Pool = pool.ThreadPool

// NewPool returns a pool of threads: pool.Apply, pool.Map and so on take it as
// they take one of processes.
func NewPool(cfg pool.ThreadConfig) (*Pool, error) { return pool.NewThreadPool(cfg) }
