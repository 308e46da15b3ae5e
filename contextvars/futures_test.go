package contextvars_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/contextvars"
	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/internal/leak"
)

var (
	local  = contextvars.NewVar[int]("test.local")
	travel = contextvars.NewVar("test.travel", contextvars.Propagated[string](), contextvars.WithDefault("nothing"))
	job    = contextvars.NewVar("test.job", contextvars.Propagated[*jobInfo]())
	loose  = contextvars.NewVar("test.loose", contextvars.Propagated[any]())
)

type jobInfo struct {
	Name string
	Tags map[string]int
}

// What a task sees, and whether it can set.
type sight struct {
	Local, After int
	Travel       string
	Job          *jobInfo
	Fault        string
	PID          int
}

// look reads the variables and then sets them: no other task may see that.
func look(ctx context.Context, n int) (sight, error) {
	var s sight
	s.PID = os.Getpid()
	s.Local = local.GetOr(ctx, -1)
	s.Travel, _ = travel.Get(ctx)
	s.Job = job.GetOr(ctx, nil)
	tok, err := local.Set(ctx, n)
	if err != nil {
		s.Fault = err.Error()
		return s, nil
	}
	if _, err := travel.Set(ctx, "from a task"); err != nil {
		s.Fault = err.Error()
	}
	s.After = local.GetOr(ctx, -1)
	if n%2 == 0 {
		local.Reset(ctx, tok)
	}
	return s, nil
}

var (
	lookFunc = conex.Register("contextvars_test.look", look)
	// flat is as simple as functions are that workers run in one loop.
	flat = conex.Register("contextvars_test.flat", func(ctx context.Context, n int) (int, error) {
		seen := local.GetOr(ctx, -1)
		if s, _ := travel.Get(ctx); s != "nothing" {
			seen += 1000 * len(s)
		}
		_, err := local.Set(ctx, n)
		return seen, err
	})
)

// programs are what the test binary can be instead of a test.
var programs = map[string]func(){
	"main": func() {
		conex.Main(func(ctx context.Context) error {
			if _, err := local.Set(ctx, 42); err != nil {
				return err
			}
			fmt.Print(local.GetOr(ctx, 0))
			return nil
		})
	},
}

func TestMain(m *testing.M) {
	conex.Init()
	if p := programs[os.Getenv("CONEX_TEST_ROLE")]; p != nil {
		p()
		return
	}
	os.Exit(m.Run())
}

func TestConexMain(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), "CONEX_TEST_ROLE=main")
	if out, err := cmd.CombinedOutput(); string(out) != "42" || err != nil {
		t.Errorf("%q, %v", out, err)
	}
}

func threadPool(t testing.TB, n int) *futures.ThreadPool {
	t.Helper()
	p, err := futures.NewThreadPool(futures.ThreadConfig{Workers: n})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

// A task sees what was set at the moment of Submit.
func TestSubmitMoment(t *testing.T) {
	leak.Check(t)
	p := threadPool(t, 1)
	in(t, func(ctx context.Context) {
		gate := make(chan struct{})
		blocker := futures.Go(ctx, p, func(context.Context) (int, error) { <-gate; return 0, nil })
		set(t, ctx, local, 1)
		one := futures.Submit(ctx, p, lookFunc, 10)
		set(t, ctx, local, 2)
		two := futures.Go(ctx, p, func(ctx context.Context) (sight, error) { return look(ctx, 20) })
		three := futures.Submit(local.With(ctx, 3), p, lookFunc, 30, futures.TaskTimeout(time.Hour))
		set(t, ctx, local, 4)
		none := futures.Submit(context.Background(), p, lookFunc, 0)
		close(gate)
		for i, f := range []*futures.Future[sight]{one, two, three} {
			s, err := f.Result(ctx)
			if err != nil || s.Local != i+1 || s.After != 10*(i+1) || s.Fault != "" {
				t.Errorf("task %d: %+v, %v", i+1, s, err)
			}
		}
		if s, err := none.Result(ctx); err != nil || s.Local != -1 || s.Fault == "" {
			t.Errorf("a task without a Context: %+v, %v", s, err)
		}
		is(t, ctx, local, 4)
		blocker.Result(ctx)
	})
}

// Neither errors nor panics of a task with variables are lost on the way.
func TestSubmitFailures(t *testing.T) {
	leak.Check(t)
	p := threadPool(t, 2)
	other := errors.New("other")
	in(t, func(ctx context.Context) {
		_, err := futures.Go(ctx, p, func(context.Context) (int, error) { return 0, other }, futures.TaskTimeout(time.Hour)).Result(ctx)
		fails(t, err, other)
		_, err = futures.Go(ctx, p, func(context.Context) (int, error) { panic("oops") }).Result(ctx)
		if p := new(futures.PanicError); !errors.As(err, &p) || p.Value != "oops" {
			t.Error(err)
		}
		_, err = futures.Go(ctx, p, func(context.Context) (int, error) { runtime.Goexit(); return 0, nil }).Result(ctx)
		fails(t, err, futures.ErrGoexit)
		p.Shutdown(ctx)
		if st := p.Stats(); st.Failed != 3 || st.Done != 0 {
			t.Errorf("%+v", st)
		}
	})
}

// Each call of an isolated pool has a Context, with what travels.
func TestIsolated(t *testing.T) {
	leak.Check(t)
	p, err := futures.NewIsolatedPool(futures.ThreadConfig{Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	propagates(t, p, false)
}

// An initialiser can set variables, for itself.
func TestThreadInit(t *testing.T) {
	leak.Check(t)
	p, err := futures.NewThreadPool(futures.ThreadConfig{Workers: 1, Init: func(ctx context.Context) error {
		if futures.ThreadName(ctx) == "" {
			t.Error("the worker is not in the ctx")
		}
		_, err := local.Set(ctx, 1)
		return err
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	in(t, func(ctx context.Context) {
		s, err := futures.Submit(ctx, p, lookFunc, 1).Result(ctx)
		if err != nil || s.Local != -1 {
			t.Errorf("%+v, %v", s, err)
		}
	})
}

// Tasks submitted by tasks inherit from these.
func TestNestedSubmit(t *testing.T) {
	leak.Check(t)
	p := threadPool(t, 3)
	in(t, func(ctx context.Context) {
		set(t, ctx, local, 1)
		s, err := futures.Go(ctx, p, func(ctx context.Context) (sight, error) {
			if _, err := local.Set(ctx, 2); err != nil {
				return sight{}, err
			}
			f := futures.Submit(ctx, p, lookFunc, 3)
			local.Set(ctx, 4)
			return f.Result(ctx)
		}).Result(ctx)
		if err != nil || s.Local != 2 {
			t.Errorf("%+v, %v", s, err)
		}
		is(t, ctx, local, 1)
	})
}

// What CPython's test does with a pool of threads: each of ten tasks at once has
// its own value.
func TestTenThreads(t *testing.T) {
	leak.Check(t)
	p := threadPool(t, 10)
	in(t, func(ctx context.Context) {
		var all sync.WaitGroup
		all.Add(10)
		fn := futures.Local(func(ctx context.Context, num int) (int, error) {
			all.Done()
			all.Wait() // they all run at once
			for i := range 100 {
				if _, err := local.Set(ctx, num+i); err != nil {
					return 0, err
				}
				runtime.Gosched()
				if got := local.GetOr(ctx, -1); got != num+i {
					return 0, fmt.Errorf("%d, want %d", got, num+i)
				}
			}
			return num, nil
		})
		i := 0
		for n, err := range futures.Map(ctx, p, fn, upTo(10), futures.ChunkSize(1)) {
			if n != i || err != nil {
				t.Errorf("%d, %v; want %d", n, err, i)
			}
			i++
		}
		unset(t, ctx, local)
	})
}

// A future that is kept does not keep what its task inherited.
func TestFutureFreesVariables(t *testing.T) {
	p := threadPool(t, 1)
	big := contextvars.NewVar[*[1 << 10]int]("big")
	freed := make(chan struct{})
	var f *futures.Future[int]
	func() {
		in(t, func(ctx context.Context) {
			x := new([1 << 10]int)
			runtime.AddCleanup(x, func(c chan struct{}) { close(c) }, freed)
			// The ctx itself goes with the future, so the value must not be in it.
			tok := set(t, ctx, big, x)
			f = futures.Submit(ctx, p, futures.Local(func(ctx context.Context, _ int) (int, error) {
				x, err := big.Get(ctx)
				return x[0], err
			}), 0)
			f.Result(context.Background())
			fails(t, big.Reset(ctx, tok), nil)
		})
	}()
	// The worker keeps its last ctx until it is idle or has another.
	futures.Submit(context.Background(), p, flat, 1).Result(context.Background())
	deadline := time.After(10 * time.Second)
	for {
		runtime.GC()
		select {
		case <-freed:
			runtime.KeepAlive(f)
			return
		case <-deadline:
			t.Fatal("still kept")
		case <-time.After(time.Millisecond):
		}
	}
}
