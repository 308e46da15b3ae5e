package codec

import (
	"encoding/binary"
	"reflect"
	"unsafe"
)

// field is one step of a struct's encoding.
type field struct {
	off  uintptr
	op   op
	size int // of a copy
	name string
	node *node
	enc  encFunc
	dec  decFunc
}

// op picks the steps that are done in place of a call.
type op uint8

const (
	opCall op = iota
	opWord    // 8 bytes, aligned
	opCopy    // size bytes
	opBool
	opString
)

const (
	adviceUnexported = "unexported fields cannot be encoded; export it, tag it `conex:\"-\"`, or give the type MarshalBinary and UnmarshalBinary"
	tagKey           = "conex"
)

func (c *compiler) buildStruct(n *node) *refusal {
	t := n.typ
	for i := range t.NumField() {
		sf := t.Field(i)
		if sf.Name == "_" {
			continue
		}
		if tag, ok := sf.Tag.Lookup(tagKey); ok {
			if tag == "-" {
				continue
			}
			return refuse(sf.Type, "unknown tag `conex:%q`; only \"-\" has a meaning", tag).in("." + sf.Name)
		}
		if !sf.IsExported() && !embedsFields(sf) {
			return refuse(sf.Type, adviceUnexported).in("." + sf.Name)
		}
		kid, r := c.node(sf.Type)
		if r != nil {
			return r.in("." + sf.Name)
		}
		if kid.nop {
			continue
		}
		n.kids = append(n.kids, kid)
		n.min += kid.min
		if kid.fields == nil {
			n.fields = append(n.fields, field{off: sf.Offset, name: "." + sf.Name, node: kid})
			continue
		}
		// A struct inside a struct is a part of it: its steps become ours, so that copies can run on.
		for _, f := range kid.fields {
			f.off += sf.Offset
			f.name = "." + sf.Name + f.name
			n.fields = append(n.fields, f)
		}
	}
	steps := merge(n.fields)
	switch {
	case len(steps) == 0:
		n.fields = nil
		n.buildNop()
	case len(steps) == 1 && steps[0].size == int(t.Size()) && steps[0].node.flat > 0:
		n.buildFlat()
	default:
		n.enc = func(e *Encoder, p unsafe.Pointer) error { return encStruct(steps, e, p) }
		n.dec = func(d *Decoder, p unsafe.Pointer) error { return decStruct(steps, d, p) }
	}
	return nil
}

// embedsFields reports whether an unexported field is an embedded struct (or a pointer to one), whose exported fields
// are fields of the outer struct to everybody.
func embedsFields(sf reflect.StructField) bool {
	t := sf.Type
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return sf.Anonymous && t.Kind() == reflect.Struct
}

// merge makes the steps: flat fields that touch become one copy. Padding ends a copy, since its bytes are anything.
func merge(fields []field) []field {
	var steps []field
	for _, f := range fields {
		f.enc, f.dec = f.node.enc, f.node.dec
		f.size = f.node.flat
		if len(steps) > 0 && f.size > 0 {
			last := &steps[len(steps)-1]
			if last.size > 0 && last.off+uintptr(last.size) == f.off {
				last.size += f.size
				continue
			}
		}
		steps = append(steps, f)
	}
	for i := range steps {
		s := &steps[i]
		switch {
		case s.size == 8 && s.node.flat == 8 && uintptr(s.node.typ.Align()) >= unsafe.Alignof(uint64(0)):
			s.op = opWord
		case s.size > 0:
			s.op = opCopy
		case s.node.isBool:
			s.op = opBool
		case s.node.isString:
			s.op = opString
		}
	}
	return steps
}

func encStruct(steps []field, e *Encoder, p unsafe.Pointer) error {
	for i := range steps {
		f := &steps[i]
		q := unsafe.Add(p, f.off)
		switch f.op {
		case opWord:
			e.Buf = binary.NativeEndian.AppendUint64(e.Buf, *(*uint64)(q))
		case opCopy:
			e.Buf = append(e.Buf, unsafe.Slice((*byte)(q), f.size)...)
		case opBool:
			e.Buf = append(e.Buf, *(*byte)(q))
		case opString:
			s := *(*string)(q)
			e.Uvarint(uint64(len(s)))
			e.Buf = append(e.Buf, s...)
		default:
			if err := f.enc(e, q); err != nil {
				return in(err, f.name)
			}
		}
	}
	return nil
}

func decStruct(steps []field, d *Decoder, p unsafe.Pointer) error {
	for i := range steps {
		f := &steps[i]
		q := unsafe.Add(p, f.off)
		switch f.op {
		case opWord:
			if len(d.Buf) < 8 {
				return in(errTruncated, f.name)
			}
			*(*uint64)(q) = binary.NativeEndian.Uint64(d.Buf)
			d.Buf = d.Buf[8:]
		case opCopy:
			if len(d.Buf) < f.size {
				return in(errTruncated, f.name)
			}
			copy(unsafe.Slice((*byte)(q), f.size), d.Buf)
			d.Buf = d.Buf[f.size:]
		case opString:
			if err := decString(d, q); err != nil {
				return in(err, f.name)
			}
		default:
			if err := f.dec(d, q); err != nil {
				return in(err, f.name)
			}
		}
	}
	return nil
}
