package queue_test

import (
	"context"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/conexgo/conex/queue"
)

// An item that has left the queue is not kept alive by it.
func TestNoReferences(t *testing.T) {
	type big struct{ _ [100]int }
	less := func(a, b *big) bool { return false }
	var simple queue.SimpleQueue[*big]
	for name, q := range map[string]interface {
		Get(context.Context) (*big, error)
	}{
		"Queue": queue.New[*big](0), "LifoQueue": queue.NewLifo[*big](0), "PriorityQueue": queue.NewPriority(0, less), "SimpleQueue": &simple,
	} {
		const n = 100
		freed := make(chan bool, n)
		for range n {
			v := new(big)
			runtime.AddCleanup(v, func(freed chan bool) { freed <- true }, freed)
			switch q := q.(type) {
			case interface{ TryPut(*big) error }:
				want(t, q.TryPut(v))
			case *queue.SimpleQueue[*big]:
				q.Put(v)
			}
		}
		for range n / 2 {
			q.Get(bg)
		}
		runtime.GC()
		for i := range n/2 - 1 { // the last one may still be in a register
			select {
			case <-freed:
			case <-time.After(10 * time.Second):
				t.Fatalf("%s: only %d of %d items were freed", name, i, n/2)
			}
		}
		runtime.KeepAlive(q)
	}
}

// A queue that has grown gives its memory back.
func TestGivesMemoryBack(t *testing.T) {
	for _, k := range kinds[:4] {
		t.Run(k.name, func(t *testing.T) {
			heap := func() uint64 {
				var m runtime.MemStats
				runtime.GC()
				runtime.GC()
				runtime.ReadMemStats(&m)
				return m.HeapAlloc
			}
			q := k.make(0)
			before := heap()
			for range 1 << 17 {
				q.TryPut(rand.Int())
			}
			for range 1 << 17 {
				q.TryGet()
			}
			if after := heap(); after > before+1<<18 {
				t.Errorf("%d KiB are left", (after-before)>>10)
			}
			want(t, q.TryPut(1))
			item(t, 1)(q.TryGet())
		})
	}
}

// Nothing is allocated for a call that need not wait, nor for one that does,
// if its context cannot end.
func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	ctx, cancel := context.WithCancel(bg)
	defer cancel()
	for _, k := range kinds[:4] {
		q := k.make(8)
		if n := testing.AllocsPerRun(1000, func() {
			for i := range 8 {
				q.Put(ctx, i)
			}
			for range 8 {
				q.Get(ctx)
				q.TaskDone()
			}
			q.TryGet()
			q.Join(ctx)
		}); n != 0 {
			t.Errorf("%s: %v allocations", k.name, n)
		}
	}
}
