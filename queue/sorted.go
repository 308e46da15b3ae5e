package queue

import "slices"

// freshLen is how many items a new run has.
const freshLen = 16

// A sorted is the store of a PriorityQueue: a number of runs, each of which is
// in order. New items are put into their place in the youngest and shortest,
// called fresh. When it is full it joins the others, and neighbours of about
// the same length are merged, so that there are never more than the logarithm
// of the number of items. What comes next is at the front of one of them.
//
// That needs about as few comparisons as sorting does, and goes through memory
// from one end to the other. A heap, which jumps, takes twice as long with many
// items, and somewhat longer with few. Its advantage is that no call takes much
// longer than another: here one that merges takes a time that is proportional
// to the number of items, as one does that makes a slice grow.
//
// Older runs have older items, and merging keeps equals as they are. So they
// come out as they were put, although nobody counts.
//
// less is the user's, and may panic. Each step makes all its comparisons before
// it changes anything: then a panic leaves no trace.
type sorted[T any] struct {
	less  func(a, b T) bool
	n     int
	fresh run[T]
	runs  []run[T] // the oldest first; none is empty
	order []int    // of the runs, by what is at their front
	spare spares[T]
}

// A run is a sorted slice from which the first items have been taken.
type run[T any] struct {
	items []T
	array []T // all of it, from before the first item on
}

func (s *sorted[T]) Len() int { return s.n }

func (s *sorted[T]) Push(v T) error {
	if len(s.fresh.items) == cap(s.fresh.items) {
		s.makeRoom()
	}
	items, less := s.fresh.items, s.less
	// It is so short that looking at all of them is faster than bisecting.
	at := len(items)
	for at > 0 && less(v, items[at-1]) {
		at--
	}
	items = items[:len(items)+1]
	copy(items[at+1:], items[at:])
	items[at] = v
	s.fresh.items = items
	s.n++
	return nil
}

// makeRoom makes room for an item in fresh.
func (s *sorted[T]) makeRoom() {
	f := &s.fresh
	switch {
	case f.array == nil:
		f.array = s.spare.get(freshLen)
		f.items = f.array[:0]
	case len(f.items) <= len(f.array)/2: // there is some in front of them
		f.items = f.array[:copy(f.array, f.items)]
		clear(f.array[len(f.items):])
	default:
		s.join()
		s.makeRoom()
	}
}

// join makes fresh one of the runs.
func (s *sorted[T]) join() {
	k := len(s.order)
	for k > 0 && s.less(s.fresh.items[0], s.runs[s.order[k-1]].items[0]) {
		k--
	}
	s.order = slices.Insert(s.order, k, len(s.runs))
	s.runs = append(s.runs, s.fresh)
	s.fresh = run[T]{}
	for i := len(s.runs) - 1; i > 0 && len(s.runs[i-1].items) < 2*len(s.runs[i].items); i-- {
		s.merge(i)
	}
}

// merge makes one of the last run, i, and the one before it.
func (s *sorted[T]) merge(i int) {
	older, younger := s.runs[i-1], s.runs[i]
	a, b, less := older.items, younger.items, s.less
	array := s.spare.get(len(a) + len(b))
	to := array[:len(a)+len(b)]
	for len(a) > 0 && len(b) > 0 {
		if less(b[0], a[0]) {
			to[0] = b[0]
			b = b[1:]
		} else {
			to[0] = a[0]
			a = a[1:]
		}
		to = to[1:]
	}
	copy(to[copy(to, a):], b)

	s.runs[i-1] = run[T]{array[:len(older.items)+len(younger.items)], array}
	s.runs[i] = run[T]{}
	s.runs = s.runs[:i]
	// At the front of the merged run is what was first of the two fronts.
	found := false
	s.order = slices.DeleteFunc(s.order, func(x int) bool {
		again := x >= i-1 && found
		found = found || x >= i-1
		return again
	})
	s.order[slices.IndexFunc(s.order, func(x int) bool { return x >= i-1 })] = i - 1
	s.spare.put(older.array)
	s.spare.put(younger.array)
}

func (s *sorted[T]) Pop() (v T, _ error) {
	fresh := s.fresh.items
	if len(s.order) == 0 || len(fresh) > 0 && s.less(fresh[0], s.runs[s.order[0]].items[0]) {
		v = s.fresh.take()
	} else {
		x := s.order[0]
		r := &s.runs[x]
		last := len(r.items) == 1
		k := 0
		if !last {
			k = s.place(x, r.items[1])
		}
		v = r.take()
		if copy(s.order, s.order[1:k+1]); last {
			s.remove(x)
		} else {
			s.order[k] = x
			s.trim(r)
		}
	}
	if s.n--; s.n == 0 {
		s.spare = nil
	}
	return v, nil
}

// take removes the first item.
func (r *run[T]) take() T {
	v := r.items[0]
	clear(r.items[:1])
	r.items = r.items[1:]
	return v
}

// place says where in the order run x belongs, which is the first now, when v
// is at its front.
func (s *sorted[T]) place(x int, v T) int {
	k := 0
	for ; k+1 < len(s.order); k++ {
		y := s.order[k+1]
		if front := s.runs[y].items[0]; x < y && !s.less(front, v) || x > y && s.less(v, front) {
			break
		}
	}
	return k
}

// remove forgets run x, which is empty and the first in the order.
func (s *sorted[T]) remove(x int) {
	s.spare.put(s.runs[x].array)
	s.runs = slices.Delete(s.runs, x, x+1)
	s.order = slices.Delete(s.order, 0, 1)
	for i, y := range s.order {
		if y > x {
			s.order[i]--
		}
	}
}

// trim gives memory back if most of a run's is unused.
func (s *sorted[T]) trim(r *run[T]) {
	if len(r.array) > 64 && len(r.items) < len(r.array)/4 {
		old, array := r.array, s.spare.get(len(r.items))
		r.items, r.array = array[:copy(array, r.items)], array
		s.spare.put(old)
	}
}

func (s *sorted[T]) drop() { *s = sorted[T]{less: s.less} }
