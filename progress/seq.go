package progress

import "iter"

// Seq answers an iterator over the items of seq that shows how many of them the
// loop is through with. Each range over it starts its own [Tracker] and finishes
// it when the loop is left, be it by its end, break, return or panic.
//
// An item counts when the loop body has ended, also by break or return; one whose
// body panicked does not. Seq itself starts nothing, and adds no goroutine but the
// one that draws: seq runs where it would without.
func Seq[T any](seq iter.Seq[T], cfg Config) iter.Seq[T] {
	return func(yield func(T) bool) {
		t := New(cfg)
		defer t.Finish()
		seq(func(v T) bool {
			more := yield(v)
			t.Add(1)
			return more
		})
	}
}

// Seq2 is [Seq] for pairs. If V is the type error, as in the results of a map over
// an executor, a pair whose second value is not nil counts as failed. A V that
// merely implements error does not make a pair fail.
func Seq2[K, V any](seq iter.Seq2[K, V], cfg Config) iter.Seq2[K, V] {
	// Asked once here and not per item, where boxing a V might allocate. A V that
	// is an interface becomes an any for free.
	_, isError := any((*V)(nil)).(*error)
	return func(yield func(K, V) bool) {
		t := New(cfg)
		defer t.Finish()
		seq(func(k K, v V) bool {
			more := yield(k, v)
			if isError && any(v) != nil {
				t.Fail(1)
			} else {
				t.Add(1)
			}
			return more
		})
	}
}
