package queue_test

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/conexgo/conex/queue"
)

// bg is the context of calls that may wait for ever.
var bg = context.Background()

// A tasked is what all queues can do but the simple one.
type tasked interface {
	Put(context.Context, int) error
	TryPut(int) error
	Get(context.Context) (int, error)
	TryGet() (int, error)
	All(context.Context) iter.Seq[int]
	TaskDone() error
	Join(context.Context) error
	Unfinished() int
	Shutdown()
	ShutdownNow()
	Closed() bool
	Len() int
	Cap() int
	Empty() bool
	Full() bool
}

// kinds are the queues that most tests run over. next says which of the items
// there are, in the order in which they were put, is handed out next.
var kinds = []struct {
	name string
	make func(maxsize int) tasked
	next func(items []int) int
}{
	{"Queue", func(n int) tasked { return queue.New[int](n) }, func([]int) int { return 0 }},
	{"LifoQueue", func(n int) tasked { return queue.NewLifo[int](n) }, func(items []int) int { return len(items) - 1 }},
	{"PriorityQueue", func(n int) tasked { return queue.NewOrdered[int](n) }, smallest},
	{"less", func(n int) tasked { return queue.NewPriority(n, cmp.Less[int]) }, smallest},
	{"CustomQueue", func(n int) tasked { return queue.NewCustom[int](new(middle), n) }, func(items []int) int { return len(items) / 2 }},
}

func smallest(items []int) int { return slices.Index(items, slices.Min(items)) }

// each runs test over all kinds.
func each(t *testing.T, test func(t *testing.T, make func(maxsize int) tasked)) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) { test(t, k.make) })
	}
}

// A middle hands out the item in the middle, which no other store does.
type middle []int

func (m *middle) Len() int { return len(*m) }

func (m *middle) Push(v int) error {
	*m = append(*m, v)
	return nil
}

func (m *middle) Pop() (int, error) {
	at := len(*m) / 2
	v := (*m)[at]
	*m = slices.Delete(*m, at, at+1)
	return v, nil
}

// want fails t if err does not match each of targets; without targets, if it is
// not nil.
func want(t testing.TB, err error, targets ...error) {
	t.Helper()
	if len(targets) == 0 && err != nil {
		t.Errorf("error %v", err)
	}
	for _, target := range targets {
		if !errors.Is(err, target) {
			t.Errorf("error %v, want one that matches %v", err, target)
		}
	}
}

// item fails t if what a get returned is not v.
func item(t testing.TB, want int) func(got int, err error) {
	return func(got int, err error) {
		t.Helper()
		if err != nil || got != want {
			t.Errorf("got %d, error %v; want %d", got, err, want)
		}
	}
}

// operations is how much a stress test does.
func operations() int {
	if n, err := strconv.Atoi(os.Getenv("CONEX_STRESS")); err == nil {
		return n
	}
	return 30_000
}
