package pickle

import (
	"bytes"
	"math/big"
	"slices"
	"strings"
	"unicode/utf8"
)

// This file makes the values that pickles write as calls. No function of anybody's
// is run: for each of these there is code here that does with plain data what
// Python's function does, and arguments that it does not know leave the call as
// it is, an Object. What copies its arguments pays for that: a pickle can call
// list(x) of one long x in a few bytes, as often as it likes.

// A call pushes what a function or class of Python gives for the arguments. It
// reports whether it did, and false if the pickle is in error. If it did not,
// the call is carried.
type call func(d *decoder, args Tuple) (known, ok bool)

// callOf returns the call for those that pickles of plain values are made of, in
// the protocols that have no opcodes for them, and nil for all others.
func callOf(g Global) call {
	switch g.Module {
	case "builtins":
		switch g.Name {
		case "set":
			return callSet
		case "frozenset":
			return callFrozenSet
		case "list":
			return callList
		case "tuple":
			return callTuple
		case "dict":
			return callDict
		case "bytes":
			return callBytes
		case "bytearray":
			return callByteArray
		case "complex":
			return callComplex
		case "range":
			return callRange
		case "slice":
			return callSlice
		case "getattr":
			return callGetattr
		}
	case "copyreg":
		switch g.Name {
		case "__newobj__":
			return callNewObj
		case "__newobj_ex__":
			return callNewObjEx
		case "_reconstructor":
			return callReconstructor
		}
	case "_codecs":
		if g.Name == "encode" {
			return callEncode
		}
	}
	return nil
}

// itemsOf returns what a collection holds, and pays for its being copied.
func (d *decoder) itemsOf(args Tuple) (items []any, known, ok bool) {
	if len(args) == 0 {
		return nil, true, true
	}
	if len(args) != 1 {
		return nil, false, true
	}
	switch v := args[0].(type) {
	case Tuple:
		items = v
	case *List:
		items = v.Items
	case *Set:
		if d.count(v.Len()) {
			items = slices.Collect(v.All())
		}
	case *FrozenSet:
		if d.count(v.Len()) {
			items = slices.Collect(v.All())
		}
	default:
		return nil, false, true
	}
	return items, true, d.err == nil && d.count(len(items))
}

// callSet is how a set is written before protocol 4, and all sets of sub-classes.
func callSet(d *decoder, args Tuple) (known, ok bool) {
	items, known, ok := d.itemsOf(args)
	if !known || !ok {
		return known, ok
	}
	s := new(Set)
	for _, v := range items {
		if !d.pay(v) {
			return true, false
		}
		if err := s.Add(v); err != nil {
			return true, d.failErr("", err)
		}
	}
	return true, d.pushContainer(s)
}

// callFrozenSet is the same for a frozenset.
func callFrozenSet(d *decoder, args Tuple) (known, ok bool) {
	items, known, ok := d.itemsOf(args)
	if !known || !ok {
		return known, ok
	}
	for _, v := range items {
		if !d.pay(v) {
			return true, false
		}
	}
	s, err := NewFrozenSet(items...)
	if err != nil {
		return true, d.failErr("", err)
	}
	return true, d.pushContainer(s)
}

// callList is what the views of a dict become.
func callList(d *decoder, args Tuple) (known, ok bool) {
	items, known, ok := d.itemsOf(args)
	if !known || !ok {
		return known, ok
	}
	return true, d.pushContainer(&List{slices.Clone(items)})
}

// callTuple is the same for a tuple, which CPython itself has opcodes for.
func callTuple(d *decoder, args Tuple) (known, ok bool) {
	items, known, ok := d.itemsOf(args)
	if !known || !ok {
		return known, ok
	}
	return true, d.pushContainer(tupleOf(items))
}

// callDict takes another dict, or pairs, as Python's does.
func callDict(d *decoder, args Tuple) (known, ok bool) {
	to := new(Dict)
	if len(args) == 1 {
		if from, ok := args[0].(*Dict); ok {
			if !d.count(from.Len()) {
				return true, false
			}
			return true, d.pushContainer(from.Clone())
		}
	}
	items, known, ok := d.itemsOf(args)
	if !known || !ok {
		return known, ok
	}
	for _, item := range items {
		var pair []any
		switch item := item.(type) {
		case Tuple:
			pair = item
		case *List:
			pair = item.Items
		}
		if len(pair) != 2 {
			return false, true
		}
		if !d.setIn(to, pair) {
			return true, false
		}
	}
	return true, d.pushContainer(to)
}

// bytesFor returns what bytes(*args) has. The bytes may be those of an argument.
func (d *decoder) bytesFor(args Tuple) (b []byte, known bool) {
	switch len(args) {
	case 0:
		return []byte{}, true
	case 1:
		switch v := args[0].(type) {
		case []byte:
			return v, true
		case *ByteArray:
			return v.Bytes, true
		}
	case 2:
		s, ok1 := args[0].(string)
		codec, ok2 := args[1].(string)
		if !ok1 || !ok2 {
			return nil, false
		}
		if isLatin1(codec) {
			return latin1(s)
		}
		if strings.EqualFold(codec, "utf-8") || strings.EqualFold(codec, "utf8") {
			return []byte(s), true
		}
	}
	return nil, false
}

// callBytes is how empty bytes are written before protocol 3.
func callBytes(d *decoder, args Tuple) (known, ok bool) {
	b, known := d.bytesFor(args)
	if !known {
		return false, true
	}
	return true, d.charge(len(b)) && d.push(bytes.Clone(b))
}

// callByteArray is how bytearrays are written before protocol 5.
func callByteArray(d *decoder, args Tuple) (known, ok bool) {
	b, known := d.bytesFor(args)
	if !known {
		return false, true
	}
	return true, d.charge(len(b)) && d.push(&ByteArray{bytes.Clone(b)})
}

// callEncode is how bytes are written before protocol 3.
func callEncode(d *decoder, args Tuple) (known, ok bool) {
	if len(args) != 2 {
		return false, true
	}
	s, ok1 := args[0].(string)
	codec, ok2 := args[1].(string)
	if !ok1 || !ok2 || !isLatin1(codec) {
		return false, true
	}
	if !d.charge(len(s)) {
		return true, false
	}
	b, ok := latin1(s)
	return true, ok && d.push(b) || d.err == nil && d.fail("bytes that are not Latin-1")
}

// callComplex is how complex numbers are written in all protocols.
func callComplex(d *decoder, args Tuple) (known, ok bool) {
	var parts [2]float64
	if len(args) > 2 {
		return false, true
	}
	for i, a := range args {
		switch a := a.(type) {
		case float64:
			parts[i] = a
		case int64:
			parts[i] = float64(a)
		default:
			return false, true
		}
	}
	return true, d.push(complex(parts[0], parts[1]))
}

// isInt reports whether v is what an int is decoded to.
func isInt(v any) bool {
	switch v.(type) {
	case int64, *big.Int:
		return true
	}
	return false
}

// callRange makes a Range, whose parts are integers whatever was left out.
func callRange(d *decoder, args Tuple) (known, ok bool) {
	for _, a := range args {
		if !isInt(a) {
			return false, true
		}
	}
	r := Range{int64(0), int64(0), int64(1)}
	switch len(args) {
	case 1:
		r.Stop = args[0]
	case 2:
		r.Start, r.Stop = args[0], args[1]
	case 3:
		if args[2] == any(int64(0)) {
			return true, d.fail("a range whose step is 0")
		}
		r = Range{args[0], args[1], args[2]}
	default:
		return false, true
	}
	return true, d.push(r)
}

// callSlice makes slices of integers only. Others are Objects: a Slice has no
// identity, so one that contained others could become exponentially large.
func callSlice(d *decoder, args Tuple) (known, ok bool) {
	for _, a := range args {
		if a != nil && !isInt(a) {
			return false, true
		}
	}
	switch len(args) {
	case 1:
		return true, d.push(Slice{nil, args[0], nil})
	case 2:
		return true, d.push(Slice{args[0], args[1], nil})
	case 3:
		return true, d.push(Slice{args[0], args[1], args[2]})
	}
	return false, true
}

// callNewObj is how NEWOBJ is written before protocol 2.
func callNewObj(d *decoder, args Tuple) (known, ok bool) {
	if len(args) == 0 {
		return false, true
	}
	return true, d.make(NewObj, args[0], tupleOf(args[1:]), nil) && d.count(len(args))
}

// callNewObjEx is the same for NEWOBJ_EX, before protocol 4.
func callNewObjEx(d *decoder, args Tuple) (known, ok bool) {
	if len(args) != 3 {
		return false, true
	}
	a, ok1 := args[1].(Tuple)
	kwds, ok2 := args[2].(*Dict)
	if !ok1 || !ok2 {
		return false, true
	}
	return true, d.make(NewObjEx, args[0], a, kwds)
}

// callReconstructor is how instances of ordinary classes are written before
// protocol 2. Those of sub-classes of list and the like are carried as the call.
func callReconstructor(d *decoder, args Tuple) (known, ok bool) {
	if len(args) != 3 || args[1] != any(Global{"builtins", "object"}) || args[2] != nil {
		return false, true
	}
	return true, d.make(Bare, args[0], Tuple{}, nil)
}

// callGetattr is how a class inside a class is written before protocol 4.
func callGetattr(d *decoder, args Tuple) (known, ok bool) {
	if len(args) != 2 {
		return false, true
	}
	outer, ok1 := args[0].(Global)
	name, ok2 := args[1].(string)
	if !ok1 || !ok2 || !utf8.ValidString(name) || name == "" {
		return false, true
	}
	g := Global{outer.Module, outer.Name + "." + name}
	return true, d.charge(len(g.Name)) && d.allowed(g) && d.push(g)
}
