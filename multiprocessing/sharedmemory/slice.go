package sharedmemory

import (
	"fmt"
	"reflect"
	"sync"
	"unsafe"
)

// Slice returns the whole block as a slice of T: as many as fit, of a type
// whose values are nothing but bytes. Those are whole numbers, floats, complex
// numbers, and arrays and structs of them; memory that other programs write to
// must not hold Go's pointers, nor its bools, which are 0 or 1 and nothing else.
//
// The layout is that of C on this machine: a []int64 is what Python sees through
// memoryview(shm.buf).cast("q"), or numpy.ndarray((n,), "int64", shm.buf). Of a
// struct, the padding is part of it.
//
// The slice is subject to all that is said of [SharedMemory.Bytes]: it must not
// be used after Close. A [View] may.
//
// Errors: [ErrType], [ErrTooShort] if not even one T fits, [ErrClosed].
func Slice[T any](s *SharedMemory) ([]T, error) {
	size, err := sizeOf[T]()
	if err != nil {
		return nil, err
	}
	n := s.Size() / size
	if n == 0 && s.a != nil {
		return nil, fail(ErrTooShort, "%d bytes, and one item has %d", s.Size(), size)
	}
	return SliceAt[T](s, 0, n)
}

// SliceAt is [Slice] for n items that begin offset bytes from the beginning of
// the block.
//
// Errors: [ErrType]; [ErrAlign] if the offset is no multiple of what T needs;
// [ErrTooShort] if the block is not that long, or the numbers are negative;
// [ErrClosed].
func SliceAt[T any](s *SharedMemory, offset, n int) ([]T, error) {
	items, err := sliceOf[T](s, offset, n)
	if err != nil {
		return nil, err
	}
	if s.Bytes() == nil { // closed, or from now on left to Close
		return nil, ErrClosed
	}
	return items, nil
}

func sliceOf[T any](s *SharedMemory, offset, n int) ([]T, error) {
	size, err := sizeOf[T]()
	if err != nil {
		return nil, err
	}
	if s.a == nil {
		return nil, ErrClosed
	}
	mem := s.a.mem // its address; nothing is read from it here
	switch align := int(unsafe.Alignof(*new(T))); {
	case offset < 0 || n < 0 || offset > len(mem) || n > (len(mem)-offset)/size:
		return nil, fail(ErrTooShort, "%d items of %d bytes from %d on do not lie within %d bytes", n, size, offset, len(mem))
	case offset%align != 0:
		return nil, fail(ErrAlign, "an item of type %v cannot begin at %d: its place must be a multiple of %d", reflect.TypeFor[T](), offset, align)
	}
	return unsafe.Slice((*T)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(mem)), offset)), n), nil
}

// sizeOf returns the size of a T, or why it cannot be shared.
func sizeOf[T any]() (int, error) {
	t := reflect.TypeFor[T]()
	if v, ok := plainTypes.Load(t); ok {
		err, _ := v.(error)
		return int(t.Size()), err
	}
	err := plain(t)
	if err == nil && t.Size() == 0 {
		err = fail(ErrType, "%v has no bytes", t)
	}
	if err == nil {
		plainTypes.Store(t, nil)
	} else {
		plainTypes.Store(t, err)
	}
	return int(t.Size()), err
}

// plainTypes knows what was found out: reflect.Type → nil or error.
var plainTypes sync.Map

// plain returns why values of type t are more than bytes.
func plain(t reflect.Type) error {
	switch t.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64,
		reflect.Float32, reflect.Float64, reflect.Complex64, reflect.Complex128:
		return nil
	case reflect.Array:
		return plain(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if err := plain(t.Field(i).Type); err != nil {
				return fmt.Errorf("%w, in field %s of %v", err, t.Field(i).Name, t)
			}
		}
		return nil
	case reflect.Bool:
		return fail(ErrType, "bool: other programs may write neither 0 nor 1, use uint8")
	}
	return fail(ErrType, "%v holds pointers of this process", t)
}
