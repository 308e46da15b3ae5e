package pool

import "fmt"

// An IMapOption changes one call of [IMap] or [IMapUnordered].
type IMapOption interface{ forIMap(*mapOptions) }

// A MapOption changes one call of [Map], [StarMap2], [StarMap3] and their other
// forms.
type MapOption interface {
	IMapOption
	forMap(*mapOptions)
}

type mapOptions struct {
	chunk, buffer int // 0: not given
	err           error
}

// ChunkSize sets how many items make one task: how many one worker takes at a
// time. n must be at least 1. Without it Map makes four tasks for each worker
// and IMap one for each item, as in Python. Large chunks are cheaper; small
// ones spread items of unequal length better.
func ChunkSize(n int) MapOption { return chunkSize(n) }

type chunkSize int

func (n chunkSize) forIMap(o *mapOptions) { n.forMap(o) }

func (n chunkSize) forMap(o *mapOptions) {
	o.chunk = int(n)
	if n < 1 {
		o.err = fmt.Errorf("multiprocessing/pool: ChunkSize(%d): it must be at least 1", int(n))
	}
}

// Buffer limits how far [IMap] reads ahead: at most n items have been read and
// not yet returned by Next. n must be at least 1, and is taken as the chunk size
// if that is larger. Without it the limit is 1,024 items or four chunks for each
// worker, whichever is more. Python has no limit, and runs out of memory on an
// endless input.
func Buffer(n int) IMapOption { return buffer(n) }

type buffer int

func (n buffer) forIMap(o *mapOptions) {
	o.buffer = int(n)
	if n < 1 {
		o.err = fmt.Errorf("multiprocessing/pool: Buffer(%d): it must be at least 1", int(n))
	}
}

// defaultChunk is Python's rule for Map: four chunks for each worker.
func defaultChunk(items, workers int) int {
	n := 4 * max(workers, 1)
	return max((items+n-1)/n, 1)
}
