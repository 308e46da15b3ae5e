package python

import (
	"encoding/binary"
	"math"
	"reflect"
	"unicode/utf8"
	"unsafe"
)

// The results of most functions are a number, a string or a list of those, and
// their pickles, as CPython writes them, a few opcodes that are read here. Anything
// else, such as a bool where an int is expected, is left to package pickle, and
// so are numbers that do not fit: it has the rules, and the errors.

// gets has, by R, a func(b []byte, owned bool, r *R) bool. b are the opcodes of one
// value without the frame and STOP; owned says that parts of it may be kept. It
// returns false for what is not as simple as the type.
var gets = map[reflect.Type]any{
	reflect.TypeFor[bool](): func(b []byte, _ bool, r *bool) bool {
		*r = len(b) == 1 && b[0] == opTrue
		return len(b) == 1 && (b[0] == opTrue || b[0] == opFalse)
	},
	reflect.TypeFor[int]():    getSigned[int],
	reflect.TypeFor[int8]():   getSigned[int8],
	reflect.TypeFor[int16]():  getSigned[int16],
	reflect.TypeFor[int32]():  getSigned[int32],
	reflect.TypeFor[int64]():  getSigned[int64],
	reflect.TypeFor[uint]():   getUnsigned[uint],
	reflect.TypeFor[uint8]():  getUnsigned[uint8],
	reflect.TypeFor[uint16](): getUnsigned[uint16],
	reflect.TypeFor[uint32](): getUnsigned[uint32],
	reflect.TypeFor[uint64](): getUnsigned[uint64],
	reflect.TypeFor[float64](): func(b []byte, _ bool, r *float64) bool {
		v, rest, ok := takeFloat(b)
		*r = v
		return ok && len(rest) == 0
	},
	reflect.TypeFor[string](): func(b []byte, owned bool, r *string) bool {
		v, rest, ok := takeText(b)
		if !ok || len(rest) > 0 || !utf8.Valid(v) {
			return false
		}
		if owned {
			*r = unsafe.String(unsafe.SliceData(v), len(v))
		} else {
			*r = string(v)
		}
		return true
	},
	reflect.TypeFor[[]byte](): func(b []byte, owned bool, r *[]byte) bool {
		v, rest, ok := takeBytes(b)
		if !ok || len(rest) > 0 {
			return false
		}
		if owned {
			*r = v[:len(v):len(v)]
		} else {
			*r = append([]byte{}, v...)
		}
		return true
	},
	reflect.TypeFor[[]float64](): getList(9, takeFloats),
	reflect.TypeFor[[]int64]():   getList(2, takeInts[int64]),
	reflect.TypeFor[[]int]():     getList(2, takeInts[int]),
}

// body returns the opcodes between the header of the first frame, if there is one,
// and STOP.
func body(b []byte) ([]byte, bool) {
	if len(b) >= 2 && b[0] == opProto {
		b = b[2:]
	}
	if len(b) >= 9 && b[0] == opFrame {
		if binary.LittleEndian.Uint64(b[1:]) > uint64(len(b)-9) {
			return nil, false
		}
		b = b[9:]
	}
	if n := len(b); n >= 2 && b[n-1] == opStop {
		return b[:n-1], true
	}
	return nil, false
}

func getSigned[T int | int8 | int16 | int32 | int64](b []byte, _ bool, r *T) bool {
	v, rest, ok := takeInt(b)
	*r = T(v)
	return ok && len(rest) == 0 && int64(T(v)) == v
}

func getUnsigned[T uint | uint8 | uint16 | uint32 | uint64](b []byte, _ bool, r *T) bool {
	v, rest, ok := takeInt(b)
	*r = T(v)
	return ok && len(rest) == 0 && v >= 0 && uint64(T(v)) == uint64(v)
}

// The take functions take one value off the front of b.

func takeInt(b []byte) (v int64, rest []byte, ok bool) {
	if len(b) < 2 {
		return 0, nil, false
	}
	switch op, b := b[0], b[1:]; {
	case op == opBinInt1:
		return int64(b[0]), b[1:], true
	case op == opBinInt2 && len(b) >= 2:
		return int64(binary.LittleEndian.Uint16(b)), b[2:], true
	case op == opBinInt && len(b) >= 4:
		return int64(int32(binary.LittleEndian.Uint32(b))), b[4:], true
	case op == opLong1 && 1 <= b[0] && b[0] <= 8 && len(b) > int(b[0]):
		n := int(b[0])
		v = int64(int8(b[n])) // the sign
		for i := n - 1; i > 0; i-- {
			v = v<<8 | int64(b[i])
		}
		return v, b[n+1:], true
	}
	return 0, nil, false
}

func takeFloat(b []byte) (v float64, rest []byte, ok bool) {
	if len(b) < 9 || b[0] != opBinFloat {
		return 0, nil, false
	}
	return math.Float64frombits(binary.BigEndian.Uint64(b[1:])), b[9:], true
}

func takeText(b []byte) (v, rest []byte, ok bool) {
	return takeSized(b, opShortUnicode, opBinUnicode, opBinUnicode8)
}

func takeBytes(b []byte) (v, rest []byte, ok bool) {
	return takeSized(b, opShortBinBytes, opBinBytes, opBinBytes8)
}

// takeSized takes what has its length before it.
func takeSized(b []byte, op1, op4, op8 byte) (v, rest []byte, ok bool) {
	if len(b) < 2 {
		return nil, nil, false
	}
	var n uint64
	switch op := b[0]; {
	case op == op1:
		n, b = uint64(b[1]), b[2:]
	case op == op4 && len(b) >= 5:
		n, b = uint64(binary.LittleEndian.Uint32(b[1:])), b[5:]
	case op == op8 && len(b) >= 9:
		n, b = binary.LittleEndian.Uint64(b[1:]), b[9:]
	default:
		return nil, nil, false
	}
	if n > uint64(len(b)) {
		return nil, nil, false
	}
	return b[:n], skipMemo(b[n:]), true
}

// skipMemo skips the opcode that numbers the value before it: nothing here refers
// to one.
func skipMemo(b []byte) []byte {
	if len(b) > 0 && b[0] == opMemoize {
		return b[1:]
	}
	return b
}

// skipFrame skips the header of a frame: a long list has several.
func skipFrame(b []byte) []byte {
	if len(b) >= 9 && b[0] == opFrame {
		return b[9:]
	}
	return b
}

// The takeAll functions take values off the front of b as long as there are some.

func takeFloats(list []float64, b []byte) ([]float64, []byte) {
	for len(b) >= 9 && b[0] == opBinFloat {
		list = append(list, math.Float64frombits(binary.BigEndian.Uint64(b[1:])))
		b = b[9:]
	}
	return list, b
}

func takeInts[T int | int64](list []T, b []byte) ([]T, []byte) {
	for {
		v, rest, ok := takeInt(b)
		if !ok || int64(T(v)) != v {
			return list, b
		}
		list, b = append(list, T(v)), rest
	}
}

// getList reads a list of items that take at least size bytes each.
func getList[T any](size int, takeAll func(list []T, b []byte) ([]T, []byte)) func(b []byte, owned bool, r *[]T) bool {
	return func(b []byte, _ bool, r *[]T) bool {
		if len(b) == 0 || b[0] != opEmptyList {
			return false
		}
		b = skipMemo(b[1:])
		list := make([]T, 0, len(b)/size)
		for b = skipFrame(b); len(b) > 0; b = skipFrame(b) {
			before, end := len(list), byte(opAppend) // one item, at the end
			if b[0] == opMark {
				end, b = opAppends, b[1:]
			}
			for len(b) > 0 && b[0] != end {
				was := len(b)
				if list, b = takeAll(list, skipFrame(b)); len(b) == was {
					return false
				}
				b = skipFrame(b)
			}
			if len(b) == 0 || end == opAppend && len(list) != before+1 {
				return false
			}
			b = b[1:]
		}
		*r = list
		return true
	}
}
