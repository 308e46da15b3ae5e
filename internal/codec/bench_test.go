package codec_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"reflect"
	"testing"
	"time"
	"unsafe"

	"github.com/conexgo/conex/internal/codec"
)

type record struct {
	ID    int
	Score float64
	Name  string
	Tags  []int
	Done  bool
	At    time.Time
}

var sample = record{
	ID: 42, Score: 3.5, Name: "sixteen letters!", Tags: []int{1, 2, 3, 4, 5, 6, 7, 8}, Done: true,
	At: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC),
}

// bench measures encoding and decoding of one value: this package on a plan that is looked up once, gob on one long
// stream (which sends its type descriptions once), and json.
func bench[T any](b *testing.B, v T) {
	p, err := codec.For(reflect.TypeFor[T]())
	if err != nil {
		b.Fatal(err)
	}
	var e codec.Encoder
	if err := p.Encode(&e, unsafe.Pointer(&v)); err != nil {
		b.Fatal(err)
	}
	data := bytes.Clone(e.Buf)
	size := int64(len(data))

	b.Run("conex/encode", func(b *testing.B) {
		b.SetBytes(size)
		b.ReportAllocs()
		for b.Loop() {
			e.Buf = e.Buf[:0]
			if err := p.Encode(&e, unsafe.Pointer(&v)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("conex/decode", func(b *testing.B) {
		b.SetBytes(size)
		b.ReportAllocs()
		var d codec.Decoder
		out := new(T)
		for b.Loop() {
			*out = *new(T)
			d.Buf = data
			if err := p.Decode(&d, unsafe.Pointer(out)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("gob/encode", func(b *testing.B) {
		b.SetBytes(size)
		b.ReportAllocs()
		var buf bytes.Buffer
		enc := gob.NewEncoder(&buf)
		for b.Loop() {
			buf.Reset()
			if err := enc.Encode(&v); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("gob/decode", func(b *testing.B) {
		b.SetBytes(size)
		b.ReportAllocs()
		var buf bytes.Buffer
		enc := gob.NewEncoder(&buf)
		if err := enc.Encode(&v); err != nil {
			b.Fatal(err)
		}
		first := buf.Len()
		if err := enc.Encode(&v); err != nil {
			b.Fatal(err)
		}
		again := &looped{head: bytes.Clone(buf.Bytes()[:first]), loop: bytes.Clone(buf.Bytes()[first:])}
		dec := gob.NewDecoder(again)
		out := new(T)
		for b.Loop() {
			*out = *new(T)
			if err := dec.Decode(out); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("json/encode", func(b *testing.B) {
		b.SetBytes(size)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := json.Marshal(&v); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("json/decode", func(b *testing.B) {
		b.SetBytes(size)
		b.ReportAllocs()
		text, err := json.Marshal(&v)
		if err != nil {
			b.Fatal(err)
		}
		out := new(T)
		for b.Loop() {
			*out = *new(T)
			if err := json.Unmarshal(text, out); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// looped is a gob stream without end: type descriptions once, then the same message for ever.
type looped struct {
	head, loop []byte
	pos        int
}

func (l *looped) Read(p []byte) (int, error) {
	if len(l.head) > 0 {
		n := copy(p, l.head)
		l.head = l.head[n:]
		return n, nil
	}
	n := copy(p, l.loop[l.pos:])
	l.pos = (l.pos + n) % len(l.loop)
	return n, nil
}

func (l *looped) ReadByte() (byte, error) {
	var b [1]byte
	_, err := l.Read(b[:])
	return b[0], err
}

func BenchmarkRecord(b *testing.B) { bench(b, sample) }
func BenchmarkInt(b *testing.B)    { bench(b, 42) }
func BenchmarkString(b *testing.B) { bench(b, "sixteen letters!") }
func BenchmarkBytes64K(b *testing.B) {
	bench(b, bytes.Repeat([]byte{7}, 64<<10))
}
func BenchmarkFloats8K(b *testing.B) {
	f := make([]float64, 8<<10)
	for i := range f {
		f[i] = float64(i) * 1.1
	}
	bench(b, f)
}
func BenchmarkMap100(b *testing.B) {
	m := map[string]int{}
	for i := range 100 {
		m[string(rune('a'+i))] = i
	}
	bench(b, m)
}
func BenchmarkStrings100(b *testing.B) {
	s := make([]string, 100)
	for i := range s {
		s[i] = "sixteen letters!"
	}
	bench(b, s)
}

type leaf struct{ N int }
type branch struct {
	Left, Right *branch
	Leaves      []leaf
	Names       map[int32]string
}

func BenchmarkTree(b *testing.B) {
	var grow func(n int) *branch
	grow = func(n int) *branch {
		if n == 0 {
			return nil
		}
		return &branch{grow(n - 1), grow(n - 1), []leaf{{1}, {2}}, map[int32]string{1: "one"}}
	}
	bench(b, *grow(5))
}

// BenchmarkMemcpy is the mark for the large slices above.
func BenchmarkMemcpy64K(b *testing.B) {
	src, dst := make([]byte, 64<<10), make([]byte, 64<<10)
	b.SetBytes(64 << 10)
	for b.Loop() {
		copy(dst, src)
	}
}

func BenchmarkAppendInt(b *testing.B) {
	v := 42
	buf := make([]byte, 0, 64)
	b.ReportAllocs()
	for b.Loop() {
		buf, _ = codec.Append(buf[:0], &v)
	}
}

func BenchmarkFor(b *testing.B) {
	t := reflect.TypeFor[record]()
	for b.Loop() {
		if _, err := codec.For(t); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBatchInts(b *testing.B) {
	p, _ := codec.For(reflect.TypeFor[int]())
	in := make([]int, 1000)
	var e codec.Encoder
	b.SetBytes(8000)
	for b.Loop() {
		e.Buf = e.Buf[:0]
		if err := p.EncodeSlice(&e, unsafe.Pointer(&in[0]), len(in)); err != nil {
			b.Fatal(err)
		}
	}
}
