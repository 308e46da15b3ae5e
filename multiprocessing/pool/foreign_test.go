package pool_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/futures/python"
	"github.com/conexgo/conex/multiprocessing/pool"
)

// A function of another engine is refused, however it is sent: by itself, or in a
// chunk that is a task of its own.
func TestForeign(t *testing.T) {
	ctx := context.Background()
	isqrt := python.Func[int, int]("math:isqrt")
	for _, cfg := range []pool.Config{{Processes: 1}, {Processes: 1, MaxTasksPerChild: 10}} {
		p, err := pool.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		_, one := pool.Apply(ctx, p, isqrt, 4)
		_, many := pool.Map(ctx, p, isqrt, ints(100))
		for _, err := range []error{one, many} {
			if !errors.Is(err, futures.ErrNotEncodable) || !errors.Is(err, python.ErrNotPython) ||
				!strings.Contains(err.Error(), `"math:isqrt" is a function of Python`) {
				t.Error(err)
			}
		}
		if n, err := pool.Apply(ctx, p, square, 3); n != 9 || err != nil {
			t.Error(n, err)
		}
		p.Close()
		if err := p.Join(ctx); err != nil {
			t.Error(err)
		}
	}
}
