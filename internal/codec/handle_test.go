package codec_test

import (
	"errors"
	"reflect"
	"testing"
	"unsafe"

	"github.com/conexgo/conex/internal/codec"
)

// ticket stands for a queue or a lock: a number in the bytes, the thing itself beside them.
type ticket struct{ thing any }

func encTicket(e *codec.Encoder, v unsafe.Pointer) error {
	e.Uvarint(uint64(len(e.Handles)))
	e.Handles = append(e.Handles, (*ticket)(v).thing)
	return nil
}

func decTicket(d *codec.Decoder, v unsafe.Pointer) error {
	id, err := d.Uvarint()
	if err != nil {
		return err
	}
	if d.Handles == nil {
		return codec.ErrCorrupt
	}
	(*ticket)(v).thing, err = d.Handles(id)
	return err
}

func registerTicket() { codec.RegisterHandle(reflect.TypeFor[ticket](), encTicket, decTicket) }

func init() {
	registerTicket()
	codec.RegisterType("ticket", reflect.TypeFor[ticket]())
}

func TestHandles(t *testing.T) {
	t.Parallel()
	type order struct {
		N    int
		T    *ticket
		More []ticket
		Any  any
		Last any
	}
	type ring struct {
		Next *ring
		T    []ring
		X    map[string]ticket
	}
	for typ, want := range map[reflect.Type]bool{
		reflect.TypeFor[order](): true, reflect.TypeFor[ring](): true, reflect.TypeFor[list](): false, reflect.TypeFor[any](): false,
	} {
		p, err := codec.For(typ)
		if err != nil {
			t.Fatal(err)
		}
		if p.HasHandles() != want {
			t.Errorf("%v: handles %v", typ, p.HasHandles())
		}
	}
	p, _ := codec.For(reflect.TypeFor[order]())
	in := order{1, &ticket{"a"}, []ticket{{"b"}, {"c"}}, ticket{"d"}, "x"}
	e := codec.Encoder{Handles: []any{"already there"}}
	if err := p.Encode(&e, unsafe.Pointer(&in)); err != nil {
		t.Fatal(err)
	}
	if want := []any{"already there", "a", "b", "c", "d"}; !reflect.DeepEqual(e.Handles, want) {
		t.Errorf("handles %v", e.Handles)
	}
	var out order
	d := codec.Decoder{Buf: e.Buf, Handles: func(id uint64) (any, error) { return e.Handles[id], nil }}
	if err := p.Decode(&d, unsafe.Pointer(&out)); err != nil || !reflect.DeepEqual(in, out) {
		t.Errorf("%v: got %+v", err, out)
	}
	in.Last = inner{} // fails after the handles were gathered
	if err := p.Encode(&e, unsafe.Pointer(&in)); err == nil || len(e.Handles) != 5 {
		t.Errorf("after error %v there are %d handles", err, len(e.Handles))
	}
	if _, err := codec.Append(nil, &in); err == nil {
		t.Error("Append sent a handle")
	}
	e.Reset()
	if len(e.Buf)+len(e.Handles) != 0 {
		t.Error("Reset left something")
	}
}

// A crate is a handle by its methods, and generic.
type crate[T any] struct{ thing any }

func (b *crate[T]) AppendHandle(e *codec.Encoder) error {
	if b.thing == nil {
		return errors.New("the crate is empty")
	}
	return encTicket(e, unsafe.Pointer(&ticket{b.thing}))
}

func (b *crate[T]) ReadHandle(d *codec.Decoder) error {
	var t ticket
	err := decTicket(d, unsafe.Pointer(&t))
	b.thing = t.thing
	return err
}

func TestHandleMethods(t *testing.T) {
	t.Parallel()
	type parcel struct {
		A    *crate[int]
		None *crate[string]
		M    map[string][]*crate[string]
	}
	p, err := codec.For(reflect.TypeFor[parcel]())
	if err != nil {
		t.Fatal(err)
	}
	if !p.HasHandles() {
		t.Error("HasHandles is false")
	}
	in := parcel{A: &crate[int]{1}, M: map[string][]*crate[string]{"k": {{thing: 2}, nil, {thing: 3}}}}
	var e codec.Encoder
	if err := p.Encode(&e, unsafe.Pointer(&in)); err != nil {
		t.Fatal(err)
	}
	if len(e.Handles) != 3 {
		t.Fatalf("%d handles", len(e.Handles))
	}
	d := codec.Decoder{Buf: e.Buf, Handles: func(i uint64) (any, error) { return e.Handles[i], nil }}
	var out parcel
	if err := p.Decode(&d, unsafe.Pointer(&out)); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(in, out) {
		t.Errorf("got %+v, want %+v", out, in)
	}
	// A failed one leaves nothing behind.
	in.M["k"][2].thing = nil
	e.Reset()
	if err := p.Encode(&e, unsafe.Pointer(&in)); err == nil || len(e.Buf) > 0 || len(e.Handles) > 0 {
		t.Errorf("an empty crate: %v, %d bytes, %d handles", err, len(e.Buf), len(e.Handles))
	}
	if _, err := codec.Append(nil, &out.A); err == nil {
		t.Error("a handle was sent without company")
	}
	if b, err := codec.Append(nil, &out.None); err != nil || len(b) != 1 {
		t.Errorf("nil: %d bytes, %v", len(b), err)
	}
	if _, err := codec.For(reflect.TypeFor[struct{ B crate[int] }]()); err == nil {
		t.Error("a copy of a handle can travel")
	}
}
