package process_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/futures/process"
	"github.com/conexgo/conex/internal/leak"
)

type frame struct {
	Name  string
	Pixel *conex.Buffer
	More  []*conex.Buffer
}

var (
	invert = conex.Register("test.invert", func(_ context.Context, b *conex.Buffer) (int, error) {
		for i, x := range b.Bytes() {
			b.Bytes()[i] = ^x
			if i > 1000 {
				break
			}
		}
		return b.Len(), nil
	})
	render = conex.Register("test.render", func(_ context.Context, n int) (*conex.Buffer, error) {
		b, err := conex.NewBuffer(n)
		if err != nil {
			return nil, err
		}
		for i := range b.Bytes() {
			b.Bytes()[i] = byte(n + i)
		}
		return b, nil
	})
	frames = conex.Register("test.frames", func(_ context.Context, f frame) (frame, error) {
		if f.Name == "die" {
			self, _ := os.FindProcess(os.Getpid())
			self.Kill()
			select {}
		}
		f.Pixel.Bytes()[0]++
		f.Name += "!"
		return f, nil
	})
	keepBuffer = conex.Register("test.keepBuffer", func(_ context.Context, b *conex.Buffer) (bool, error) {
		old := kept
		kept = b
		return old == nil || old.Bytes() == nil, nil
	})
)

var kept *conex.Buffer

func newBuffer(t *testing.T, n int) *conex.Buffer {
	t.Helper()
	b, err := conex.NewBuffer(n)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

func TestBuffer(t *testing.T) {
	leak.Check(t)
	p := newPool(t, process.Config{Workers: 2})
	ctx := within(t, 60*time.Second)
	b := newBuffer(t, 5000)
	b.Bytes()[7] = 1
	for i := range 4 {
		if n, err := futures.Submit(ctx, p, invert, b).Result(ctx); n != 5000 || err != nil {
			t.Fatalf("invert: %d, %v", n, err)
		}
		want := byte(1)
		if i%2 == 0 {
			want = 254
		}
		if b.Bytes()[7] != want {
			t.Fatalf("the worker's writes are not seen: %d", b.Bytes()[7])
		}
	}
	i := 0
	for r, err := range futures.Map(ctx, p, render, func(yield func(int) bool) {
		for i := range 300 {
			if !yield(1 + i*100) {
				return
			}
		}
	}) {
		n := 1 + i*100
		if err != nil || r.Len() != n || r.Bytes()[n-1] != byte(n+n-1) {
			t.Fatalf("render(%d): %d bytes, %v", n, r.Len(), err)
		}
		r.Close()
		if r.Bytes() != nil || r.Close() != nil {
			t.Fatal("closed Buffer")
		}
		i++
	}
	f := frame{Name: "a", Pixel: b, More: []*conex.Buffer{nil, newBuffer(t, 10), b}}
	before := b.Bytes()[0]
	r, err := futures.Submit(ctx, p, frames, f).Result(ctx)
	if err != nil || r.Name != "a!" || len(r.More) != 3 || r.More[0] != nil || r.More[1].Len() != 10 ||
		r.Pixel.Bytes()[0] != before+1 || b.Bytes()[0] != before+1 || r.More[2].Len() != 5000 {
		t.Fatalf("frames: %+v, %v", r, err)
	}
	for _, x := range []*conex.Buffer{r.Pixel, r.More[1], r.More[2]} {
		x.Close()
	}
	// A nil and a closed one.
	if _, err := futures.Submit(ctx, p, frames, frame{Name: "nil"}).Result(ctx); err == nil || !strings.Contains(err.Error(), "nil pointer") {
		t.Errorf("nil Buffer: %v", err)
	}
	closed := newBuffer(t, 1)
	closed.Close()
	if _, err := futures.Submit(ctx, p, invert, closed).Result(ctx); !errors.Is(err, futures.ErrNotEncodable) || !strings.Contains(err.Error(), "closed") {
		t.Errorf("closed Buffer: %v", err)
	}
	// Closed while it waits: the task keeps it.
	gone := newBuffer(t, 100)
	fut := futures.Submit(ctx, p, invert, gone)
	gone.Close()
	if n, err := fut.Result(ctx); n != 100 || err != nil {
		t.Errorf("closed after Submit: %d, %v", n, err)
	}
	if _, err := conex.NewBuffer(0); err == nil {
		t.Error("a Buffer of no bytes")
	}
}

func TestBufferDeath(t *testing.T) {
	leak.Check(t)
	p := newPool(t, process.Config{Workers: 1})
	ctx := within(t, 60*time.Second)
	b := newBuffer(t, 100)
	if _, err := futures.Submit(ctx, p, frames, frame{Name: "die", Pixel: b}).Result(ctx); !errors.Is(err, futures.ErrWorkerDied) {
		t.Errorf("got %v", err)
	}
	if r, err := futures.Submit(ctx, p, frames, frame{Name: "live", Pixel: b}).Result(ctx); err != nil || b.Bytes()[0] != 1 {
		t.Errorf("afterwards: %v", err)
	} else {
		r.Pixel.Close()
	}
	// What a function keeps is closed to it when it has returned.
	for range 3 {
		if ok, err := futures.Submit(ctx, p, keepBuffer, b).Result(ctx); !ok || err != nil {
			t.Errorf("kept: %v, %v", ok, err)
		}
	}
	// Many different ones: a worker does not keep them all.
	for i := range 100 {
		x := newBuffer(t, 1000+i)
		if n, err := futures.Submit(ctx, p, invert, x).Result(ctx); n != 1000+i || err != nil {
			t.Fatalf("Buffer %d: %d, %v", i, n, err)
		}
		x.Close()
	}
}
