package main

import (
	"reflect"
	"testing"
	"time"

	"github.com/conexgo/conex/pickle"
	"github.com/fxamacker/cbor/v2"
)

// A message is what programs send each other all day: a few fields of the
// ordinary kinds, and a list of smaller ones.
type message struct {
	ID      int64             `cbor:"id" pickle:"id"`
	Kind    string            `cbor:"kind" pickle:"kind"`
	Sender  string            `cbor:"sender" pickle:"sender"`
	Score   float64           `cbor:"score" pickle:"score"`
	Done    bool              `cbor:"done" pickle:"done"`
	Tags    []string          `cbor:"tags" pickle:"tags"`
	Payload []byte            `cbor:"payload" pickle:"payload"`
	Items   []item            `cbor:"items" pickle:"items"`
	Extra   map[string]string `cbor:"extra" pickle:"extra"`
}

type item struct {
	Name  string `cbor:"name" pickle:"name"`
	Count int    `cbor:"count" pickle:"count"`
}

// A job is the smallest message that is worth sending.
type job struct {
	ID   int    `cbor:"id" pickle:"id"`
	Name string `cbor:"name" pickle:"name"`
	Wait int64  `cbor:"wait" pickle:"wait"`
}

func newMessage() message {
	return message{
		ID: time.Hour.Milliseconds(), Kind: "resize", Sender: "worker-7", Score: 0.75,
		Tags: []string{"image", "thumbnail"}, Payload: []byte("0123456789abcdef"),
		Items: []item{{"a", 1}, {"b", 2}, {"c", 300}},
		Extra: map[string]string{"host": "h1", "zone": "eu"},
	}
}

// TestCodecsAgree sees to it that both codecs carry all of the message.
func TestCodecsAgree(t *testing.T) {
	m := newMessage()
	for name, c := range codecs {
		b, err := c.marshal(m)
		if err != nil {
			t.Fatal(name, err)
		}
		var got message
		if err := c.unmarshal(b, &got); err != nil || !reflect.DeepEqual(got, m) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

var codecs = map[string]struct {
	marshal   func(any) ([]byte, error)
	unmarshal func([]byte, any) error
}{
	"pickle": {pickle.Marshal, pickle.Unmarshal},
	"cbor":   {cbor.Marshal, cbor.Unmarshal},
}

// BenchmarkCodec writes and reads the same messages with pickle and with CBOR.
func BenchmarkCodec(b *testing.B) {
	for _, name := range []string{"cbor", "pickle"} {
		c := codecs[name]
		b.Run("message/"+name, func(b *testing.B) { benchmarkCodec(b, newMessage(), c.marshal, c.unmarshal) })
		b.Run("job/"+name, func(b *testing.B) { benchmarkCodec(b, job{7, "resize", 300}, c.marshal, c.unmarshal) })
	}
}

func benchmarkCodec[T any](b *testing.B, m T, marshal func(any) ([]byte, error), unmarshal func([]byte, any) error) {
	data, err := marshal(m)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("Marshal", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := marshal(&m); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Unmarshal", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var got T
			if err := unmarshal(data, &got); err != nil {
				b.Fatal(err)
			}
		}
	})
}
