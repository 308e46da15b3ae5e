package crew

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// The deque behaves as a slice does.
func TestDeque(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	var d deque
	var model []int64
	ids := func(list []Entry) (out []int64) {
		for _, en := range list {
			out = append(out, en.queuedAt)
		}
		return out
	}
	for i := range int64(100_000) {
		if d.len() != len(model) {
			t.Fatalf("len %d, want %d", d.len(), len(model))
		}
		if len(model) > 0 && d.front().queuedAt != model[0] {
			t.Fatalf("front %d, want %d", d.front().queuedAt, model[0])
		}
		switch n := r.IntN(1000); {
		case n < 450:
			d.pushBack(Entry{queuedAt: i})
			model = append(model, i)
		case n < 600:
			d.pushFront(Entry{queuedAt: i})
			model = slices.Insert(model, 0, i)
		case n < 998:
			if len(model) > 0 {
				if got := d.popFront().queuedAt; got != model[0] {
					t.Fatalf("popped %d, want %d", got, model[0])
				}
				model = model[1:]
			}
		case n < 999:
			dropped := d.filter(func(en *Entry) bool { return en.queuedAt%3 != 0 })
			var want []int64
			model = slices.DeleteFunc(model, func(x int64) bool {
				if x%3 == 0 {
					want = append(want, x)
				}
				return x%3 == 0
			})
			if !slices.Equal(ids(dropped), want) {
				t.Fatal("filter dropped the wrong ones")
			}
		default:
			if !slices.Equal(ids(d.takeAll()), model) {
				t.Fatal("takeAll")
			}
			model = nil
		}
	}
}
