package codec

import (
	"reflect"
	"unsafe"
)

// The maps everybody uses skip reflect. Keyed by the unnamed key and element types: a named map type of the same
// ones is the same thing in memory.

type mapKind struct{ key, elem reflect.Type }

type mapFuncs struct {
	enc encFunc
	dec decFunc
}

var commonMapTable map[mapKind]mapFuncs // guarded by compileMu; nil until the first map type

func commonMaps() map[mapKind]mapFuncs {
	if commonMapTable != nil {
		return commonMapTable
	}
	m := map[mapKind]mapFuncs{}
	commonMap(m, stringForm, stringForm)
	commonMap(m, stringForm, intForm)
	commonMap(m, stringForm, int64Form)
	commonMap(m, stringForm, floatForm)
	commonMap(m, stringForm, boolForm)
	commonMap(m, stringForm, form[any]{1, (*Encoder).Any, (*Decoder).Any})
	commonMap(m, intForm, intForm)
	commonMap(m, intForm, stringForm)
	commonMap(m, intForm, floatForm)
	commonMapTable = m
	return m
}

// form is how one type travels by value.
type form[T any] struct {
	min int
	put func(e *Encoder, x T) error
	get func(d *Decoder) (T, error)
}

var (
	stringForm = form[string]{1, putString, (*Decoder).ReadString}
	intForm    = wordForm[int]()
	int64Form  = wordForm[int64]()
	floatForm  = wordForm[float64]()
	boolForm   = form[bool]{1, putBool, (*Decoder).present}
)

func putString(e *Encoder, s string) error {
	e.AppendString(s)
	return nil
}

func putBool(e *Encoder, b bool) error {
	x := byte(0)
	if b {
		x = 1
	}
	e.Buf = append(e.Buf, x)
	return nil
}

// wordForm is the form of one number: its memory image, as everywhere else.
func wordForm[T int | int64 | float64]() form[T] {
	size := int(unsafe.Sizeof(*new(T)))
	return form[T]{
		min: size,
		put: func(e *Encoder, x T) error {
			e.Buf = append(e.Buf, unsafe.Slice((*byte)(unsafe.Pointer(&x)), size)...)
			return nil
		},
		get: func(d *Decoder) (x T, err error) {
			if len(d.Buf) < size {
				return 0, errTruncated
			}
			copy(unsafe.Slice((*byte)(unsafe.Pointer(&x)), size), d.Buf)
			d.Buf = d.Buf[size:]
			return x, nil
		},
	}
}

func commonMap[K comparable, V any](into map[mapKind]mapFuncs, k form[K], v form[V]) {
	size := unsafe.Sizeof(*new(K)) + unsafe.Sizeof(*new(V)) + 1
	each := k.min + v.min
	enc := func(e *Encoder, p unsafe.Pointer) error {
		m := *(*map[K]V)(p)
		if m == nil {
			e.Buf = append(e.Buf, 0)
			return nil
		}
		left := len(m)
		e.Uvarint(uint64(left) + 1)
		for key, elem := range m {
			left--
			// Keys of the common maps cannot fail.
			k.put(e, key)
			if err := v.put(e, elem); err != nil {
				return in(err, "["+short(reflect.ValueOf(key))+"]")
			}
		}
		if left != 0 {
			return errMapChanged
		}
		return nil
	}
	dec := func(d *Decoder, p unsafe.Pointer) error {
		count, isNil, err := d.length(each)
		if err != nil {
			return err
		}
		if isNil {
			*(*map[K]V)(p) = nil
			return nil
		}
		m := make(map[K]V, d.room(count, size))
		for range count {
			key, err := k.get(d)
			if err != nil {
				return in(err, "[key]")
			}
			elem, err := v.get(d)
			if err != nil {
				return in(err, "["+short(reflect.ValueOf(key))+"]")
			}
			m[key] = elem
		}
		*(*map[K]V)(p) = m
		return nil
	}
	into[mapKind{reflect.TypeFor[K](), reflect.TypeFor[V]()}] = mapFuncs{enc, dec}
}
