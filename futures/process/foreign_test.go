package process_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/futures/process"
	"github.com/conexgo/conex/futures/python"
	"github.com/conexgo/conex/internal/leak"
)

// A function of another engine is refused, and the error says where it runs. The
// pool goes on.
func TestForeign(t *testing.T) {
	leak.Check(t)
	p := newPool(t, process.Config{Workers: 1})
	ctx := within(t, 20*time.Second)
	sqrt := python.Func[float64, float64]("math:sqrt")
	var stream []error
	for _, err := range python.Stream(ctx, p, sqrt, 2) {
		stream = append(stream, err)
	}
	for _, err := range futures.Map(ctx, p, sqrt, slices.Values([]float64{1, 2})) {
		stream = append(stream, err)
	}
	for _, err := range append(stream, futures.Submit(ctx, p, sqrt, 2).Err(ctx)) {
		if !errors.Is(err, futures.ErrNotEncodable) || !errors.Is(err, python.ErrNotPython) ||
			!strings.Contains(err.Error(), `"math:sqrt" is a function of Python: it runs in a pool of package futures/python`) {
			t.Error(err)
		}
	}
	if n, err := futures.Submit(ctx, p, inc, 1).Result(ctx); n != 2 || err != nil {
		t.Error(n, err)
	}
}
