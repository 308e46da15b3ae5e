package wire

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"unsafe"

	"github.com/conexgo/conex/internal/codec"
)

func TestTable(t *testing.T) {
	a := New("wire.a", func(_ context.Context, x int) (string, error) { return "", nil }, nil)
	b := New("wire.b", func(_ context.Context, x []string) (int, error) { return len(x), nil }, nil)
	Add(&a.Entry)
	Add(&b.Entry)
	if Lookup("wire.a") != &a.Entry || Lookup("nobody") != nil || Entries()[b.ID] != &b.Entry {
		t.Error("Lookup")
	}
	if text := Describe(Entries()); !strings.Contains(text, "wire.a\tint → string\nwire.b\t[]string → int\n") {
		t.Errorf("got %q", text)
	}
	defer func() {
		if text, _ := recover().(string); !strings.Contains(text, "wire.a") || !strings.Contains(text, "twice") {
			t.Errorf("panic %q", text)
		}
	}()
	Add(&New("wire.a", func(context.Context, int) (int, error) { return 0, nil }, nil).Entry)
}

func TestRunOne(t *testing.T) {
	why := errors.New("odd")
	f := New("wire.one", func(_ context.Context, s []string) ([]string, error) {
		if len(s)%2 == 1 {
			return nil, why
		}
		return append(s, "x"), nil
	}, nil)
	if f.RunFlat != nil || f.Err != nil {
		t.Error("a slice of strings is not flat")
	}
	var e codec.Encoder
	for _, arg := range [][]string{{"a", "b"}, nil, {"c"}} {
		if err := f.AppendArg(&e, &arg); err != nil {
			t.Fatal(err)
		}
	}
	d := codec.Decoder{Buf: e.Buf}
	for i, want := range [][]string{{"a", "b", "x"}, {"x"}, nil} {
		var out codec.Encoder
		err, encoding := f.RunOne(context.Background(), &d, &out)
		if want == nil {
			if err != why || encoding {
				t.Errorf("call %d: %v", i, err)
			}
			continue
		}
		var got []string
		if err := f.ReadResult(&codec.Decoder{Buf: out.Buf}, &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("call %d: %q, %v", i, got, err)
		}
	}
	if err, encoding := f.RunOne(context.Background(), &codec.Decoder{Buf: []byte{200}}, &codec.Encoder{}); err == nil || !encoding {
		t.Errorf("corrupt argument: %v", err)
	}
	bad := New("wire.bad", func(context.Context, chan int) (int, error) { return 0, nil }, nil)
	if bad.Err == nil || !strings.Contains(bad.Err.Error(), "wire.bad") {
		t.Errorf("a channel: %v", bad.Err)
	}
}

func TestRunFlat(t *testing.T) {
	f := New("wire.flat", func(_ context.Context, x int64) (float64, error) {
		if x == 7 {
			return 0, errors.New("seven")
		}
		return float64(x) / 2, nil
	}, nil)
	args := f.AppendArgs(nil, []int64{1, 2, 7, 4})
	room := make([]uint64, 4)
	res := unsafe.Slice((*byte)(unsafe.Pointer(&room[0])), 32)
	var progress uint64
	m := &Meter{Progress: &progress, Base: 101}
	done, err := f.RunFlat(context.Background(), args, res, 4, m)
	out := make([]float64, 2)
	f.ReadResults(res[:16], out)
	if done != 2 || err == nil || progress != 103 || out[0] != 0.5 || out[1] != 1 {
		t.Errorf("%d done, %v, progress %d, %v", done, err, progress, out)
	}
	m.Stop = 1
	if done, err := f.RunFlat(context.Background(), args, res, 2, m); done != 1 || err != nil {
		t.Errorf("stopped: %d done, %v", done, err)
	}
	if done, err := f.RunFlat(context.Background(), nil, nil, 0, m); done != 0 || err != nil {
		t.Errorf("nothing: %d done, %v", done, err)
	}
}
