//go:build linux

package multiprocessing_test

import (
	"context"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/handle"
	"github.com/conexgo/conex/multiprocessing"
	"github.com/conexgo/conex/threading"
)

// A board is what the processes of a test write on: numbers, far from each
// other.
type board struct{ b *handle.Block }

const boardSize = 64

func newBoard(t testing.TB) *board {
	t.Helper()
	b, err := handle.New(64 * boardSize)
	if err != nil {
		t.Fatal(err)
	}
	return &board{b}
}

func (b *board) at(i int) *atomic.Int64 { return (*atomic.Int64)(unsafe.Pointer(&b.b.Mem()[64*i])) }

func (b *board) AppendHandle(e *codec.Encoder) error { return b.b.Append(e) }

func (b *board) ReadHandle(d *codec.Decoder) (err error) {
	b.b, err = handle.Read(d, 64*boardSize)
	return err
}

// spawn starts a process, and kills it when the test is over.
func spawn(t testing.TB, target conex.Bound) *multiprocessing.Process {
	t.Helper()
	p, err := multiprocessing.Go(context.Background(), target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Kill()
		p.Join(context.Background())
	})
	return p
}

// join waits for the end of a process, which must be a good one.
func join(t testing.TB, p *multiprocessing.Process) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := p.Join(ctx); err != nil {
		t.Fatal(err)
	}
	if code, _ := p.ExitCode(); code != 0 {
		t.Fatalf("exit code %d: %v", code, p.Err())
	}
}

// kill kills a process and waits until it is dead.
func kill(t testing.TB, p *multiprocessing.Process) {
	t.Helper()
	p.Kill()
	if err := p.Join(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func eventually(t testing.TB, what string, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !cond(); time.Sleep(50 * time.Microsecond) {
		if time.Now().After(end) {
			t.Fatal("never: ", what)
		}
	}
}

// kills is how many a test of chaos does.
func kills(small int) int {
	if n, err := strconv.Atoi(os.Getenv("CONEX_CHAOS")); err == nil {
		return n
	}
	return small
}

// thread is a context with a thread of its own.
func thread(t testing.TB) context.Context {
	ctx, leave := threading.Adopt(t.Context())
	t.Cleanup(leave)
	return ctx
}

// must makes something that is to be shared.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// threads is how many threads of the system a process has.
func threads(t testing.TB, pid int) int {
	t.Helper()
	list, err := os.ReadDir("/proc/" + strconv.Itoa(pid) + "/task")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// cpuTime is how long the threads of processes have run, those that live.
func cpuTime(pids ...int) (sum time.Duration) {
	for _, pid := range pids {
		dir := "/proc/" + strconv.Itoa(pid) + "/task/"
		list, _ := os.ReadDir(dir)
		for _, e := range list {
			text, _ := os.ReadFile(dir + e.Name() + "/schedstat")
			ns, _, _ := strings.Cut(string(text), " ")
			n, _ := strconv.Atoi(ns)
			sum += time.Duration(n)
		}
	}
	return sum
}

// bench measures step, and what it costs both processes: that says more on a
// machine that does other things, too.
func bench(b *testing.B, p *multiprocessing.Process, step func()) {
	pid, _ := p.PID()
	for range 200 {
		step()
	}
	before := cpuTime(os.Getpid(), pid)
	for b.Loop() {
		step()
	}
	b.ReportMetric(float64(cpuTime(os.Getpid(), pid)-before)/float64(b.N), "cpu-ns/op")
}
