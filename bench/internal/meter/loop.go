package meter

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"time"
)

// Bulk times one pass over n operations and returns nanoseconds per operation. A tenth as many go before it, untimed, so
// that heaps, caches and connections are in the state they keep. The pass answers the sum of its results,
// which must be want(n): nobody is fast by being wrong. The figure says also how many objects the process allocated for
// each of the n.
func Bulk(n int, want func(n int) int, pass func(n int) (int, error)) (Figure, error) {
	var took time.Duration
	var allocs uint64
	for _, k := range []int{max(1, n/10), n} {
		before := mallocs()
		start := time.Now()
		sum, err := pass(k)
		took = time.Since(start)
		allocs = mallocs() - before
		if err != nil {
			return Figure{}, err
		}
		if sum != want(k) {
			return Figure{}, fmt.Errorf("wrong results: the sum over %d operations is %d, want %d", k, sum, want(k))
		}
	}
	// In thousandths: what a pass allocates to get going is not the operation's.
	each := math.Floor(1000*float64(allocs)/float64(n)) / 1000
	return Figure{Value: float64(took.Nanoseconds()) / float64(n), Allocs: &each, N: n}, nil
}

// mallocs counts the objects this process has allocated so far.
func mallocs() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Mallocs
}

// SumInc is the right sum for the task most cases use, i+1 for every i below n.
func SumInc(n int) int { return n * (n + 1) / 2 }

// Inc is that task.
func Inc(i int) int { return i + 1 }

// Count is the right sum for a task that counts itself, like one that adds to a number under a lock.
func Count(n int) int { return n }

// Together runs body in k goroutines at the same time, each over its share of the numbers below n, lo up to hi, and
// returns the sum of what they answer, or one of their errors.
func Together(k, n int, body func(lo, hi int) (int, error)) (int, error) {
	type answer struct {
		sum int
		err error
	}
	answers := make(chan answer, k)
	for i := range k {
		go func() {
			sum, err := body(i*n/k, (i+1)*n/k)
			answers <- answer{sum, err}
		}()
	}
	var sum int
	for range k {
		a := <-answers
		if a.err != nil {
			return 0, a.err // the others may wait for its work in vain
		}
		sum += a.sum
	}
	return sum, nil
}

// Calls times single operations, at most n and until the budget is spent, and returns their median and 99th percentile.
// The first warm ones are not counted. An operation times itself, so that what belongs around it (waiting for an
// idle second, checking the result) stays out of the figure.
func Calls(s Spec, warm int, op func(i int) (time.Duration, error)) (Figure, error) {
	var spent []time.Duration
	var start time.Time
	for i := range warm + s.N {
		if i == warm {
			start = time.Now()
		}
		if i > warm && s.Budget > 0 && time.Since(start) > s.Budget {
			break
		}
		d, err := op(i)
		if err != nil {
			return Figure{}, err
		}
		if i >= warm {
			spent = append(spent, d)
		}
	}
	return Latency(spent), nil
}

// Latency turns single durations into a figure. It sorts them.
func Latency(spent []time.Duration) Figure {
	if len(spent) == 0 {
		return Figure{}
	}
	slices.Sort(spent)
	at := func(q float64) float64 {
		return float64(spent[min(len(spent)-1, int(q*float64(len(spent))))].Nanoseconds())
	}
	return Figure{Value: at(0.5), P99: at(0.99), N: len(spent)}
}

// Timed runs call(i) and returns how long it took, having checked that the answer was i+1.
func Timed(i int, call func(int) (int, error)) (time.Duration, error) {
	start := time.Now()
	got, err := call(i)
	took := time.Since(start)
	if err == nil && got != i+1 {
		err = fmt.Errorf("wrong result: %d for %d", got, i)
	}
	return took, err
}
