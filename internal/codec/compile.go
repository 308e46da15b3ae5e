package codec

import (
	"fmt"
	"reflect"
	"unsafe"
)

type (
	encFunc func(e *Encoder, p unsafe.Pointer) error
	decFunc func(d *Decoder, p unsafe.Pointer) error
)

// node is the compiled form of one type. Nodes are shared between plans and immutable once a plan is out.
type node struct {
	typ reflect.Type
	enc encFunc
	dec decFunc

	min      int  // the least number of bytes a value takes; 0 only for nop
	flat     int  // above 0: the wire form is the memory image, of this many bytes
	nop      bool // values take no bytes at all
	isBool   bool // kind bool: one byte, checked on the way back
	isString bool // kind string, encoded as such
	handle   bool // given to RegisterHandle

	elem   *node   // of slices encoded as such
	fields []field // of structs encoded field by field, before neighbours were merged
	kids   []*node // every node that enc and dec reach
}

// image returns the size of values whose bytes can be written as they lie in memory: flat ones, and bools, which are
// checked when they are read. 0 for all others.
func (n *node) image() int {
	if n.isBool {
		return 1
	}
	return n.flat
}

// holdsHandles looks for handle types in everything the node reaches.
func (n *node) holdsHandles(seen map[*node]bool) bool {
	if n.handle {
		return true
	}
	if seen[n] {
		return false
	}
	seen[n] = true
	for _, k := range n.kids {
		if k.holdsHandles(seen) {
			return true
		}
	}
	return false
}

// refusal is a TypeError in the making: the path grows from the inside out.
type refusal struct {
	path   string
	part   reflect.Type
	reason string
}

func refuse(t reflect.Type, format string, args ...any) *refusal {
	return &refusal{part: t, reason: fmt.Sprintf(format, args...)}
}

func (r *refusal) in(seg string) *refusal {
	r.path = seg + r.path
	return r
}

func (r *refusal) typeError(root reflect.Type) *TypeError {
	return &TypeError{Type: root, Path: r.path, Part: r.part, Reason: r.reason}
}

// compiler builds the nodes of one type. What it builds becomes known to others only when all of it succeeded.
type compiler struct {
	done  map[reflect.Type]*node
	busy  map[reflect.Type]*node // on the path from the root to here: meeting one again is recursion
	order []reflect.Type         // of done, to forget what was built inside a type that failed
}

func (c *compiler) node(t reflect.Type) (*node, *refusal) {
	if n := nodes[t]; n != nil {
		return n, nil
	}
	if n := c.done[t]; n != nil {
		return n, nil
	}
	if n := c.busy[t]; n != nil {
		return recursion(n), nil
	}
	n := &node{typ: t}
	c.busy[t] = n
	mark := len(c.order)
	r := c.build(n)
	delete(c.busy, t)
	if r != nil {
		// Nodes built meanwhile may lead back to this one, which is not what they took it for.
		for _, t := range c.order[mark:] {
			delete(c.done, t)
		}
		c.order = c.order[:mark]
		n = textNode(t)
		if n == nil {
			return nil, r
		}
	}
	c.done[t] = n
	c.order = append(c.order, t)
	return n, nil
}

// recursion is the node of a type inside itself. Every cycle among nodes goes through one of these, so this is where
// depth is counted; types that are not recursive never pay for it. Such a type reaches itself through a pointer, slice
// or map, so it takes at least a byte and is never flat.
func recursion(target *node) *node {
	return &node{
		typ:  target.typ,
		min:  1,
		kids: []*node{target},
		enc: func(e *Encoder, p unsafe.Pointer) error {
			if err := e.enter(); err != nil {
				return err
			}
			err := target.enc(e, p)
			e.leave()
			return err
		},
		dec: func(d *Decoder, p unsafe.Pointer) error {
			if err := d.enter(); err != nil {
				return err
			}
			err := target.dec(d, p)
			d.leave()
			return err
		},
	}
}

// build fills in a node.
func (c *compiler) build(n *node) *refusal {
	t := n.typ
	if h, ok := handles[t]; ok {
		n.buildHandle(h)
		return nil
	}
	if t.Kind() == reflect.Pointer && t.Implements(handleType) {
		n.buildPointerHandle()
		return nil
	}
	if t.Kind() == reflect.Struct && reflect.PointerTo(t).Implements(handleType) {
		return refuse(t, "it is shared between processes and must not be copied; send a pointer to it")
	}
	if t == timeType {
		n.buildTime()
		return nil
	}
	if n.buildMethods() {
		return nil
	}
	switch t.Kind() {
	case reflect.Bool:
		n.buildBool()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64,
		reflect.Float32, reflect.Float64, reflect.Complex64, reflect.Complex128:
		n.buildFlat()
	case reflect.String:
		n.buildString()
	case reflect.Slice:
		return c.buildSlice(n)
	case reflect.Array:
		return c.buildArray(n)
	case reflect.Struct:
		return c.buildStruct(n)
	case reflect.Pointer:
		return c.buildPointer(n)
	case reflect.Map:
		return c.buildMap(n)
	case reflect.Interface:
		n.buildInterface()
	case reflect.Chan:
		return refuse(t, "channels cannot leave the process")
	case reflect.Func:
		return refuse(t, "functions cannot leave the process; register one with conex.Register and send its name")
	case reflect.Uintptr:
		return refuse(t, "a uintptr is an address or an OS handle and means nothing in another process; convert a plain number to uint64")
	default:
		return refuse(t, "pointers without a type cannot leave the process")
	}
	return nil
}

// buildPointer: a presence byte, then the value. The value is allocated anew on the way back, so a pointer held in
// two places comes back as two.
func (c *compiler) buildPointer(n *node) *refusal {
	elem, r := c.node(n.typ.Elem())
	if r != nil {
		return r
	}
	et := n.typ.Elem()
	n.min = 1
	n.kids = []*node{elem}
	n.enc = func(e *Encoder, p unsafe.Pointer) error {
		v := *(*unsafe.Pointer)(p)
		if v == nil {
			e.Buf = append(e.Buf, 0)
			return nil
		}
		e.Buf = append(e.Buf, 1)
		return elem.enc(e, v)
	}
	n.dec = func(d *Decoder, p unsafe.Pointer) error {
		ok, err := d.present()
		if err != nil {
			return err
		}
		if !ok {
			*(*unsafe.Pointer)(p) = nil
			return nil
		}
		v := reflect.New(et).UnsafePointer()
		if err := elem.dec(d, v); err != nil {
			return err
		}
		*(*unsafe.Pointer)(p) = v
		return nil
	}
	return nil
}

// buildArray: the elements one after the other, one copy when they are flat.
func (c *compiler) buildArray(n *node) *refusal {
	elem, r := c.node(n.typ.Elem())
	if r != nil {
		return r.in("[]")
	}
	count, size := n.typ.Len(), n.typ.Elem().Size()
	switch {
	case count == 0 || elem.nop:
		n.buildNop()
		return nil
	case elem.flat > 0:
		n.buildFlat()
		return nil
	}
	n.min = count * elem.min
	n.kids = []*node{elem}
	n.enc = func(e *Encoder, p unsafe.Pointer) error {
		for i := range count {
			if err := elem.enc(e, unsafe.Add(p, uintptr(i)*size)); err != nil {
				return inIndex(err, i)
			}
		}
		return nil
	}
	n.dec = func(d *Decoder, p unsafe.Pointer) error {
		for i := range count {
			if err := elem.dec(d, unsafe.Add(p, uintptr(i)*size)); err != nil {
				return inIndex(err, i)
			}
		}
		return nil
	}
	return nil
}

// buildNop is for types without anything to send.
func (n *node) buildNop() {
	n.nop = true
	n.enc = func(*Encoder, unsafe.Pointer) error { return nil }
	n.dec = func(*Decoder, unsafe.Pointer) error { return nil }
}
