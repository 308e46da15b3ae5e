package sched

// A heap holds events by key, priority and sequence, the first one at index 0.
// Each entry has up to four children: half the depth of a binary heap, and the
// four of 16 bytes that are compared with each other lie side by side. Keys are
// in the entries, so that the events themselves are looked at only when keys
// are equal. Each event knows its index, so that it can be taken out.
type heap []entry

type entry struct {
	key int64
	ev  *Event
}

func (a *entry) less(b *entry) bool {
	if a.key != b.key {
		return a.key < b.key
	}
	return a.ev.beforeAtSameKey(b.ev, a.key)
}

func (e *Event) beforeAtSameKey(o *Event, key int64) bool {
	if extreme(key) {
		return e.Compare(o) < 0
	}
	if e.prio != o.prio {
		return e.prio < o.prio
	}
	return e.seq < o.seq
}

// push adds an entry and reports whether it is the first now.
func (h *heap) push(e entry) bool {
	if len(*h) == cap(*h) {
		// By doubling even when it is large, where append grows by a
		// quarter: it is copied less often.
		*h = append(make(heap, 0, max(8, 2*len(*h))), *h...)
	}
	*h = append(*h, e)
	return h.up(len(*h)-1, e) == 0
}

// remove takes out the entry at index i.
func (h *heap) remove(i int) *Event {
	q := *h
	ev := q[i].ev
	last := len(q) - 1
	e := q[last]
	q[last] = entry{}
	*h = q[:last]
	switch {
	case i == last:
	case i > 0 && e.less(&q[(i-1)/4]):
		h.up(i, e)
	default:
		h.down(i, e)
	}
	h.shrink()
	return ev
}

// up puts e at index i or nearer to the root, and returns where.
func (h *heap) up(i int, e entry) int {
	q := *h
	for i > 0 {
		parent := (i - 1) / 4
		if !e.less(&q[parent]) {
			break
		}
		q[i] = q[parent]
		q[i].ev.index = int32(i)
		i = parent
	}
	q[i] = e
	e.ev.index = int32(i)
	return i
}

// down puts e at index i or farther from the root.
func (h *heap) down(i int, e entry) {
	q := *h
	for {
		child := 4*i + 1
		if child >= len(q) {
			break
		}
		for k, end := child+1, min(child+4, len(q)); k < end; k++ {
			if q[k].less(&q[child]) {
				child = k
			}
		}
		if !q[child].less(&e) {
			break
		}
		q[i] = q[child]
		q[i].ev.index = int32(i)
		i = child
	}
	q[i] = e
	e.ev.index = int32(i)
}

// shrink gives memory back after a burst: three quarters of the room when an
// eighth is used, so seldom that copying the rest costs nothing.
func (h *heap) shrink() {
	const small = 1024
	if n := cap(*h); n > small && len(*h) < n/8 {
		*h = append(make(heap, 0, n/4), *h...)
	}
}
