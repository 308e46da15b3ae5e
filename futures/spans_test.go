package futures

import (
	"math/rand/v2"
	"testing"
)

// TestSpans compares with a slice of bools.
func TestSpans(t *testing.T) {
	for range 300 {
		const n = 60
		var s spans
		var has [n + 1]bool
		for range rand.IntN(40) {
			from := rand.IntN(n)
			to := from
			for to < n && !has[to] && rand.IntN(4) > 0 {
				to++
			}
			if from == to {
				continue
			}
			s.add(span{from, to})
			for i := from; i < to; i++ {
				has[i] = true
			}
		}
		for i := range n {
			after, before := i, i
			for has[after] {
				after++
			}
			for before < n && !has[before] {
				before++
			}
			if s.has(i) != has[i] || s.after(i) != after || s.before(i, n) != before {
				t.Fatalf("%v at %d: has %v, after %d, before %d", s, i, s.has(i), s.after(i), s.before(i, n))
			}
		}
		for k, x := range s {
			if x.from >= x.to || k > 0 && s[k-1].to >= x.from {
				t.Fatalf("%v is not in order", s)
			}
		}
	}
}
