package process_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/futures/futurestest"
	"github.com/conexgo/conex/futures/process"
	"github.com/conexgo/conex/internal/leak"
)

func TestExecutor(t *testing.T) {
	futurestest.TestExecutor(t, func(t *testing.T) futures.Executor {
		leak.Check(t)
		return newPool(t, process.Config{Workers: 3})
	}, futurestest.Options{Copies: true, Kills: true})
}

// Workers start when they are needed: a second one only once the first is
// busy.
func TestOnDemand(t *testing.T) {
	leak.Check(t)
	p := newPool(t, process.Config{Workers: 4, Spares: -1})
	ctx := within(t, 20*time.Second)
	for range 100 {
		if _, err := futures.Submit(ctx, p, inc, 1).Result(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(p.Stats().Workers); n != 1 {
		t.Errorf("%d workers for calls one after the other", n)
	}
	var fs []*futures.Future[bool]
	for range 3 {
		fs = append(fs, futures.Submit(ctx, p, sleep, 300*time.Millisecond))
	}
	for _, f := range fs {
		f.Result(ctx)
	}
	if n := len(p.Stats().Workers); n != 3 {
		t.Errorf("%d workers for three long tasks at a time", n)
	}
}

var nested *conex.Func[int, int]

func init() {
	nested = conex.Register("test.nested", func(ctx context.Context, depth int) (int, error) {
		if depth == 0 {
			return os.Getpid(), nil
		}
		p, err := process.NewPool(process.Config{Workers: 1})
		if err != nil {
			return 0, err
		}
		defer p.Close()
		return futures.Submit(ctx, p, nested, depth-1).Result(ctx)
	})
}

// A task may have a pool of its own, whose workers are not those of its
// parent.
func TestNestedPool(t *testing.T) {
	leak.Check(t)
	p := newPool(t, process.Config{Workers: 1})
	ctx := within(t, 30*time.Second)
	inner, err := futures.Submit(ctx, p, nested, 2).Result(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if outer, _ := futures.Submit(ctx, p, pid, none{}).Result(ctx); inner == outer || inner == os.Getpid() {
		t.Errorf("the innermost task ran in %d, the outer in %d, this is %d", inner, outer, os.Getpid())
	}
}
