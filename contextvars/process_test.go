package contextvars_test

import (
	"context"
	"errors"
	"os"
	"reflect"
	"runtime"
	"testing"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/contextvars"
	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/futures/process"
	"github.com/conexgo/conex/internal/leak"
)

var initFunc = conex.Register("contextvars_test.init", func(ctx context.Context, n int) (int, error) {
	_, err := local.Set(ctx, n)
	return 0, err
})

func processPool(t testing.TB, cfg process.Config) *process.Pool {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("no worker processes on Windows")
	}
	p, err := process.NewPool(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

func TestProcess(t *testing.T) {
	leak.Check(t)
	propagates(t, processPool(t, process.Config{Workers: 2, Init: initFunc.Bind(99)}), true)
}

func TestInline(t *testing.T) {
	leak.Check(t)
	t.Setenv("CONEX_ENGINE", "inline")
	p, err := process.NewPool(process.Config{Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	propagates(t, p, false)
}

// propagates checks an engine whose tasks are behind a border.
func propagates(t *testing.T, p futures.Executor, elsewhere bool) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	see := func(f *futures.Future[sight], want sight) {
		t.Helper()
		s, err := f.Result(ctx)
		if (s.PID != os.Getpid()) != elsewhere {
			t.Error("it ran in the wrong process")
		}
		s.PID = 0
		if err != nil || !reflect.DeepEqual(s, want) {
			t.Errorf("%+v, %v; want %+v", s, err, want)
		}
	}
	info := &jobInfo{"build", map[string]int{"x": 1}}

	// Every task has a Context, whoever submits it.
	see(futures.Submit(context.Background(), p, lookFunc, 1), sight{Local: -1, After: 1, Travel: "nothing"})
	see(futures.Submit(ctx, p, lookFunc, 1), sight{Local: -1, After: 1, Travel: "nothing"})

	runIn(t, ctx, contextvars.NewContext(), func(ctx context.Context) {
		// What was not declared to travel stays.
		set(t, ctx, local, 5)
		see(futures.Submit(ctx, p, lookFunc, 2), sight{Local: -1, After: 2, Travel: "nothing"})

		// What was does so as it is at the moment of Submit.
		var fs []*futures.Future[sight]
		for i := range 5 {
			set(t, ctx, travel, "abcde"[:i+1])
			fs = append(fs, futures.Submit(ctx, p, lookFunc, i))
		}
		set(t, ctx, travel, "later")
		for i, f := range fs {
			see(f, sight{Local: -1, After: i, Travel: "abcde"[:i+1]})
		}

		// Several, through contexts in between, and under a time limit.
		set(t, ctx, job, info)
		inner, cancel := context.WithCancel(ctx)
		want := sight{Local: -1, After: 3, Travel: "later", Job: info}
		see(futures.Submit(inner, p, lookFunc, 3), want)
		see(futures.Submit(inner, p, lookFunc, 3, futures.TaskTimeout(time.Minute)), want)
		cancel()
		want.Travel = "with"
		see(futures.Submit(travel.With(ctx, "with"), p, lookFunc, 3), want)

		// No item of a Map sees what another has set.
		n := 0
		for s, err := range futures.Map(ctx, p, lookFunc, upTo(300)) {
			if err != nil || s.Local != -1 || s.After != n || s.Travel != "later" || !reflect.DeepEqual(s.Job, info) || s.Fault != "" {
				t.Fatalf("item %d: %+v, %v", n, s, err)
			}
			n++
		}
		n = 0
		for seen, err := range futures.Map(ctx, p, flat, upTo(5000)) {
			if err != nil || seen != 5000-1 {
				t.Fatalf("item %d: %d, %v", n, seen, err)
			}
			n++
		}
		if n != 5000 {
			t.Errorf("%d items", n)
		}

		// A value that cannot travel is refused, and nothing else suffers.
		tok := set(t, ctx, loose, any(make(chan int)))
		_, err := futures.Submit(ctx, p, lookFunc, 1).Result(ctx)
		fails(t, err, futures.ErrNotEncodable)
		for _, err := range futures.Map(ctx, p, lookFunc, upTo(3)) {
			fails(t, err, futures.ErrNotEncodable)
		}
		if err := loose.Reset(ctx, tok); err != nil {
			t.Error(err)
		}
		see(futures.Submit(ctx, p, lookFunc, 3), sight{Local: -1, After: 3, Travel: "later", Job: info})
	})
	for n, err := range futures.Map(context.Background(), p, flat, upTo(1000)) {
		if n != -1 || err != nil {
			t.Fatalf("without a Context: %d, %v", n, err)
		}
	}
}

// Many submitters under one Context, with values that change all the time.
func TestProcessChanging(t *testing.T) {
	leak.Check(t)
	p := processPool(t, process.Config{Workers: 2})
	in(t, func(ctx context.Context) {
		var dones []<-chan struct{}
		for range 3 {
			dones = append(dones, contextvars.Go(ctx, func(ctx context.Context) {
				var fs []*futures.Future[sight]
				for i := range 200 {
					set(t, ctx, travel, string(rune('a'+i%26)))
					fs = append(fs, futures.Submit(ctx, p, lookFunc, i))
				}
				for i, f := range fs {
					if s, err := f.Result(ctx); err != nil || s.Travel != string(rune('a'+i%26)) || s.Local != -1 {
						t.Errorf("task %d: %+v, %v", i, s, err)
						return
					}
				}
			}))
		}
		for _, done := range dones {
			<-done
		}
	})
}

// A task that is run again after a death sees what the first run saw.
func TestProcessRetry(t *testing.T) {
	leak.Check(t)
	p := processPool(t, process.Config{Workers: 1, OnDeath: process.Retry(1)})
	mark := t.TempDir() + "/mark"
	in(t, func(ctx context.Context) {
		set(t, ctx, travel, "first")
		f := futures.Submit(ctx, p, dieOnce, mark)
		set(t, ctx, travel, "second")
		if s, err := f.Result(ctx); s != "first" || err != nil {
			t.Errorf("%q, %v", s, err)
		}
	})
}

var dieOnce = conex.Register("contextvars_test.dieOnce", func(ctx context.Context, mark string) (string, error) {
	if _, err := os.Stat(mark); errors.Is(err, os.ErrNotExist) {
		os.WriteFile(mark, nil, 0o666)
		os.Exit(1)
	}
	return travel.Get(ctx)
})
