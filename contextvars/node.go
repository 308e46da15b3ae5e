package contextvars

import (
	"math/bits"
	"sync/atomic"
	"unsafe"
)

// A node is a part of a map from variables' ids to cells: a radix trie over
// the ids, five bits a level, that holds only what is there.
//
// A level at which all ids agree has no node: a map of one variable is one
// node, whatever its id. So every branch has two children at least, and the
// same set of variables always has the same shape.
//
// A map is immutable; with and without return another one that shares all but
// the path to the change. There is one exception: see replace. The nil *node is
// the empty map.
//
// The slots, one for each of bits, follow the node in memory: an array within
// would have one length, and a slice costs every reader a load.
type node struct {
	bits   uint32 // which of the 32 ways are there
	prefix uint32 // what all ids have above this level's five bits
	size   uint32 // variables in and below this node
	shift  uint32 // of this level's five bits; 0 in a leaf, whose slots hold cells
	epoch  uint64 // of the Context that made it, when it did
}

const (
	width = 5
	mask  = 1<<width - 1
	top   = 30 // the highest shift: ids have 32 bits
)

// slot returns the address of slot i.
func (n *node) slot(i int) *unsafe.Pointer {
	return (*unsafe.Pointer)(unsafe.Add(unsafe.Pointer(n), unsafe.Sizeof(*n)+uintptr(i)*unsafe.Sizeof(unsafe.Pointer(nil))))
}

func (n *node) slots() []unsafe.Pointer { return unsafe.Slice(n.slot(0), bits.OnesCount32(n.bits)) }

// child returns the node in slot i of a branch.
func (n *node) child(i int) *node { return (*node)(*n.slot(i)) }

// find returns the cell of a variable, or nil.
func (n *node) find(v *core) unsafe.Pointer {
	for n != nil {
		way := v.id >> n.shift & mask
		if n.bits>>way&1 == 0 {
			return nil
		}
		i := int(way)
		if n.bits&(n.bits+1) != 0 { // else all ways below are there
			i = bits.OnesCount32(n.bits & (1<<way - 1))
		}
		p := atomic.LoadPointer(n.slot(i))
		if n.shift == 0 {
			// The levels left out make it another's, perhaps.
			if (*head)(p).v != v {
				return nil
			}
			return p
		}
		n = (*node)(p)
	}
	return nil
}

// replace puts another cell where one is, in a leaf that was made in this
// epoch, and returns the one that was there; nil if it cannot. Such a leaf
// belongs to one Context, which nobody has copied meanwhile. Readers may be
// about; the caller makes sure that there are no other writers.
func (n *node) replace(id uint32, cell unsafe.Pointer, epoch uint64) (old unsafe.Pointer) {
	for n != nil {
		way := id >> n.shift
		bit := uint32(1) << (way & mask)
		if n.bits&bit == 0 || way>>width != n.prefix {
			return nil
		}
		s := n.slot(bits.OnesCount32(n.bits & (bit - 1)))
		if n.shift == 0 {
			if n.epoch != epoch {
				return nil
			}
			old = *s
			atomic.StorePointer(s, cell)
			return old
		}
		n = (*node)(*s)
	}
	return nil
}

// with returns the map with cell for id, and the cell that was there. The new
// nodes are of the given epoch; 0 is that of nobody.
func (n *node) with(id uint32, cell unsafe.Pointer, epoch uint64) (_ *node, old unsafe.Pointer) {
	if n == nil {
		return newLeaf(id, cell, epoch), nil
	}
	way := id >> n.shift
	if way>>width != n.prefix {
		return n.join(id, cell, epoch), nil
	}
	bit := uint32(1) << (way & mask)
	i := bits.OnesCount32(n.bits & (bit - 1))
	if n.bits&bit == 0 {
		if n.shift > 0 {
			cell = unsafe.Pointer(newLeaf(id, cell, epoch))
		}
		c := newNode(n.bits|bit, n.prefix, n.size+1, n.shift, epoch)
		to, from := c.slots(), n.slots()
		copy(to, from[:i])
		to[i] = cell
		copy(to[i+1:], from[i:])
		return c, nil
	}
	size := n.size
	if n.shift == 0 {
		old = *n.slot(i)
	} else {
		child := n.child(i)
		grown, was := child.with(id, cell, epoch)
		size += grown.size - child.size
		cell, old = unsafe.Pointer(grown), was
	}
	c := newNode(n.bits, n.prefix, size, n.shift, epoch)
	copy(c.slots(), n.slots())
	*c.slot(i) = cell
	return c, old
}

// without returns the map without id, whose new nodes are of the given epoch.
func (n *node) without(id uint32, epoch uint64) *node {
	if n == nil {
		return nil
	}
	way := id >> n.shift
	bit := uint32(1) << (way & mask)
	if n.bits&bit == 0 || way>>width != n.prefix {
		return n
	}
	i := bits.OnesCount32(n.bits & (bit - 1))
	if n.shift > 0 {
		child := n.child(i)
		left := child.without(id, epoch)
		if left == child {
			return n
		}
		if left != nil {
			c := newNode(n.bits, n.prefix, n.size-1, n.shift, epoch)
			copy(c.slots(), n.slots())
			*c.slot(i) = unsafe.Pointer(left)
			return c
		}
		if len(n.slots()) == 2 {
			return n.child(1 - i) // no branch with one child
		}
	} else if n.size == 1 {
		return nil
	}
	c := newNode(n.bits&^bit, n.prefix, n.size-1, n.shift, epoch)
	to, from := c.slots(), n.slots()
	copy(to, from[:i])
	copy(to[i:], from[i+1:])
	return c
}

// join puts a branch above n and a new leaf, at the highest level at which
// their ids differ.
func (n *node) join(id uint32, cell unsafe.Pointer, epoch uint64) *node {
	other := n.anID()
	shift := uint32(bits.Len32(id^other)-1) / width * width
	a, b := id>>shift, other>>shift
	c := newNode(1<<(a&mask)|1<<(b&mask), a>>width, n.size+1, shift, epoch)
	low, high := newLeaf(id, cell, epoch), n
	if a > b {
		low, high = high, low
	}
	*c.slot(0), *c.slot(1) = unsafe.Pointer(low), unsafe.Pointer(high)
	return c
}

// anID returns an id that n could hold.
func (n *node) anID() uint32 { return n.prefix << width << n.shift }

// len returns the number of variables.
func (n *node) len() int {
	if n == nil {
		return 0
	}
	return int(n.size)
}

// each calls yield with every cell, in the order of the ids, until it returns
// false. It reports whether it came to the end.
func (n *node) each(yield func(cell unsafe.Pointer) bool) bool {
	if n == nil {
		return true
	}
	for _, p := range n.slots() {
		if n.shift == 0 {
			if !yield(p) {
				return false
			}
		} else if !(*node)(p).each(yield) {
			return false
		}
	}
	return true
}

func newLeaf(id uint32, cell unsafe.Pointer, epoch uint64) *node {
	n := newNode(1<<(id&mask), id>>width, 1, 0, epoch)
	*n.slot(0) = cell
	return n
}

// newNode returns a node with room for its slots.
func newNode(set, prefix, size, shift uint32, epoch uint64) *node {
	n := allocNode(bits.OnesCount32(set))
	n.bits, n.prefix, n.size, n.shift, n.epoch = set, prefix, size, shift, epoch
	return n
}

// allocNode allocates a node and its slots together. The lengths are those
// that fill the allocator's size classes.
func allocNode(slots int) *node {
	switch {
	case slots <= 1:
		return &new(struct {
			node
			_ [1]unsafe.Pointer
		}).node
	case slots <= 3:
		return &new(struct {
			node
			_ [3]unsafe.Pointer
		}).node
	case slots <= 5:
		return &new(struct {
			node
			_ [5]unsafe.Pointer
		}).node
	case slots <= 9:
		return &new(struct {
			node
			_ [9]unsafe.Pointer
		}).node
	case slots <= 17:
		return &new(struct {
			node
			_ [17]unsafe.Pointer
		}).node
	}
	return &new(struct {
		node
		_ [32]unsafe.Pointer
	}).node
}
