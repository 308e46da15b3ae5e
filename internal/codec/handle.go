package codec

import (
	"errors"
	"fmt"
	"reflect"
	"unsafe"
)

var errNoHandles = errors.New("a queue, a lock, a connection or shared memory cannot be sent this way: only as an argument, a result, or an item of a queue or a connection between processes of one program")

// A Handle is a type that travels by methods of its own, because its values are
// more than bytes: queues, locks, shared memory. Its pointer has the methods,
// and only its pointer can travel, for a copy of a lock is none. It is the form
// for generic types, which [RegisterHandle] cannot name.
type Handle interface {
	// AppendHandle appends to e.Buf what ReadHandle will read, and to e.Handles
	// what must travel beside it. It is not called for nil.
	AppendHandle(e *Encoder) error
	// ReadHandle fills the zero value. It must take exactly what AppendHandle
	// appended, and must survive anything else.
	ReadHandle(d *Decoder) error
}

var handleType = reflect.TypeFor[Handle]()

type handleFuncs struct {
	enc encFunc
	dec decFunc
}

var handles = map[reflect.Type]handleFuncs{} // guarded by compileMu

// RegisterHandle makes enc and dec the way values of type t travel: for types whose values are more than bytes, such
// as queues and shared memory. enc appends to e.Buf what dec will read, and to e.Handles what must travel beside it.
// dec must take exactly what enc appended, and must survive anything else. Both get a pointer to a t.
//
// It is meant for package initialisation. It panics when t is registered already, or was encoded before.
func RegisterHandle(t reflect.Type, enc func(e *Encoder, v unsafe.Pointer) error, dec func(d *Decoder, v unsafe.Pointer) error) {
	if t == nil || enc == nil || dec == nil {
		panic("conex: RegisterHandle needs a type and two functions")
	}
	compileMu.Lock()
	defer compileMu.Unlock()
	if _, ok := handles[t]; ok {
		panic(fmt.Sprintf("conex: handle type %v is registered twice", t))
	}
	_, planned := plans.Load(t)
	if _, used := nodes[t]; used || planned {
		panic(fmt.Sprintf("conex: handle type %v is registered after it was used", t))
	}
	handles[t] = handleFuncs{enc, dec}
}

// buildHandle wraps the functions. One byte goes before what they append, so that a handle always takes some room
// and lengths of slices stay checkable.
func (n *node) buildHandle(h handleFuncs) {
	n.handle, n.min = true, 1
	n.enc = func(e *Encoder, p unsafe.Pointer) error {
		if e.NoHandles {
			return errNoHandles
		}
		e.Buf = append(e.Buf, 1)
		return h.enc(e, p)
	}
	n.dec = func(d *Decoder, p unsafe.Pointer) error {
		ok, err := d.present()
		if err != nil {
			return err
		}
		if !ok {
			return errPresence
		}
		return h.dec(d, p)
	}
}

// buildPointerHandle is for pointers that are Handles: a presence byte, then
// what the method appends.
func (n *node) buildPointerHandle() {
	et := n.typ.Elem()
	n.handle, n.min = true, 1
	n.enc = func(e *Encoder, p unsafe.Pointer) error {
		v := *(*unsafe.Pointer)(p)
		if v == nil {
			e.Buf = append(e.Buf, 0)
			return nil
		}
		if e.NoHandles {
			return errNoHandles
		}
		e.Buf = append(e.Buf, 1)
		return reflect.NewAt(et, v).Interface().(Handle).AppendHandle(e)
	}
	n.dec = func(d *Decoder, p unsafe.Pointer) error {
		ok, err := d.present()
		if err != nil {
			return err
		}
		if !ok {
			*(*unsafe.Pointer)(p) = nil
			return nil
		}
		v := reflect.New(et)
		if err := v.Interface().(Handle).ReadHandle(d); err != nil {
			return err
		}
		*(*unsafe.Pointer)(p) = v.UnsafePointer()
		return nil
	}
}
