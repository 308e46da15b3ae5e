package queue

// A heap is the store of a PriorityQueue: in an array, each entry comes before
// its four children. Four, since that makes half as many steps as two, and the
// children lie side by side.
//
// less is the user's, and may panic. So Push and Pop find out first where
// everything goes, and move afterwards: a panic leaves no trace.
type heap[T any] struct {
	less    func(a, b T) bool
	entries []entry[T]
	puts    uint64
}

// An entry knows when it was put: among equals, the first comes first.
type entry[T any] struct {
	v   T
	put uint64
}

func (h *heap[T]) Len() int { return len(h.entries) }

func (h *heap[T]) Push(v T) (err error) {
	defer catch(&err)
	to := len(h.entries)
	for to > 0 {
		parent := (to - 1) / 4
		if !h.less(v, h.entries[parent].v) {
			break // also if they are equal: v is the younger one
		}
		to = parent
	}
	i := len(h.entries)
	h.entries = append(h.entries, entry[T]{})
	for i > to {
		parent := (i - 1) / 4
		h.entries[i] = h.entries[parent]
		i = parent
	}
	h.entries[to] = entry[T]{v, h.puts}
	h.puts++
	return nil
}

func (h *heap[T]) Pop() (v T, err error) {
	defer catch(&err)
	last := len(h.entries) - 1
	i := h.hole(last)
	// The last entry goes to i, and everything above moves up by one step.
	moving := h.entries[last]
	for {
		moving, h.entries[i] = h.entries[i], moving
		if i == 0 {
			break
		}
		i = (i - 1) / 4
	}
	h.entries = shrunk(h.entries, last)
	return moving.v, nil
}

// hole returns where the last entry goes when the first is taken out. It goes
// down to the bottom along the smallest children, and then up again: the last
// entry usually belongs near the bottom, so that it need not be compared on the
// way down.
func (h *heap[T]) hole(last int) int {
	a := h.entries[:last]
	i := 0
	for {
		child := 4*i + 1
		if child >= len(a) {
			break
		}
		i = child
		for k := child + 1; k < min(child+4, len(a)); k++ {
			if h.before(&a[k], &a[i]) {
				i = k
			}
		}
	}
	for i > 0 && h.before(&h.entries[last], &a[i]) {
		i = (i - 1) / 4
	}
	return i
}

func (h *heap[T]) before(a, b *entry[T]) bool {
	if a.put < b.put {
		return !h.less(b.v, a.v)
	}
	return h.less(a.v, b.v)
}

func (h *heap[T]) drop() { h.entries = nil }
