package pickle

import (
	"fmt"
	"strings"
)

// A Tuple is Python's tuple. Tuples that share their backing array are one
// tuple to the encoder, as they are one after decoding.
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
// nil for what was left out.
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
// never contains. Nothing is ever called or made for it.
type Global struct {
	Module, Name string
}

func (g Global) String() string { return g.Module + "." + g.Name }

// An Object is an instance of a class that has no counterpart in Go, in the
// parts that its pickle had. It is encoded as it was decoded, so that a program
// can pass on what it does not understand. It has an identity.
type Object struct {
	// How it is made, and of what: usually a Global.
	Make  Make
	Class any
	Args  Tuple
	Kwds  *Dict // for NewObjEx

	// What follows. Items are appended, Pairs are set as in a dict, and State
	// goes to __setstate__ or into __dict__ if HasState.
	Items    []any
	Pairs    []Pair
	State    any
	HasState bool
}

// A Make is how an Object is made in Python.
type Make uint8

const (
	Reduce   Make = iota // Class(*Args)
	NewObj               // Class.__new__(Class, *Args)
	NewObjEx             // Class.__new__(Class, *Args, **Kwds)
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

// An Exception is an instance of one of Python's exception classes. It is an
// error: errors.Is(err, pickle.KeyError) tells its class or a base of it.
type Exception struct {
	Class Global
	Args  Tuple
	State any // attributes beyond Args, usually nil or a *Dict
}

// Error returns the name of the class and what str gives in Python.
func (e *Exception) Error() string {
	name := e.Class.Name
	if m := e.Class.Module; m != "builtins" && m != "exceptions" {
		name = m + "." + name
	}
	var b strings.Builder
	b.WriteString(name)
	if len(e.Args) > 0 {
		b.WriteString(": ")
		b.WriteString(e.text())
	}
	return b.String()
}

func (e *Exception) text() string {
	if len(e.Args) == 1 {
		if s, ok := e.Args[0].(string); ok && e.Class.Name != "KeyError" {
			return s
		}
		return Repr(e.Args[0])
	}
	return Repr(e.Args)
}
