package sharedctypes

import (
	"fmt"
	"reflect"
)

// A Code is one of Python's one-letter type codes. Go programs have types
// instead; codes are for what comes from a file or from Python.
type Code byte

// The codes, by what they are in Go.
const (
	CodeChar    Code = 'c' // byte; arrays are strings
	CodeWChar   Code = 'u' // WChar
	CodeInt8    Code = 'b' // int8
	CodeUint8   Code = 'B' // uint8
	CodeInt16   Code = 'h' // int16
	CodeUint16  Code = 'H' // uint16
	CodeInt32   Code = 'i' // int32
	CodeUint32  Code = 'I' // uint32
	CodeLong    Code = 'l' // Long
	CodeULong   Code = 'L' // ULong
	CodeInt64   Code = 'q' // int64
	CodeUint64  Code = 'Q' // uint64
	CodeFloat32 Code = 'f' // float32
	CodeFloat64 Code = 'd' // float64
)

// Codes returns all codes.
func Codes() []Code {
	return []Code{CodeChar, CodeWChar, CodeInt8, CodeUint8, CodeInt16, CodeUint16, CodeInt32, CodeUint32,
		CodeLong, CodeULong, CodeInt64, CodeUint64, CodeFloat32, CodeFloat64}
}

// coded is what can be made by a code.
type coded interface {
	typ() reflect.Type
	value(v any) (Object, error)
	array(init any) (Object, error)
	lockedValue(v any, opts []Option) (Object, error)
	lockedArray(init any, opts []Option) (Object, error)
}

func (c Code) coded() (coded, error) {
	switch c {
	case CodeChar:
		return of[byte]{c}, nil
	case CodeWChar:
		return of[WChar]{c}, nil
	case CodeInt8:
		return of[int8]{c}, nil
	case CodeUint8:
		return of[uint8]{c}, nil
	case CodeInt16:
		return of[int16]{c}, nil
	case CodeUint16:
		return of[uint16]{c}, nil
	case CodeInt32:
		return of[int32]{c}, nil
	case CodeUint32:
		return of[uint32]{c}, nil
	case CodeLong:
		return of[Long]{c}, nil
	case CodeULong:
		return of[ULong]{c}, nil
	case CodeInt64:
		return of[int64]{c}, nil
	case CodeUint64:
		return of[uint64]{c}, nil
	case CodeFloat32:
		return of[float32]{c}, nil
	case CodeFloat64:
		return of[float64]{c}, nil
	}
	return nil, fmt.Errorf("%w: there is no %v: use one of c u b B h H i I l L q Q f d", ErrCode, c)
}

// Type is the Go type that c stands for, nil if there is no such code.
func (c Code) Type() reflect.Type {
	k, err := c.coded()
	if err != nil {
		return nil
	}
	return k.typ()
}

// Size is the size of c's type in bytes, 0 if there is no such code.
func (c Code) Size() int {
	if t := c.Type(); t != nil {
		return int(t.Size())
	}
	return 0
}

// String is the letter, in quotes.
func (c Code) String() string { return fmt.Sprintf("%q", rune(c)) }

// An Object is what is made by a [Code]: a *[RawValue], *[RawArray], *[Value] or
// *[Array] of the code's type, or for arrays of [CodeChar] a *[RawString] or
// *[String]. Which one, a type switch tells.
type Object interface {
	// Size is the size in bytes.
	Size() int
	String() string

	object()
}

func (*RawValue[T]) object() {}
func (*RawArray[T]) object() {}
func (*Value[T]) object()    {}
func (*Array[T]) object()    {}

// NewRawValueCode returns a *RawValue of c's type that holds v, or zero if v is
// nil. v may be any integer, which wraps around if it is too large, for the float
// codes also a float, for [CodeChar] and [CodeWChar] also a string or a []byte of one
// character. Anything else, and an unknown code, is [ErrCode].
func NewRawValueCode(c Code, v any) (Object, error) {
	k, err := c.coded()
	if err != nil {
		return nil, err
	}
	return k.value(v)
}

// NewRawArrayCode returns a *RawArray of c's type, for [CodeChar] a *RawString.
// init is an int, the length, or a slice or array of what NewRawValueCode takes;
// for CodeChar and CodeWChar also a string.
func NewRawArrayCode(c Code, init any) (Object, error) {
	k, err := c.coded()
	if err != nil {
		return nil, err
	}
	return k.array(init)
}

// NewValueCode is [NewRawValueCode] with a lock: it returns a *Value.
func NewValueCode(c Code, v any, opts ...Option) (Object, error) {
	k, err := c.coded()
	if err != nil {
		return nil, err
	}
	return k.lockedValue(v, opts)
}

// NewArrayCode is [NewRawArrayCode] with a lock: it returns an *Array, for
// [CodeChar] a *String.
func NewArrayCode(c Code, init any, opts ...Option) (Object, error) {
	k, err := c.coded()
	if err != nil {
		return nil, err
	}
	return k.lockedArray(init, opts)
}
