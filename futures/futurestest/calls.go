package futurestest

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/conexgo/conex/futures"
)

func (s *suite) submit(t *testing.T) {
	ex, ctx := s.start(t), limit(t)
	f := futures.Submit(ctx, ex, s.Inc, 41)
	if v, err := f.Result(ctx); v != 42 || err != nil {
		t.Errorf("Result = %v, %v, want 42", v, err)
	}
	if f.State() != futures.Finished || f.Running() || f.Cancelled() || f.Cancel() {
		t.Errorf("after its result: %v, running %v, cancelled %v", f, f.Running(), f.Cancelled())
	}
	var fs []*futures.Future[int]
	for i := range 1000 {
		fs = append(fs, futures.Submit(ctx, ex, s.Inc, i))
	}
	for i, f := range fs {
		if v, err := f.Result(ctx); v != i+1 || err != nil {
			t.Fatalf("call %d: %v, %v", i, v, err)
		}
	}
}

func (s *suite) values(t *testing.T) {
	ex, ctx := s.start(t), limit(t)
	for i, v := range []Value{
		{},
		{B: true, I: -1, U: 255, F: 0.1, S: "grüß", Data: []byte{0, 1}, Nums: []int32{-1, 1}},
		{Strs: []string{"a", "", "c"}, M: map[string]int{"one": 1, "": 0}, P: &Value{P: &Value{I: 7}}},
		{When: time.Unix(1e9, int64(5*s.opt.TimeUnit)).UTC(), D: time.Hour, Arr: [3]int16{1, 2, 3}, Any: "any"},
		{Data: []byte{}, Nums: nil, M: map[string]int{}, Any: 1.5},
		{S: strings.Repeat("long ", 1000), Data: bytes.Repeat([]byte{7}, 100_000)},
	} {
		got, err := futures.Submit(ctx, ex, s.Echo, v).Result(ctx)
		if err != nil || !reflect.DeepEqual(got, v) {
			t.Errorf("value %d: %+v, %v, want %+v", i, got, err, v)
		}
	}
	for _, n := range []int{0, 1, 15, 16, 17, 1000, 32 << 10, 100_000, 3 << 20} {
		in := bytes.Repeat([]byte{0x0f}, n)
		out, err := futures.Submit(ctx, ex, s.Invert, in).Result(ctx)
		if err != nil || !bytes.Equal(out, bytes.Repeat([]byte{0xf0}, n)) {
			t.Errorf("%d bytes: got %d, %v", n, len(out), err)
		}
	}
	for _, name := range []string{"", "you", strings.Repeat("x", 100)} {
		if got, err := futures.Submit(ctx, ex, s.Greet, name).Result(ctx); got != "hello, "+name || err != nil {
			t.Errorf("greet(%q) = %q, %v", name, got, err)
		}
	}
	mine := []int{1, 2, 3}
	if n, err := futures.Submit(ctx, ex, s.Change, mine).Result(ctx); n != 3 || err != nil {
		t.Errorf("change = %v, %v", n, err)
	}
	if want := []int{1, 2, 3}; s.opt.Copies && !reflect.DeepEqual(mine, want) {
		t.Errorf("the call changed the caller's slice to %v", mine)
	}
}

func (s *suite) errors(t *testing.T) {
	ex, ctx := s.start(t), limit(t)
	f := futures.Submit(ctx, ex, s.FailOdd, 3)
	v, err := f.Result(ctx)
	if v != 0 || !errors.Is(err, s.opt.Failure) || !strings.Contains(err.Error(), "3: ") {
		t.Errorf("Result = %v, %v, want an error that matches %v", v, err, s.opt.Failure)
	}
	if err := f.Err(ctx); !errors.Is(err, s.opt.Failure) {
		t.Errorf("Err = %v", err)
	}
	if f.State() != futures.Finished {
		t.Errorf("State = %v", f.State())
	}
	if v, err := futures.Submit(ctx, ex, s.FailOdd, 4).Result(ctx); v != 2 || err != nil {
		t.Errorf("the next call: %v, %v", v, err)
	}
}

func (s *suite) panics(t *testing.T) {
	ex, ctx := s.start(t), limit(t)
	for range 2 * ex.Workers() {
		_, err := futures.Submit(ctx, ex, s.Panic, -5).Result(ctx)
		if err := s.opt.Panic(err, "negative: -5"); err != nil {
			t.Fatal(err)
		}
	}
	if v, err := futures.Submit(ctx, ex, s.Panic, 5).Result(ctx); v != 5 || err != nil {
		t.Errorf("the next call: %v, %v", v, err)
	}
}

func (s *suite) exit(t *testing.T) {
	ex, ctx := s.start(t), limit(t)
	for range 2 * ex.Workers() {
		if _, err := futures.Submit(ctx, ex, s.Exit, -1).Result(ctx); !errors.Is(err, s.opt.Exit) {
			t.Fatalf("Result: %v, want %v", err, s.opt.Exit)
		}
	}
	if v, err := futures.Submit(ctx, ex, s.Exit, 5).Result(ctx); v != 5 || err != nil {
		t.Errorf("the next call: %v, %v", v, err)
	}
	// In the middle of a run of items.
	i := 0
	for v, err := range futures.Map(ctx, ex, s.Exit, numbers(-50, 50), futures.ChunkSize(20)) {
		if n := i - 50; n < 0 && !errors.Is(err, s.opt.Exit) || n >= 0 && (v != n || err != nil) {
			t.Errorf("item %d: %v, %v", n, v, err)
		}
		i++
	}
	if i != 100 {
		t.Errorf("%d items, want 100", i)
	}
}

func (s *suite) notEncodable(t *testing.T) {
	if !s.opt.Copies {
		t.Skip("nothing is encoded here")
	}
	ex, ctx := s.start(t), limit(t)
	f := futures.Submit(ctx, ex, s.TakeAny, any(make(chan int)))
	if err := f.Err(ctx); !errors.Is(err, futures.ErrNotEncodable) || !strings.Contains(err.Error(), "chan int") {
		t.Errorf("a channel as argument: %v", err)
	}
	f2 := futures.Submit(ctx, ex, s.Unsendable, 1)
	if err := f2.Err(ctx); !errors.Is(err, futures.ErrNotEncodable) || !strings.Contains(err.Error(), s.opt.Unsendable) {
		t.Errorf("a result that cannot be sent: %v", err)
	}
	if v, err := futures.Submit(ctx, ex, s.Unsendable, 0).Result(ctx); v != any("sent") || err != nil {
		t.Errorf("the next call: %v, %v", v, err)
	}
}

func (s *suite) closures(t *testing.T) {
	ex, ctx := s.start(t), limit(t)
	n := 1
	f := futures.Go(ctx, ex, func(context.Context) (int, error) { n++; return n, nil })
	v, err := f.Result(ctx)
	if !s.opt.Closures {
		if !errors.Is(err, futures.ErrNotEncodable) {
			t.Errorf("a closure: %v, %v, want ErrNotEncodable", v, err)
		}
		return
	}
	if v != 2 || n != 2 || err != nil {
		t.Errorf("Go: %v, %v, n = %d", v, err, n)
	}
	add := futures.Local(func(_ context.Context, x int) (int, error) { return x + n, nil })
	if v, err := futures.Submit(ctx, ex, add, 5).Result(ctx); v != 7 || err != nil {
		t.Errorf("Local: %v, %v", v, err)
	}
	// A call that submits another and does not wait for it.
	f2 := futures.Go(ctx, ex, func(ctx context.Context) (*futures.Future[int], error) {
		return futures.Submit(ctx, ex, s.Inc, 1), nil
	})
	inner, err := f2.Result(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if v, err := inner.Result(ctx); v != 2 || err != nil {
		t.Errorf("nested: %v, %v", v, err)
	}
}

func (s *suite) cancel(t *testing.T) {
	ex, ctx := s.start(t), limit(t)
	g, fs := s.busy(t, ex)
	var pending []*futures.Future[int]
	for i := range 20 {
		pending = append(pending, futures.Submit(ctx, ex, s.Gate, g.arg(100+i)))
	}
	if fs[0].Cancel() {
		t.Error("a running call was cancelled")
	}
	if !fs[0].Running() {
		t.Errorf("the call at the gate is %v", fs[0])
	}
	cancelled := make([]bool, len(pending))
	for i, f := range pending {
		if i%2 == 0 {
			continue
		}
		// Some engines hand calls to workers before those are free:
		// they count as running.
		if cancelled[i] = f.Cancel(); !cancelled[i] {
			continue
		}
		if !f.Cancel() || !f.Cancelled() || f.State() != futures.Cancelled {
			t.Errorf("cancelled future: %v", f)
		}
		if _, err := f.Result(ctx); err != futures.ErrCancelled {
			t.Errorf("Result of a cancelled future: %v", err)
		}
	}
	if !cancelled[len(pending)-1] {
		t.Error("the last of 20 waiting calls could not be cancelled")
	}
	g.open()
	for i, f := range pending {
		if v, err := f.Result(ctx); !cancelled[i] && (v != 100+i || err != nil) {
			t.Errorf("call %d: %v, %v", i, v, err)
		}
	}
	for i, f := range fs {
		if v, err := f.Result(ctx); v != i || err != nil {
			t.Errorf("running call %d: %v, %v", i, v, err)
		}
	}
	for len(g.come) > 0 {
		if n := g.arrived(); n >= 100 && cancelled[n-100] {
			t.Errorf("cancelled call %d was made", n)
		}
	}
}

func (s *suite) kill(t *testing.T) {
	ex, ctx := s.start(t), limit(t)
	g, fs := s.busy(t, ex)
	var last *futures.Future[int]
	for range 20 {
		last = futures.Submit(ctx, ex, s.Inc, 1)
	}
	if err := last.Kill(); err != nil || !last.Cancelled() {
		t.Errorf("Kill of a pending call: %v, %v", err, last)
	}
	err := fs[0].Kill()
	if !s.opt.Kills {
		if !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("Kill = %v, want ErrUnsupported", err)
		}
	} else {
		if err != nil {
			t.Errorf("Kill = %v", err)
		}
		if _, err := fs[0].Result(ctx); !errors.Is(err, futures.ErrKilled) {
			t.Errorf("Result of a killed call: %v", err)
		}
		fs = fs[1:]
	}
	g.open()
	for _, f := range fs {
		if err := f.Err(ctx); err != nil {
			t.Errorf("another call: %v", err)
		}
		if err := f.Kill(); err != nil {
			t.Errorf("Kill of a finished call: %v", err)
		}
	}
}

func (s *suite) callbacks(t *testing.T) {
	ex, ctx := s.start(t), limit(t)
	g, fs := s.busy(t, ex)
	order := make(chan int, 10)
	nested := make(chan *futures.Future[int], 1)
	for i := range 3 {
		fs[0].AddDoneCallback(func(f *futures.Future[int]) {
			if f != fs[0] || f.State() != futures.Finished {
				t.Errorf("callback with %v", f)
			}
			order <- i
		})
	}
	fs[0].AddDoneCallback(func(*futures.Future[int]) {
		// Engines must not hold their locks here.
		nested <- futures.Submit(ctx, ex, s.Inc, 7)
	})
	g.open()
	for i := range 3 {
		if got := <-order; got != i {
			t.Errorf("callback %d came as number %d", got, i)
		}
	}
	if v, err := (<-nested).Result(ctx); v != 8 || err != nil {
		t.Errorf("call submitted by a callback: %v, %v", v, err)
	}
	called := false
	fs[0].AddDoneCallback(func(*futures.Future[int]) { called = true })
	if !called {
		t.Error("a late callback was not called at once")
	}
}

// workers checks that as many calls run at once as Workers says, and no more.
func (s *suite) workers(t *testing.T) {
	ex, ctx := s.start(t), limit(t)
	g, _ := s.busy(t, ex)
	f := futures.Submit(ctx, ex, s.Gate, g.arg(1000))
	// The engine would need some time to make the mistake.
	short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	if err := f.Err(short); !errors.Is(err, futures.ErrStillRunning) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Err under a short limit = %v", err)
	}
	g.nobody()
	g.open()
	if v, err := f.Result(ctx); v != 1000 || err != nil {
		t.Errorf("Result = %v, %v", v, err)
	}
	over, cancel := context.WithCancel(ctx)
	cancel()
	if v, err := f.Result(over); v != 1000 || err != nil {
		t.Errorf("a result that is there, under a context that is over: %v, %v", v, err)
	}
}

func (s *suite) manySubmitters(t *testing.T) {
	ex, ctx := s.start(t), limit(t)
	const submitters, each = 1000, 20
	var wg sync.WaitGroup
	var sum atomic.Int64
	for range submitters {
		wg.Go(func() {
			for i := range each {
				v, err := futures.Submit(ctx, ex, s.Inc, i).Result(ctx)
				if err != nil {
					t.Errorf("call %d: %v", i, err)
					return
				}
				sum.Add(int64(v))
			}
		})
	}
	wg.Wait()
	if want := int64(submitters * each * (each + 1) / 2); sum.Load() != want {
		t.Errorf("sum %d, want %d", sum.Load(), want)
	}
}

func (s *suite) wait(t *testing.T) {
	ex, ctx := s.start(t), limit(t)
	g := newGate(t)
	slow := futures.Submit(ctx, ex, s.Gate, g.arg(1))
	g.arrived()
	a := futures.Submit(ctx, ex, s.Inc, 1)
	done, pending, err := futures.Wait(ctx, futures.FirstCompleted, slow, a, slow, a)
	if err != nil || len(done) != 1 || done[0] != futures.AnyFuture(a) || len(pending) != 1 || pending[0] != futures.AnyFuture(slow) {
		t.Errorf("FirstCompleted: %v, %v, %v", done, pending, err)
	}
	bad := futures.Submit(ctx, ex, s.FailOdd, 1)
	done, pending, err = futures.Wait(ctx, futures.FirstError, slow, a, bad)
	if err != nil || len(done) != 2 || len(pending) != 1 {
		t.Errorf("FirstError: %v, %v, %v", done, pending, err)
	}
	short, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	done, pending, err = futures.Wait(short, futures.AllCompleted, slow, a, bad)
	if !errors.Is(err, futures.ErrStillRunning) || !errors.Is(err, context.DeadlineExceeded) || len(done) != 2 || len(pending) != 1 {
		t.Errorf("AllCompleted under a short limit: %v, %v, %v", done, pending, err)
	}
	g.open()
	done, pending, err = futures.Wait(ctx, futures.AllCompleted, slow, a, bad)
	if err != nil || len(done) != 3 || len(pending) != 0 {
		t.Errorf("AllCompleted: %v, %v, %v", done, pending, err)
	}
}

func (s *suite) asCompleted(t *testing.T) {
	ex, ctx := s.start(t), limit(t)
	g := newGate(t)
	slow := futures.Submit(ctx, ex, s.Gate, g.arg(1))
	g.arrived()
	quick := futures.Submit(ctx, ex, s.Inc, 1)
	if err := quick.Err(ctx); err != nil {
		t.Fatal(err)
	}
	var got []*futures.Future[int]
	for f, err := range futures.AsCompleted(ctx, slow, quick, slow) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, f)
		g.open()
	}
	if len(got) != 2 || got[0] != quick || got[1] != slow {
		t.Errorf("AsCompleted: %v", got)
	}
}
