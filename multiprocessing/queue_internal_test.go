//go:build linux

package multiprocessing

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/internal/peer"
	"github.com/conexgo/conex/queue"
)

// TestQueueScribbled: another program writes to the memory of a queue. Every
// call returns, with an error or without, if its context ends.
func TestQueueScribbled(t *testing.T) {
	for seed := range uint64(60) {
		rnd := rand.New(rand.NewPCG(seed, 3))
		q, err := NewJoinableQueue[any](int(seed % 3 * 10))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Millisecond)
		for i := range 20 {
			q.Put(ctx, []any{i, "hello", make([]int, i)})
		}
		mem := q.core.block.Mem()
		for range 1 + rnd.IntN(20) {
			switch rnd.IntN(3) {
			case 0:
				mem[8+rnd.IntN(500)] = byte(rnd.Uint32())
			case 1:
				mem[4096+rnd.IntN(200)] = byte(rnd.Uint32())
			case 2:
				mem[69632+rnd.IntN(2000)] = byte(rnd.Uint32())
			}
		}
		for range 30 {
			q.Get(ctx)
			q.TryGet()
			q.Put(ctx, 1)
			q.TryPut(nil)
		}
		q.Len()
		q.Empty()
		q.Join(ctx)
		q.Close()
		q.CancelJoinThread()
		q.JoinThread(ctx)
		cancel()
	}
}

// TestQueueCorrupt: what makes no sense is an error that says so.
func TestQueueCorrupt(t *testing.T) {
	q, err := NewQueue[string](0)
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	ctx := t.Context()
	q.Put(ctx, "a")
	q.Put(ctx, "b")
	const data = 69632
	q.core.block.Mem()[data+8] = 200 // the length of the string
	if _, err := q.Get(ctx); !errors.Is(err, ErrCorrupt) {
		t.Error(err)
	}
	if s, err := q.Get(ctx); s != "b" || err != nil { // only that item was lost
		t.Error(s, err)
	}
	q.Put(ctx, "c")
	q.core.block.Mem()[72] = 3 // the tail
	for range 2 {
		if _, err := q.Get(ctx); !errors.Is(err, ErrCorrupt) {
			t.Error(err)
		}
		if err := q.Put(ctx, "d"); !errors.Is(err, ErrCorrupt) {
			t.Error(err)
		}
	}
}

// TestQueueDeadHolder: a lock whose holder has died is taken over.
func TestQueueDeadHolder(t *testing.T) {
	q, err := NewQueue[int](5)
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	dead := peer.New(1<<22, 1)
	for _, off := range []int{64, 128, 384} {
		w := (*atomic.Uint64)(wordOf(q.core, off))
		w.Store(uint64(dead.Start())<<32 | uint64(dead.PID())<<1)
		if err := q.TryPut(off); err != nil && off != 64 {
			t.Error(off, err)
		} else if err != nil {
			if err := q.Put(t.Context(), off); err != nil {
				t.Error(off, err)
			}
		}
		if v, err := q.Get(t.Context()); v != off || err != nil {
			t.Error(v, err)
		}
		w.Store(0)
	}
}

// TestQueueGoroutines: many goroutines of one process, all kinds of calls.
func TestQueueGoroutines(t *testing.T) {
	leak.Check(t)
	n := 2000
	if os.Getenv("CONEX_STRESS") != "" {
		n *= 100
	}
	for _, max := range []int{0, 1, 7} {
		q, err := NewQueue[int](max)
		if err != nil {
			t.Fatal(err)
		}
		var put, got atomic.Int64
		var ps, gs sync.WaitGroup
		ctx, cancel := context.WithCancel(t.Context())
		for g := range 4 {
			ps.Go(func() {
				for i := range n {
					v := g*n + i
					if i%3 == 0 {
						for q.TryPut(v) != nil {
							short, stop := context.WithTimeout(ctx, time.Microsecond)
							err := q.Put(short, v)
							stop()
							if err == nil {
								break
							} else if !errors.Is(err, queue.ErrFull) {
								t.Error(err)
							}
						}
					} else if err := q.Put(ctx, v); err != nil {
						t.Error(err)
					}
					put.Add(int64(v))
				}
			})
			last := [4]int{-1, -1, -1, -1}
			gs.Go(func() {
				for v, err := range q.All(ctx) {
					if err != nil {
						t.Error(err)
					}
					if p := v / n; v <= last[p] {
						t.Errorf("%d after %d", v, last[p])
					} else {
						last[p] = v
					}
					got.Add(int64(v))
				}
			})
		}
		ps.Wait()
		for !q.Empty() || q.Len() > 0 || got.Load() != put.Load() {
			time.Sleep(time.Millisecond)
			if t.Failed() {
				break
			}
		}
		cancel()
		gs.Wait()
		q.Close()
	}
}

// TestQueueManyWaiters: goroutines that wait are no threads.
func TestQueueManyWaiters(t *testing.T) {
	leak.Check(t)
	q, err := NewQueue[int](0)
	if err != nil {
		t.Fatal(err)
	}
	before := threadsNow(t)
	const n = 2000
	var sum atomic.Int64
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			v, err := q.Get(t.Context())
			if err != nil {
				t.Error(err)
			}
			sum.Add(int64(v))
		})
	}
	for q.core.getTurn.Waiting() < n-1 {
		time.Sleep(time.Millisecond)
	}
	if k := threadsNow(t); k > before+15 {
		t.Errorf("%d threads more", k-before)
	}
	for range n {
		q.Put(t.Context(), 1)
	}
	wg.Wait()
	if sum.Load() != n {
		t.Error(sum.Load())
	}
	q.Close()
}

func threadsNow(t *testing.T) int {
	list, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

func wordOf(c *queueCore, off int) unsafe.Pointer { return unsafe.Pointer(&c.block.Mem()[off]) }
