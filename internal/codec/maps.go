package codec

import (
	"errors"
	"fmt"
	"reflect"
	"sync"
	"unsafe"
)

var errMapChanged = errors.New("the map changed while it was encoded")

func (c *compiler) buildMap(n *node) *refusal {
	key, r := c.node(n.typ.Key())
	if r != nil {
		return r.in("[key]")
	}
	elem, r := c.node(n.typ.Elem())
	if r != nil {
		return r.in("[]")
	}
	n.min = 1
	n.kids = []*node{key, elem}
	if f, ok := commonMaps()[mapKind{n.typ.Key(), n.typ.Elem()}]; ok {
		n.enc, n.dec = f.enc, f.dec
		return nil
	}
	n.buildAnyMap(key, elem)
	return nil
}

// mapScratch holds one key and one value on their way into or out of a map.
type mapScratch struct {
	key, elem reflect.Value
	kp, ep    unsafe.Pointer
	iter      reflect.MapIter
}

func (s *mapScratch) clear() {
	s.key.SetZero()
	s.elem.SetZero()
	s.iter.Reset(reflect.Value{})
}

// buildAnyMap goes through reflect, which knows how maps are laid out.
func (n *node) buildAnyMap(key, elem *node) {
	t, kt, et := n.typ, n.typ.Key(), n.typ.Elem()
	pool := &sync.Pool{New: func() any {
		k, v := reflect.New(kt), reflect.New(et)
		return &mapScratch{key: k.Elem(), elem: v.Elem(), kp: k.UnsafePointer(), ep: v.UnsafePointer()}
	}}
	filler := key.nop && elem.nop
	// Only keys that hold interfaces can turn out not to be hashable.
	mayNotHash := holdsInterface(kt)

	n.enc = func(e *Encoder, p unsafe.Pointer) error {
		m := reflect.NewAt(t, p).Elem()
		if m.IsNil() {
			e.Buf = append(e.Buf, 0)
			return nil
		}
		left := m.Len()
		e.Uvarint(uint64(left) + 1)
		s := pool.Get().(*mapScratch)
		defer pool.Put(s)
		defer s.clear()
		s.iter.Reset(m)
		for s.iter.Next() {
			left--
			s.key.SetIterKey(&s.iter)
			s.elem.SetIterValue(&s.iter)
			if filler {
				e.Buf = append(e.Buf, 0)
			}
			if err := key.enc(e, s.kp); err != nil {
				return in(err, "[key "+short(s.key)+"]")
			}
			if err := elem.enc(e, s.ep); err != nil {
				return in(err, "["+short(s.key)+"]")
			}
		}
		if left != 0 {
			return errMapChanged
		}
		return nil
	}
	n.dec = func(d *Decoder, p unsafe.Pointer) error {
		count, isNil, err := d.length(max(1, key.min+elem.min))
		if err != nil {
			return err
		}
		dst := reflect.NewAt(t, p).Elem()
		if isNil {
			dst.SetZero()
			return nil
		}
		m := reflect.MakeMapWithSize(t, d.room(count, kt.Size()+et.Size()+1))
		s := pool.Get().(*mapScratch)
		defer pool.Put(s)
		defer s.clear()
		for range count {
			if filler {
				if _, err := d.Take(1); err != nil {
					return err
				}
			}
			s.key.SetZero()
			s.elem.SetZero()
			if err := key.dec(d, s.kp); err != nil {
				return in(err, "[key]")
			}
			if mayNotHash && !s.key.Comparable() {
				return in(errKey, "[key]")
			}
			if err := elem.dec(d, s.ep); err != nil {
				return in(err, "["+short(s.key)+"]")
			}
			m.SetMapIndex(s.key, s.elem)
		}
		dst.Set(m)
		return nil
	}
}

// short shows a map key in an error's path.
func short(v reflect.Value) string {
	switch v.Kind() {
	case reflect.String:
		s := v.String()
		if len(s) > 32 {
			s = s[:32] + "…"
		}
		return fmt.Sprintf("%q", s)
	case reflect.Bool:
		return fmt.Sprint(v.Bool())
	}
	switch {
	case v.CanInt():
		return fmt.Sprint(v.Int())
	case v.CanUint():
		return fmt.Sprint(v.Uint())
	case v.CanFloat():
		return fmt.Sprint(v.Float())
	}
	return ""
}

func holdsInterface(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Interface:
		return true
	case reflect.Array:
		return holdsInterface(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if holdsInterface(t.Field(i).Type) {
				return true
			}
		}
	}
	return false
}
