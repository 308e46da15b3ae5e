package managers

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestSyncStores compares the stores with slices, over many random steps.
func TestSyncStores(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct {
		name string
		st   store
		next func(model []int64) int // the index of the item that is next
	}{
		{"fifo", new(fifo), func([]int64) int { return 0 }},
		{"lifo", new(lifo), func(m []int64) int { return len(m) - 1 }},
		{"priority", new(priority), func(m []int64) int { return slices.Index(m, slices.Min(m)) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			var model []int64
			for step := range 20000 {
				switch grow := step/1000%2 == 0; {
				case len(model) == 0 || rnd.IntN(10) < 3 || grow && rnd.IntN(10) < 6:
					v := rnd.Int64N(1000)
					model = append(model, v)
					if err := c.st.push(v); err != nil {
						t.Fatal(err)
					}
				default:
					at := c.next(model)
					v := c.st.pop()
					if v != any(model[at]) {
						t.Fatalf("step %d: %v, not %v", step, v, model[at])
					}
					if rnd.IntN(4) == 0 { // which the model need not do
						c.st.unpop(v)
						if got := c.st.pop(); got != v {
							t.Fatalf("step %d: put back %v, got %v", step, v, got)
						}
					}
					model = slices.Delete(model, at, at+1)
				}
				if c.st.len() != len(model) {
					t.Fatalf("step %d: %d items, not %d", step, c.st.len(), len(model))
				}
			}
		})
	}
}

// TestSyncPriorityUnordered: what cannot be compared is refused or served, and
// never in the way.
func TestSyncPriorityUnordered(t *testing.T) {
	p := new(priority)
	for _, v := range []any{int64(1), "x", int64(2), nil, 1.5} {
		p.push(v)
	}
	if p.len() != 3 {
		t.Fatalf("%d items: %v", p.len(), p.items)
	}
	// A place where a comparison on the way down fails: its neighbours were never
	// compared.
	p.items = []any{int64(0), "a", int64(1), "b"}
	for p.len() > 0 {
		p.pop()
	}
	p.unpop("a")
	p.unpop(int64(1))
	if v := p.pop(); v != any(int64(1)) {
		t.Errorf("%v is next, not what was put back last", v)
	}
}

// TestSyncFifoMemory: a queue that was long does not keep its memory.
func TestSyncFifoMemory(t *testing.T) {
	f := new(fifo)
	for i := range 10000 {
		f.push(int64(i))
	}
	for range 9990 {
		f.pop()
	}
	if len(f.ring) > 64 {
		t.Errorf("a ring of %d for %d items", len(f.ring), f.len())
	}
	for i := range 10 {
		if v := f.pop(); v != any(int64(9990+i)) {
			t.Errorf("%v at place %d", v, i)
		}
	}
	for _, v := range f.ring {
		if v != nil {
			t.Fatalf("%v is still referred to", v)
		}
	}
}
