package sharedctypes

import (
	"fmt"
	"slices"
	"unsafe"

	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/handle"
	"github.com/conexgo/conex/multiprocessing"
)

// What is sent of an object: what it is, its element's type by name and layout,
// the number of elements, where it begins in its Block, and the Block. Nothing
// of that is read from the memory itself, which other programs may write to.
// Of an object with a lock: which kind of lock, the lock, and the raw object.
const (
	kindValue  = "value"
	kindElem   = "element of an array" // a RawValue without a mark
	kindArray  = "array"
	kindString = "string"

	lockOwn    = "object with a lock of its own"
	lockShared = "object with a lock"
	lockR      = "object with an RLock"
)

// place is where an object lies.
type place struct {
	block *handle.Block
	lay   *layout
	n     int // elements
	off   int
}

func appendPlace(e *codec.Encoder, kind string, p place) error {
	e.AppendString(kind)
	e.AppendString(p.lay.name)
	e.Uvarint(p.lay.sum)
	e.Uvarint(uint64(p.n))
	e.Uvarint(uint64(p.off))
	return p.block.Append(e)
}

// readPlace reads what appendPlace wrote of an object with elements of type T,
// and returns its kind, one of kinds.
func readPlace[T any](d *codec.Decoder, kinds ...string) (p place, at unsafe.Pointer, kind string, err error) {
	fail := func(err error) (place, unsafe.Pointer, string, error) { return place{}, nil, "", err }
	if p.lay, err = layoutOf[T](); err != nil {
		return fail(err)
	}
	if kind, err = d.ReadString(); err != nil {
		return fail(err)
	}
	if !slices.Contains(kinds, kind) {
		return fail(fmt.Errorf("%w: %.40q, where %q of %s was expected", ErrMismatch, kind, kinds[0], p.lay.name))
	}
	var nums [3]uint64 // sum, n, off
	name, err := d.ReadString()
	for i := range nums {
		if err == nil {
			nums[i], err = d.Uvarint()
		}
	}
	if err != nil {
		return fail(err)
	}
	if name != p.lay.name || nums[0] != p.lay.sum {
		return fail(fmt.Errorf("%w: %s of %.80q, where one of %q was expected", ErrMismatch, kind, name, p.lay.name))
	}
	if p.block, err = handle.Read(d, 1); err != nil {
		return fail(fmt.Errorf("sharedctypes: %w", err))
	}
	mem := p.block.Mem()
	n, off, size := nums[1], nums[2], uint64(p.lay.size)
	if total := uint64(len(mem)); off >= total || n > (total-off)/size || off != 0 && (kind != kindElem || off%size != 0) ||
		kind != kindElem && markAt(uintptr(n*size))+markSize > len(mem) || kind != kindArray && kind != kindString && n != 1 {
		return fail(fmt.Errorf("%w: %s of %d × %s at %d of %d bytes", multiprocessing.ErrCorrupt, kind, n, name, off, total))
	}
	p.n, p.off = int(n), int(off)
	return p, unsafe.Pointer(&mem[off]), kind, nil
}

// AppendHandle is how a RawValue is sent. Programs do not call it.
func (r *RawValue[T]) AppendHandle(e *codec.Encoder) error {
	if r.lay == nil {
		return ErrNoObject
	}
	kind := kindValue
	if r.elem {
		kind = kindElem
	}
	off := uintptr(r.at) - uintptr(unsafe.Pointer(&r.block.Mem()[0]))
	return appendPlace(e, kind, place{r.block, r.lay, 1, int(off)})
}

// ReadHandle is how a RawValue arrives. Programs do not call it.
func (r *RawValue[T]) ReadHandle(d *codec.Decoder) error {
	p, at, kind, err := readPlace[T](d, kindValue, kindElem)
	if err == nil {
		r.block, r.at, r.lay, r.elem = p.block, at, p.lay, kind == kindElem
	}
	return err
}

// AppendHandle is how a RawArray is sent. Programs do not call it.
func (a *RawArray[T]) AppendHandle(e *codec.Encoder) error { return a.append(e, kindArray) }

func (a *RawArray[T]) append(e *codec.Encoder, kind string) error {
	if a.lay == nil {
		return ErrNoObject
	}
	return appendPlace(e, kind, place{a.block, a.lay, a.n, 0})
}

// ReadHandle is how a RawArray arrives. Programs do not call it.
func (a *RawArray[T]) ReadHandle(d *codec.Decoder) error { return a.read(d, kindArray) }

func (a *RawArray[T]) read(d *codec.Decoder, kind string) error {
	p, at, _, err := readPlace[T](d, kind)
	if err == nil {
		a.block, a.at, a.n, a.lay = p.block, at, p.n, p.lay
	}
	return err
}

// AppendHandle is how a RawString is sent. Programs do not call it.
func (s *RawString) AppendHandle(e *codec.Encoder) error { return s.append(e, kindString) }

// ReadHandle is how a RawString arrives. Programs do not call it.
func (s *RawString) ReadHandle(d *codec.Decoder) error { return s.read(d, kindString) }

// AppendHandle is how a Value is sent. Programs do not call it.
func (v *Value[T]) AppendHandle(e *codec.Encoder) error {
	if v.raw == nil {
		return ErrNoObject
	}
	if err := v.appendLock(e); err != nil {
		return err
	}
	return v.raw.AppendHandle(e)
}

// ReadHandle is how a Value arrives. Programs do not call it.
func (v *Value[T]) ReadHandle(d *codec.Decoder) error {
	own, err := v.readLock(d)
	if err != nil {
		return err
	}
	v.raw = new(RawValue[T])
	if err := v.raw.ReadHandle(d); err != nil {
		return err
	}
	if own {
		v.mark = v.raw.mark()
	}
	return nil
}

// AppendHandle is how an Array is sent. Programs do not call it.
func (a *Array[T]) AppendHandle(e *codec.Encoder) error {
	if a.raw == nil {
		return ErrNoObject
	}
	if err := a.appendLock(e); err != nil {
		return err
	}
	return a.raw.AppendHandle(e)
}

// ReadHandle is how an Array arrives. Programs do not call it.
func (a *Array[T]) ReadHandle(d *codec.Decoder) error { return a.read(d, kindArray, new(RawArray[T])) }

func (a *Array[T]) read(d *codec.Decoder, kind string, raw *RawArray[T]) error {
	own, err := a.readLock(d)
	if err != nil {
		return err
	}
	if err := raw.read(d, kind); err != nil {
		return err
	}
	if a.raw = raw; own {
		a.mark = raw.mark()
	}
	return nil
}

// AppendHandle is how a String is sent. Programs do not call it.
func (s *String) AppendHandle(e *codec.Encoder) error {
	if s.str == nil {
		return ErrNoObject
	}
	if err := s.appendLock(e); err != nil {
		return err
	}
	return s.str.AppendHandle(e)
}

// ReadHandle is how a String arrives. Programs do not call it.
func (s *String) ReadHandle(d *codec.Decoder) error {
	s.str = new(RawString)
	return s.read(d, kindString, &s.str.RawArray)
}

func (s *synced) appendLock(e *codec.Encoder) error {
	switch {
	case s.rlock != nil:
		e.AppendString(lockR)
		return s.rlock.AppendHandle(e)
	case s.lock == nil:
		return ErrNoObject
	case s.mark != nil:
		e.AppendString(lockOwn)
	default:
		e.AppendString(lockShared)
	}
	return s.lock.AppendHandle(e)
}

func (s *synced) readLock(d *codec.Decoder) (own bool, err error) {
	kind, err := d.ReadString()
	if err != nil {
		return false, err
	}
	switch kind {
	case lockR:
		s.rlock = new(multiprocessing.RLock)
		return false, s.rlock.ReadHandle(d)
	case lockOwn, lockShared:
		s.lock = new(multiprocessing.Lock)
		return kind == lockOwn, s.lock.ReadHandle(d)
	}
	return false, fmt.Errorf("%w: %.40q, where an %s was expected", ErrMismatch, kind, lockShared)
}
