//go:build linux

package multiprocessing_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/handle"
	"github.com/conexgo/conex/internal/leak"
	mp "github.com/conexgo/conex/multiprocessing"
	"github.com/conexgo/conex/queue"
)

// An queueOrder is a job for another process, with the way back.
type queueOrder struct {
	N     int
	Back  *mp.Queue[string]
	Board *tally
	Buf   *conex.Buffer
	Any   any
	Same  []*queueCell
}

type queueOrders struct {
	In    *mp.Queue[queueOrder]
	Tasks *mp.JoinableQueue[int]
	Done  *mp.SimpleQueue[string]
	Size  int
}

// A queueCell is a small thing that processes share, as a lock is.
type queueCell struct{ b *handle.Block }

func (c *queueCell) AppendHandle(e *codec.Encoder) error { return c.b.Append(e) }
func (c *queueCell) ReadHandle(d *codec.Decoder) (err error) {
	c.b, err = handle.Read(d, 64)
	return err
}

func (c *queueCell) word() *atomic.Uint32 { return (*atomic.Uint32)(unsafe.Pointer(&c.b.Mem()[0])) }

func init() { conex.RegisterType[*mp.Queue[string]]("test/queue/queueOfStrings") }

var (
	serveOrders = conex.Register("test/queue/serve", func(ctx context.Context, o queueOrders) (none, error) {
		for {
			x, err := o.In.Get(ctx)
			if err != nil {
				return none{}, err
			}
			if x.Back == nil {
				return none{}, o.In.Close()
			}
			x.Board.word(0).Add(uint32(x.N))
			for _, c := range x.Same {
				c.word().Add(uint32(x.N))
			}
			x.Buf.Bytes()[0]++
			x.Buf.Close()
			if err := x.Back.Put(ctx, fmt.Sprint("got ", x.N)); err != nil {
				return none{}, err
			}
			if q, ok := x.Any.(*mp.Queue[string]); ok {
				q.Put(ctx, "any")
				q.Close()
			}
			x.Back.Close()
		}
	})
	putMuch = conex.Register("test/queue/putMuch", func(ctx context.Context, b queueFlood) (none, error) {
		for i := range b.N {
			if err := b.Q.Put(ctx, strings.Repeat(string(rune('a'+i%26)), b.Size)); err != nil {
				return none{}, err
			}
		}
		if b.Cancel {
			b.Q.CancelJoinThread()
		}
		b.Ready.Put(ctx, "ready")
		if b.Block {
			<-ctx.Done()
		}
		return none{}, nil
	})
	doTasks = conex.Register("test/queue/doTasks", func(ctx context.Context, o queueOrders) (none, error) {
		for {
			n, err := o.Tasks.Get(ctx)
			if err != nil {
				return none{}, err
			}
			if n == 13 {
				os.Exit(3) // not done
			}
			if err := o.Tasks.TaskDone(); err != nil {
				return none{}, err
			}
			if n < 0 {
				return none{}, nil
			}
		}
	})
)

type queueFlood struct {
	Q             *mp.Queue[string]
	Ready         *mp.SimpleQueue[string]
	N, Size       int
	Cancel, Block bool
}

// everyQueueMethod runs f under all start methods.
func everyQueueMethod(t *testing.T, f func(t *testing.T, opt mp.Option)) {
	for _, m := range mp.AllStartMethods() {
		t.Run(string(m), func(t *testing.T) {
			f(t, mp.WithContext(mp.Context{Method: m}))
			mp.StopForkServer()
		})
	}
}

func queueEnds(t *testing.T, p *mp.Process) {
	t.Helper()
	if err := p.Join(within(t, 30*time.Second)); err != nil || p.Err() != nil {
		t.Fatal(err, p.Err())
	}
}

// TestQueueHandles: queues, memory and buffers travel as parts of items.
func TestQueueHandles(t *testing.T) {
	everyQueueMethod(t, func(t *testing.T, opt mp.Option) {
		leak.Check(t)
		ctx := within(t, 30*time.Second)
		in, err := mp.NewQueue[queueOrder](0)
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		back, err := mp.NewQueue[string](0)
		if err != nil {
			t.Fatal(err)
		}
		defer back.Close()
		p, err := mp.Go(ctx, serveOrders.Bind(queueOrders{In: in}), opt)
		if err != nil {
			t.Fatal(err)
		}
		b := newTally(t)
		small := make([]*queueCell, 300) // of the same arena
		for i := range small {
			block, err := handle.New(64)
			if err != nil {
				t.Fatal(err)
			}
			small[i] = &queueCell{block}
		}
		buf, err := conex.NewBuffer(100_000)
		if err != nil {
			t.Fatal(err)
		}
		defer buf.Close()
		const n = 20
		for i := range n {
			if err := in.Put(ctx, queueOrder{N: i, Back: back, Board: b, Buf: buf, Any: back, Same: small}); err != nil {
				t.Fatal(err)
			}
		}
		in.Put(ctx, queueOrder{})
		for i := range n {
			if s, err := back.Get(ctx); err != nil || s != fmt.Sprint("got ", i) {
				t.Fatal(s, err)
			}
			if s, err := back.Get(ctx); err != nil || s != "any" {
				t.Fatal(s, err)
			}
		}
		queueEnds(t, p)
		if x := b.word(0).Load(); x != n*(n-1)/2 || buf.Bytes()[0] != n || small[299].word().Load() != x {
			t.Error(x, buf.Bytes()[0])
		}
	})
}

// TestQueueManyDescriptors: what the kernel does not take at once is buffered.
func TestQueueManyDescriptors(t *testing.T) {
	leak.Check(t)
	q, err := mp.NewQueue[*mp.Queue[int]](0)
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	x, err := mp.NewQueue[int](0)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	const n = 400 // more than fit into the socket
	for range n {
		if err := q.Put(t.Context(), x); err != nil {
			t.Fatal(err)
		}
	}
	for range n {
		y, err := q.Get(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		y.Close()
	}
	// And too many in one item.
	many, err := mp.NewQueue[[]*mp.Queue[int]](0)
	if err != nil {
		t.Fatal(err)
	}
	defer many.Close()
	list := make([]*mp.Queue[int], 130)
	for i := range list {
		list[i] = x
	}
	if err := many.Put(t.Context(), list); err == nil || many.Len() != 0 { // the same memory, but a pair of sockets each
		t.Error("130 queues in an item: ", err)
	}
	cells, err := mp.NewQueue[[]*queueCell](0)
	if err != nil {
		t.Fatal(err)
	}
	defer cells.Close()
	block, err := handle.New(64)
	if err != nil {
		t.Fatal(err)
	}
	c := &queueCell{block}
	if err := cells.Put(t.Context(), slices.Repeat([]*queueCell{c}, 20_001)); err == nil || cells.Len() != 0 {
		t.Error("20,001 handles in an item: ", err)
	}
	if err := cells.Put(t.Context(), slices.Repeat([]*queueCell{c}, 20_000)); err != nil {
		t.Fatal(err)
	}
	if list, err := cells.Get(t.Context()); err != nil || len(list) != 20_000 || list[7].word() != c.word() {
		t.Error(err, len(list))
	}
}

// TestQueueExit: a process that ends passes on what it has buffered.
func TestQueueExit(t *testing.T) {
	everyQueueMethod(t, func(t *testing.T, opt mp.Option) {
		leak.Check(t)
		ctx := within(t, 60*time.Second)
		q, _ := mp.NewQueue[string](0)
		defer q.Close()
		ready, _ := mp.NewSimpleQueue[string]()
		defer ready.Close()
		const n, size = 1000, 10_000
		p, err := mp.Go(ctx, putMuch.Bind(queueFlood{Q: q, Ready: ready, N: n, Size: size}), opt)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ready.Get(ctx); err != nil {
			t.Fatal(err)
		}
		if q.Len() != n || !p.Alive() {
			t.Errorf("%d items, %v", q.Len(), p)
		}
		for i := range n {
			if s, err := q.Get(ctx); err != nil || len(s) != size || s[0] != byte('a'+i%26) {
				t.Fatal(i, err, len(s))
			}
		}
		queueEnds(t, p)

		// Nobody gets anything, and the process ends all the same.
		p, err = mp.Go(ctx, putMuch.Bind(queueFlood{Q: q, Ready: ready, N: n, Size: size, Cancel: true}), opt)
		if err != nil {
			t.Fatal(err)
		}
		queueEnds(t, p)
		if q.Len() >= n { // those that were in its buffer are gone
			t.Error(q.Len())
		}
	})
}

// TestQueueKilledBuffer: what a killed process had buffered does not count
// against the bound.
func TestQueueKilledBuffer(t *testing.T) {
	leak.Check(t)
	ctx := within(t, 60*time.Second)
	const n, size = 300, 64 << 10
	q, _ := mp.NewQueue[string](n)
	defer q.Close()
	ready, _ := mp.NewSimpleQueue[string]()
	defer ready.Close()
	p, err := mp.Go(ctx, putMuch.Bind(queueFlood{Q: q, Ready: ready, N: n, Size: size, Block: true}))
	if err != nil {
		t.Fatal(err)
	}
	ready.Get(ctx)
	if !q.Full() || q.TryPut("x") != queue.ErrFull {
		t.Error("not full: ", q.Len())
	}
	put := make(chan error)
	go func() { put <- q.Put(ctx, "y") }()
	p.Kill()
	p.Join(ctx)
	if err := <-put; err != nil {
		t.Error(err)
	}
	if q.Full() || q.Len() > 129 {
		t.Error(q.Len())
	}
}

// TestJoinableLost: what a process took and did not report is lost when it ends,
// and Join says so.
func TestJoinableLost(t *testing.T) {
	leak.Check(t)
	ctx := within(t, 60*time.Second)
	q, _ := mp.NewJoinableQueue[int](0)
	defer q.Close()
	joined := make(chan error)
	for i := range 20 {
		q.Put(ctx, i)
	}
	go func() { joined <- q.Join(ctx) }()
	p, err := mp.Go(ctx, doTasks.Bind(queueOrders{Tasks: q}))
	if err != nil {
		t.Fatal(err)
	}
	p.Join(ctx) // after 13
	if n := q.Unfinished(); n != 6 {
		t.Error(n)
	}
	q.Put(ctx, -1)
	p, err = mp.Go(ctx, doTasks.Bind(queueOrders{Tasks: q}))
	if err != nil {
		t.Fatal(err)
	}
	queueEnds(t, p)
	err = <-joined
	var lost *mp.LostTasksError
	if !errors.As(err, &lost) || lost.Count != 1 || !errors.Is(err, mp.ErrOwnerDied) || !errors.Is(err, mp.ErrProcess) {
		t.Error(err)
	}
}

// TestQueueWrongType: a queue of one type does not become one of another.
func TestQueueWrongType(t *testing.T) {
	q := newQueue[int](t, 0)
	var e codec.Encoder
	if err := q.AppendHandle(&e); err != nil {
		t.Fatal(err)
	}
	dec := func() *codec.Decoder {
		return &codec.Decoder{Buf: e.Buf, Handles: func(i uint64) (any, error) { return e.Handles[i], nil }}
	}
	var s mp.Queue[string]
	if err := s.ReadHandle(dec()); !errors.Is(err, mp.ErrCorrupt) {
		t.Error(err)
	}
	var j mp.JoinableQueue[int]
	if err := j.ReadHandle(dec()); !errors.Is(err, mp.ErrCorrupt) {
		t.Error(err)
	}
	var same mp.Queue[int]
	if err := same.ReadHandle(dec()); err != nil {
		t.Error(err)
	}
	same.Close()
}
