package sharedctypes

import (
	"fmt"
	"hash/fnv"
	"reflect"
	"strconv"
	"sync"
	"unsafe"
)

// A layout says how a type lies in memory. It is worked out once for each type.
type layout struct {
	name string // what messages call it
	size uintptr
	sum  uint64 // of what lies where: equal sums are equal layouts

	// bools are the places of the bytes that must be 0 or 1: another program
	// may have written others there, and Go would not survive them. nil if
	// there are none.
	bools []uintptr
}

var layouts sync.Map // reflect.Type → *layout or error

// layoutOf returns the layout of T, or why it has none.
func layoutOf[T any]() (*layout, error) {
	t := reflect.TypeFor[T]()
	found, ok := layouts.Load(t)
	if !ok {
		found, _ = layouts.LoadOrStore(t, lookAt(t))
	}
	if l, ok := found.(*layout); ok {
		return l, nil
	}
	return nil, found.(error)
}

// lookAt returns a *layout or an error.
func lookAt(t reflect.Type) any {
	l := &layout{name: t.String(), size: t.Size()}
	h := fnv.New64a()
	if part, path, reason := l.walk(t, 0, "", func(what string) { h.Write([]byte(what)) }); reason != "" {
		return &TypeError{t, path, part, reason}
	}
	if l.size == 0 {
		return &TypeError{t, "", t, "it has no bytes that could be shared"}
	}
	l.sum = h.Sum64()
	return l
}

// walk goes through all parts of t, which lies at off, and gives note a
// description of each. The first that cannot be shared ends it.
func (l *layout) walk(t reflect.Type, off uintptr, path string, note func(string)) (part reflect.Type, at, reason string) {
	if reason := refusal(t); reason != "" {
		return t, path, reason
	}
	switch t.Kind() {
	case reflect.Array:
		note(fmt.Sprintf("[%d", t.Len()))
		if t.Len() == 0 {
			return nil, "", ""
		}
		first := len(l.bools)
		if part, at, reason = l.walk(t.Elem(), off, path+"[]", note); reason != "" {
			return part, at, reason
		}
		// The other elements are as the first one.
		one := l.bools[first:]
		for i := 1; len(one) > 0 && i < t.Len(); i++ {
			for _, b := range one {
				l.bools = append(l.bools, b+uintptr(i)*t.Elem().Size())
			}
		}
		note("]")
	case reflect.Struct:
		note("{")
		for i := range t.NumField() {
			f := t.Field(i)
			if part, at, reason = l.walk(f.Type, off+f.Offset, path+"."+f.Name, note); reason != "" {
				return part, at, reason
			}
		}
		note("}")
	case reflect.Bool:
		l.bools = append(l.bools, off)
		fallthrough
	default:
		note(t.Kind().String() + "@" + strconv.Itoa(int(off)) + ";")
	}
	return nil, "", ""
}

// refusal says why a type cannot be shared, or "".
func refusal(t reflect.Type) string {
	if t.PkgPath() == "sync" {
		return "what it waits for lies in this process: use the lock of a Value, or package multiprocessing's"
	}
	switch t.Kind() {
	case reflect.String:
		return "its bytes lie elsewhere, in the memory of one process: use [N]byte"
	case reflect.Slice:
		return "its elements lie elsewhere, in the memory of one process: use an array of fixed length, [N]T"
	case reflect.Pointer, reflect.UnsafePointer, reflect.Uintptr:
		return "an address means nothing in another process: use an index into a shared array"
	case reflect.Map, reflect.Chan, reflect.Func, reflect.Interface:
		return "it is a pointer into the memory of one process, which means nothing in another"
	}
	return ""
}

// mend makes all bools of the value at p valid.
func (l *layout) mend(p unsafe.Pointer) {
	for _, off := range l.bools {
		if b := (*byte)(unsafe.Add(p, off)); *b > 1 {
			*b = 1
		}
	}
}
