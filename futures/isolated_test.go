package futures_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/internal/leak"
)

var (
	isolatedName = conex.Register("isolated.name", func(ctx context.Context, _ struct{}) (string, error) {
		return futures.ThreadName(ctx), nil
	})
	isolatedAppend = conex.Register("isolated.append", func(_ context.Context, s []int) ([]int, error) {
		s[0] = 100
		return append(s, 4), nil
	})
	isolatedBuffer = conex.Register("isolated.buffer", func(_ context.Context, b *conex.Buffer) (int, error) {
		b.Bytes()[0] = 7
		return b.Len(), nil
	})
)

func TestIsolatedInit(t *testing.T) {
	leak.Check(t)
	ctx := context.Background()
	var inits atomic.Int32
	p, err := futures.NewIsolatedPool(futures.ThreadConfig{Workers: 2, Init: func(context.Context) error {
		inits.Add(1)
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for range 10 {
		if _, err := futures.Submit(ctx, p, isolatedName, struct{}{}).Result(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if n := inits.Load(); n < 1 || n > 2 {
		t.Errorf("the initialiser ran %d times for at most two workers", n)
	}
	why := errors.New("no licence")
	bad, err := futures.NewIsolatedPool(futures.ThreadConfig{Workers: 1, Init: func(context.Context) error { return why }})
	if err != nil {
		t.Fatal(err)
	}
	defer bad.Close()
	if _, err := futures.Submit(ctx, bad, isolatedName, struct{}{}).Result(ctx); !errors.Is(err, futures.ErrBroken) || !errors.Is(err, why) {
		t.Errorf("failed initialiser: %v", err)
	}
}

func TestIsolatedNames(t *testing.T) {
	leak.Check(t)
	ctx := context.Background()
	p, err := futures.NewIsolatedPool(futures.ThreadConfig{Workers: 1, Name: "cell"})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if name, err := futures.Submit(ctx, p, isolatedName, struct{}{}).Result(ctx); !strings.HasPrefix(name, "cell_") || err != nil {
		t.Errorf("worker %q, %v", name, err)
	}
}

// Nothing mutable is shared, but for what is meant to be.
func TestIsolatedCopies(t *testing.T) {
	leak.Check(t)
	ctx := context.Background()
	p, err := futures.NewIsolatedPool(futures.ThreadConfig{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	in := []int{1, 2, 3}
	out, err := futures.Submit(ctx, p, isolatedAppend, in).Result(ctx)
	if err != nil || !slices.Equal(out, []int{100, 2, 3, 4}) || in[0] != 1 {
		t.Errorf("%v became %v, %v", in, out, err)
	}
	b, err := conex.NewBuffer(100)
	if errors.Is(err, errors.ErrUnsupported) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	for range 3 {
		if n, err := futures.Submit(ctx, p, isolatedBuffer, b).Result(ctx); n != 100 || err != nil || b.Bytes()[0] != 7 {
			t.Errorf("buffer: %d, %v", n, err)
		}
	}
}
