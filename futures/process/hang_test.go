package process_test

import (
	"errors"
	"testing"
	"time"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/futures/process"
	"github.com/conexgo/conex/internal/leak"
)

// What CPython's pools have hung on, or still do.

// A worker dies while the queue is full (gh-94777, gh-105829).
func TestCrashWithFullQueue(t *testing.T) {
	leak.Check(t)
	p := newPool(t, process.Config{Workers: 2})
	ctx := within(t, 60*time.Second)
	var good []*futures.Future[int]
	var bad []*futures.Future[int]
	for i := range 20_000 {
		if i%2000 == 500 {
			bad = append(bad, futures.Submit(ctx, p, exit, 1))
		}
		good = append(good, futures.Submit(ctx, p, inc, i))
	}
	for i, f := range bad {
		if _, err := f.Result(ctx); !errors.Is(err, futures.ErrWorkerDied) {
			t.Errorf("crash %d: %v", i, err)
		}
	}
	for i, f := range good {
		if r, err := f.Result(ctx); r != i+1 || err != nil {
			t.Fatalf("task %d: %d, %v", i, r, err)
		}
	}
}

// Futures are cancelled, then the pool is shut down (gh-94440).
func TestCancelThenShutdown(t *testing.T) {
	leak.Check(t)
	ctx := within(t, 60*time.Second)
	for range 20 {
		p := newPool(t, process.Config{Workers: 1, Spares: -1})
		var fs []*futures.Future[bool]
		for range 50 {
			fs = append(fs, futures.Submit(ctx, p, sleep, time.Millisecond))
		}
		for _, f := range fs {
			f.Cancel()
		}
		if err := p.Shutdown(ctx); err != nil {
			t.Fatal(err)
		}
		for _, f := range fs {
			if _, err := f.Result(ctx); err != nil && !errors.Is(err, futures.ErrCancelled) {
				t.Error(err)
			}
		}
	}
}

// The pool goes away with an unsendable task in it (bpo-39104), and before its
// first worker is there.
func TestShutdownAtOnce(t *testing.T) {
	leak.Check(t)
	ctx := within(t, 60*time.Second)
	for i := range 20 {
		p := newPool(t, process.Config{Workers: 2})
		bad := futures.Submit(ctx, p, badResult, 1)
		f := futures.Submit(ctx, p, inc, i)
		if err := p.Shutdown(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := bad.Result(ctx); !errors.Is(err, futures.ErrNotEncodable) {
			t.Error(err)
		}
		if r, err := f.Result(ctx); r != i+1 || err != nil {
			t.Errorf("%d, %v", r, err)
		}
		empty := newPool(t, process.Config{Workers: 2})
		if err := empty.Shutdown(ctx); err != nil {
			t.Fatal(err)
		}
	}
}

// A result as large as memory allows comes whole.
func TestGiant(t *testing.T) {
	leak.Check(t)
	size := 64 << 20
	if kills() >= 1000 {
		size = 1 << 30
	}
	p := newPool(t, process.Config{Workers: 1})
	ctx := within(t, 60*time.Second)
	b, err := futures.Submit(ctx, p, makeBytes, size).Result(ctx)
	if err != nil || len(b) != size {
		t.Fatalf("%d bytes, %v", len(b), err)
	}
	for i := 0; i < size; i += 4097 {
		if b[i] != byte(i*7) {
			t.Fatalf("byte %d is %d", i, b[i])
		}
	}
}
