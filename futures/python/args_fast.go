package python

import (
	"encoding/binary"
	"math"
	"reflect"
	"slices"
	"unicode/utf8"
	"unsafe"
)

// Most arguments are a number, a string or a list of those. Their pickles are a
// few bytes, which are written here without going through package pickle. What
// is not quite so simple, text that is not UTF-8 for example, is left to it.
//
// The names of opcodes are those of Python's pickletools. There are no frames:
// readers do without.
const (
	opMark          = '('
	opStop          = '.'
	opNone          = 'N'
	opTrue          = 0x88
	opFalse         = 0x89
	opBinInt        = 'J'
	opBinInt1       = 'K'
	opBinInt2       = 'M'
	opLong1         = 0x8a
	opBinFloat      = 'G'
	opShortUnicode  = 0x8c
	opBinUnicode    = 'X'
	opBinUnicode8   = 0x8d
	opShortBinBytes = 'C'
	opBinBytes      = 'B'
	opBinBytes8     = 0x8e
	opEmptyTuple    = ')'
	opTuple         = 't'
	opTuple2        = 0x86
	opEmptyList     = ']'
	opAppends       = 'e'
	opAppend        = 'a'
	opEmptyDict     = '}'
	opSetItems      = 'u'
	opProto         = 0x80
	opFrame         = 0x95
	opMemoize       = 0x94
)

// A putFunc appends the opcodes of the value at p, without STOP. It returns false
// if the value is for package pickle; what it has appended is dropped then.
type putFunc func(b []byte, p unsafe.Pointer) ([]byte, bool)

// puts has those of types without names: what has one may have methods that say
// what it is in Python.
var puts = map[reflect.Type]putFunc{
	reflect.TypeFor[bool](): func(b []byte, p unsafe.Pointer) ([]byte, bool) { return putBool(b, *(*bool)(p)), true },

	reflect.TypeFor[int]():     putSigned[int],
	reflect.TypeFor[int8]():    putSigned[int8],
	reflect.TypeFor[int16]():   putSigned[int16],
	reflect.TypeFor[int32]():   putSigned[int32],
	reflect.TypeFor[int64]():   putSigned[int64],
	reflect.TypeFor[uint]():    putUnsigned[uint],
	reflect.TypeFor[uint8]():   putUnsigned[uint8],
	reflect.TypeFor[uint16]():  putUnsigned[uint16],
	reflect.TypeFor[uint32]():  putUnsigned[uint32],
	reflect.TypeFor[uint64]():  putUnsigned[uint64],
	reflect.TypeFor[float32](): func(b []byte, p unsafe.Pointer) ([]byte, bool) { return putFloat(b, float64(*(*float32)(p))), true },
	reflect.TypeFor[float64](): func(b []byte, p unsafe.Pointer) ([]byte, bool) { return putFloat(b, *(*float64)(p)), true },

	reflect.TypeFor[string](): func(b []byte, p unsafe.Pointer) ([]byte, bool) { return putString(b, *(*string)(p)) },
	reflect.TypeFor[[]byte](): func(b []byte, p unsafe.Pointer) ([]byte, bool) { return putBytes(b, *(*[]byte)(p)), true },

	reflect.TypeFor[[]float64](): putList(9, putFloats),
	reflect.TypeFor[[]int]():     putList(3, putInts[int]),
	reflect.TypeFor[[]int64]():   putList(3, putInts[int64]),
	reflect.TypeFor[[]string]():  putList(10, putStrings),
}

// empties says what omitempty leaves out, of the kinds that puts has.
var empties = map[reflect.Kind]func(p unsafe.Pointer) bool{
	reflect.Bool:    zeroAt[bool],
	reflect.Int:     zeroAt[int],
	reflect.Int8:    zeroAt[int8],
	reflect.Int16:   zeroAt[int16],
	reflect.Int32:   zeroAt[int32],
	reflect.Int64:   zeroAt[int64],
	reflect.Uint:    zeroAt[uint],
	reflect.Uint8:   zeroAt[uint8],
	reflect.Uint16:  zeroAt[uint16],
	reflect.Uint32:  zeroAt[uint32],
	reflect.Uint64:  zeroAt[uint64],
	reflect.Float32: func(p unsafe.Pointer) bool { return math.Float32bits(*(*float32)(p)) == 0 },
	reflect.Float64: func(p unsafe.Pointer) bool { return math.Float64bits(*(*float64)(p)) == 0 },
	reflect.String:  zeroAt[string],
	reflect.Slice:   func(p unsafe.Pointer) bool { return len(*(*[]struct{})(p)) == 0 },
}

func zeroAt[T comparable](p unsafe.Pointer) bool {
	var zero T
	return *(*T)(p) == zero
}

func putSigned[T int | int8 | int16 | int32 | int64](b []byte, p unsafe.Pointer) ([]byte, bool) {
	return putInt(b, int64(*(*T)(p))), true
}

func putUnsigned[T uint | uint8 | uint16 | uint32 | uint64](b []byte, p unsafe.Pointer) ([]byte, bool) {
	return putUint(b, uint64(*(*T)(p))), true
}

func putBool(b []byte, v bool) []byte {
	if v {
		return append(b, opTrue)
	}
	return append(b, opFalse)
}

func putInt(b []byte, v int64) []byte {
	switch {
	case 0 <= v && v <= 0xff:
		return append(b, opBinInt1, byte(v))
	case 0 <= v && v <= 0xffff:
		return append(b, opBinInt2, byte(v), byte(v>>8))
	case v == int64(int32(v)):
		return binary.LittleEndian.AppendUint32(append(b, opBinInt), uint32(v))
	}
	return binary.LittleEndian.AppendUint64(append(b, opLong1, 8), uint64(v))
}

func putUint(b []byte, v uint64) []byte {
	if v <= math.MaxInt64 {
		return putInt(b, int64(v))
	}
	// One byte more, for the sign.
	return append(binary.LittleEndian.AppendUint64(append(b, opLong1, 9), v), 0)
}

func putFloat(b []byte, v float64) []byte {
	return binary.BigEndian.AppendUint64(append(b, opBinFloat), math.Float64bits(v))
}

func putString(b []byte, s string) ([]byte, bool) {
	if !utf8.ValidString(s) {
		return b, false
	}
	switch n := len(s); {
	case n < 256:
		b = append(b, opShortUnicode, byte(n))
	case uint64(n) <= math.MaxUint32:
		b = binary.LittleEndian.AppendUint32(append(b, opBinUnicode), uint32(n))
	default:
		b = binary.LittleEndian.AppendUint64(append(b, opBinUnicode8), uint64(n))
	}
	return append(b, s...), true
}

func putBytes(b, v []byte) []byte {
	switch n := len(v); {
	case n < 256:
		b = append(b, opShortBinBytes, byte(n))
	case uint64(n) <= math.MaxUint32:
		b = binary.LittleEndian.AppendUint32(append(b, opBinBytes), uint32(n))
	default:
		b = binary.LittleEndian.AppendUint64(append(b, opBinBytes8), uint64(n))
	}
	return append(b, v...)
}

// listBatch is how many items go onto the reader's stack before they are put
// into the list, as CPython has it.
const listBatch = 1000

// putList writes a list, None for nil. Items take size bytes each, or so.
func putList[T any](size int, putAll func(b []byte, items []T) ([]byte, bool)) putFunc {
	return func(b []byte, p unsafe.Pointer) ([]byte, bool) {
		s := *(*[]T)(p)
		if s == nil {
			return append(b, opNone), true
		}
		if need := len(b) + len(s)*size + 8; cap(b) < need {
			b = append(make([]byte, 0, need+need/8), b...)
		}
		b = append(b, opEmptyList)
		for len(s) > 0 {
			batch := s[:min(len(s), listBatch)]
			s = s[len(batch):]
			var ok bool
			if b, ok = putAll(append(b, opMark), batch); !ok {
				return b, false
			}
			b = append(b, opAppends)
		}
		return b, true
	}
}

func putFloats(b []byte, items []float64) ([]byte, bool) {
	start := len(b)
	b = slices.Grow(b, 9*len(items))[:start+9*len(items)]
	for i, v := range items {
		at := b[start+9*i:][:9]
		at[0] = opBinFloat
		binary.BigEndian.PutUint64(at[1:], math.Float64bits(v))
	}
	return b, true
}

func putInts[T int | int64](b []byte, items []T) ([]byte, bool) {
	for _, v := range items {
		b = putInt(b, int64(v))
	}
	return b, true
}

func putStrings(b []byte, items []string) ([]byte, bool) {
	for _, v := range items {
		var ok bool
		if b, ok = putString(b, v); !ok {
			return b, false
		}
	}
	return b, true
}

// putArgs writes a tuple of simple values.
func putArgs(b []byte, args Args) ([]byte, bool) {
	if len(args) == 0 {
		return append(b, opEmptyTuple, opStop), true
	}
	b = append(b, opMark)
	for _, v := range args {
		ok := true
		switch v := v.(type) {
		case nil:
			b = append(b, opNone)
		case bool:
			b = putBool(b, v)
		case int:
			b = putInt(b, int64(v))
		case int64:
			b = putInt(b, v)
		case float64:
			b = putFloat(b, v)
		case string:
			b, ok = putString(b, v)
		case []byte:
			b = putBytes(b, v)
		default:
			ok = false
		}
		if !ok {
			return b, false
		}
	}
	return append(b, opTuple, opStop), true
}
