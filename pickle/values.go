package pickle

import (
	"fmt"
	"unicode/utf8"
)

// A Tuple is Python's tuple. Tuples that share their backing array are one
// tuple to the encoder, as they are one after decoding. Its items must not be
// changed.
type Tuple []any

// A List is Python's list: a mutable value with an identity. Two references to
// one *List stay one across a pickle, and a list may contain itself.
type List struct {
	Items []any
}

// NewList returns a list of the items.
func NewList(items ...any) *List { return &List{items} }

// A ByteArray is Python's bytearray: like a List, it has an identity.
type ByteArray struct {
	Bytes []byte
}

// A Slice is Python's slice object, as in x[1:2]. Each field is an integer, or
// nil for what was left out. A slice of anything else is decoded as an Object.
type Slice struct {
	Start, Stop, Step any
}

// A Range is Python's range object. Each field is an int64 or a *big.Int.
type Range struct {
	Start, Stop, Step any
}

// Ellipsis is Python's Ellipsis, NotImplemented its NotImplemented.
const (
	Ellipsis       = singleton("Ellipsis")
	NotImplemented = singleton("NotImplemented")
)

type singleton string

// A Global is a class or function by its name: what a pickle refers to and
// never contains. Nothing is ever called or made for it. A class inside a class
// has a dot in its Name.
type Global struct {
	Module, Name string
}

func (g Global) String() string { return g.Module + "." + g.Name }

// valid reports whether g can be the name of something.
func (g Global) valid() bool {
	return g.Module != "" && g.Name != "" && utf8.ValidString(g.Module) && utf8.ValidString(g.Name)
}

// An Object is an instance of a class that has no counterpart in Go, in the
// parts that its pickle had. It is encoded as it was decoded, so that a program
// can pass on what it does not understand. It has an identity.
//
// It is also the result of any other call that a pickle asks for: the call is
// not made, but written down, and made by whoever reads it in Python.
type Object struct {
	// How it is made, and of what: a Global, or another Object.
	Make  Make
	Class any
	Args  Tuple
	Kwds  *Dict // for NewObjEx

	// What follows, in this order. Items are appended, Pairs are set as in a
	// dict, and State goes to __setstate__ or into __dict__ if HasState. If
	// Setter is not nil, Setter(object, State) is called instead.
	Items    []any
	Pairs    []Pair
	State    any
	HasState bool
	Setter   any
}

// A Make is how an Object is made in Python.
type Make uint8

const (
	Reduce   Make = iota // Class(*Args)
	NewObj               // Class.__new__(Class, *Args)
	NewObjEx             // Class.__new__(Class, *Args, **Kwds)
	Bare                 // object.__new__(Class): how protocols 0 and 1 make instances
)

// A Pair is a key and a value.
type Pair struct {
	Key, Value any
}

// Name returns the name of its class, or what stands in its place.
func (o *Object) Name() string {
	if g, ok := o.Class.(Global); ok {
		return g.String()
	}
	return fmt.Sprintf("%T", o.Class)
}
