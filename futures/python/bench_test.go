package python

import (
	"context"
	"testing"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/pickle"
)

func BenchmarkWire(b *testing.B) {
	f := Func[int, int]("math:isqrt")
	b.ReportAllocs()
	for b.Loop() {
		f.Wire()
	}
}

// nowhere takes tasks, and forgets them.
type nowhere struct{ futures.Executor }

func (nowhere) Submit(t futures.Task) error {
	if err := checkTask(t, true); err != nil {
		return err
	}
	if _, err := t.Encode(nil); err != nil {
		return notEncodable(t.Name(), err)
	}
	return nil
}

func benchmarkSubmit[A any](b *testing.B, arg A) {
	ctx := context.Background()
	var ex futures.Executor = nowhere{}
	f := Func[A, int]("m:f")
	b.ReportAllocs()
	for b.Loop() {
		futures.Submit(ctx, ex, f, arg)
	}
}

func BenchmarkSubmit(b *testing.B) {
	type tagged struct {
		Text  string  `python:",positional"`
		Width int     `python:"width"`
		Fill  float64 `python:"fill,omitempty"`
	}
	type plain struct {
		Name string
		Age  int
	}
	b.Run("int", func(b *testing.B) { benchmarkSubmit(b, 42) })
	b.Run("float64", func(b *testing.B) { benchmarkSubmit(b, 4.2) })
	b.Run("string", func(b *testing.B) { benchmarkSubmit(b, "a string of text") })
	b.Run("floats1000", func(b *testing.B) { benchmarkSubmit(b, make([]float64, 1000)) })
	b.Run("args", func(b *testing.B) { benchmarkSubmit(b, Args{"a", 1, 2.5}) })
	b.Run("tagged", func(b *testing.B) { benchmarkSubmit(b, tagged{"a", 1, 2.5}) })
	b.Run("dict", func(b *testing.B) { benchmarkSubmit(b, plain{"a", 1}) })
	b.Run("any", func(b *testing.B) { benchmarkSubmit[any](b, 42) })
}

func benchmarkResult[R any](b *testing.B, value R) {
	p, err := pickle.Marshal(value)
	if err != nil {
		b.Fatal(err)
	}
	w := Func[struct{}, R]("m:f").Wire()
	var d codec.Decoder
	var r R
	b.ReportAllocs()
	for b.Loop() {
		d.Buf = p
		if err := w.ReadResult(&d, &r); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkResult(b *testing.B) {
	type plain struct {
		Name string
		Age  int
	}
	b.Run("int", func(b *testing.B) { benchmarkResult(b, 42) })
	b.Run("float64", func(b *testing.B) { benchmarkResult(b, 4.2) })
	b.Run("string", func(b *testing.B) { benchmarkResult(b, "a string of text") })
	b.Run("floats1000", func(b *testing.B) { benchmarkResult(b, make([]float64, 1000)) })
	b.Run("dict", func(b *testing.B) { benchmarkResult(b, plain{"a", 1}) })
	b.Run("any", func(b *testing.B) { benchmarkResult[any](b, 42) })
}
