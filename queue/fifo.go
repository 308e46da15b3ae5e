package queue

const (
	firstSegment = 8        // items
	lastSegment  = 512      // items
	segmentBytes = 16 << 10 // but no more than that
)

// A fifo is a list of segments, filled at one end and emptied at the other. It
// grows without copying, gives memory back as it shrinks, and costs nothing
// while nothing was put. It does not know how many items it has.
type fifo[T any] struct {
	in, out     []T // the items of the last segment and of the first
	last, first int // where the next item goes, and where it comes from
	tail, head  *segment[T]
	spare       *segment[T] // emptied, for the next time
}

type segment[T any] struct {
	next  *segment[T]
	items []T
}

func (f *fifo[T]) push(v T) {
	if f.last == len(f.in) {
		f.grow()
	}
	f.in[f.last] = v
	f.last++
}

// pop removes the first item, which must exist. It leaves nothing of it behind
// that would keep it alive.
func (f *fifo[T]) pop() T {
	if f.first == len(f.out) {
		f.shift()
	}
	at := &f.out[f.first]
	v := *at
	var zero T
	*at = zero
	f.first++
	return v
}

func (f *fifo[T]) grow() {
	s := f.spare
	f.spare = nil
	if s == nil {
		n := min(max(firstSegment, 2*len(f.in)), lastSegment, max(1, segmentBytes/sizeOf[T]()))
		s = &segment[T]{items: make([]T, n)}
	}
	if f.tail == nil {
		f.head, f.out = s, s.items
	} else {
		f.tail.next = s
	}
	f.tail, f.in, f.last = s, s.items, 0
}

func (f *fifo[T]) shift() {
	old := f.head
	f.head = old.next
	f.out, f.first = f.head.items, 0
	old.next = nil
	if f.spare == nil || len(f.spare.items) < len(old.items) {
		f.spare = old
	}
}
