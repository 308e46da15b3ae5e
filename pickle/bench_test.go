package pickle

import (
	"bytes"
	"testing"
)

// request is what a client of a manager sends, as CPython writes it.
var request = []byte("\x80\x04\x95\x23\x00\x00\x00\x00\x00\x00\x00(\x8c\x0c7f022fd046d0\x94" +
	"\x8c\x03put\x94K\x01\x85\x94}\x94t\x94.")

func init() { request[3] = byte(len(request) - 11) }

func BenchmarkRequest(b *testing.B) {
	var (
		c      Config
		buf    []byte
		answer any = Tuple{"#RETURN", nil}
	)
	b.ReportAllocs()
	for b.Loop() {
		var v any
		if err := c.Unmarshal(request, &v); err != nil {
			b.Fatal(err)
		}
		var err error
		if buf, err = c.Append(buf[:0], answer); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRequestDecode(b *testing.B) {
	var c Config
	b.ReportAllocs()
	for b.Loop() {
		var v any
		if err := c.Unmarshal(request, &v); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAnswerEncode(b *testing.B) {
	var (
		c      Config
		buf    []byte
		answer any = Tuple{"#RETURN", nil}
	)
	b.ReportAllocs()
	for b.Loop() {
		buf, _ = c.Append(buf[:0], answer)
	}
}

// The bytes of a message of 64 KiB are copied once when they are written, and
// not at all when they are read.
func Benchmark64KiB(b *testing.B) {
	data := bytes.Repeat([]byte("x"), 64<<10)
	c := Config{NoCopy: true}
	var buf []byte
	b.SetBytes(64 << 10)
	b.ReportAllocs()
	for b.Loop() {
		buf, _ = c.Append(buf[:0], Tuple{"#RETURN", data})
		var v any
		if err := c.Unmarshal(buf, &v); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRecords(b *testing.B) {
	l := NewList()
	for i := range 1000 {
		l.Items = append(l.Items, NewDict(Pair{"id", int64(i)}, Pair{"name", "somebody"}, Pair{"score", 0.5}))
	}
	var c Config
	var buf []byte
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			buf, _ = c.Append(buf[:0], l)
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var v any
			if err := c.Unmarshal(buf, &v); err != nil {
				b.Fatal(err)
			}
		}
	})
}
