//go:build linux

package multiprocessing_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	mp "github.com/conexgo/conex/multiprocessing"
	"github.com/conexgo/conex/queue"
)

// newQueue makes a queue and closes it at the end.
func newQueue[T any](t testing.TB, maxsize int) *mp.Queue[T] {
	t.Helper()
	q, err := mp.NewQueue[T](maxsize)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { q.Close() })
	return q
}

type queuePoint struct {
	X, Y int
	Name string
	More []string
}

// throughQueue puts items and gets them back.
func throughQueue[T any](t *testing.T, items ...T) {
	t.Helper()
	q := newQueue[T](t, 0)
	for i, v := range items {
		if err := q.Put(t.Context(), v); err != nil {
			t.Fatalf("item %d: %v", i, err)
		}
	}
	if n := q.Len(); n != len(items) || q.Empty() || q.Full() {
		t.Errorf("len %d, empty %v, full %v", n, q.Empty(), q.Full())
	}
	for i, want := range items {
		v, err := q.Get(t.Context())
		if err != nil || !reflect.DeepEqual(v, want) {
			t.Fatalf("%T item %d: %v, got %.50v", want, i, err, v)
		}
	}
	if v, err := q.TryGet(); !errors.Is(err, queue.ErrEmpty) || !q.Empty() || q.Len() != 0 {
		t.Errorf("%v, %v", v, err)
	}
}

func TestQueueTypes(t *testing.T) {
	t.Parallel()
	throughQueue(t, 1, 2, -3)
	throughQueue(t, true, false)
	throughQueue(t, "", "a", strings.Repeat("b", 300), strings.Repeat("c", 5000), strings.Repeat("d", 3<<20))
	throughQueue(t, []byte{}, nil, []byte("abc"), make([]byte, 100_000), make([]byte, 2<<20), make([]byte, 9<<20+1))
	throughQueue(t, []int{1, 2}, nil, make([]int, 1_000_000))
	throughQueue(t, queuePoint{}, queuePoint{1, 2, "x", []string{"y"}}, queuePoint{Name: strings.Repeat("z", 4<<20)})
	throughQueue(t, []any{42, nil, "hello"})
	throughQueue[any](t, 42, nil, "hello", []int{1})
	throughQueue(t, struct{}{}, struct{}{})
	throughQueue(t, [3]float64{1, 2, 3})
	throughQueue(t, &queuePoint{X: 1}, nil)
}

func TestQueueBound(t *testing.T) {
	t.Parallel()
	q := newQueue[int](t, 2)
	if q.Cap() != 2 || q.Full() {
		t.Error(q.Cap())
	}
	ended, cancel := context.WithCancelCause(t.Context())
	why := errors.New("why")
	cancel(why)
	for i := range 2 {
		if err := q.Put(ended, i); err != nil { // it need not wait
			t.Fatal(err)
		}
	}
	if err := q.TryPut(9); err != queue.ErrFull || !q.Full() {
		t.Error(err)
	}
	if err := q.Put(ended, 9); !errors.Is(err, queue.ErrFull) || !errors.Is(err, context.Canceled) || !errors.Is(err, why) {
		t.Error(err)
	}
	short, stop := context.WithTimeout(t.Context(), 5*time.Millisecond)
	defer stop()
	if err := q.Put(short, 9); !errors.Is(err, queue.ErrFull) || !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	done := make(chan error)
	go func() { done <- q.Put(t.Context(), 2) }()
	for i := range 3 {
		if v, err := q.Get(t.Context()); v != i || err != nil {
			t.Fatal(v, err)
		}
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if _, err := q.Get(ended); !errors.Is(err, queue.ErrEmpty) || !errors.Is(err, why) {
		t.Error(err)
	}
	q.Put(t.Context(), 7)
	if v, err := q.Get(ended); v != 7 || err != nil {
		t.Error(v, err)
	}
}

// TestQueueOverflow: an unbounded queue takes what the ring does not.
func TestQueueOverflow(t *testing.T) {
	t.Parallel()
	q := newQueue[[]byte](t, 0)
	const n = 3000
	for i := range n { // 12 MB
		if err := q.Put(t.Context(), []byte(strings.Repeat(string(rune('a'+i%26)), 4000+i%7))); err != nil {
			t.Fatal(err)
		}
	}
	if q.Len() != n {
		t.Error(q.Len())
	}
	for i := range n {
		b, err := q.Get(t.Context())
		if err != nil || len(b) != 4000+i%7 || b[0] != byte('a'+i%26) || b[len(b)-1] != b[0] {
			t.Fatal(i, err, len(b))
		}
	}
	q.Close()
	if err := q.JoinThread(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestQueueClose(t *testing.T) {
	t.Parallel()
	q := newQueue[int](t, 1)
	if err := q.JoinThread(t.Context()); !errors.Is(err, mp.ErrNotClosed) {
		t.Error(err)
	}
	waits := make(chan error, 2)
	go func() { _, err := q.Get(t.Context()); waits <- err }()
	full := newQueue[int](t, 1)
	full.Put(t.Context(), 1)
	go func() { waits <- full.Put(t.Context(), 2) }()
	time.Sleep(20 * time.Millisecond) // likely asleep; right either way
	q.Close()
	full.Close()
	for range 2 {
		if err := <-waits; !errors.Is(err, mp.ErrClosed) {
			t.Error(err)
		}
	}
	if err := q.Close(); err != nil {
		t.Error(err)
	}
	if err := q.Put(t.Context(), 1); !errors.Is(err, mp.ErrClosed) {
		t.Error(err)
	}
	if _, err := q.TryGet(); !errors.Is(err, mp.ErrClosed) || !q.Empty() {
		t.Error(err)
	}
	if err := q.JoinThread(t.Context()); err != nil {
		t.Error(err)
	}
	other := newQueue[*mp.Queue[int]](t, 0)
	if err := other.Put(t.Context(), q); !errors.Is(err, mp.ErrClosed) {
		t.Error(err)
	}
}

// TestQueueOfQueues: what comes out is the same queue.
func TestQueueOfQueues(t *testing.T) {
	t.Parallel()
	q := newQueue[*mp.Queue[string]](t, 0)
	a := newQueue[string](t, 3)
	for range 3 {
		q.Put(t.Context(), a)
	}
	q.Put(t.Context(), nil)
	a.Put(t.Context(), "x")
	b, err := q.Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if v, err := b.Get(t.Context()); v != "x" || err != nil || b.Cap() != 3 {
		t.Error(v, err)
	}
	b.Close()
	c, err := q.Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	a.Close()
	c.Put(t.Context(), "y") // the others are closed, this one is not
	if v, err := c.Get(t.Context()); v != "y" || err != nil {
		t.Error(v, err)
	}
	d, _ := q.Get(t.Context())
	d.Close()
	if e, err := q.Get(t.Context()); e != nil || err != nil {
		t.Error(e, err)
	}
}

func TestQueueErrors(t *testing.T) {
	t.Parallel()
	if _, err := mp.NewQueue[chan int](0); err == nil {
		t.Error("a queue of channels")
	}
	if _, err := mp.NewQueue[int](1 << 30); err == nil {
		t.Error("a very long queue")
	}
	q := newQueue[any](t, 0)
	if err := q.Put(t.Context(), make(chan int)); err == nil || q.Len() != 0 {
		t.Error(err)
	}
	var zero mp.Queue[int]
	if err := zero.Put(t.Context(), 1); err == nil {
		t.Error("the zero value")
	}
	zero.Close()
	zero.CancelJoinThread()
	if zero.Len() != 0 || zero.Cap() != 0 || !zero.Empty() || zero.Full() {
		t.Error("the zero value")
	}
}

func TestSimpleQueue(t *testing.T) {
	t.Parallel()
	q, err := mp.NewSimpleQueue[string]()
	if err != nil {
		t.Fatal(err)
	}
	if e, err := q.Empty(); !e || err != nil {
		t.Error(e, err)
	}
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	n := 0
	for err == nil { // until it is full
		if err = q.Put(short, strings.Repeat("x", 1<<16)); err == nil {
			n++
		}
	}
	if !errors.Is(err, queue.ErrFull) || !errors.Is(err, context.DeadlineExceeded) || n != 127 {
		t.Error(n, err)
	}
	done := make(chan error)
	go func() { done <- q.Put(t.Context(), "last") }()
	for range n {
		if _, err := q.Get(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if v, err := q.Get(t.Context()); v != "last" || err != nil || <-done != nil {
		t.Error(v, err)
	}
	q.Close()
	if _, err := q.Empty(); !errors.Is(err, mp.ErrClosed) {
		t.Error(err)
	}
	if err := q.Put(t.Context(), ""); !errors.Is(err, mp.ErrClosed) {
		t.Error(err)
	}
	if _, err := q.Get(t.Context()); !errors.Is(err, mp.ErrClosed) {
		t.Error(err)
	}
}

func TestJoinableQueue(t *testing.T) {
	t.Parallel()
	q, err := mp.NewJoinableQueue[int](0)
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	if err := q.Join(t.Context()); err != nil {
		t.Error(err)
	}
	if err := q.TaskDone(); !errors.Is(err, queue.ErrTooManyDone) {
		t.Error(err)
	}
	for i := range 10 {
		q.Put(t.Context(), i)
	}
	short, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := q.Join(short); !errors.Is(err, context.DeadlineExceeded) || q.Unfinished() != 10 {
		t.Error(err, q.Unfinished())
	}
	joined := make(chan error)
	for range 3 {
		go func() { joined <- q.Join(t.Context()) }()
	}
	for range 10 {
		q.Get(t.Context())
		if err := q.TaskDone(); err != nil {
			t.Error(err)
		}
	}
	for range 3 {
		if err := <-joined; err != nil {
			t.Error(err)
		}
	}
	if err := q.TaskDone(); !errors.Is(err, queue.ErrTooManyDone) {
		t.Error(err)
	}
}

func TestQueueAllocs(t *testing.T) {
	q := newQueue[int](t, 0)
	if n := testing.AllocsPerRun(100, func() {
		q.Put(t.Context(), 1)
		q.Get(t.Context())
	}); n != 0 && !queueRace {
		t.Errorf("int: %v allocations", n)
	}
	s := newQueue[string](t, 0)
	if n := testing.AllocsPerRun(100, func() {
		s.Put(t.Context(), "hello")
		s.Get(t.Context())
	}); n > 1 && !queueRace {
		t.Errorf("string: %v allocations", n)
	}
}
