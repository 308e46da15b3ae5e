package process_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/futures/process"
	"github.com/conexgo/conex/internal/leak"
)

func count(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

func TestSubmit(t *testing.T) {
	leak.Check(t)
	p := newPool(t, process.Config{Workers: 2})
	ctx := within(t, 20*time.Second)
	if r, err := futures.Submit(ctx, p, inc, 41).Result(ctx); r != 42 || err != nil {
		t.Errorf("inc: %v, %v", r, err)
	}
	at := time.Now()
	in := job{N: 1, Name: "a", List: []int{1, 2}, At: at, Sub: &job{N: 5, List: []int{}}}
	want := in
	want.N = 2
	got, err := futures.Submit(ctx, p, jobs, in).Result(ctx)
	if err != nil || !got.At.Equal(at) {
		t.Errorf("job: %v, %v", got, err)
	}
	got.At, want.At = time.Time{}, time.Time{}
	got.Sub.At = want.Sub.At
	if !reflect.DeepEqual(got, want) {
		t.Errorf("job: got %+v, want %+v", got, want)
	}
	if r, err := futures.Submit(ctx, p, upper, "größe").Result(ctx); r != "GRÖSSE" && r != "GRÖßE" || err != nil {
		t.Errorf("upper: %q, %v", r, err)
	}
	if r, _ := futures.Submit(ctx, p, pid, none{}).Result(ctx); r == os.Getpid() || r == 0 {
		t.Errorf("task ran in process %d, this is %d", r, os.Getpid())
	}
}

func TestErrorsCross(t *testing.T) {
	leak.Check(t)
	p := newPool(t, process.Config{Workers: 1})
	ctx := within(t, 20*time.Second)
	_, err := futures.Submit(ctx, p, failer, "luck").Result(ctx)
	if !errors.Is(err, errTest) || err.Error() != "no luck: test error" {
		t.Errorf("error: %v", err)
	}
	_, err = futures.Submit(ctx, p, panics, "there").Result(ctx)
	var pe *futures.PanicError
	if !errors.As(err, &pe) || pe.Value != "oops there" || !bytes.Contains(pe.Stack, []byte("main_test.go")) {
		t.Errorf("panic: %v\n%s", err, pe.Stack)
	}
	for i, f := range slices.Collect(func(yield func(*futures.Future[int]) bool) {
		for i := range 10 {
			yield(futures.Submit(ctx, p, goexit, i))
		}
	}) {
		r, err := f.Result(ctx)
		if i%3 == 0 && !errors.Is(err, futures.ErrGoexit) || i%3 != 0 && (r != i || err != nil) {
			t.Errorf("goexit(%d) = %v, %v", i, r, err)
		}
	}
}

func TestRefusals(t *testing.T) {
	leak.Check(t)
	p := newPool(t, process.Config{Workers: 1})
	ctx := within(t, 20*time.Second)
	_, err := futures.Submit(ctx, p, futures.Local(func(context.Context, int) (int, error) { return 0, nil }), 1).Result(ctx)
	if !errors.Is(err, futures.ErrNotEncodable) || !strings.Contains(err.Error(), "conex.Register") {
		t.Errorf("closure: %v", err)
	}
	_, err = futures.Submit(ctx, p, unsendable, struct {
		Name string
		Done chan int
	}{}).Result(ctx)
	if !errors.Is(err, futures.ErrNotEncodable) || !strings.Contains(err.Error(), "Done") || !strings.Contains(err.Error(), "chan int") {
		t.Errorf("channel argument: %v", err)
	}
	_, err = futures.Submit(ctx, p, badResult, 1).Result(ctx)
	if !errors.Is(err, futures.ErrNotEncodable) || !strings.Contains(err.Error(), "chan int") {
		t.Errorf("channel result: %v", err)
	}
	if r, err := futures.Submit(ctx, p, inc, 1).Result(ctx); r != 2 || err != nil {
		t.Errorf("afterwards: %v, %v", r, err)
	}
	for _, cfg := range []process.Config{
		{Workers: -1}, {MaxTasks: -1}, {MaxAge: -1}, {MaxRSS: -1}, {MaxMemory: 1}, {OnDeath: process.Retry(-1)},
	} {
		if p, err := process.NewPool(cfg); err == nil {
			t.Errorf("NewPool(%+v) succeeded", cfg)
			p.Kill()
		}
	}
}

func TestLateRegistration(t *testing.T) {
	leak.Check(t)
	late := conex.Register(fmt.Sprintf("test.late%d", time.Now().UnixNano()), func(_ context.Context, x int) (int, error) { return x, nil })
	p := newPool(t, process.Config{Workers: 1})
	ctx := within(t, 20*time.Second)
	_, err := futures.Submit(ctx, p, late, 1).Result(ctx)
	if err == nil || !strings.Contains(err.Error(), late.Name()) || !strings.Contains(err.Error(), "conex.Register") {
		t.Errorf("late function: %v", err)
	}
	if r, err := futures.Submit(ctx, p, inc, 1).Result(ctx); r != 2 || err != nil {
		t.Errorf("afterwards: %v, %v", r, err)
	}
}

func TestManySubmits(t *testing.T) {
	leak.Check(t)
	p := newPool(t, process.Config{Workers: 3})
	ctx := within(t, 60*time.Second)
	const n = 100_000
	fs := make([]*futures.Future[int], n)
	for i := range fs {
		fs[i] = futures.Submit(ctx, p, inc, i)
	}
	for i, f := range fs {
		if r, err := f.Result(ctx); r != i+1 || err != nil {
			t.Fatalf("inc(%d) = %d, %v", i, r, err)
		}
	}
	if s := settle(t, p); s.Done != n || s.Failed != 0 {
		t.Errorf("stats: %+v", s)
	}
}

func TestMapOrdered(t *testing.T) {
	leak.Check(t)
	p := newPool(t, process.Config{Workers: 2})
	ctx := within(t, 60*time.Second)
	i := 0
	for r, err := range futures.Map(ctx, p, inc, count(300_000)) {
		if r != i+1 || err != nil {
			t.Fatalf("item %d: %d, %v", i, r, err)
		}
		i++
	}
	if i != 300_000 {
		t.Errorf("%d items", i)
	}
	words := func(yield func(string) bool) {
		for i := range 20_000 {
			if !yield(strings.Repeat("x", i%50)) {
				return
			}
		}
	}
	i = 0
	for r, err := range futures.Map(ctx, p, strlen, words) {
		if r != i%50 || err != nil {
			t.Fatalf("word %d: %d, %v", i, r, err)
		}
		i++
	}
}

func TestLarge(t *testing.T) {
	leak.Check(t)
	p := newPool(t, process.Config{Workers: 2})
	ctx := within(t, 60*time.Second)
	for _, n := range []int{0, 1, 1000, 1024, 1025, 30 << 10, 32 << 10, 33 << 10, 48 << 10, 64 << 10, 100 << 10, 130 << 10, 1 << 20, 5<<20 + 3, 32 << 20} {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(i * 31)
		}
		for range 3 {
			r, err := futures.Submit(ctx, p, echo, b).Result(ctx)
			if err != nil || !bytes.Equal(r, b) {
				t.Fatalf("%d bytes: got %d, %v", n, len(r), err)
			}
		}
	}
	seq := func(yield func([]byte) bool) {
		for i := range 200 {
			if !yield(bytes.Repeat([]byte{byte(i)}, i*1000)) {
				return
			}
		}
	}
	i := 0
	for r, err := range futures.Map(ctx, p, echo, seq) {
		if err != nil || len(r) != i*1000 || (i > 0 && (r[0] != byte(i) || r[len(r)-1] != byte(i))) {
			t.Fatalf("item %d: %d bytes, %v", i, len(r), err)
		}
		i++
	}
}

// A slow task must not hold up those that were sent behind it.
func TestSteal(t *testing.T) {
	leak.Check(t)
	p := newPool(t, process.Config{Workers: 2})
	ctx := within(t, 60*time.Second)
	for range 2000 { // make the pool believe that busy is fast
		futures.Submit(ctx, p, busy, 0).Result(ctx)
	}
	start := time.Now()
	slow := futures.Submit(ctx, p, busy, 3*time.Second)
	var fs []*futures.Future[int]
	for range 200 {
		fs = append(fs, futures.Submit(ctx, p, busy, time.Microsecond))
	}
	for i, f := range fs {
		if _, err := f.Result(ctx); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(start); d > 2*time.Second {
			t.Fatalf("task %d of 200 waited %v behind a slow one", i, d)
		}
	}
	if slow.State() != futures.Running {
		t.Error("the slow task is over: the test shows nothing")
	}
	slow.Kill()
}

func TestInit(t *testing.T) {
	leak.Check(t)
	ctx := within(t, 20*time.Second)
	p := newPool(t, process.Config{Workers: 2, Init: setGlobal.Bind("from init")})
	for range 4 {
		if r, err := futures.Submit(ctx, p, getGlobal, none{}).Result(ctx); r != "from init" || err != nil {
			t.Errorf("got %q, %v", r, err)
		}
	}
	if global != "unset" {
		t.Error("the initialiser ran here")
	}
	bad := newPool(t, process.Config{Workers: 2, Init: setGlobal.Bind("fail")})
	f := futures.Submit(ctx, bad, getGlobal, none{})
	if _, err := f.Result(ctx); !errors.Is(err, futures.ErrBroken) || !errors.Is(err, errTest) {
		t.Errorf("failed initialiser: %v", err)
	}
	if _, err := futures.Submit(ctx, bad, getGlobal, none{}).Result(ctx); !errors.Is(err, futures.ErrBroken) || !errors.Is(err, errTest) {
		t.Errorf("submit to a broken pool: %v", err)
	}
	p2 := newPool(t, process.Config{Workers: 1, Init: panics.Bind("init")})
	if _, err := futures.Submit(ctx, p2, getGlobal, none{}).Result(ctx); !errors.Is(err, futures.ErrBroken) || !strings.Contains(err.Error(), "oops init") {
		t.Errorf("panicking initialiser: %v", err)
	}
}

func TestRecycle(t *testing.T) {
	leak.Check(t)
	ctx := within(t, 60*time.Second)
	p := newPool(t, process.Config{Workers: 1, MaxTasks: 3})
	pids := map[int]int{}
	for range 30 {
		r, err := futures.Submit(ctx, p, pid, none{}).Result(ctx)
		if err != nil {
			t.Fatal(err)
		}
		pids[r]++
	}
	for id, n := range pids {
		if n > 3 {
			t.Errorf("worker %d ran %d tasks one by one", id, n)
		}
	}
	aged := newPool(t, process.Config{Workers: 1, MaxAge: time.Nanosecond})
	a, _ := futures.Submit(ctx, aged, pid, none{}).Result(ctx)
	b, _ := futures.Submit(ctx, aged, pid, none{}).Result(ctx)
	if a == b || a == 0 || b == 0 {
		t.Errorf("MaxAge: pids %d and %d", a, b)
	}
	if runtime.GOOS == "linux" {
		fat := newPool(t, process.Config{Workers: 1, MaxRSS: 1})
		a, _ = futures.Submit(ctx, fat, pid, none{}).Result(ctx)
		b, _ = futures.Submit(ctx, fat, pid, none{}).Result(ctx)
		if a == b || a == 0 || b == 0 {
			t.Errorf("MaxRSS: pids %d and %d", a, b)
		}
	}
}

func TestRecycleLosesNothing(t *testing.T) {
	leak.Check(t)
	p := newPool(t, process.Config{Workers: 2, MaxTasks: 100, Spares: 2})
	ctx := within(t, 60*time.Second)
	i := 0
	for r, err := range futures.Map(ctx, p, inc, count(50_000)) {
		if r != i+1 || err != nil {
			t.Fatalf("item %d: %d, %v", i, r, err)
		}
		i++
	}
	if s := p.Stats(); s.Restarts < 5 {
		t.Errorf("only %d restarts: the test shows little", s.Restarts)
	}
}

func TestShutdown(t *testing.T) {
	leak.Check(t)
	ctx := within(t, 30*time.Second)
	p := newPool(t, process.Config{Workers: 1})
	var fs []*futures.Future[bool]
	for range 200 {
		fs = append(fs, futures.Submit(ctx, p, sleep, time.Millisecond))
	}
	short, cancel := context.WithTimeout(ctx, 5*time.Millisecond)
	defer cancel()
	if err := p.Shutdown(short); !errors.Is(err, futures.ErrStillRunning) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("impatient shutdown: %v", err)
	}
	if _, err := futures.Submit(ctx, p, inc, 1).Result(ctx); !errors.Is(err, futures.ErrShutdown) {
		t.Errorf("submit after shutdown: %v", err)
	}
	if err := p.Shutdown(ctx); err != nil {
		t.Errorf("shutdown: %v", err)
	}
	for i, f := range fs {
		if r, err := f.Result(ctx); !r || err != nil {
			t.Fatalf("task %d: %v, %v", i, r, err)
		}
	}
	if err := p.Shutdown(ctx); err != nil {
		t.Errorf("second shutdown: %v", err)
	}

	p = newPool(t, process.Config{Workers: 1})
	fs = nil
	for range 50 {
		fs = append(fs, futures.Submit(ctx, p, sleep, 20*time.Millisecond))
	}
	fs[0].Result(ctx)
	if err := p.ShutdownNow(ctx); err != nil {
		t.Errorf("shutdown now: %v", err)
	}
	var ran, cancelled int
	for _, f := range fs {
		switch _, err := f.Result(ctx); {
		case err == nil:
			ran++
		case errors.Is(err, futures.ErrCancelled):
			cancelled++
		default:
			t.Errorf("after ShutdownNow: %v", err)
		}
	}
	if ran == 0 || cancelled < 40 {
		t.Errorf("%d ran, %d were cancelled", ran, cancelled)
	}
}

func TestSubmitFromCallback(t *testing.T) {
	leak.Check(t)
	p := newPool(t, process.Config{Workers: 1})
	ctx := within(t, 20*time.Second)
	got := make(chan int, 1)
	futures.Submit(ctx, p, inc, 1).AddDoneCallback(func(f *futures.Future[int]) {
		r, _ := f.Result(ctx)
		futures.Submit(ctx, p, inc, r).AddDoneCallback(func(f *futures.Future[int]) {
			r, _ := f.Result(ctx)
			got <- r
		})
	})
	select {
	case r := <-got:
		if r != 3 {
			t.Errorf("got %d", r)
		}
	case <-ctx.Done():
		t.Error("hung")
	}
}

func TestInline(t *testing.T) {
	leak.Check(t)
	t.Setenv("CONEX_ENGINE", "inline")
	p := newPool(t, process.Config{Workers: 1})
	ctx := within(t, 20*time.Second)
	if r, err := futures.Submit(ctx, p, pid, none{}).Result(ctx); r != os.Getpid() || err != nil {
		t.Errorf("got %d, %v", r, err)
	}
	if s := settle(t, p); s.Done != 1 {
		t.Errorf("stats: %+v", s)
	}
}

func TestStats(t *testing.T) {
	leak.Check(t)
	p := newPool(t, process.Config{Workers: 1, Spares: 1})
	ctx := within(t, 20*time.Second)
	f := futures.Submit(ctx, p, deaf, none{})
	for i := 0; ; i++ {
		s := p.Stats()
		if len(s.Workers) == 2 && s.Workers[0].State == "busy" && s.Workers[0].Func == "test.deaf" &&
			s.Workers[1].State == "spare" && s.Workers[0].PID > 0 && s.Running == 1 &&
			(runtime.GOOS != "linux" || s.Workers[0].RSS > 0) {
			break
		}
		if ctx.Err() != nil {
			t.Fatalf("stats: %+v", s)
		}
		runtime.Gosched()
	}
	g := futures.Submit(ctx, p, inc, 1)
	for p.Stats().OldestWait < time.Millisecond && ctx.Err() == nil {
		runtime.Gosched()
	}
	if err := f.Kill(); err != nil {
		t.Error(err)
	}
	if r, err := g.Result(ctx); r != 2 || err != nil {
		t.Errorf("after the kill: %v, %v", r, err)
	}
	if _, err := f.Result(ctx); !errors.Is(err, futures.ErrKilled) {
		t.Errorf("killed: %v", err)
	}
	if s := p.Stats(); s.Killed != 1 || s.Restarts != 1 || s.Failed != 1 || s.Done != 1 {
		t.Errorf("stats: %+v", s)
	}
}
