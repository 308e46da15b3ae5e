package process_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/futures/process"
	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/multiprocessing"
)

var (
	errDaemon  = errors.New("a daemon must not")
	startChild = conex.Register("test.startChild", func(ctx context.Context, _ none) (string, error) {
		p, err := multiprocessing.Go(ctx, pid.Bind(none{}))
		if errors.Is(err, multiprocessing.ErrDaemonChild) {
			return "", errDaemon
		}
		if err != nil {
			return "", err
		}
		return multiprocessing.CurrentProcess().Name(), p.Join(ctx)
	})
)

func init() { conex.RegisterError("test.errDaemon", errDaemon) }

// The start methods of package multiprocessing are those of pools, and workers
// are processes of that package.
func TestContext(t *testing.T) {
	leak.Check(t)
	ctx := t.Context()
	for _, m := range append(multiprocessing.AllStartMethods(), multiprocessing.DefaultStartMethod) {
		pool, err := process.NewPool(process.Config{Workers: 1, Name: "P", Context: multiprocessing.Context{Method: m}})
		if err != nil {
			t.Fatal(err)
		}
		name, err := futures.Submit(ctx, pool, startChild, none{}).Result(ctx)
		if err != nil || !strings.HasPrefix(name, "P-") {
			t.Errorf("%q: %q, %v", m, name, err)
		}
		pool.Close()
	}
	for _, m := range []multiprocessing.StartMethod{multiprocessing.Fork, "twin"} {
		if _, err := process.NewPool(process.Config{Context: multiprocessing.Context{Method: m}}); !errors.Is(err, multiprocessing.ErrStartMethod) {
			t.Errorf("%q: %v", m, err)
		}
	}
	pool, err := process.NewPool(process.Config{Workers: 1, Daemon: true})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if _, err := futures.Submit(ctx, pool, startChild, none{}).Result(ctx); !errors.Is(err, errDaemon) {
		t.Errorf("a daemonic worker started a process: %v", err)
	}
}
