package dummy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/conexgo/conex/threading"
)

type runner struct{ ran *bool }

func (r runner) Run(context.Context) error { *r.ran = true; return nil }

// The life of a thread is over when Start returns.
func TestThread(t *testing.T) {
	ctx := as(t)
	var th *Thread
	ran := 0
	th = New(func(ctx context.Context) error {
		ran++
		if Current(ctx) != th || !th.Alive() || Ident(ctx) != 1 {
			t.Errorf("current %v", Current(ctx))
		}
		check(t, "Join of oneself", th.Join(ctx), ErrJoinSelf)
		check(t, "Start inside", th.Start(ctx), ErrAlreadyStarted)
		check(t, "SetDaemon inside", th.SetDaemon(true), ErrAlreadyStarted)
		return nil
	}, WithName("worker"))
	check(t, "Join", th.Join(ctx), ErrNotStarted)
	if _, ok := th.ID(); ok || th.Alive() {
		t.Error("alive before Start")
	}
	check(t, "SetDaemon", th.SetDaemon(true), nil)
	if s := th.String(); s != "<Thread(worker, initial daemon)>" {
		t.Error(s)
	}
	check(t, "Start", th.Start(ctx), nil)
	if id, ok := th.ID(); id != 1 || !ok || th.Alive() || ran != 1 || !th.Daemon() {
		t.Errorf("identity %v %v, alive %v, ran %d times", id, ok, th.Alive(), ran)
	}
	if s := th.String(); s != "<Thread(worker, stopped daemon 1)>" {
		t.Error(s)
	}
	for range 2 {
		check(t, "Join", th.Join(ctx), nil)
		check(t, "Start again", th.Start(ctx), ErrAlreadyStarted)
		check(t, "Run", th.Run(ctx), ErrAlreadyStarted)
	}
	th.SetName("retired")
	if th.Name() != "retired" {
		t.Error(th.Name())
	}

	_, err := Go(ctx, nil, failing{})
	check(t, "Go", err, ErrAlreadyStarted)
	none := New(nil)
	check(t, "Start of nothing", none.Start(context.Background()), nil)
	done := false
	check(t, "Start of a Runner", NewRunner(runner{&done}).Start(ctx), nil)
	if !done {
		t.Error("the Runner did not run")
	}

	var zero Thread
	check(t, "zero Start", zero.Start(ctx), ErrNotInitialized)
	check(t, "zero Run", zero.Run(ctx), ErrNotInitialized)
	check(t, "zero Join", zero.Join(ctx), ErrNotInitialized)
	check(t, "zero SetDaemon", zero.SetDaemon(true), ErrNotInitialized)
	var no *Thread
	if no.Name() != "" || no.Daemon() || no.String() != "<no thread>" {
		t.Error("nil thread")
	}
}

// failing makes a thread that cannot be started.
type failing struct{}

func (failing) apply(t *Thread) { t.state = stateUsed }

func named(context.Context) error { return nil }

func TestNames(t *testing.T) {
	a, b, r := New(named), New(named), NewRunner(runner{new(bool)})
	if !strings.HasPrefix(a.Name(), "Thread-") || !strings.HasSuffix(a.Name(), " (named)") || a.Name() == b.Name() {
		t.Errorf("%q, %q", a.Name(), b.Name())
	}
	if strings.Contains(r.Name(), "(") || !strings.HasPrefix(r.Name(), "Thread-") {
		t.Errorf("%q", r.Name())
	}
	if New(nil, WithName("")).Name() != "" {
		t.Error("an empty name is none")
	}
}

func TestRun(t *testing.T) {
	ctx := as(t)
	th := New(func(got context.Context) error {
		if got != ctx {
			t.Error("another context")
		}
		return io.EOF
	})
	if err := th.Run(ctx); err != io.EOF || th.Alive() {
		t.Errorf("Run: %v", err)
	}
	if id, ok := th.ID(); ok {
		t.Errorf("identity %d of a thread that was not started", id)
	}
	check(t, "Start after Run", th.Start(ctx), ErrAlreadyStarted)
	check(t, "Join after Run", th.Join(ctx), ErrNotStarted)
	check(t, "Run of nothing", New(nil).Run(ctx), nil)
}

// Ten tasks, a semaphore for three, a lock: no thread ever meets another.
func TestBoundedTasks(t *testing.T) {
	ctx := as(t)
	sema, err := NewBoundedSemaphore(3)
	check(t, "NewBoundedSemaphore", err, nil)
	var mutex RLock
	running, most := 0, 0
	count := func(ctx context.Context, by int) error {
		return mutex.With(ctx, func(context.Context) error {
			running += by
			most = max(most, running)
			return nil
		})
	}
	var all []*Thread
	for i := range 10 {
		th, err := Go(ctx, func(ctx context.Context) error {
			return sema.With(ctx, func(ctx context.Context) error {
				return errors.Join(count(ctx, 1), count(ctx, -1))
			})
		}, WithName(fmt.Sprintf("<thread %d>", i)))
		check(t, "Go", err, nil)
		all = append(all, th)
	}
	for _, th := range all {
		check(t, "Join", th.Join(ctx), nil)
		check(t, "Err", th.Err(), nil)
	}
	if running != 0 || most != 1 || sema.Value() != 3 || mutex.Locked() {
		t.Errorf("%d running, %d at once, %d permits", running, most, sema.Value())
	}
}

// A thread that runs inside another: who is alive, who can wait for whom.
func TestNested(t *testing.T) {
	ctx := as(t)
	base := ActiveCount()
	var outer, inner *Thread
	outer = New(func(ctx context.Context) error {
		inner = New(func(ctx context.Context) error {
			all := Enumerate()
			if len(all) != base+2 || len(all) != ActiveCount() || all[0] != Main() || !slices.Equal(all[base:], []*Thread{outer, inner}) {
				t.Errorf("alive: %v", all)
			}
			if Current(ctx) != inner || !outer.Alive() || !inner.Daemon() {
				t.Errorf("current %v", Current(ctx))
			}
			at := next()
			err := outer.Join(ctx)
			deadlocked(t, err, want{"Thread.Join", "inner", at, "outer", "", "the caller is run by outer"})
			waits(t, ctx, outer.Join)
			return nil
		}, WithName("inner"))
		check(t, "Start", inner.Start(ctx), nil)
		if Current(ctx) != outer {
			t.Errorf("current %v", Current(ctx))
		}
		return nil
	}, WithName("outer"), WithDaemon(true))
	check(t, "Start", outer.Start(ctx), nil)
	if ActiveCount() != base || inner.Err() != nil {
		t.Errorf("alive: %v; inner: %v", Enumerate(), inner.Err())
	}
}

// The contexts of a thread: values, end, and what a daemon's has besides.
func TestContext(t *testing.T) {
	type key struct{}
	ctx := context.WithValue(t.Context(), key{}, "value")
	var seen context.Context
	keep := func(ctx context.Context) error { seen = ctx; return nil }
	check(t, "Start", New(keep).Start(ctx), nil)
	if seen.Value(key{}) != "value" || seen.Err() != nil {
		t.Error("the context is not derived")
	}
	check(t, "Start", New(keep, WithDaemon(true)).Start(ctx), nil)
	check(t, "the context of a daemon that has ended", seen.Err(), context.Canceled)
}

func TestAdopt(t *testing.T) {
	base := ActiveCount()
	ctx, leave := Adopt(t.Context())
	th := Current(ctx)
	if !strings.HasPrefix(th.Name(), "Dummy-") || !th.Daemon() || !th.Alive() || ActiveCount() != base+1 {
		t.Error(th)
	}
	check(t, "Join", th.Join(ctx), ErrJoinDummy)
	check(t, "Start", th.Start(ctx), ErrAlreadyStarted)
	leave()
	leave()
	if th.Alive() || ActiveCount() != base {
		t.Error(th, Enumerate())
	}
	check(t, "Join", th.Join(ctx), ErrJoinDummy)
	ctx, leave = Adopt(t.Context(), WithDaemon(false), WithName("mine"))
	defer leave()
	if th := Current(ctx); th.Daemon() || th.Name() != "mine" {
		t.Error(th)
	}
}

// Which thread a context carries, when real ones are around.
func TestCurrent(t *testing.T) {
	if Current(t.Context()) != nil || Ident(t.Context()) != 1 {
		t.Error("a thread from nowhere")
	}
	real, leave := threading.Adopt(t.Context())
	defer leave()
	if Current(real) != Main() {
		t.Errorf("in a real thread: %v", Current(real))
	}
	inside(t, real, "dummy", func(ctx context.Context) {
		if Current(ctx).Name() != "dummy" || threading.Current(ctx) != threading.Current(real) {
			t.Errorf("%v in %v", Current(ctx), threading.Current(ctx))
		}
		again, leave := threading.Adopt(ctx)
		defer leave()
		if Current(again) != Main() {
			t.Errorf("in a real thread in a dummy one: %v", Current(again))
		}
	})
	m := Main()
	if m.Name() != "MainThread" || m.Daemon() || !m.Alive() {
		t.Error(m)
	}
	check(t, "Join of the main thread", m.Join(real), ErrJoinSelf)
	check(t, "Start of the main thread", m.Start(real), ErrAlreadyStarted)
}
