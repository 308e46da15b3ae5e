package managers

import "github.com/conexgo/conex/pickle"

// A fifo is a ring: what was put first is next.
type fifo struct {
	ring []any // its length is 0 or a power of two
	head int
	n    int
}

func (f *fifo) len() int { return f.n }

func (f *fifo) push(v any) error {
	f.grow()
	f.ring[(f.head+f.n)&(len(f.ring)-1)] = v
	f.n++
	return nil
}

func (f *fifo) pop() any {
	v := f.ring[f.head]
	f.ring[f.head] = nil
	f.head = (f.head + 1) & (len(f.ring) - 1)
	f.n--
	if f.n < len(f.ring)/4 && len(f.ring) > smallRing {
		f.resize(len(f.ring) / 2)
	}
	return v
}

func (f *fifo) unpop(v any) {
	f.grow()
	f.head = (f.head - 1) & (len(f.ring) - 1)
	f.ring[f.head] = v
	f.n++
}

// smallRing is the size below which a ring does not shrink.
const smallRing = 16

func (f *fifo) grow() {
	if f.n == len(f.ring) {
		f.resize(max(smallRing, 2*f.n))
	}
}

func (f *fifo) resize(size int) {
	ring := make([]any, size)
	k := copy(ring, f.ring[f.head:min(f.head+f.n, len(f.ring))])
	copy(ring[k:], f.ring[:f.n-k])
	f.ring, f.head = ring, 0
}

// A lifo is a stack: what was put last is next.
type lifo struct{ items []any }

func (l *lifo) len() int { return len(l.items) }

func (l *lifo) push(v any) error {
	l.items = append(l.items, v)
	return nil
}

func (l *lifo) pop() any {
	end := len(l.items) - 1
	v := l.items[end]
	l.items[end] = nil
	l.items = l.items[:end]
	return v
}

func (l *lifo) unpop(v any) { l.items = append(l.items, v) }

// A priority is a heap in Python's order: the smallest is next.
type priority struct{ items []any }

func (p *priority) len() int { return len(p.items) }

// push adds v. What cannot be compared with those that it meets on its way up
// is refused with Python's TypeError, and not kept, as CPython does.
func (p *priority) push(v any) error {
	// Where it goes is found first, so that an error leaves all as it was.
	at := len(p.items)
	for at > 0 {
		parent := (at - 1) / 2
		order, err := pickle.Compare(v, p.items[parent])
		if err != nil {
			return err
		}
		if order >= 0 {
			break
		}
		at = parent
	}
	p.insert(v, at)
	return nil
}

// insert puts v at a place on the way from the end to the top.
func (p *priority) insert(v any, at int) {
	p.items = append(p.items, v)
	for i := len(p.items) - 1; i > at; {
		parent := (i - 1) / 2
		p.items[i] = p.items[parent]
		i = parent
	}
	p.items[at] = v
}

// pop removes the smallest item. Items that cannot be compared now, which
// their way into the heap did not show, are as good as equal: so nothing can
// stand in the way of those that are there.
func (p *priority) pop() any {
	v := p.items[0]
	end := len(p.items) - 1
	last := p.items[end]
	p.items[end] = nil
	p.items = p.items[:end]
	if end == 0 {
		return v
	}
	i := 0
	for {
		child := 2*i + 1
		if child >= end {
			break
		}
		if child+1 < end && less(p.items[child+1], p.items[child]) {
			child++
		}
		if !less(p.items[child], last) {
			break
		}
		p.items[i] = p.items[child]
		i = child
	}
	p.items[i] = last
	return v
}

func (p *priority) unpop(v any) {
	if p.push(v) != nil {
		p.insert(v, 0) // it has been the smallest before
	}
}

func less(a, b any) bool {
	order, err := pickle.Compare(a, b)
	return err == nil && order < 0
}
