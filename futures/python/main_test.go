package python_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/futures/python"
	"github.com/conexgo/conex/internal/cpython"
)

// With CONEX_TEST_ROLE the test binary plays programs whose end is tested.
func TestMain(m *testing.M) {
	conex.Init()
	if role := os.Getenv("CONEX_TEST_ROLE"); role != "" {
		os.Unsetenv("CONEX_TEST_ROLE")
		roles[role]()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

var roles = map[string]func(){}

type none = struct{}

// Functions of conexsuite.py.
var (
	suiteInc      = python.Func[int, int]("conexsuite:inc")
	suitePid      = python.Func[none, int]("conexsuite:pid")
	suiteNap      = python.Func[float64, bool]("conexsuite:nap")
	suiteBusy     = python.Func[float64, int]("conexsuite:busy")
	suitePolite   = python.Func[string, any]("conexsuite:polite")
	suiteDeaf     = python.Func[none, int]("conexsuite:deaf")
	suiteDeafC    = python.Func[none, int]("conexsuite:deaf_c")
	suiteBlockedC = python.Func[none, int]("conexsuite:blocked_c")
	suiteStuck    = python.Func[none, int]("conexsuite:stuck_here")
	suiteDie      = python.Func[int, int]("conexsuite:die")
	suiteDieOf    = python.Func[int, int]("conexsuite:die_of")
	suiteSpawn    = python.Func[string, int]("conexsuite:spawn")
	suiteAppend   = python.Func[string, string]("conexsuite:append")
	suiteSetState = python.Func[string, string]("conexsuite:set_state")
	suiteGetState = python.Func[none, string]("conexsuite:get_state")
	suiteRaise    = python.Func[string, any]("conexsuite:raise_named")
	suiteResultOf = python.Func[string, any]("conexsuite:result_of")
	suiteMake     = python.Func[int, []byte]("conexsuite:make_bytes")
)

// An interpreter that tests run on.
type suitePython struct{ name, path string }

// suitePythons returns pyenv's oldest and newest; with the race detector, which does
// not look at Python, the newest alone; all, and the system's, with CONEX_STRESS.
func suitePythons(t testing.TB) (list []suitePython) {
	t.Helper()
	for _, path := range cpython.Some() {
		list = append(list, suitePython{cpython.Name(path), path})
	}
	long := os.Getenv("CONEX_STRESS") != ""
	if raceEnabled && !long && len(list) > 1 {
		list = list[len(list)-1:]
	}
	const system = "/usr/bin/python3"
	if _, err := os.Stat(system); err == nil && (long || len(list) == 0) {
		list = append(list, suitePython{"system", system})
	}
	if len(list) == 0 {
		for _, path := range cpython.NeedAny(t, 8) {
			list = append(list, suitePython{"python3", path})
		}
	}
	return list
}

// suiteEach runs test for each of them.
func suiteEach(t *testing.T, test func(t *testing.T, interpreter string)) {
	for _, p := range suitePythons(t) {
		t.Run(p.name, func(t *testing.T) { test(t, p.path) })
	}
}

// suiteNewest is the newest of pyenv's, for tests whose subject is this side
// of the connection.
func suiteNewest(t testing.TB) string {
	t.Helper()
	list := cpython.NeedAny(t, 8)
	return list[len(list)-1]
}

// suiteConfig completes cfg: the tests' modules, and no files beside them.
func suiteConfig(cfg python.Config) python.Config {
	dir, err := filepath.Abs("testdata")
	if err != nil {
		panic(err)
	}
	cfg.Path = append(cfg.Path, dir)
	cfg.Env = append(cfg.Env, "PYTHONDONTWRITEBYTECODE=1")
	if cfg.Stderr == nil {
		cfg.Stderr = io.Discard
	}
	return cfg
}

// suitePool returns a pool that ends with the test.
func suitePool(t testing.TB, cfg python.Config) *python.Pool {
	t.Helper()
	if cfg.Interpreter == "" {
		cfg.Interpreter = suiteNewest(t)
	}
	p, err := python.NewPool(suiteConfig(cfg))
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

// suiteWithin is a context for what must not take long.
func suiteWithin(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

// suiteKills is how many workers the chaos test kills: CONEX_CHAOS, or few.
func suiteKills() int {
	if n, err := strconv.Atoi(os.Getenv("CONEX_CHAOS")); err == nil {
		return n
	}
	if testing.Short() {
		return 5
	}
	return 20
}

// suiteRunning waits until fn runs, and returns its worker's process.
func suiteRunning(t testing.TB, p *python.Pool, fn string) (pid int) {
	t.Helper()
	suiteUntil(t, fn+" runs", func() bool {
		for _, w := range p.Stats().Workers {
			if w.Func == fn {
				pid = w.PID
				return true
			}
		}
		return false
	})
	return pid
}

// suiteUntil waits for what another process brings about.
func suiteUntil(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: still not so after 20 s", what)
		}
	}
}

// suiteSettle waits until the pool has nothing to do and says so: its counters
// lag behind its futures by a moment.
func suiteSettle(t testing.TB, p *python.Pool) {
	t.Helper()
	suiteUntil(t, "all futures are done, and so is the pool", func() bool {
		s := p.Stats()
		return s.Queued == 0 && s.Running == 0
	})
}

// A suiteText is a writer that keeps the first megabyte of what it is given.
type suiteText struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (c *suiteText) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.buf.Len() < 1<<20 {
		c.buf.Write(b)
	}
	return len(b), nil
}

func (c *suiteText) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.buf.String()
}

// await waits until all texts are in it.
func (c *suiteText) await(t testing.TB, texts ...string) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		s, missing := c.String(), ""
		for _, text := range texts {
			if !strings.Contains(s, text) {
				missing = text
			}
		}
		if missing == "" {
			return
		}
		if time.Now().After(end) {
			t.Errorf("no %q in %q", missing, s)
			return
		}
	}
}

// suiteFile returns the name of a file that does not exist yet.
func suiteFile(t testing.TB) string { return filepath.Join(t.TempDir(), "file") }

// suiteRead returns what has been written to it.
func suiteRead(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(b)
}

// suiteDead waits until the processes are gone.
func suiteDead(t testing.TB, pids []int) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		var left []int
		for _, pid := range pids {
			if suiteAlive(pid) {
				left = append(left, pid)
			}
		}
		if len(left) == 0 {
			return
		}
		if time.Now().After(end) {
			for _, pid := range left {
				cmd, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
				t.Errorf("process %d is left: %q", pid, cmd)
				if p, err := os.FindProcess(pid); err == nil {
					p.Kill()
				}
			}
			return
		}
	}
}

// suiteAlive reports whether the process exists and is no zombie.
func suiteAlive(pid int) bool {
	if runtime.GOOS != "linux" {
		p, err := os.FindProcess(pid)
		return err == nil && p.Signal(syscall.Signal(0)) == nil
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(rest, "Z") && !strings.HasPrefix(rest, "X")
}
