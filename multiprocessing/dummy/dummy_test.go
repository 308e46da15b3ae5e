package dummy_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/multiprocessing/dummy"
	"github.com/conexgo/conex/multiprocessing/pool"
	"github.com/conexgo/conex/queue"
	"github.com/conexgo/conex/threading"
)

type square struct {
	Of int
	To *dummy.Queue[int]
}

var (
	errBad  = errors.New("bad")
	squares = conex.Register("test/dummy/square", func(ctx context.Context, s square) (int, error) {
		if s.Of < 0 {
			return 0, errBad
		}
		return s.Of * s.Of, s.To.Put(ctx, s.Of*s.Of)
	})
	waits = conex.Register("test/dummy/wait", func(ctx context.Context, e *dummy.Event) (int, error) { return 0, e.Wait(ctx) })
	pow   = conex.Register("test/dummy/pow", func(_ context.Context, x int) (int, error) { return x * x, nil })
)

func Example() {
	ctx := context.Background()
	q, _ := dummy.NewQueue[int](0)
	p, err := dummy.Go(ctx, squares.Bind(square{7, q}), dummy.WithName("worker"))
	if err != nil {
		fmt.Println(err)
		return
	}
	n, _ := q.Get(ctx)
	p.Join(ctx)
	code, _ := p.ExitCode()
	fmt.Println(n, p.Name(), code)
	// Output: 49 worker 0
}

func TestProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, leave := threading.Adopt(t.Context(), threading.WithName("parent"))
		defer leave()
		other, leaveOther := threading.Adopt(t.Context())
		defer leaveOther()
		e, _ := dummy.NewEvent()
		p := dummy.New(waits.Bind(e))
		if _, ok := p.ExitCode(); ok || p.Alive() || len(dummy.ActiveChildren(ctx)) != 0 {
			t.Error("it lives before its start")
		}
		if err := p.Start(ctx); err != nil {
			t.Fatal(err)
		}
		if err := p.Start(ctx); !errors.Is(err, threading.ErrAlreadyStarted) {
			t.Errorf("started twice: %v", err)
		}
		if !slices.Equal(dummy.ActiveChildren(ctx), []*dummy.Process{p}) || len(dummy.ActiveChildren(other)) != 0 {
			t.Errorf("children %v and %v", dummy.ActiveChildren(ctx), dummy.ActiveChildren(other))
		}
		short, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		if err := p.Join(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if _, ok := p.ExitCode(); ok {
			t.Error("it has an exit code while it lives")
		}
		e.Set()
		if err := p.Join(ctx); err != nil {
			t.Error(err)
		}
		if code, ok := p.ExitCode(); code != 0 || !ok || len(dummy.ActiveChildren(ctx)) != 0 {
			t.Errorf("exit code %d, %v; children %v", code, ok, dummy.ActiveChildren(ctx))
		}
		if dummy.CurrentProcess(ctx).Name() != "parent" {
			t.Errorf("current process %v", dummy.CurrentProcess(ctx))
		}
		// As in Python, a failure is the thread's, and the exit code 0.
		old := threading.SetExceptHook(func(threading.ExceptHookArgs) {})
		defer func() { threading.SetExceptHook(old) }()
		bad, err := dummy.Go(ctx, squares.Bind(square{Of: -1}), dummy.WithDaemon(true))
		if err != nil {
			t.Fatal(err)
		}
		bad.Join(ctx)
		if code, ok := bad.ExitCode(); code != 0 || !ok || !errors.Is(bad.Err(), errBad) || !bad.Daemon() {
			t.Errorf("exit code %d, %v, %v", code, ok, bad.Err())
		}
		dummy.FreezeSupport()
		dummy.Shutdown()
	})
}

// The constructors make what packages threading and queue have.
func TestSync(t *testing.T) {
	ctx, leave := threading.Adopt(t.Context())
	defer leave()
	l, _ := dummy.NewLock()
	r, _ := dummy.NewRLock()
	c, _ := dummy.NewCondition(r)
	s, _ := dummy.NewSemaphore(2)
	b, _ := dummy.NewBoundedSemaphore(1)
	for i, with := range []func(context.Context, func(context.Context) error) error{l.With, r.With, c.With, s.With, b.With} {
		ran := false
		if err := with(ctx, func(context.Context) error { ran = true; return nil }); err != nil || !ran {
			t.Errorf("%d: %v, %v", i, ran, err)
		}
	}
	if _, err := dummy.NewSemaphore(-1); !errors.Is(err, threading.ErrNegativeValue) {
		t.Error(err)
	}
	if _, err := dummy.NewBarrier(0); !errors.Is(err, threading.ErrParties) {
		t.Error(err)
	}
	if bar, err := dummy.NewBarrier(1); err != nil || bar.Parties() != 1 {
		t.Error(err)
	}
	q, _ := dummy.NewQueue[int](1)
	j, _ := dummy.NewJoinableQueue[int](0)
	z, _ := dummy.NewSimpleQueue[int]()
	if q.TryPut(1) != nil || !errors.Is(q.TryPut(2), queue.ErrFull) || j.TryPut(1) != nil || func() bool { z.Put(3); return z.Len() != 1 }() {
		t.Error("queues")
	}
	j.Get(ctx)
	if err := errors.Join(j.TaskDone(), j.Join(ctx)); err != nil {
		t.Error(err)
	}
}

func TestPipe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		a, b, err := dummy.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		short, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		if ok, err := b.Poll(short); ok || err != nil {
			t.Errorf("polled %v, %v", ok, err)
		}
		if _, err := b.Recv(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		list := []any{1, "hello", nil}
		go func() {
			time.Sleep(time.Second)
			a.Send(ctx, list)
			a.SendBytes(ctx, []byte("thank you"))
			dummy.Send(ctx, a, 5)
			dummy.Send(ctx, a, "no number")
			a.Close()
		}()
		if ok, err := b.Poll(ctx); !ok || err != nil {
			t.Errorf("polled %v, %v", ok, err)
		}
		if got, err := b.Recv(ctx); err != nil || &got.([]any)[0] != &list[0] {
			t.Errorf("got %v, %v", got, err)
		}
		if got, err := b.RecvBytes(ctx); err != nil || string(got) != "thank you" {
			t.Errorf("got %q, %v", got, err)
		}
		if got, err := dummy.Recv[int](ctx, b); err != nil || got != 5 {
			t.Errorf("got %d, %v", got, err)
		}
		if _, err := dummy.Recv[int](ctx, b); !errors.Is(err, dummy.ErrType) {
			t.Errorf("got %v", err)
		}
		synctest.Wait()
		for range 2 {
			if _, err := b.Recv(ctx); err != io.EOF {
				t.Errorf("at the end: %v", err)
			}
			if ok, err := b.TryPoll(); !ok || err != nil {
				t.Errorf("the end cannot be polled: %v, %v", ok, err)
			}
		}
		if err := b.Send(ctx, 1); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("got %v", err)
		}
		a.Close()
		if _, err := a.Poll(ctx); err != dummy.ErrClosed || a.Send(ctx, 1) != dummy.ErrClosed {
			t.Errorf("after Close: %v", err)
		}
		if _, err := a.Recv(ctx); err != dummy.ErrClosed {
			t.Errorf("after Close: %v", err)
		}
		if _, err := a.TryPoll(); err != dummy.ErrClosed {
			t.Errorf("after Close: %v", err)
		}
		// A reader that waits hears of its own end's closing.
		c, _, _ := dummy.Pipe()
		go func() { time.Sleep(time.Second); c.Close() }()
		if _, err := c.Recv(ctx); err != dummy.ErrClosed {
			t.Errorf("got %v", err)
		}
	})
}

func TestListener(t *testing.T) {
	leak.Check(t)
	ctx := t.Context()
	l, err := dummy.Listen(1)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		c, err := l.Accept(ctx)
		if err == nil {
			err = c.Send(ctx, "welcome")
		}
		done <- err
	}()
	c, err := dummy.Dial(ctx, l.Address())
	if err != nil {
		t.Fatal(err)
	}
	if s, err := dummy.Recv[string](ctx, c); s != "welcome" || err != nil {
		t.Errorf("got %q, %v", s, err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	dummy.Dial(ctx, l.Address()) // fills the backlog
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := dummy.Dial(ended, l.Address()); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	l.Close()
	if _, err := l.Accept(ctx); !errors.Is(err, dummy.ErrClosed) {
		t.Errorf("got %v", err)
	}
	if _, err := dummy.Dial(ctx, l.Address()); !errors.Is(err, dummy.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

func TestManager(t *testing.T) {
	m, err := dummy.NewManager()
	if err != nil {
		t.Fatal(err)
	}
	defer m.Shutdown()
	n := m.Namespace()
	n.Set("y", "hello")
	n.Set("x", 10)
	n.Set("_z", 12.3)
	n.Set("gone", 1)
	n.Delete("gone")
	if s := n.String(); s != `Namespace(x=10, y="hello")` {
		t.Error(s)
	}
	if v, ok := n.Get("_z"); v != 12.3 || !ok {
		t.Error(v, ok)
	}
	if _, ok := n.Get("gone"); ok {
		t.Error("deleted and there")
	}
	from := map[float64]any{0.25: nil}
	d := dummy.NewDict(from)
	d[1] = "1"
	if len(from) != 1 || len(d) != 2 {
		t.Error(d, from)
	}
	if l := dummy.NewList(3, 2, 1); !slices.Equal(l, dummy.List[int]{3, 2, 1}) {
		t.Error(l)
	}
	v, _ := dummy.NewValue(2.5)
	v.Set(v.Get() * 2)
	if v.V != 5 || v.String() != "Value(5)" {
		t.Error(v)
	}
	if a, err := dummy.NewArray[int32](3); len(a) != 3 || err != nil {
		t.Error(a, err)
	}
	if _, err := dummy.NewArray[int32](-1); err == nil {
		t.Error("an array of -1 items")
	}
	if m.Lock().Locked() || m.RLock().Locked() || m.Event().IsSet() {
		t.Error("not fresh")
	}
	if _, err := m.Condition(nil); err != nil {
		t.Error(err)
	}
	if s, err := m.Semaphore(3); s.Value() != 3 || err != nil {
		t.Error(err)
	}
	if b, err := m.Barrier(2); b.Parties() != 2 || err != nil {
		t.Error(err)
	}
}

func TestPool(t *testing.T) {
	leak.Check(t)
	ctx := t.Context()
	p, err := dummy.NewPool(pool.ThreadConfig{Processes: 2})
	if err != nil {
		t.Fatal(err)
	}
	got, err := pool.Map(ctx, p, pow, []int{1, 2, 3})
	if err != nil || !slices.Equal(got, []int{1, 4, 9}) {
		t.Errorf("got %v, %v", got, err)
	}
	p.Close()
	if err := p.Join(ctx); err != nil {
		t.Error(err)
	}
}
