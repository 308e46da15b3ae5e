package codec

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"unsafe"
)

func checkTail[T any](t *testing.T, v T, want bool) {
	t.Helper()
	p, err := For(reflect.TypeFor[T]())
	if err != nil {
		t.Fatal(err)
	}
	whole, parts := Encoder{Buf: []byte("x")}, Encoder{Buf: []byte("x")}
	if err := p.Encode(&whole, unsafe.Pointer(&v)); err != nil {
		t.Fatal(err)
	}
	block, ok := p.Tail(&parts, unsafe.Pointer(&v), 8)
	if ok != want {
		t.Fatalf("%T of %d bytes: ok %v", v, len(whole.Buf), ok)
	}
	if ok && !bytes.Equal(append(parts.Buf, block...), whole.Buf) || !ok && len(parts.Buf) != 1 {
		t.Errorf("%T: %x + %x is not %x", v, parts.Buf, block, whole.Buf)
	}
}

func TestTail(t *testing.T) {
	checkTail(t, []byte("123456789"), true)
	checkTail(t, bytes.Repeat([]byte("x"), 100_000), true)
	checkTail(t, []byte("1234567"), false)
	checkTail(t, []byte(nil), false)
	checkTail(t, strings.Repeat("y", 300), true)
	checkTail(t, "", false)
	checkTail(t, []int{1}, true)
	checkTail(t, []float64{1, 2, 3}, true)
	checkTail(t, [][2]uint16{{1, 2}, {3, 4}}, true)
	checkTail(t, []string{"not flat, whatever its size"}, false)
	checkTail(t, []bool{true, false, true, false, true, false, true, false}, false)
	checkTail(t, struct{ B []byte }{[]byte("123456789")}, false)
	checkTail(t, map[string]int{"a long enough string": 1}, false)
	checkTail(t, 7, false)
}
