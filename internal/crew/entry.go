package crew

import (
	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/internal/watch"
)

// An Entry is some items of a task: all of them while it waits in the queue,
// perhaps fewer once it has been split between workers.
type Entry struct {
	T        futures.Task
	From, To int32
	attempts int32 // deaths that item From has caused
	queuedAt int64 // coarse Unix nanoseconds
	Group    *watch.Group
	Mem      Memory // what the engine keeps for it, or nil
}

// A Memory is what an engine keeps for a task: its arguments in shared memory,
// for example. It is counted: each part of a task that was split has a share.
type Memory interface {
	Join()
	Leave()
}

// Items is how many there are.
func (en *Entry) Items() int64 { return int64(en.To - en.From) }

// Fail ends all items of the entry.
func (en *Entry) Fail(err error) {
	for i := en.From; i < en.To; i++ {
		en.T.Fail(int(i), err)
	}
}

// leave gives back what the entry holds.
func (en *Entry) leave() {
	en.Group.Leave()
	en.free()
}

// free gives back its memory.
func (en *Entry) free() {
	if en.Mem != nil {
		en.Mem.Leave()
	}
}

// split takes the first n items off en as an entry of its own. Each of the
// two counts as pending and holds the context and the memory for itself.
func (p *Pool) split(en *Entry, n int32) Entry {
	first := *en
	first.To = en.From + n
	en.From = first.To
	en.attempts = 0 // the count is that of the first item
	first.Group.Join()
	if first.Mem != nil {
		first.Mem.Join()
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
	entries  [blockSize]Entry
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

func (d *deque) pushBack(en Entry) {
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

func (d *deque) pushFront(en Entry) {
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

func (d *deque) front() *Entry { return &d.first.entries[d.first.from] }

func (d *deque) popFront() Entry {
	b := d.first
	en := b.entries[b.from]
	b.entries[b.from] = Entry{}
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

func (d *deque) takeAll() []Entry {
	all := make([]Entry, 0, d.size)
	for d.size > 0 {
		all = append(all, d.popFront())
	}
	return all
}

// filter keeps the entries for which keep is true and returns the others.
func (d *deque) filter(keep func(*Entry) bool) (dropped []Entry) {
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
