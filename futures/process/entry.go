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
	bufs     *buffers // shared memory that the arguments refer to
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
	en.free()
}

// free gives back its memory.
func (en *entry) free() {
	if en.seg != nil {
		en.seg.release()
	}
	en.bufs.release()
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
	if first.bufs != nil {
		first.bufs.refs.Add(1)
	}
	p.pending.Add(1)
	return first
}

// A deque is the queue of a pool: FIFO, but what comes back from a worker
// goes to the front. It is a list of blocks, so that a million tasks are
// neither copied as it grows nor kept afterwards.
type deque struct {
	first, last *block
	size        int
	spares      *block // empty ones, for when they are needed
	kept        int
}

// keepBlocks is how many empty blocks a deque keeps.
const keepBlocks = 128 // 2 MiB

const blockSize = 256

type block struct {
	next     *block
	from, to int // the entries in use
	entries  [blockSize]entry
}

func (d *deque) len() int { return d.size }

func (d *deque) newBlock() *block {
	b := d.spares
	if b == nil {
		return new(block)
	}
	d.spares = b.next
	d.kept--
	b.next, b.from, b.to = nil, 0, 0
	return b
}

// join moves all of x to the end of d, and d's empty blocks to x.
func (d *deque) join(x *deque) {
	switch {
	case x.first == nil:
	case d.last == nil:
		d.first, d.last = x.first, x.last
	default:
		d.last.next = x.first
		d.last = x.last
	}
	d.size += x.size
	x.first, x.last, x.size = nil, nil, 0
	if x.spares == nil {
		x.spares, x.kept = d.spares, d.kept
		d.spares, d.kept = nil, 0
	}
}

func (d *deque) pushBack(en entry) {
	b := d.last
	if b == nil || b.to == blockSize {
		b = d.newBlock()
		if d.last == nil {
			d.first = b
		} else {
			d.last.next = b
		}
		d.last = b
	}
	b.entries[b.to] = en
	b.to++
	d.size++
}

func (d *deque) pushFront(en entry) {
	b := d.first
	if b == nil || b.from == 0 {
		b = d.newBlock()
		b.from, b.to = blockSize, blockSize
		b.next = d.first
		if d.first == nil {
			d.last = b
		}
		d.first = b
	}
	b.from--
	b.entries[b.from] = en
	d.size++
}

func (d *deque) front() *entry { return &d.first.entries[d.first.from] }

func (d *deque) popFront() entry {
	b := d.first
	en := b.entries[b.from]
	b.entries[b.from] = entry{}
	b.from++
	d.size--
	if b.from == b.to {
		if d.first = b.next; d.first == nil {
			d.last = nil
		}
		if d.kept < keepBlocks {
			b.next = d.spares
			d.spares = b
			d.kept++
		}
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
	for range d.size {
		en := d.popFront()
		if keep(&en) {
			d.pushBack(en)
		} else {
			dropped = append(dropped, en)
		}
	}
	return dropped
}
