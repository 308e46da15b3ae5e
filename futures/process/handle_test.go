package process_test

import (
	"context"
	"io"
	"os"
	"slices"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/futures/process"
	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/handle"
	"github.com/conexgo/conex/internal/leak"
)

// A counter is what locks and queues are: memory that several processes share.
type counter struct{ b *handle.Block }

func newCounter(t *testing.T) *counter {
	t.Helper()
	b, err := handle.New(8)
	if err != nil {
		t.Fatal(err)
	}
	return &counter{b}
}

func (c *counter) AppendHandle(e *codec.Encoder) error { return c.b.Append(e) }

func (c *counter) ReadHandle(d *codec.Decoder) (err error) {
	c.b, err = handle.Read(d, 8)
	return err
}

func (c *counter) word() *atomic.Int64 { return (*atomic.Int64)(unsafe.Pointer(&c.b.Mem()[0])) }

// An end is what connections are: a descriptor.
type end struct{ f *os.File }

func (n *end) AppendHandle(e *codec.Encoder) error { return handle.AppendFile(e, n.f) }

func (n *end) ReadHandle(d *codec.Decoder) (err error) {
	n.f, err = handle.ReadFile(d)
	return err
}

type parcel struct {
	Name string
	One  *counter
	None *counter
	More map[string][]*counter
	Any  any
}

func init() { conex.RegisterType[*counter]("test.counter") }

var (
	keptCounter *counter

	keepCounter = conex.Register("test.keepCounter", func(_ context.Context, p parcel) (none, error) {
		keptCounter = p.One
		p.More["x"][1].word().Add(100)
		return none{}, nil
	})
	addKept = conex.Register("test.addKept", func(_ context.Context, n int) (int64, error) {
		return keptCounter.word().Add(int64(n)), nil
	})
	openParcel = conex.Register("test.openParcel", func(_ context.Context, p parcel) (parcel, error) {
		if p.None != nil || p.One.b != p.More["x"][0].b && p.One.b.Key() != p.More["x"][0].b.Key() {
			return p, errTest
		}
		p.One.word().Add(1)
		p.More["x"][1].word().Add(10)
		p.Any.(*counter).word().Add(1000)
		b, err := handle.New(100_000)
		if err != nil {
			return p, err
		}
		p.None = &counter{b}
		p.None.word().Store(7)
		return p, nil
	})
	writeEnd = conex.Register("test.writeEnd", func(_ context.Context, n *end) (int, error) {
		defer n.f.Close()
		return n.f.WriteString("hello")
	})
	napShort = conex.Register("test.napShort", func(_ context.Context, d time.Duration) (none, error) {
		time.Sleep(d)
		return none{}, nil
	})
	manyCounters = conex.Register("test.manyCounters", func(_ context.Context, cs []*counter) (int, error) {
		for _, c := range cs {
			c.word().Add(1)
		}
		return len(cs), nil
	})
)

// Handles reach a worker's initialiser and its tasks, stay valid after them,
// and come back; several that are the same memory stay the same.
func TestHandles(t *testing.T) {
	leak.Check(t)
	a, b, c := newCounter(t), newCounter(t), newCounter(t)
	p := parcel{Name: "p", One: a, More: map[string][]*counter{"x": {a, b}}, Any: c}
	pool, err := process.NewPool(process.Config{Workers: 2, Init: keepCounter.Bind(p)})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	ctx := t.Context()
	for range 20 {
		if _, err := futures.Submit(ctx, pool, addKept, 1).Result(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if a.word().Load() != 20 || b.word().Load()%100 != 0 || b.word().Load() == 0 {
		t.Errorf("initialised with other memory: %d, %d", a.word().Load(), b.word().Load())
	}
	b.word().Store(0)
	back, err := futures.Submit(ctx, pool, openParcel, p).Result(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if a.word().Load() != 21 || b.word().Load()%100 != 10 || c.word().Load() != 1000 {
		t.Errorf("the task has other memory: %d, %d, %d", a.word().Load(), b.word().Load(), c.word().Load())
	}
	if back.One.b.Key() != a.b.Key() || &back.One.b.Mem()[0] != &a.b.Mem()[0] {
		t.Error("what comes back is mapped twice")
	}
	if back.None.word().Load() != 7 {
		t.Error("a worker's memory did not come with the result")
	}
	// As items of a Map, and one handle many times over.
	n := 0
	for _, err := range futures.Map(ctx, pool, manyCounters, slices.Values([][]*counter{{a}, {b, b}, make([]*counter, 0), slices.Repeat([]*counter{c}, 400)})) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != 4 || a.word().Load() != 22 || b.word().Load()%100 != 12 || c.word().Load() != 1400 {
		t.Errorf("%d items: %d, %d, %d", n, a.word().Load(), b.word().Load(), c.word().Load())
	}
}

// A descriptor that a task was given is closed with it: its other end sees it.
func TestBareHandle(t *testing.T) {
	leak.Check(t)
	pool, err := process.NewPool(process.Config{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	ctx := t.Context()
	for range 5 {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		f := futures.Submit(ctx, pool, writeEnd, &end{w})
		w.Close()
		if n, err := f.Result(ctx); n != 5 || err != nil {
			t.Fatal(n, err)
		}
		r.SetReadDeadline(time.Now().Add(20 * time.Second))
		if got, err := io.ReadAll(r); string(got) != "hello" || err != nil {
			t.Errorf("got %q, %v", got, err)
		}
		r.Close()
	}
}

// So is one of a task that was sent to one worker, and then taken back for
// another.
func TestBareHandleMoves(t *testing.T) {
	leak.Check(t)
	pool, err := process.NewPool(process.Config{Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	ctx := t.Context()
	for range 20 {
		var readers []*os.File
		var fs []*futures.Future[int]
		for i := range 40 {
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			readers = append(readers, r)
			fs = append(fs, futures.Submit(ctx, pool, writeEnd, &end{w}))
			w.Close()
			if i%10 == 0 {
				futures.Submit(ctx, pool, napShort, time.Duration(i)*100*time.Microsecond)
			}
		}
		for i, r := range readers {
			r.SetReadDeadline(time.Now().Add(20 * time.Second))
			if got, err := io.ReadAll(r); string(got) != "hello" || err != nil {
				t.Fatalf("pipe %d: %q, %v; the task: %v", i, got, err, fs[i].Err(ctx))
			}
			r.Close()
		}
	}
}

// Handles go to isolated goroutines as to processes.
func TestHandlesIsolated(t *testing.T) {
	leak.Check(t)
	pool, err := futures.NewIsolatedPool(futures.ThreadConfig{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	a, b, c := newCounter(t), newCounter(t), newCounter(t)
	back, err := futures.Submit(t.Context(), pool, openParcel, parcel{One: a, More: map[string][]*counter{"x": {a, b}}, Any: c}).Result(t.Context())
	if err != nil || back.None.word().Load() != 7 || a.word().Load() != 1 {
		t.Errorf("%v, %d", err, a.word().Load())
	}
}
