package futures

import (
	"fmt"
	"time"
)

// A CallOption changes one call of [Submit], [Go], [Map] or [MapUnordered].
type CallOption interface {
	MapOption
	forCall(*callOptions)
}

// A MapOption changes one call of [Map] or [MapUnordered].
type MapOption interface{ forMap(*mapOptions) }

type callOptions struct {
	timeout time.Duration
	err     error // of an option that makes no sense
}

type mapOptions struct {
	callOptions
	buffer, chunk int // 0: not given
}

// TaskTimeout limits how long a call may run, counted from its start, not from
// Submit. Within Map it holds for each item. The call's context ends then,
// with context.DeadlineExceeded; what else happens is up to the engine: a
// goroutine goes on until it returns, a worker process is killed after the
// pool's grace. d must be positive.
func TaskTimeout(d time.Duration) CallOption { return taskTimeout(d) }

type taskTimeout time.Duration

func (d taskTimeout) forCall(o *callOptions) {
	o.timeout = time.Duration(d)
	if d <= 0 {
		o.err = fmt.Errorf("futures: TaskTimeout(%v): it must be positive", o.timeout)
	}
}

func (d taskTimeout) forMap(o *mapOptions) { d.forCall(&o.callOptions) }

// Buffer limits how far Map reads ahead: at most n items have been read from
// the input and not yet yielded. n must be at least 1. Without it the limit
// grows with the speed of the items; see [Map].
func Buffer(n int) MapOption { return buffer(n) }

type buffer int

func (n buffer) forMap(o *mapOptions) {
	o.buffer = int(n)
	if n < 1 {
		o.err = fmt.Errorf("futures: Buffer(%d): it must be at least 1", int(n))
	}
}

// ChunkSize makes Map hand items to the executor in runs of n instead of
// measuring what is best. n must be at least 1. A run is smaller than that
// where the input ends or pauses, and where Buffer is smaller.
func ChunkSize(n int) MapOption { return chunkSize(n) }

type chunkSize int

func (n chunkSize) forMap(o *mapOptions) {
	o.chunk = int(n)
	if n < 1 {
		o.err = fmt.Errorf("futures: ChunkSize(%d): it must be at least 1", int(n))
	}
}
