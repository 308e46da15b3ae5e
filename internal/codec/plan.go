package codec

import (
	"reflect"
	"slices"
	"sync"
	"unsafe"
)

// Plan is how values of one type become bytes and back: compiled once per type by reflection, run through unsafe
// pointers. Immutable and safe for concurrent use. Plans come from [For].
type Plan struct {
	node    *node
	enc     encFunc // node.enc, but for slices that may be aliased at the top level
	dec     decFunc
	handles bool
}

var (
	plans     sync.Map   // reflect.Type → *Plan or *TypeError
	compileMu sync.Mutex // guards nodes and the handle registry
	nodes     = map[reflect.Type]*node{}
)

// For returns the plan for a type, compiling it the first time. The error is a *[TypeError].
func For(t reflect.Type) (*Plan, error) {
	if x, ok := plans.Load(t); ok {
		if p, ok := x.(*Plan); ok {
			return p, nil
		}
		return nil, x.(*TypeError)
	}
	return compilePlan(t)
}

func compilePlan(t reflect.Type) (*Plan, error) {
	if t == nil {
		return nil, &TypeError{Type: reflect.TypeFor[any](), Reason: "no type given"}
	}
	compileMu.Lock()
	defer compileMu.Unlock()
	c := compiler{done: map[reflect.Type]*node{}, busy: map[reflect.Type]*node{}}
	n, err := c.node(t)
	if err != nil {
		te := err.typeError(t)
		plans.Store(t, te)
		return nil, te
	}
	for t, n := range c.done {
		nodes[t] = n
	}
	p := &Plan{node: n, enc: n.enc, dec: n.dec, handles: n.holdsHandles(map[*node]bool{})}
	p.topLevel()
	plans.Store(t, p)
	return p, nil
}

// Type returns the type of the values.
func (p *Plan) Type() reflect.Type { return p.node.typ }

// Flat returns a number above zero when every value is exactly that many bytes and these are its memory image: ints,
// floats, and arrays and padding-free structs of them. A bool is not flat, since a byte other than 0 or 1 must not
// become one.
func (p *Plan) Flat() int { return p.node.flat }

// HasHandles reports whether the type holds a type given to [RegisterHandle]. Handles inside interface values show
// only in Encoder.Handles, after encoding.
func (p *Plan) HasHandles() bool { return p.handles }

// SizeHint returns the exact encoded size of strings, byte slices, slices of flat elements and flat values, and a
// small guess for everything else.
func (p *Plan) SizeHint(v unsafe.Pointer) int {
	n := p.node
	switch {
	case n.flat > 0:
		return n.flat
	case n.isString:
		l := len(*(*string)(v))
		return uvarintLen(uint64(l)) + l
	case n.elem != nil && n.elem.flat > 0:
		h := (*sliceHeader)(v)
		if h.data == nil {
			return uvarintLenOr8(p, 0)
		}
		return uvarintLenOr8(p, uint64(h.len)+1) + h.len*n.elem.flat
	}
	return n.min + 16
}

func uvarintLenOr8(p *Plan, x uint64) int {
	if p.node.wide() {
		return 8
	}
	return uvarintLen(x)
}

// Encode appends the value that v points to. On error e is as it was before; the error is a *[ValueError].
// It does not block (but methods such as MarshalBinary may). The value must not change meanwhile.
func (p *Plan) Encode(e *Encoder, v unsafe.Pointer) error {
	start, handles, depth := len(e.Buf), len(e.Handles), e.depth
	if err := p.enc(e, v); err != nil {
		e.cut(start, handles)
		e.depth = depth
		return valueError(p.node.typ, false, err)
	}
	return nil
}

// Decode reads one value from d into *v, which must be a zero value: fields that are not encoded are left alone. On
// error *v may be filled in part, and d.Buf stands anywhere; the error is a *[ValueError]. The value never aliases
// d.Buf unless d.Owned is true.
func (p *Plan) Decode(d *Decoder, v unsafe.Pointer) error {
	depth := d.depth
	if err := p.dec(d, v); err != nil {
		d.depth = depth
		return valueError(p.node.typ, true, err)
	}
	return nil
}

// EncodeSlice appends n values that lie one after the other from base. Neither the number nor anything else is put
// before them. On error e is as it was before, and the error's path starts with the index.
func (p *Plan) EncodeSlice(e *Encoder, base unsafe.Pointer, n int) error {
	if n <= 0 {
		return nil
	}
	nd := p.node
	if size := nd.image(); size > 0 {
		e.Buf = append(e.Buf, unsafe.Slice((*byte)(base), n*size)...)
		return nil
	}
	if nd.nop {
		return nil
	}
	start, handles, depth := len(e.Buf), len(e.Handles), e.depth
	size := nd.typ.Size()
	for i := range n {
		if err := nd.enc(e, unsafe.Add(base, uintptr(i)*size)); err != nil {
			e.cut(start, handles)
			e.depth = depth
			return valueError(reflect.SliceOf(nd.typ), false, inIndex(err, i))
		}
	}
	return nil
}

// DecodeSlice reads n values into the n zero values that lie one after the other from base. The values never alias
// d.Buf. Errors are those of Decode, their path starting with the index.
func (p *Plan) DecodeSlice(d *Decoder, base unsafe.Pointer, n int) error {
	if n <= 0 || p.node.nop {
		return nil
	}
	nd, depth := p.node, d.depth
	if nd.image() > 0 {
		if err := nd.decodeImages(d, base, n); err != nil {
			return valueError(reflect.SliceOf(nd.typ), true, err)
		}
		return nil
	}
	size := nd.typ.Size()
	for i := range n {
		if err := nd.dec(d, unsafe.Add(base, uintptr(i)*size)); err != nil {
			d.depth = depth
			return valueError(reflect.SliceOf(nd.typ), true, inIndex(err, i))
		}
	}
	return nil
}

// Encoders and decoders reach functions the compiler cannot see through, so they would move to the heap each time.
var (
	encoders = sync.Pool{New: func() any { return &Encoder{NoHandles: true} }}
	decoders = sync.Pool{New: func() any { return new(Decoder) }}
)

// Append appends the bytes of *v to dst. On error it returns dst as it was. Handles cannot be sent this way.
func Append[T any](dst []byte, v *T) ([]byte, error) {
	p, err := For(reflect.TypeFor[T]())
	if err != nil {
		return dst, err
	}
	e := encoders.Get().(*Encoder)
	e.Buf = slices.Grow(dst, p.SizeHint(unsafe.Pointer(v)))
	err = p.Encode(e, unsafe.Pointer(v))
	dst, e.Buf, e.depth = e.Buf, nil, 0
	encoders.Put(e)
	return dst, err
}

// Read reads one value from src into *v, which must be a zero value, and returns what is left of src. Nothing in *v
// aliases src.
func Read[T any](src []byte, v *T) (rest []byte, err error) {
	p, err := For(reflect.TypeFor[T]())
	if err != nil {
		return src, err
	}
	d := decoders.Get().(*Decoder)
	d.Buf = src
	err = p.Decode(d, unsafe.Pointer(v))
	rest, d.Buf, d.depth = d.Buf, nil, 0
	decoders.Put(d)
	if err != nil {
		return src, err
	}
	return rest, nil
}
