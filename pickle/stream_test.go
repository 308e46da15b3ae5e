package pickle

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
)

// Pickles of all sizes, one after the other, however the stream cuts them.
func TestStream(t *testing.T) {
	values := []any{
		nil, 1, "x", strings.Repeat("s", 5000), bytes.Repeat([]byte("b"), 200_000), strings.Repeat("l", 200_000),
		NewList(bytes.Repeat([]byte("b"), 5000), "after"), &ByteArray{make([]byte, 70_000)}, NewDict(Pair{"k", Tuple{1, 2}}),
	}
	for _, protocol := range []int{Protocol0, 1, 2, 3, 4, 5} {
		c := Config{Protocol: protocol}
		var stream bytes.Buffer
		enc := c.NewEncoder(&stream)
		for _, v := range values {
			if err := enc.Encode(v); err != nil {
				t.Fatal(err)
			}
		}
		for name, r := range map[string]io.Reader{
			"whole": bytes.NewReader(stream.Bytes()),
			"bytes": iotest.OneByteReader(bytes.NewReader(stream.Bytes())),
			"error": iotest.DataErrReader(bytes.NewReader(stream.Bytes())),
			"empty": iotest.HalfReader(bytes.NewReader(stream.Bytes())),
		} {
			dec := NewDecoder(r)
			for i, want := range values {
				var v any
				if err := dec.Decode(&v); err != nil {
					t.Fatalf("protocol %d, %s, value %d: %v", protocol, name, i, err)
				}
				if !Equal(v, want) {
					t.Errorf("protocol %d, %s: value %d came as %s", protocol, name, i, ReprMax(v, 100))
				}
			}
			var v any
			for range 2 {
				if err := dec.Decode(&v); err != io.EOF {
					t.Errorf("at the end: %v", err)
				}
			}
		}
	}
}

func TestStreamBuffered(t *testing.T) {
	dec := NewDecoder(strings.NewReader("K\x01.the rest"))
	var v any
	if err := dec.Decode(&v); err != nil || v != any(int64(1)) {
		t.Fatal(v, err)
	}
	rest, _ := io.ReadAll(io.MultiReader(dec.Buffered(), dec.r))
	if string(rest) != "the rest" {
		t.Errorf("%q is left", rest)
	}
}

// An error of a pickle or of the stream stays; one of the target does not.
func TestStreamError(t *testing.T) {
	dec := NewDecoder(strings.NewReader("K\x01.K\x02.\xff"))
	var v any
	if err := dec.Decode(1); err == nil {
		t.Error("into an int")
	}
	for want := range 2 {
		if err := dec.Decode(&v); err != nil || v != any(int64(want+1)) {
			t.Error(v, err)
		}
	}
	first := dec.Decode(&v)
	var e *DecodeError
	if !errors.As(first, &e) || e.Offset != 0 {
		t.Errorf("%v: the offset is that in the pickle", first)
	}
	if err := dec.Decode(&v); err != first {
		t.Errorf("after %v: %v", first, err)
	}

	broken := errors.New("broken")
	dec = NewDecoder(io.MultiReader(strings.NewReader("](K\x01"), iotest.ErrReader(broken)))
	if err := dec.Decode(&v); !errors.Is(err, broken) {
		t.Error(err)
	}
	if err := NewDecoder(idle{}).Decode(&v); !errors.Is(err, io.ErrNoProgress) {
		t.Error(err)
	}
	if _, err := Load[any](strings.NewReader("")); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
	if err := Dump(failing{broken}, 1); err != broken {
		t.Error(err)
	}
	var out bytes.Buffer
	if err := NewEncoder(&out).Encode(make(chan int)); err == nil || out.Len() > 0 {
		t.Errorf("%v, and %d bytes were written", err, out.Len())
	}
}

type idle struct{}

func (idle) Read([]byte) (int, error) { return 0, nil }

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// Decoders and encoders are used again, by all goroutines: nothing of one value
// may get into another.
func TestConcurrent(t *testing.T) {
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			want := NewList(int64(g), strings.Repeat(string(rune('a'+g)), 10), NewDict(Pair{"k", NewList(int64(g))}))
			want.Items = append(want.Items, want.Items[2])
			for range 300 {
				data, err := Marshal(want)
				if err != nil {
					t.Error(err)
					return
				}
				var v any
				if err := Unmarshal(data, &v); err != nil || !Equal(v, want) {
					t.Errorf("%v, %s", err, Repr(v))
					return
				}
				if err := Unmarshal(data[:len(data)-5], &v); err == nil {
					t.Error("half a pickle is one")
				}
			}
		})
	}
	wg.Wait()
}
