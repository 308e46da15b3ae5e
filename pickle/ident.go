package pickle

import (
	"math/big"
	"unsafe"
)

// An ident is the identity of a value, as Python's id is: the memory that it is
// in. It keeps that memory alive, so that nothing else can have it.
type ident struct {
	p unsafe.Pointer
	n int    // the length of a Tuple; -1 for a pointer; less for text and bytes
	t uint32 // the number of a Go type, 0 for those of the model: see typeNumber
}

// Text has even numbers from -2 down, and bytes have odd ones from -3 down: the
// two may be in the same memory, and short ones at the beginning of long ones.

func textIdent(s string) ident  { return ident{unsafe.Pointer(unsafe.StringData(s)), -2 - 2*len(s), 0} }
func bytesIdent(b []byte) ident { return ident{unsafe.Pointer(unsafe.SliceData(b)), -3 - 2*len(b), 0} }

func tupleIdent(t Tuple) ident { return ident{unsafe.Pointer(unsafe.SliceData(t)), len(t), 0} }

// identOf returns the identity of a value that can hold others.
func identOf(v any) ident {
	switch v := v.(type) {
	case Tuple:
		return tupleIdent(v)
	case *List:
		return ident{unsafe.Pointer(v), -1, 0}
	case *Dict:
		return ident{unsafe.Pointer(v), -1, 0}
	case *Set:
		return ident{unsafe.Pointer(v), -1, 0}
	case *FrozenSet:
		return ident{unsafe.Pointer(v), -1, 0}
	case *Object:
		return ident{unsafe.Pointer(v), -1, 0}
	case *Exception:
		return ident{unsafe.Pointer(v), -1, 0}
	case *big.Int:
		return ident{unsafe.Pointer(v), -1, 0}
	case *ByteArray:
		return ident{unsafe.Pointer(v), -1, 0}
	}
	return ident{}
}
