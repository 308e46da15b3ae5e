package pool

import (
	"context"
	"strings"
	"testing"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/internal/codec"
)

var fuzzed = conex.Register("test/pool/fuzzed", func(_ context.Context, s string) (string, error) {
	return strings.ToUpper(s), nil
})

// newBundle makes a chunk as MapAsync would.
func newBundle(in []string) (*bundle[string, string], *mapping[string, string]) {
	m := &mapping[string, string]{result: new(AsyncResult[[]string]), chunks: make([]chunk[string, string], 1)}
	m.job = job[string, string]{p: new(Pool), fn: fuzzed, w: wireOf(fuzzed), in: in, out: make([]string, len(in)), own: m}
	m.left.Store(1)
	m.chunks[0].init(&m.job, 0, len(in))
	return &bundle[string, string]{chunk: &m.chunks[0]}, m
}

// What a worker makes of a chunk, and the pool of its answer, whatever the bytes.
func FuzzBundle(f *testing.F) {
	b, _ := newBundle([]string{"a", "bc", ""})
	if _, err := b.Encode(nil); err != nil {
		f.Fatal(err)
	}
	arg := append([]byte(nil), b.enc[1:]...) // without the byte that says that it is there
	good, err := run(arg)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(arg)
	f.Add(good)
	f.Add([]byte{0, 2, 'x'})
	f.Fuzz(func(t *testing.T, data []byte) {
		run(data)
		new(startArg).decode(&codec.Decoder{Buf: data})
		b, m := newBundle([]string{"a", "bc", ""})
		b.Finish(0, append([]byte{1}, data...))
		if !m.result.Ready() {
			t.Error("an answer without an end")
		}
	})
}

func run(data []byte) ([]byte, error) {
	var a bundleArg
	if err := a.decode(&codec.Decoder{Buf: data}); err != nil {
		return nil, err
	}
	if a.name != fuzzed.Name() {
		return nil, nil // other functions are not for fuzzing
	}
	r, err := a.run(context.Background())
	return r.buf, err
}

func TestBundle(t *testing.T) {
	b, m := newBundle([]string{"a", "bc", ""})
	if _, err := b.Encode([]byte("before")); err != nil {
		t.Fatal(err)
	}
	got, err := run(b.AppendArgs(nil, 0, 1)[1:])
	if err != nil {
		t.Fatal(err)
	}
	b.Finish(0, append([]byte{1}, got...))
	out, err := m.result.Get(context.Background())
	if err != nil || strings.Join(out, ",") != "A,BC," {
		t.Errorf("got %q, %v", out, err)
	}
}
