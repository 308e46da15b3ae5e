package watch

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"unsafe"

	"github.com/conexgo/conex/internal/inherit"
)

func TestOneGroupPerContext(t *testing.T) {
	w := New(func(*Group) {})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	other, cancelOther := context.WithCancel(context.Background())
	defer cancelOther()
	inits := 0
	init := func(*Group, inherit.Values) { inits++ }
	a, b, c := w.Enter(ctx, init), w.Enter(other, init), w.Enter(ctx, init)
	if a != c || a == b || inits != 2 || a.ID == b.ID || a.ID == 0 {
		t.Errorf("groups %p %p %p, %d inits", a, b, c, inits)
	}
	for _, g := range []*Group{a, b, c} {
		g.Leave()
	}
	if w.Enter(context.Background(), nil) != nil {
		t.Error("a group for a context that never ends")
	}
	var none *Group
	none.Leave()
	none.Join()
	if none.Ended() {
		t.Error("nil ended")
	}
}

// Contexts are told apart by what travels with them, and by nothing else that
// they carry.
func TestVariables(t *testing.T) {
	type vars struct{ travels *int }
	inherit.Register(inherit.Source{
		Travelling: func(v inherit.Values) unsafe.Pointer { return unsafe.Pointer((*vars)(v.Root()).travels) },
	})
	values := func(p *int) inherit.Values { return inherit.Of(unsafe.Pointer(&vars{p})) }
	w := New(func(*Group) {})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	one, two := new(int), new(int)
	var inits []inherit.Values
	enter := func(v inherit.Values) *Group {
		g := w.EnterWith(ctx, v, func(_ *Group, v inherit.Values) { inits = append(inits, v) })
		defer g.Leave()
		return g
	}
	first := values(one)
	a, b, c := enter(first), enter(values(one)), enter(values(two))
	none, stays := enter(inherit.Values{}), enter(values(nil))
	if a != b || a == c || c == none || none != stays {
		t.Errorf("groups %p %p %p %p %p", a, b, c, none, stays)
	}
	if len(inits) != 3 || inits[0] != first {
		t.Errorf("%d inits", len(inits))
	}
	w.Close()
}

func TestEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ended []*Group
		w := New(func(g *Group) { ended = append(ended, g) })
		ctx, cancel := context.WithCancel(context.Background())
		g := w.Enter(ctx, nil)
		if g.Ended() {
			t.Error("ended at once")
		}
		cancel()
		synctest.Wait()
		if len(ended) != 1 || ended[0] != g || !g.Ended() || g.Cause() != context.Canceled {
			t.Errorf("ended: %v", ended)
		}
		// One that everybody has left is not reported.
		ctx2, cancel2 := context.WithCancel(context.Background())
		w.Enter(ctx2, nil).Leave()
		w.Enter(ctx, nil) // ctx2 is not the latest any more
		cancel2()
		synctest.Wait()
		for _, g := range ended {
			if g.Ctx == ctx2 {
				t.Error("the end of a context without tasks was reported")
			}
		}
		w.Close()
	})
}

type uncomparable struct {
	context.Context
	_ []int
}

func TestUncomparableContext(t *testing.T) {
	w := New(func(*Group) {})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	g := w.Enter(uncomparable{Context: ctx}, nil)
	g.Leave()
}

func TestConcurrent(t *testing.T) {
	w := New(func(*Group) {})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 2000 {
				ctx, cancel := context.WithCancel(context.Background())
				a, b := w.Enter(ctx, nil), w.Enter(ctx, nil)
				if a != b {
					t.Error("two groups for one context")
				}
				if i%3 == 0 {
					cancel()
				}
				a.Leave()
				if i%5 == 0 {
					runtime.Gosched()
				}
				b.Leave()
				cancel()
			}
		})
	}
	wg.Wait()
	w.mu.Lock()
	n := len(w.live)
	w.mu.Unlock()
	if n > 1 {
		t.Errorf("%d groups are left", n)
	}
	w.Close()
}

func BenchmarkEnter(b *testing.B) {
	w := New(func(*Group) {})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for b.Loop() {
		w.Enter(ctx, nil).Leave()
	}
}
