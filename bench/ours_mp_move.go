package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/bench/internal/meter"
	"github.com/conexgo/conex/multiprocessing"
	"github.com/conexgo/conex/multiprocessing/connection"
)

// putGetter is what Queue and SimpleQueue have in common.
type putGetter[T any] interface {
	Put(ctx context.Context, v T) error
	Get(ctx context.Context) (T, error)
	Close() error
}

func putInts(ctx context.Context, n int, q putGetter[int]) error {
	for i := range n {
		if err := q.Put(ctx, i); err != nil {
			return err
		}
	}
	return nil
}

func getInts(ctx context.Context, n int, q putGetter[int]) (sum int, _ error) {
	for range n {
		i, err := q.Get(ctx)
		if err != nil {
			return 0, err
		}
		sum += meter.Inc(i)
	}
	return sum, nil
}

func getBlocks(ctx context.Context, n int, q putGetter[[]byte], size int) (whole int, _ error) {
	for range n {
		b, err := q.Get(ctx)
		if err != nil {
			return 0, err
		}
		if len(b) == size {
			whole++
		}
	}
	return whole, nil
}

type (
	intQueue   = *multiprocessing.Queue[int]
	intSimple  = *multiprocessing.SimpleQueue[int]
	blockQueue struct {
		Q    *multiprocessing.Queue[[]byte]
		Size int
	}
	blockSimple struct {
		Q    *multiprocessing.SimpleQueue[[]byte]
		Size int
	}
)

// What partners do with queues.
var (
	getQueue  = attend("getQueue", func(ctx context.Context, n int, q intQueue) (int, error) { return getInts(ctx, n, q) })
	putQueue  = attend("putQueue", func(ctx context.Context, n int, q intQueue) (int, error) { return 0, putInts(ctx, n, q) })
	getSimple = attend("getSimple", func(ctx context.Context, n int, q intSimple) (int, error) { return getInts(ctx, n, q) })
	putSimple = attend("putSimple", func(ctx context.Context, n int, q intSimple) (int, error) { return 0, putInts(ctx, n, q) })

	getQueueBlocks = attend("getQueueBlocks", func(ctx context.Context, n int, b blockQueue) (int, error) {
		return getBlocks(ctx, n, b.Q, b.Size)
	})
	getSimpleBlocks = attend("getSimpleBlocks", func(ctx context.Context, n int, b blockSimple) (int, error) {
		return getBlocks(ctx, n, b.Q, b.Size)
	})
)

// moveInts moves numbers from k producing processes, of which this is one, to k consuming ones.
func moveInts[Q putGetter[int]](s meter.Spec, k int, q Q, get, put *conex.Func[order[Q], struct{}]) (meter.Figure, error) {
	ctx := context.Background()
	return with(s, func(p *partners) error {
		for i := range 2*k - 1 {
			fn := get
			if i >= k {
				fn = put
			}
			if err := join(p, s, fn, q); err != nil {
				return err
			}
		}
		return nil
	}, func(p *partners) (meter.Figure, error) {
		// A pass of k producers with n numbers each is one of k·n.
		f, err := meter.Bulk(max(1, s.N/k), func(n int) int { return k * meter.SumInc(n) }, func(n int) (int, error) {
			if err := errors.Join(p.start(n), putInts(ctx, n, q)); err != nil {
				return 0, err
			}
			return p.answer()
		})
		f.Value /= float64(k)
		return f, errors.Join(err, q.Close())
	})
}

func mpQueueInts(k int) meter.Party {
	return func(s meter.Spec) (meter.Figure, error) {
		q, err := multiprocessing.NewQueue[int](0)
		if err != nil {
			return meter.Figure{}, err
		}
		return moveInts(s, k, q, getQueue, putQueue)
	}
}

func mpSimpleInts(k int) meter.Party {
	return func(s meter.Spec) (meter.Figure, error) {
		q, err := multiprocessing.NewSimpleQueue[int]()
		if err != nil {
			return meter.Figure{}, err
		}
		return moveInts(s, k, q, getSimple, putSimple)
	}
}

// moveBlocks moves blocks of bytes to another process.
func moveBlocks[S any](s meter.Spec, size int, q putGetter[[]byte], get *conex.Func[order[S], struct{}], share S) (meter.Figure, error) {
	ctx := context.Background()
	return with(s, func(p *partners) error { return join(p, s, get, share) }, func(p *partners) (meter.Figure, error) {
		block := make([]byte, size)
		f, err := meter.Bulk(s.N, meter.Count, func(n int) (int, error) {
			if err := p.start(n); err != nil {
				return 0, err
			}
			for range n {
				if err := q.Put(ctx, block); err != nil {
					return 0, err
				}
			}
			return p.answer()
		})
		return f, errors.Join(err, q.Close())
	})
}

func mpQueueBlocks(size int) meter.Party {
	return func(s meter.Spec) (meter.Figure, error) {
		q, err := multiprocessing.NewQueue[[]byte](0)
		if err != nil {
			return meter.Figure{}, err
		}
		return moveBlocks(s, size, q, getQueueBlocks, blockQueue{q, size})
	}
}

func mpSimpleBlocks(size int) meter.Party {
	return func(s meter.Spec) (meter.Figure, error) {
		q, err := multiprocessing.NewSimpleQueue[[]byte]()
		if err != nil {
			return meter.Figure{}, err
		}
		return moveBlocks(s, size, q, getSimpleBlocks, blockSimple{q, size})
	}
}

// mpQueueSelf puts and gets in one process.
func mpQueueSelf(s meter.Spec) (meter.Figure, error) {
	ctx := context.Background()
	q, err := multiprocessing.NewQueue[int](0)
	if err != nil {
		return meter.Figure{}, err
	}
	defer q.Close()
	const each = 64 // a clock read costs as much as an item
	s.N = max(1, s.N/each)
	f, err := meter.Calls(s, s.N/10, func(i int) (time.Duration, error) {
		start := time.Now()
		for range each {
			if err := q.Put(ctx, i); err != nil {
				return 0, err
			}
			if r, err := q.Get(ctx); err != nil || r != i {
				return 0, fmt.Errorf("wrong result: %d for %d, %w", r, i, err)
			}
		}
		return time.Since(start) / each, nil
	})
	return f, err
}

var (
	echoConn = attend("echo", func(ctx context.Context, n int, c *connection.Connection) (int, error) {
		for range n {
			i, err := connection.Recv[int](ctx, c)
			if err != nil {
				return 0, err
			}
			if err := connection.Send(ctx, c, meter.Inc(i)); err != nil {
				return 0, err
			}
		}
		return n, nil
	})
	readBlocks = attend("readBlocks", func(ctx context.Context, n int, in blocksIn) (whole int, _ error) {
		for range n {
			b, err := in.C.RecvBytes(ctx)
			if err != nil {
				return 0, err
			}
			if len(b) == in.Size {
				whole++
			}
		}
		return whole, nil
	})
)

type blocksIn struct {
	C    *connection.Connection
	Size int
}

// mpPipe times a number there and the next one back.
func mpPipe(idle time.Duration) meter.Party {
	return func(s meter.Spec) (f meter.Figure, err error) {
		ctx := context.Background()
		mine, theirs, err := multiprocessing.Pipe()
		if err != nil {
			return f, err
		}
		return with(s, func(p *partners) error { return errors.Join(join(p, s, echoConn, theirs), theirs.Close()) },
			func(p *partners) (meter.Figure, error) {
				warm := max(1, s.N/10)
				if idle > 0 {
					warm = 1
				}
				if err := p.start(1 << 30); err != nil { // until the pipe is closed
					return meter.Figure{}, err
				}
				f, err := meter.Calls(s, warm, func(i int) (time.Duration, error) {
					time.Sleep(idle)
					return meter.Timed(i, func(i int) (int, error) {
						if err := connection.Send(ctx, mine, i); err != nil {
							return 0, err
						}
						return connection.Recv[int](ctx, mine)
					})
				})
				for _, proc := range p.procs {
					err = errors.Join(err, proc.Kill())
				}
				p.procs = nil
				return f, errors.Join(err, mine.Close())
			})
	}
}

func mpPipeBlocks(size int) meter.Party {
	return func(s meter.Spec) (f meter.Figure, err error) {
		ctx := context.Background()
		reader, writer, err := multiprocessing.OneWayPipe()
		if err != nil {
			return f, err
		}
		return with(s, func(p *partners) error {
			return errors.Join(join(p, s, readBlocks, blocksIn{reader, size}), reader.Close())
		}, func(p *partners) (meter.Figure, error) {
			block := make([]byte, size)
			f, err := meter.Bulk(s.N, meter.Count, func(n int) (int, error) {
				if err := p.start(n); err != nil {
					return 0, err
				}
				for range n {
					if err := writer.SendBytes(ctx, block); err != nil {
						return 0, err
					}
				}
				return p.answer()
			})
			return f, errors.Join(err, writer.Close())
		})
	}
}
