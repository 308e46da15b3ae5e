package sharedmemory

import (
	"runtime/debug"
	"strings"
)

// index returns i counted from the beginning.
func (l *ShareableList) index(i int) (int, error) {
	n := l.Len()
	if i < 0 {
		i += n
	}
	if uint(i) >= uint(n) {
		if l.shm == nil {
			return 0, ErrClosed
		}
		return 0, outside(i, n)
	}
	return i, nil
}

func outside(i, n int) error { return fail(ErrIndex, "%d of a list of %d items", i, n) }

// At returns a copy of item i: nil, bool, int64, float64, string or []byte. A
// negative i counts from the end, -1 is the last item. [Get] is the same with a
// type, and faster.
//
// Errors: [ErrIndex], [ErrClosed], [ErrCorrupt].
func (l *ShareableList) At(i int) (v any, err error) {
	if i, err = l.index(i); err != nil {
		return nil, err
	}
	mem, err := l.enter()
	if err != nil {
		return nil, err
	}
	defer l.leave(debug.SetPanicOnFault(true), &err)
	it, err := l.lay.load(mem, i)
	if err != nil {
		return nil, err
	}
	return it.value(i)
}

// Set makes v item i, whatever type the item had. A negative i counts from the
// end. v may be of any integer or float type, bool, string, []byte or nil.
//
// Errors, after which the item is as it was: [ErrNoRoom] for a string or bytes
// longer than the room of this item, [ErrType], [ErrOverflow], [ErrIndex],
// [ErrClosed].
func (l *ShareableList) Set(i int, v any) (err error) {
	it, err := itemOf(v)
	if err != nil {
		return err
	}
	if i, err = l.index(i); err != nil {
		return err
	}
	mem, err := l.enter()
	if err != nil {
		return err
	}
	defer l.leave(debug.SetPanicOnFault(true), &err)
	return l.lay.store(mem, i, &it)
}

// An Item is a type that items of a list are read as.
type Item interface {
	int | int64 | float64 | bool | string | []byte
}

// Get returns a copy of item i of l as a T. A negative i counts from the end.
// It allocates nothing but for a string or bytes.
//
// Errors: [ErrType] if the item is of another type (an int64 is not turned into
// a float64, nor nil into anything), or does not fit into an int of 32 bits;
// [ErrIndex], [ErrClosed], [ErrCorrupt].
func Get[T Item](l *ShareableList, i int) (v T, err error) {
	if i, err = l.index(i); err != nil {
		return v, err
	}
	mem, err := l.enter()
	if err != nil {
		return v, err
	}
	defer l.leave(debug.SetPanicOnFault(true), &err)
	it, err := l.lay.load(mem, i)
	if err != nil {
		return v, err
	}
	plain := it.kind == kindPlain
	switch p := any(&v).(type) {
	case *int:
		if n := int64(it.word); plain && it.format == formatInt && int64(int(n)) == n {
			*p = int(n)
			return v, nil
		}
	case *int64:
		if plain && it.format == formatInt {
			*p = int64(it.word)
			return v, nil
		}
	case *float64:
		if plain && it.format == formatFloat {
			*p = toFloat(it.word)
			return v, nil
		}
	case *bool:
		if plain && it.format == formatBool {
			*p = it.bool()
			return v, nil
		}
	case *string:
		if it.kind == kindText {
			*p, err = it.string(i)
			return v, err
		}
	case *[]byte:
		if it.kind == kindBytes {
			*p = append([]byte{}, it.bytes...)
			return v, nil
		}
	}
	return v, fail(ErrType, "item %d is %s, no %T", i, it.name(), v)
}

// Count returns how many items are equal to v, in type and value: of numbers,
// whole ones equal whole ones and floats floats, where Python takes 1, 1.0 and
// True for the same. Of a v that no item can be there are none.
//
// Errors: [ErrClosed], [ErrCorrupt].
func (l *ShareableList) Count(v any) (n int, err error) {
	err = l.look(v, func(int) bool { n++; return true })
	return n, err
}

// Index returns where the first item is that equals v, as for Count.
//
// Errors: [ErrNotFound], [ErrClosed], [ErrCorrupt].
func (l *ShareableList) Index(v any) (int, error) {
	at := -1
	err := l.look(v, func(i int) bool { at = i; return false })
	if err == nil && at < 0 {
		err = fail(ErrNotFound, "%s", literal(v))
	}
	return at, err
}

// look calls found for items that equal v, until it answers false.
func (l *ShareableList) look(v any, found func(i int) bool) (err error) {
	mem, err := l.enter()
	if err != nil {
		return err
	}
	defer l.leave(debug.SetPanicOnFault(true), &err)
	want, err := itemOf(v)
	if err != nil {
		return nil
	}
	for i := range l.Len() {
		it, err := l.lay.load(mem, i)
		if err != nil {
			return err
		}
		if it.equal(&want) && !found(i) {
			break
		}
	}
	return nil
}

// Format returns what the items are at present, as Python's module struct
// writes it, for example "8s8sdqxxxxxx?xxxxxxxx?q". It is empty for a closed list.
func (l *ShareableList) Format() (f string) {
	mem, err := l.enter()
	if err != nil {
		return ""
	}
	defer l.leave(debug.SetPanicOnFault(true), &err)
	var b strings.Builder
	for i := range l.Len() {
		b.WriteString(format(getWord(mem, l.lay.formats+word*i)).String())
	}
	return b.String()
}
