package multiprocessing_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/conexgo/conex"
	mp "github.com/conexgo/conex/multiprocessing"
)

type none = struct{}

var (
	errTest = errors.New("test error")

	nothing = conex.Register("test/process/nothing", func(context.Context, none) (none, error) { return none{}, nil })
	touch   = conex.Register("test/process/touch", func(_ context.Context, path string) (none, error) {
		return none{}, os.WriteFile(path, []byte(mp.CurrentProcess().String()), 0o600)
	})
	block = conex.Register("test/process/block", func(ctx context.Context, _ none) (none, error) {
		<-ctx.Done()
		return none{}, context.Cause(ctx)
	})
	fail = conex.Register("test/process/fail", func(context.Context, string) (none, error) {
		return none{}, fmt.Errorf("bad: %w", errTest)
	})
)

func init() { conex.RegisterError("test/process/errTest", errTest) }

// within is a context for what must not take long.
func within(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

func TestBasic(t *testing.T) {
	ctx := within(t, 10*time.Second)
	for _, m := range mp.AllStartMethods() {
		p := mp.New(touch.Bind(t.TempDir()+"/x"), mp.WithContext(mp.Context{Method: m}))
		if err := p.Start(ctx); err != nil {
			t.Fatal(err)
		}
		t.Log(p)
		p.Join(ctx)
		t.Log(p, p.Err())
		p, err := mp.Go(ctx, block.Bind(none{}))
		if err != nil {
			t.Fatal(err)
		}
		p.Interrupt()
		p.Join(ctx)
		t.Log(p, p.Err())
		p, err = mp.Go(ctx, fail.Bind("x"))
		if err != nil {
			t.Fatal(err)
		}
		p.Join(ctx)
		t.Log(p, p.Err(), errors.Is(p.Err(), errTest))
	}
	mp.StopForkServer()
}

func BenchmarkStartJoin(b *testing.B) {
	for _, m := range mp.AllStartMethods() {
		b.Run(string(m), func(b *testing.B) {
			ctx := context.Background()
			mp.WarmForkServer(ctx)
			for b.Loop() {
				p, err := mp.Go(ctx, nothing.Bind(none{}), mp.WithContext(mp.Context{Method: m}))
				if err != nil {
					b.Fatal(err)
				}
				p.Join(ctx)
			}
			mp.StopForkServer()
		})
	}
}
