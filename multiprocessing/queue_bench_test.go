//go:build linux

package multiprocessing_test

import (
	"context"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/conexgo/conex"
	mp "github.com/conexgo/conex/multiprocessing"
)

// A sinkTask gets a number of items and then answers.
type drainTask[T any] struct {
	Q     *mp.Queue[T]
	Ready *mp.Queue[int]
	N     int
}

func drainQueue[T any](ctx context.Context, d drainTask[T]) (none, error) {
	d.Ready.Put(ctx, 0)
	for {
		for range d.N {
			if _, err := d.Q.Get(ctx); err != nil {
				return none{}, err
			}
		}
		d.Ready.Put(ctx, 1)
	}
}

var (
	drainInts  = conex.Register("test/queue/drainInts", drainQueue[int])
	drainBytes = conex.Register("test/queue/drainBytes", drainQueue[[]byte])
	feedInts   = conex.Register("test/queue/feedInts", func(ctx context.Context, d drainTask[int]) (none, error) {
		for i := range d.N {
			if err := d.Q.Put(ctx, i); err != nil {
				return none{}, err
			}
		}
		d.Ready.Put(ctx, 1)
		d.Q.Close()
		return none{}, d.Q.JoinThread(ctx)
	})
)

// oneWayQueue measures putting items that another process gets: until it has them.
func oneWayQueue[T any](b *testing.B, f *conex.Func[drainTask[T], none], v T, batch int) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	q, ready := newQueue[T](b, 0), newQueue[int](b, 0)
	n := 0
	var before unix.Rusage
	unix.Getrusage(unix.RUSAGE_CHILDREN, &before)
	p, err := mp.Go(ctx, f.Bind(drainTask[T]{q, ready, batch}))
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		p.Kill()
		p.Join(context.Background())
		var after unix.Rusage
		unix.Getrusage(unix.RUSAGE_CHILDREN, &after)
		b.ReportMetric(float64(after.Utime.Nano()+after.Stime.Nano()-before.Utime.Nano()-before.Stime.Nano())/float64(n), "getter-cpu-ns/item")
	}()
	if _, err := ready.Get(ctx); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	var own unix.Rusage
	unix.Getrusage(unix.RUSAGE_SELF, &own)
	defer func() {
		var after unix.Rusage
		unix.Getrusage(unix.RUSAGE_SELF, &after)
		b.ReportMetric(float64(after.Utime.Nano()+after.Stime.Nano()-own.Utime.Nano()-own.Stime.Nano())/float64(n), "putter-cpu-ns/item")
	}()
	for n < b.N {
		for range batch {
			if err := q.Put(ctx, v); err != nil {
				b.Fatal(err)
			}
		}
		n += batch
		if _, err := ready.Get(ctx); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/item")
}

func BenchmarkQueueInt(b *testing.B)  { oneWayQueue(b, drainInts, 7, 200_000) }
func BenchmarkQueue1KiB(b *testing.B) { oneWayQueue(b, drainBytes, make([]byte, 1<<10), 20_000) }
func BenchmarkQueue1MiB(b *testing.B) { oneWayQueue(b, drainBytes, make([]byte, 1<<20), 100) }
func BenchmarkQueue4MiB(b *testing.B) { oneWayQueue(b, drainBytes, make([]byte, 4<<20), 20) }

// BenchmarkQueuePingPong is a round trip.
func BenchmarkQueuePingPong(b *testing.B) { oneWayQueue(b, drainInts, 7, 1) }

func BenchmarkQueueSelf(b *testing.B) {
	ctx := context.Background()
	q := newQueue[int](b, 0)
	for b.Loop() {
		q.Put(ctx, 1)
		q.Get(ctx)
	}
}

func BenchmarkQueueSelfBound(b *testing.B) {
	ctx := context.Background()
	q := newQueue[int](b, 10)
	for b.Loop() {
		q.Put(ctx, 1)
		q.Get(ctx)
	}
}

func BenchmarkQueueSelfString(b *testing.B) {
	ctx := context.Background()
	q := newQueue[string](b, 0)
	for b.Loop() {
		q.Put(ctx, "hello")
		q.Get(ctx)
	}
}

// BenchmarkQueueInt2p2c: two processes put, two get.
func BenchmarkQueueInt2p2c(b *testing.B) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	const batch = 100_000
	n := 0
	for n < b.N {
		b.StopTimer()
		q, ready, got := newQueue[int](b, 0), newQueue[int](b, 0), newQueue[int](b, 0)
		var ps []*mp.Process
		for i := range 4 {
			f := drainInts.Bind(drainTask[int]{q, got, batch / 10})
			if i > 1 {
				f = feedInts.Bind(drainTask[int]{q, ready, batch})
			}
			p, err := mp.Go(ctx, f)
			if err != nil {
				b.Fatal(err)
			}
			ps = append(ps, p)
			if i < 2 {
				if _, err := got.Get(ctx); err != nil {
					b.Fatal(err)
				}
				if i == 1 {
					b.StartTimer()
				}
			}
		}
		for range 2*10 - 1 { // the last round of each is not quite full, perhaps
			if _, err := got.Get(ctx); err != nil {
				b.Fatal(err)
			}
		}
		b.StopTimer()
		n += 2 * batch
		for _, p := range ps {
			p.Kill()
			p.Join(ctx)
		}
		b.StartTimer()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/item")
}

func selfBytes(b *testing.B, n int) {
	ctx := context.Background()
	q := newQueue[[]byte](b, 0)
	v := make([]byte, n)
	b.SetBytes(int64(n))
	for b.Loop() {
		q.Put(ctx, v)
		q.Get(ctx)
	}
}

func BenchmarkQueueSelf1KiB(b *testing.B) { selfBytes(b, 1<<10) }
func BenchmarkQueueSelf1MiB(b *testing.B) { selfBytes(b, 1<<20) }
func BenchmarkQueueSelf4MiB(b *testing.B) { selfBytes(b, 4<<20) }
