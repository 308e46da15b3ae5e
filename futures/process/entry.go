package process

import (
	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/internal/watch"
)

// An entry is some items of a task: all of them while it waits in the queue,
// perhaps fewer once it has been split between workers.
type entry struct {
	t        futures.Task
	from, to int32
	attempts int32 // deaths that item from has caused
	queuedAt int64 // coarse Unix nanoseconds
	group    *watch.Group
	seg      *segment // holds the task's arguments, if they are large
}

func (en *entry) items() int64 { return int64(en.to - en.from) }

// fail ends all items of the entry.
func (en *entry) fail(err error) {
	for i := en.from; i < en.to; i++ {
		en.t.Fail(int(i), err)
	}
}

// leave gives back what the entry holds.
func (en *entry) leave() {
	en.group.Leave()
	if en.seg != nil {
		en.seg.release()
	}
}

// split takes the first n items off en as an entry of its own. Each of the
// two counts as pending and holds the context and the segment for itself.
func (p *Pool) split(en *entry, n int32) entry {
	first := *en
	first.to = en.from + n
	en.from = first.to
	en.attempts = 0 // the count is that of the first item
	first.group.Join()
	if first.seg != nil {
		first.seg.refs.Add(1)
	}
	p.pending.Add(1)
	return first
}

// A deque is the queue of a pool: FIFO, but what comes back from a worker
// goes to the front.
type deque struct {
	buf        []entry // a power of two long
	head, size int
}

func (d *deque) len() int { return d.size }

func (d *deque) grow() {
	if d.size < len(d.buf) {
		return
	}
	buf := make([]entry, max(64, 2*len(d.buf)))
	n := copy(buf, d.buf[d.head:])
	copy(buf[n:], d.buf[:d.head])
	d.buf, d.head = buf, 0
}

func (d *deque) pushBack(en entry) {
	d.grow()
	d.buf[(d.head+d.size)&(len(d.buf)-1)] = en
	d.size++
}

func (d *deque) pushFront(en entry) {
	d.grow()
	d.head = (d.head - 1) & (len(d.buf) - 1)
	d.buf[d.head] = en
	d.size++
}

func (d *deque) front() *entry { return &d.buf[d.head] }

func (d *deque) popFront() entry {
	en := d.buf[d.head]
	d.buf[d.head] = entry{}
	d.head = (d.head + 1) & (len(d.buf) - 1)
	d.size--
	if d.size == 0 && len(d.buf) > 4096 {
		*d = deque{} // a burst is over
	}
	return en
}

func (d *deque) takeAll() []entry {
	all := make([]entry, 0, d.size)
	for d.size > 0 {
		all = append(all, d.popFront())
	}
	return all
}

// filter keeps the entries for which keep is true and returns the others.
func (d *deque) filter(keep func(*entry) bool) (dropped []entry) {
	n := d.size
	for range n {
		en := d.popFront()
		if keep(&en) {
			d.pushBack(en)
		} else {
			dropped = append(dropped, en)
		}
	}
	return dropped
}
