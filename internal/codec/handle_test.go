package codec_test

import (
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
