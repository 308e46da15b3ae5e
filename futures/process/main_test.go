package process_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/futures/process"
)

// The test binary plays the worker, and, with CONEX_TEST_ROLE, programs whose
// end is tested.
func TestMain(m *testing.M) {
	conex.Init()
	if role := os.Getenv("CONEX_TEST_ROLE"); role != "" {
		os.Unsetenv("CONEX_TEST_ROLE")
		roles[role]()
		os.Exit(0)
	}
	// With the race detector every worker would take a second to exit.
	os.Setenv("GORACE", os.Getenv("GORACE")+" atexit_sleep_ms=0")
	os.Exit(m.Run())
}

var errTest = errors.New("test error")

func init() { conex.RegisterError("test.errTest", errTest) }

type job struct {
	N    int
	Name string
	List []int
	At   time.Time
	Sub  *job
}

type none = struct{}

var (
	inc    = conex.Register("test.inc", func(_ context.Context, x int) (int, error) { return x + 1, nil })
	echo   = conex.Register("test.echo", func(_ context.Context, b []byte) ([]byte, error) { return b, nil })
	jobs   = conex.Register("test.job", func(_ context.Context, j job) (job, error) { j.N++; return j, nil })
	upper  = conex.Register("test.upper", func(_ context.Context, s string) (string, error) { return strings.ToUpper(s), nil })
	failer = conex.Register("test.fail", func(_ context.Context, s string) (string, error) {
		return "", fmt.Errorf("no %s: %w", s, errTest)
	})
	panics = conex.Register("test.panic", func(_ context.Context, s string) (int, error) { panic("oops " + s) })
	pid    = conex.Register("test.pid", func(context.Context, none) (int, error) { return os.Getpid(), nil })
	exit   = conex.Register("test.exit", func(_ context.Context, code int) (int, error) { os.Exit(code); return 0, nil })
	signal = conex.Register("test.signal", func(_ context.Context, sig int) (int, error) {
		self, _ := os.FindProcess(os.Getpid())
		self.Signal(syscall.Signal(sig))
		select {}
	})
	goPanic = conex.Register("test.goPanic", func(context.Context, none) (int, error) {
		go panic("in a goroutine")
		select {}
	})
	fatal = conex.Register("test.fatal", func(context.Context, none) (int, error) {
		m := map[int]int{}
		for range 4 {
			go func() {
				for i := 0; ; i++ {
					m[i&7]++
				}
			}()
		}
		select {}
	})
	sleep = conex.Register("test.sleep", func(ctx context.Context, d time.Duration) (bool, error) {
		select {
		case <-time.After(d):
			return true, nil
		case <-ctx.Done():
			return false, ctx.Err()
		}
	})
	busy = conex.Register("test.busy", func(_ context.Context, d time.Duration) (int, error) {
		n := 0
		for end := time.Now().Add(d); time.Now().Before(end); n++ {
		}
		return n, nil
	})
	deaf = conex.Register("test.deaf", func(context.Context, none) (int, error) {
		for n := 0; ; n++ {
			sink.Add(1)
		}
	})
	leak_ = conex.Register("test.leak", func(context.Context, none) (int, error) {
		var keep [][]byte
		for {
			b := make([]byte, 1<<20)
			for i := range b {
				b[i] = byte(i)
			}
			keep = append(keep, b)
			if len(keep) > 8<<10 {
				return len(keep), nil
			}
		}
	})
	tree = conex.Register("test.tree", func(_ context.Context, script string) (int, error) {
		return 0, exec.Command("/bin/sh", "-c", script).Run()
	})
	say = conex.Register("test.say", func(_ context.Context, s string) (int, error) {
		fmt.Print("out:" + s)
		fmt.Fprint(os.Stderr, "err:"+s)
		slog.Warn("log:"+s, "n", 7, slog.Group("g", "d", time.Second))
		slog.Debug("not this one")
		return 0, nil
	})
	chatter = conex.Register("test.chatter", func(context.Context, none) (int, error) {
		line := bytes.Repeat([]byte("x"), 1000)
		for {
			os.Stderr.Write(line)
		}
	})
	deadline = conex.Register("test.deadline", func(ctx context.Context, _ none) (time.Time, error) {
		d, _ := ctx.Deadline()
		return d, nil
	})
	goexit = conex.Register("test.goexit", func(_ context.Context, x int) (int, error) {
		if x%3 == 0 {
			runtimeGoexit()
		}
		return x, nil
	})
	strlen     = conex.Register("test.strlen", func(_ context.Context, s string) (int, error) { return len(s), nil })
	unsendable = conex.Register("test.unsendable", func(_ context.Context, x struct {
		Name string
		Done chan int
	}) (int, error) {
		return 0, nil
	})
	badResult = conex.Register("test.badResult", func(_ context.Context, x int) (any, error) {
		return make(chan int), nil
	})
	makeBytes = conex.Register("test.makeBytes", func(_ context.Context, n int) ([]byte, error) {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(i * 7)
		}
		return b, nil
	})
	setGlobal = conex.Register("test.setGlobal", func(_ context.Context, s string) (string, error) {
		if s == "fail" {
			return "", errTest
		}
		global = s
		return s, nil
	})
	getGlobal = conex.Register("test.getGlobal", func(context.Context, none) (string, error) { return global, nil })
)

var (
	sink   atomic.Int64
	global = "unset"
)

// newPool returns a pool that ends with the test.
func newPool(t testing.TB, cfg process.Config) *process.Pool {
	t.Helper()
	if cfg.Stderr == nil {
		cfg.Stderr = io.Discard
	}
	p, err := process.NewPool(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := p.ShutdownNow(ctx); err != nil {
			t.Errorf("shutdown: %v; %+v", err, p.Stats())
			p.Kill()
		}
	})
	return p
}

// within is a context for what must not take long.
func within(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

// kills is how many workers the chaos test kills: CONEX_CHAOS, or few.
func kills() int {
	if n, err := strconv.Atoi(os.Getenv("CONEX_CHAOS")); err == nil {
		return n
	}
	if testing.Short() {
		return 10
	}
	return 40
}

// settle waits until the pool has nothing to do and says so: its counters lag
// behind its futures by a moment.
func settle(t testing.TB, p *process.Pool) process.Stats {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; {
		s := p.Stats()
		if s.Queued == 0 && s.Running == 0 {
			return s
		}
		if time.Now().After(end) {
			t.Errorf("all futures are done, but the pool says %+v", s)
			return s
		}
	}
}
