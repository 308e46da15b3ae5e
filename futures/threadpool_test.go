package futures_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"regexp"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/internal/exit"
	"github.com/conexgo/conex/internal/leak"
)

func nothing(context.Context) (int, error) { return 0, nil }

func quiet(t *testing.T) *bytes.Buffer {
	var log bytes.Buffer
	old := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	t.Cleanup(func() { slog.SetDefault(old) })
	return &log
}

func TestThreadConfig(t *testing.T) {
	leak.Check(t)
	if p, err := futures.NewThreadPool(futures.ThreadConfig{Workers: -1}); err == nil || p != nil || !strings.Contains(err.Error(), "-1") {
		t.Errorf("Workers: -1: %v, %v", p, err)
	}
	p := newPool(t, 0)
	defer p.Close()
	if got, want := p.Workers(), min(32, runtime.GOMAXPROCS(0)+4); got != want {
		t.Errorf("default Workers = %d, want %d", got, want)
	}
	name := func(ctx context.Context) (string, error) { return futures.ThreadName(ctx), nil }
	got, err := futures.Go(t.Context(), p, name).Result(t.Context())
	if !regexp.MustCompile(`^ThreadPool-\d+_0$`).MatchString(got) || err != nil {
		t.Errorf("default name: %q, %v", got, err)
	}
	q, err := futures.NewThreadPool(futures.ThreadConfig{Workers: 5, Name: "Special"})
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	for range 50 {
		got, err := futures.Go(t.Context(), q, name).Result(t.Context())
		if !regexp.MustCompile(`^Special_[0-4]$`).MatchString(got) || err != nil {
			t.Errorf("name: %q, %v", got, err)
		}
	}
	if got := futures.ThreadName(t.Context()); got != "" {
		t.Errorf("ThreadName outside of a pool: %q", got)
	}
}

func TestZeroThreadPool(t *testing.T) {
	var p futures.ThreadPool
	if err := futures.Go(t.Context(), &p, nothing).Err(t.Context()); !errors.Is(err, futures.ErrShutdown) {
		t.Errorf("Submit: %v", err)
	}
	if p.Workers() != 0 || p.Stats() != (futures.ThreadStats{}) || p.Close() != nil || p.ShutdownNow(t.Context()) != nil {
		t.Error("the zero ThreadPool is something")
	}
}

// TestOnDemand: workers start when they are needed, and only then.
func TestOnDemand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(t, 4)
		defer p.Close()
		if n := p.Stats().Workers; n != 0 {
			t.Errorf("%d workers of a new pool", n)
		}
		for range 10 {
			futures.Go(t.Context(), p, nothing).Result(t.Context())
			synctest.Wait()
		}
		if n := p.Stats().Workers; n != 1 {
			t.Errorf("%d workers for one call at a time", n)
		}
		wait := make(chan bool)
		var fs []*futures.Future[int]
		for range 60 {
			fs = append(fs, futures.Go(t.Context(), p, func(context.Context) (int, error) { <-wait; return 0, nil }))
		}
		synctest.Wait()
		if st := p.Stats(); st.Workers != 4 || st.Running != 4 || st.Queued != 56 || st.Done != 10 {
			t.Errorf("busy: %+v", st)
		}
		time.Sleep(time.Minute)
		if st := p.Stats(); st.OldestWait != time.Minute {
			t.Errorf("OldestWait %v", st.OldestWait)
		}
		close(wait)
		for _, f := range fs {
			if err := f.Err(t.Context()); err != nil {
				t.Error(err)
			}
		}
		synctest.Wait()
		if st := p.Stats(); st != (futures.ThreadStats{Done: 70, Workers: 4}) {
			t.Errorf("idle: %+v", st)
		}
	})
}

func TestFIFO(t *testing.T) {
	p := newPool(t, 1)
	var order []int
	hold := make(chan bool)
	futures.Go(t.Context(), p, func(context.Context) (int, error) { <-hold; return 0, nil })
	for i := range 300 {
		futures.Go(t.Context(), p, func(context.Context) (int, error) { order = append(order, i); return 0, nil })
	}
	close(hold)
	p.Close()
	if len(order) != 300 || !slices.IsSorted(order) {
		t.Errorf("order %v", order)
	}
}

func TestLabels(t *testing.T) {
	p, err := futures.NewThreadPool(futures.ThreadConfig{Workers: 1, Name: "Label"})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	got, err := futures.Go(t.Context(), p, func(ctx context.Context) (string, error) {
		var b bytes.Buffer
		err := pprof.Lookup("goroutine").WriteTo(&b, 1)
		return b.String(), err
	}).Result(t.Context())
	if err != nil || !strings.Contains(got, `"thread":"Label_0"`) {
		t.Errorf("no label in the profile of goroutines: %v\n%s", err, got)
	}
}

type ctxKey struct{}

// TestTaskContext: what a call gets is its own context, with the worker.
func TestTaskContext(t *testing.T) {
	p := newPool(t, 2)
	defer p.Close()
	// A context whose type cannot be compared.
	type odd struct {
		context.Context
		_ []int
	}
	for i := range 100 {
		ctx := context.Context(odd{Context: context.WithValue(t.Context(), ctxKey{}, i)})
		if i%2 == 0 {
			ctx = context.WithValue(ctx, ctxKey{}, i)
		}
		v, err := futures.Go(ctx, p, func(ctx context.Context) (any, error) { return ctx.Value(ctxKey{}), nil }).Result(ctx)
		if v != any(i) || err != nil {
			t.Errorf("value %v, %v, want %d", v, err, i)
		}
	}
}

func TestInit(t *testing.T) {
	leak.Check(t)
	var mu sync.Mutex
	names := make(map[string]int)
	p, err := futures.NewThreadPool(futures.ThreadConfig{Workers: 3, Init: func(ctx context.Context) error {
		mu.Lock()
		defer mu.Unlock()
		names[futures.ThreadName(ctx)]++
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for range 10 {
		if err := futures.Go(t.Context(), p, nothing).Err(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := p.Stats().Workers; n > 2 {
			// One is enough; a second may start when the next call comes
			// before the worker is back.
			t.Fatalf("%d workers for one call at a time", n)
		}
	}
	var together sync.WaitGroup
	together.Add(3)
	var fs []*futures.Future[int]
	for range 3 {
		fs = append(fs, futures.Go(t.Context(), p, func(ctx context.Context) (int, error) {
			together.Done()
			together.Wait() // so each has a worker of its own
			mu.Lock()
			defer mu.Unlock()
			return names[futures.ThreadName(ctx)], nil
		}))
	}
	for _, f := range fs {
		if n, err := f.Result(t.Context()); n != 1 || err != nil {
			t.Errorf("Init was called %d times in this worker, %v", n, err)
		}
	}
}

func TestInitFails(t *testing.T) {
	leak.Check(t)
	for name, init := range map[string]func(context.Context) error{
		"error":  func(context.Context) error { return errTest },
		"panic":  func(context.Context) error { panic(errTest) },
		"goexit": func(context.Context) error { runtime.Goexit(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			log := quiet(t)
			want := errTest
			if name == "goexit" {
				want = futures.ErrGoexit
			}
			start := make(chan bool)
			p, err := futures.NewThreadPool(futures.ThreadConfig{Workers: 2, Init: func(ctx context.Context) error {
				<-start
				return init(ctx)
			}})
			if err != nil {
				t.Fatal(err)
			}
			var fs []*futures.Future[int]
			for range 20 {
				fs = append(fs, futures.Go(t.Context(), p, nothing))
			}
			close(start)
			fs = append(fs, futures.Go(t.Context(), p, nothing))
			for _, f := range fs {
				if err := f.Err(t.Context()); !errors.Is(err, futures.ErrBroken) || !errors.Is(err, want) {
					t.Errorf("pending call: %v", err)
				}
			}
			if err := futures.Go(t.Context(), p, nothing).Err(t.Context()); !errors.Is(err, futures.ErrBroken) || !errors.Is(err, want) {
				t.Errorf("later call: %v", err)
			}
			if err := p.Shutdown(t.Context()); err != nil {
				t.Errorf("Shutdown: %v", err)
			}
			if !strings.Contains(log.String(), "initialiser failed") {
				t.Errorf("log: %s", log)
			}
		})
	}
}

// TestForgotten: a pool that nobody has any more does what is queued and ends.
func TestForgotten(t *testing.T) {
	leak.Check(t)
	var done atomic.Int64
	var fs []*futures.Future[int]
	func() {
		p := newPool(t, 2)
		for i := range 100 {
			fs = append(fs, futures.Go(t.Context(), p, func(context.Context) (int, error) {
				done.Add(1)
				return i, nil
			}))
		}
	}()
	runtime.GC()
	for i, f := range fs {
		if v, err := f.Result(t.Context()); v != i || err != nil {
			t.Errorf("call %d: %v, %v", i, v, err)
		}
	}
	// leak.Check sees the workers end; it runs the collector.
}

// TestNoStaleReferences: neither pool nor future keeps what a call had.
func TestNoStaleReferences(t *testing.T) {
	p := newPool(t, 1)
	defer p.Close()
	type object struct{ _ [100]byte }
	var arguments, results atomic.Int64
	watched := func(count *atomic.Int64) *object {
		o := new(object)
		runtime.AddCleanup(o, func(count *atomic.Int64) { count.Add(1) }, count)
		return o
	}
	use := futures.Local(func(_ context.Context, o *object) (int, error) { return 1, nil })
	f := futures.Submit(t.Context(), p, use, watched(&arguments))
	if err := f.Err(t.Context()); err != nil {
		t.Fatal(err)
	}
	collect(t, "the argument", &arguments, 1)
	give := futures.Local(func(context.Context, int) (*object, error) { return watched(&results), nil })
	n := int64(0)
	for range futures.Map(t.Context(), p, give, numbers(3)) {
		n++
		collect(t, "the result", &results, n) // the map keeps none that it has yielded
	}
	runtime.KeepAlive(f)
}

// collect collects garbage until n objects were among it.
func collect(t *testing.T, what string, count *atomic.Int64, n int64) {
	t.Helper()
	for range 1000 {
		runtime.GC()
		if count.Load() >= n {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("%s was not collected", what)
}

// TestShutdownFromWithin: a call cannot wait for itself.
func TestShutdownFromWithin(t *testing.T) {
	p := newPool(t, 2)
	err := futures.Go(t.Context(), p, func(ctx context.Context) (int, error) {
		return 0, p.Shutdown(ctx)
	}).Err(t.Context())
	if !errors.Is(err, futures.ErrStillRunning) {
		t.Errorf("Shutdown within a call: %v", err)
	}
	if err := p.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestExit: what conex.Main does at the end.
func TestExit(t *testing.T) {
	leak.Check(t)
	p := newPool(t, 2)
	f := futures.Go(t.Context(), p, func(context.Context) (int, error) { return 5, nil })
	exit.Run(t.Context())
	if f.State() != futures.Finished {
		t.Errorf("after exit: %v", f)
	}
	if err := futures.Go(t.Context(), p, nothing).Err(t.Context()); !errors.Is(err, futures.ErrShutdown) {
		t.Errorf("Submit after exit: %v", err)
	}
	// In a hurry only what runs is waited for, and not for ever.
	q := newPool(t, 1)
	begun, stop := make(chan bool), make(chan bool)
	futures.Go(t.Context(), q, func(context.Context) (int, error) { close(begun); <-stop; return 0, nil })
	<-begun
	pending := futures.Go(t.Context(), q, nothing)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	exit.Run(over)
	if !pending.Cancelled() {
		t.Errorf("pending call after a hasty exit: %v", pending)
	}
	close(stop)
	q.Close()
}

func TestNil(t *testing.T) {
	p := newPool(t, 1)
	defer p.Close()
	var fn *conex.Func[int, int]
	var local func(context.Context, int) (int, error)
	var nilContext context.Context
	for name, f := range map[string]*futures.Future[int]{
		"executor":      futures.Submit(t.Context(), nil, futures.Local(inc), 1),
		"interface":     futures.Submit[int, int](t.Context(), p, nil, 1),
		"function":      futures.Submit(t.Context(), p, fn, 1),
		"closure":       futures.Submit(t.Context(), p, futures.Local(local), 1),
		"Go's function": futures.Go[int](t.Context(), p, nil),
		"context":       futures.Submit(nilContext, p, futures.Local(inc), 1),
	} {
		if err := f.Err(t.Context()); err == nil || !strings.Contains(err.Error(), "nil") {
			t.Errorf("nil %s: %v", name, err)
		}
	}
	n := 0
	for _, err := range futures.Map(t.Context(), p, futures.Local(inc), nil) {
		if n++; err == nil {
			t.Error("Map over nil")
		}
	}
	for _, err := range futures.MapUnordered(t.Context(), p, fn, func(func(int) bool) {}) {
		if n++; err == nil {
			t.Error("MapUnordered with a nil function")
		}
	}
	if n != 2 {
		t.Errorf("%d errors", n)
	}
}

func inc(_ context.Context, x int) (int, error) { return x + 1, nil }

// TestSubmitAllocates: a call of numbers is one object, and small.
func TestSubmitAllocates(t *testing.T) {
	p := newPool(t, 1)
	defer p.Close()
	fn := futures.Local(inc)
	ctx := context.Background()
	got := testing.AllocsPerRun(1000, func() {
		if v, err := futures.Submit(ctx, p, fn, 1).Result(ctx); v != 2 || err != nil {
			t.Error(v, err)
		}
	})
	// Under the race detector sync.Pool forgets on purpose.
	if got > 1 && !raceEnabled {
		t.Errorf("%v allocations for a call", got)
	}
}

// TestManyContexts ends very many contexts under which calls are queued.
func TestManyContexts(t *testing.T) {
	p := newPool(t, 1)
	hold := make(chan bool)
	futures.Go(t.Context(), p, func(context.Context) (int, error) { <-hold; return 0, nil })
	type pending struct {
		f      *futures.Future[int]
		cancel context.CancelFunc
	}
	var all []pending
	for range 20_000 {
		ctx, cancel := context.WithCancel(t.Context())
		all = append(all, pending{futures.Go(ctx, p, nothing), cancel})
	}
	for _, c := range all {
		c.cancel()
	}
	for _, c := range all {
		if err := c.f.Err(t.Context()); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	close(hold)
	p.Close()
	if st := p.Stats(); st.Failed != 20_000 || st.Done != 1 || st.Queued != 0 {
		t.Errorf("%+v", st)
	}
}
