package futures

import "iter"

// A Pair is an element of [Zip].
type Pair[A, B any] struct {
	First  A
	Second B
}

// Zip pairs the elements of two sequences and stops with the shorter one. It
// is for calling [Map] with a function of two arguments:
//
//	futures.Map(ctx, ex, power, futures.Zip(bases, exponents))
func Zip[A, B any](a iter.Seq[A], b iter.Seq[B]) iter.Seq[Pair[A, B]] {
	return func(yield func(Pair[A, B]) bool) {
		next, stop := iter.Pull(b)
		defer stop()
		for x := range a {
			y, ok := next()
			if !ok || !yield(Pair[A, B]{x, y}) {
				return
			}
		}
	}
}
