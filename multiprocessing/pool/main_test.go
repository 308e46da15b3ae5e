package pool_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/multiprocessing"
	"github.com/conexgo/conex/multiprocessing/pool"
)

func TestMain(m *testing.M) {
	// What the race detector waits for at the end of a process is a second
	// for each child.
	if os.Getenv("GORACE") == "" {
		os.Setenv("GORACE", "atexit_sleep_ms=0")
	}
	conex.Init()
	os.Exit(m.Run())
}

type none = struct{}

var errTest = errors.New("test error")

func init() { conex.RegisterError("test/pool/errTest", errTest) }

// What workers run.
var (
	square = conex.Register("test/pool/square", func(_ context.Context, x int) (int, error) { return x * x, nil })
	upper  = conex.Register("test/pool/upper", func(_ context.Context, s string) (string, error) { return strings.ToUpper(s), nil })
	mul    = conex.Register("test/pool/mul", pool.Star2(func(_ context.Context, a, b int) (int, error) { return a * b, nil }))
	volume = conex.Register("test/pool/volume", pool.Star3(func(_ context.Context, a int, b float64, c string) (string, error) {
		return fmt.Sprint(a, b, c), nil
	}))
	picky = conex.Register("test/pool/picky", func(_ context.Context, x int) (int, error) {
		if x%5 == 3 {
			return 0, fmt.Errorf("%d: %w", x, errTest)
		}
		return x, nil
	})
	panics = conex.Register("test/pool/panics", func(_ context.Context, s string) (int, error) { panic("oops " + s) })
	exits  = conex.Register("test/pool/exits", func(_ context.Context, code int) (int, error) {
		if code >= 0 {
			os.Exit(code)
		}
		return code, nil
	})
	goexits = conex.Register("test/pool/goexits", func(_ context.Context, x int) (int, error) {
		if x%5 == 3 {
			runtime.Goexit()
		}
		return x, nil
	})
	pid     = conex.Register("test/pool/pid", func(context.Context, int) (int, error) { return os.Getpid(), nil })
	waitCtx = conex.Register("test/pool/wait", func(ctx context.Context, _ int) (int, error) {
		<-ctx.Done()
		return 0, context.Cause(ctx)
	})
	nap = conex.Register("test/pool/nap", func(_ context.Context, d time.Duration) (time.Duration, error) {
		time.Sleep(d)
		return d, nil
	})
	nameOf = conex.Register("test/pool/name", func(ctx context.Context, _ int) (string, error) { return pool.WorkerName(ctx), nil })
	// opaque returns what cannot leave a process.
	opaque = conex.Register("test/pool/opaque", func(_ context.Context, x int) (any, error) {
		if x == 0 {
			return struct{ secret int }{1}, nil
		}
		return x, nil
	})
	channel  = conex.Register("test/pool/channel", func(context.Context, int) (chan int, error) { return nil, nil })
	describe = conex.Register("test/pool/describe", func(_ context.Context, v any) (string, error) { return fmt.Sprint(v), nil })

	// fill returns the memory that it got, and new memory with the same in it.
	fill = conex.Register("test/pool/fill", func(_ context.Context, b *conex.Buffer) (*conex.Buffer, error) {
		b.Bytes()[0]++
		out, err := conex.NewBuffer(b.Len())
		if err == nil {
			copy(out.Bytes(), b.Bytes())
		}
		return out, err
	})
	keep = conex.Register("test/pool/keep", func(_ context.Context, b *conex.Buffer) (none, error) {
		memory = string(b.Bytes()[:5])
		b.Bytes()[0] = 'H'
		return none{}, nil
	})
	offspring = conex.Register("test/pool/offspring", func(ctx context.Context, _ int) (string, error) {
		p := multiprocessing.New(square.Bind(1))
		if err := p.Start(ctx); !errors.Is(err, multiprocessing.ErrDaemonChild) {
			return "", fmt.Errorf("a daemonic worker has started a process: %v", err)
		}
		return multiprocessing.CurrentProcess().Name(), nil
	})

	remember = conex.Register("test/pool/remember", func(_ context.Context, s string) (none, error) { memory = s; return none{}, nil })
	recall   = conex.Register("test/pool/recall", func(context.Context, int) (string, error) { return memory, nil })
	refuse   = conex.Register("test/pool/refuse", func(context.Context, int) (none, error) { return none{}, errTest })
	explode  = conex.Register("test/pool/explode", func(context.Context, int) (none, error) { panic("boom") })
)

var memory string // a worker's

// count yields 0, 1, … n-1.
func count(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}
