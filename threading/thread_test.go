package threading

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/conexgo/conex/internal/current"
	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/internal/mainctx"
)

var errTest = errors.New("test")

func TestLife(t *testing.T) {
	leak.Check(t)
	ctx := context.Background()
	begin, end := make(chan struct{}), make(chan struct{})
	var inside *Thread
	var insideID ID
	th := New(func(ctx context.Context) error {
		inside, insideID = Current(ctx), Ident(ctx)
		close(begin)
		<-end
		return nil
	}, WithName("worker"))
	if _, ok := th.ID(); ok || th.Alive() || th.Name() != "worker" || th.Daemon() || th.Err() != nil {
		t.Errorf("before the start: %v", th)
	}
	if err := th.Join(ctx); err != ErrNotStarted {
		t.Errorf("Join before the start: %v", err)
	}
	if err := th.Start(ctx); err != nil {
		t.Fatal(err)
	}
	<-begin
	id, ok := th.ID()
	if !ok || id <= 1 || insideID != id || inside != th || !th.Alive() {
		t.Errorf("alive: %v, inside %v, %d", th, inside, insideID)
	}
	if !slices.Contains(Enumerate(), th) {
		t.Error("not enumerated")
	}
	if err := th.Start(ctx); err != ErrAlreadyStarted {
		t.Errorf("second Start: %v", err)
	}
	close(end)
	for range 3 {
		if err := th.Join(ctx); err != nil {
			t.Error(err)
		}
	}
	if after, ok := th.ID(); !ok || after != id || th.Alive() || slices.Contains(Enumerate(), th) {
		t.Errorf("after the end: %v", th)
	}
	if err := th.Start(ctx); err != ErrAlreadyStarted {
		t.Errorf("Start after the end: %v", err)
	}
}

// Many threads at once, which are all seen, and have identities of their own.
func TestVarious(t *testing.T) {
	leak.Check(t)
	const n = 10
	before := ActiveCount()
	var mu sync.Mutex
	ids := map[ID]bool{}
	release := make(chan struct{})
	var threads []*Thread
	for i := range n {
		th, err := Go(context.Background(), func(ctx context.Context) error {
			mu.Lock()
			ids[Ident(ctx)] = true
			mu.Unlock()
			<-release
			return nil
		}, WithName(fmt.Sprint("<thread ", i, ">")))
		if err != nil {
			t.Fatal(err)
		}
		threads = append(threads, th)
	}
	all := Enumerate()
	if len(all) != before+n || ActiveCount() != before+n || all[0] != Main() {
		t.Errorf("%d threads, %d counted, %d before", len(all), ActiveCount(), before)
	}
	if !slices.Equal(all[len(all)-n:], threads) {
		t.Errorf("not in the order of their start: %v", all)
	}
	close(release)
	for _, th := range threads {
		th.Join(context.Background())
		if slices.Contains(Enumerate(), th) {
			t.Errorf("%v is joined and still there", th)
		}
	}
	if len(ids) != n || ActiveCount() != before {
		t.Errorf("%d identities, %d threads", len(ids), ActiveCount())
	}
}

func TestZero(t *testing.T) {
	ctx := context.Background()
	var th Thread
	var tm Timer
	for name, err := range map[string]error{
		"Start": th.Start(ctx), "Join": th.Join(ctx), "Run": th.Run(ctx), "SetDaemon": th.SetDaemon(true),
		"Timer.Start": tm.Start(ctx), "Timer.Run": tm.Run(ctx),
	} {
		if err != ErrNotInitialized || !errors.Is(err, ErrThread) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if th.Alive() || th.Err() != nil || tm.Cancel() || th.String() != "<Thread(Thread-0, not initialized)>" {
		t.Errorf("%v", &th)
	}
	var none *Thread
	if none.Name() != "" || none.String() != "<no thread>" || none.Daemon() {
		t.Error("nil")
	}
}

func TestNoTarget(t *testing.T) {
	leak.Check(t)
	ctx := context.Background()
	for _, th := range []*Thread{New(nil), NewRunner(nil)} {
		if err := th.Start(ctx); err != nil {
			t.Error(err)
		}
		if err := th.Join(ctx); err != nil || th.Err() != nil {
			t.Error(err, th.Err())
		}
		if strings.Contains(th.Name(), "(") {
			t.Errorf("called %q", th.Name())
		}
	}
	if err := New(nil).Run(ctx); err != nil {
		t.Error(err)
	}
}

func TestRun(t *testing.T) {
	ctx, leave := Adopt(context.Background())
	defer leave()
	calls := 0
	th := New(func(in context.Context) error {
		calls++
		if Current(in) != Current(ctx) {
			t.Error("Run changes the thread")
		}
		return errTest
	})
	if err := th.Run(ctx); err != errTest || th.Alive() {
		t.Errorf("%v, %v", err, th)
	}
	for name, err := range map[string]error{"Run": th.Run(ctx), "Start": th.Start(ctx), "SetDaemon": th.SetDaemon(true)} {
		if !errors.Is(err, ErrAlreadyStarted) {
			t.Errorf("%s after Run: %v", name, err)
		}
	}
	if err := th.Join(ctx); err != ErrNotStarted || calls != 1 {
		t.Errorf("Join: %v, %d calls", err, calls)
	}
	w := new(worker)
	if err := NewRunner(w).Run(ctx); err != errTest || w.ran != 1 {
		t.Errorf("%v, %d runs", err, w.ran)
	}
}

// One of many Starts and Runs has it.
func TestStartRace(t *testing.T) {
	leak.Check(t)
	for range 100 {
		calls := make(chan struct{}, 8)
		th := New(func(context.Context) error { calls <- struct{}{}; return nil }, WithDaemon(true))
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				if i%2 == 0 {
					th.Start(context.Background())
				} else {
					th.Run(context.Background())
				}
			})
		}
		wg.Wait()
		th.Join(context.Background())
		if len(calls) != 1 {
			t.Fatalf("%d calls", len(calls))
		}
	}
}

type ctxKey struct{}

// The function's context is the starter's, with the thread in it.
func TestContext(t *testing.T) {
	leak.Check(t)
	deadline := time.Now().Add(time.Hour)
	ctx, cancel := context.WithDeadline(context.WithValue(context.Background(), ctxKey{}, 7), deadline)
	var inner *Thread
	th, _ := Go(ctx, func(ctx context.Context) error {
		if d, ok := ctx.Deadline(); !ok || !d.Equal(deadline) || ctx.Value(ctxKey{}) != 7 {
			t.Errorf("the context is %v", ctx)
		}
		if Current(context.WithValue(ctx, ctxKey{}, 8)) != Current(ctx) || current.Of(ctx).Name() != Current(ctx).Name() {
			t.Error("a derived context has another thread")
		}
		inner, _ = Go(ctx, func(ctx context.Context) error {
			<-ctx.Done()
			return context.Cause(ctx)
		})
		<-ctx.Done()
		return inner.Join(context.Background())
	})
	cancel()
	th.Join(context.Background())
	if th.Err() != nil || inner == th || inner.Err() != context.Canceled {
		t.Errorf("%v, %v", th.Err(), inner.Err())
	}
	if Current(ctx) != nil || Ident(ctx) != 0 {
		t.Error("a thread without Adopt")
	}
}

func TestMainThread(t *testing.T) {
	ctx := mainctx.Wrap(context.Background())
	m := Main()
	if Current(ctx) != m || Ident(ctx) != 1 || m.Name() != "MainThread" || m.Daemon() || !m.Alive() {
		t.Errorf("the main thread is %v, of its context %v", m, Current(ctx))
	}
	if err := m.Start(ctx); !errors.Is(err, ErrAlreadyStarted) {
		t.Errorf("Start: %v", err)
	}
	if err := m.SetDaemon(true); !errors.Is(err, ErrAlreadyStarted) || m.Daemon() {
		t.Errorf("SetDaemon: %v", err)
	}
	if err := m.Join(ctx); err != ErrJoinSelf {
		t.Errorf("Join: %v", err)
	}
	th, _ := Go(ctx, func(ctx context.Context) error {
		if Main() == Current(ctx) || Current(ctx).Daemon() {
			t.Errorf("in a thread: %v", Current(ctx))
		}
		return nil
	})
	th.Join(ctx)
}

func TestDaemon(t *testing.T) {
	leak.Check(t)
	ctx := context.Background()
	var inherited, set bool
	th := New(func(ctx context.Context) error {
		child, _ := Go(ctx, nil)
		other, _ := Go(ctx, nil, WithDaemon(false))
		inherited, set = child.Daemon(), other.Daemon()
		if err := Current(ctx).SetDaemon(false); !errors.Is(err, ErrAlreadyStarted) || !errors.Is(err, ErrThread) || !strings.Contains(err.Error(), "daemon") {
			t.Errorf("SetDaemon of a running thread: %v", err)
		}
		return nil
	})
	if th.Daemon() {
		t.Error("a daemon by itself")
	}
	if err := th.SetDaemon(true); err != nil || !th.Daemon() {
		t.Errorf("SetDaemon: %v", err)
	}
	th.Start(ctx)
	th.Join(ctx)
	if !inherited || set {
		t.Errorf("inherited: %v, said not to: %v", inherited, set)
	}
	if !New(nil, WithDaemon(true)).Daemon() || New(nil, WithDaemon(false)).Daemon() {
		t.Error("WithDaemon")
	}
}

func TestAdopt(t *testing.T) {
	leak.Check(t)
	before := ActiveCount()
	parent := context.WithValue(context.Background(), ctxKey{}, 7)
	ctx, leave := Adopt(parent)
	th := Current(ctx)
	id, ok := th.ID()
	if th == nil || !th.Alive() || !th.Daemon() || !strings.HasPrefix(th.Name(), "Dummy-") || !ok || id == 0 || ctx.Value(ctxKey{}) != 7 {
		t.Errorf("adopted as %v", th)
	}
	if err := th.Join(parent); err != ErrJoinDummy {
		t.Errorf("Join: %v", err)
	}
	if err := th.Start(ctx); !errors.Is(err, ErrAlreadyStarted) {
		t.Errorf("Start: %v", err)
	}
	if !slices.Contains(Enumerate(), th) || ActiveCount() != before+1 {
		t.Error("not enumerated")
	}
	second, leaveSecond := Adopt(ctx, WithName("second"), WithDaemon(false), WithLabels())
	if s := Current(second); s == th || s.Name() != "second" || s.Daemon() {
		t.Errorf("adopted again as %v", s)
	}
	for range 2 {
		leaveSecond()
		leave()
	}
	if th.Alive() || ActiveCount() != before || th.Join(parent) != ErrJoinDummy {
		t.Errorf("afterwards %v, %d threads", th, ActiveCount())
	}
	// Pools adopt their workers; those start no daemons.
	w, leave := current.Adopt("pool_0")
	defer leave()
	if w.Name() != "pool_0" || w.(*Thread).Daemon() {
		t.Errorf("a worker is %v", w)
	}
}

// A thread that has ended holds nothing of its function.
func TestForgetsTarget(t *testing.T) {
	gone := make(chan struct{})
	th := func() *Thread {
		held := new([1 << 20]byte)
		runtime.AddCleanup(held, func(struct{}) { close(gone) }, struct{}{})
		th, _ := Go(context.Background(), func(context.Context) error { held[0] = 1; return nil })
		return th
	}()
	th.Join(context.Background())
	deadline := time.After(5 * time.Second)
	for {
		runtime.GC()
		select {
		case <-gone:
			runtime.KeepAlive(th)
			return
		case <-deadline:
			t.Fatal("what the function held is kept")
		default:
			runtime.Gosched()
		}
	}
}

func TestStackSize(t *testing.T) {
	defer SetStackSize(0)
	for _, tc := range []struct {
		n, old int
		err    error
	}{{32768, 0, nil}, {1 << 20, 32768, nil}, {-1, 1 << 20, ErrStackSize}, {1, 1 << 20, ErrStackSize}, {32767, 1 << 20, ErrStackSize}, {0, 1 << 20, nil}} {
		if old, err := SetStackSize(tc.n); old != tc.old || !isOrNil(err, tc.err) {
			t.Errorf("SetStackSize(%d) is %d, %v", tc.n, old, err)
		}
		inThread(t, func(context.Context) {})
	}
	if StackSize() != 0 {
		t.Error(StackSize())
	}
	ctx, cancel := context.WithTimeout(context.Background(), TimeoutMax)
	defer cancel()
	if ctx.Err() != nil {
		t.Error("TimeoutMax is over")
	}
}
