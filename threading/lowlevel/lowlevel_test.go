package lowlevel_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/threading"
	"github.com/conexgo/conex/threading/lowlevel"
)

var errTest = errors.New("test")

// programs are what the test binary can be instead of a test: the main thread
// of a test is not conex.Main's.
var programs = map[string]func(ctx context.Context) error{
	"interrupt": func(ctx context.Context) error {
		if err := lowlevel.InterruptMain(syscall.SIGTERM); err != nil || ctx.Err() != nil { // as the system would: not here
			return fmt.Errorf("SIGTERM: %v, %v", err, ctx.Err())
		}
		signal.Ignore(os.Interrupt)
		if err := lowlevel.InterruptMain(nil); err != nil || ctx.Err() != nil {
			return fmt.Errorf("ignored: %v, %v", err, ctx.Err())
		}
		signal.Notify(make(chan os.Signal, 1), os.Interrupt) // ends Ignore
		lowlevel.StartNew(ctx, func(ctx context.Context) error { return lowlevel.InterruptMain(nil) })
		<-ctx.Done()
		fmt.Println(errors.Is(context.Cause(ctx), threading.ErrInterrupted))
		return context.Cause(ctx)
	},
	// A thread of StartNew is not waited for.
	"raw": func(ctx context.Context) error {
		begun := make(chan struct{})
		lowlevel.StartNew(ctx, func(context.Context) error { close(begun); select {} })
		<-begun
		return nil
	},
}

func TestMain(m *testing.M) {
	conex.Init()
	if run := programs[os.Getenv("CONEX_TEST_PROGRAM")]; run != nil {
		conex.Main(run)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestPrograms(t *testing.T) {
	for name, want := range map[string]struct {
		code int
		out  string
	}{"interrupt": {130, "true\n"}, "raw": {0, ""}} {
		var out bytes.Buffer
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), "CONEX_TEST_PROGRAM="+name)
		cmd.Stdout, cmd.Stderr = &out, &out
		cmd.Run()
		if code := cmd.ProcessState.ExitCode(); code != want.code || out.String() != want.out {
			t.Errorf("%s: exit code %d, output %q", name, code, &out)
		}
	}
}

func TestStartNew(t *testing.T) {
	leak.Check(t)
	ctx := context.Background()
	result := make(chan *threading.Thread)
	id, err := lowlevel.StartNew(ctx, func(ctx context.Context) error {
		result <- threading.Current(ctx)
		return nil
	})
	th := <-result
	if got, _ := th.ID(); err != nil || id == 0 || got != id || !th.Daemon() {
		t.Errorf("%v, %v: %d", err, th, id)
	}
	if _, err := lowlevel.StartNew(ctx, nil); err != lowlevel.ErrNilFunc || !errors.Is(err, threading.ErrThread) {
		t.Errorf("nil: %v", err)
	}
	if lowlevel.Ident(ctx) != 0 {
		t.Error("no thread has an identity")
	}
	if err := th.Join(ctx); err != nil {
		t.Error(err)
	}
}

func TestUnraisableHook(t *testing.T) {
	leak.Check(t)
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	for _, tc := range []struct {
		name  string
		fn    func(context.Context) error
		told  bool
		panic any
	}{
		{"success", func(context.Context) error { return nil }, false, nil},
		{"error", func(context.Context) error { return errTest }, true, nil},
		{"panic", func(context.Context) error { panic(errTest) }, true, errTest},
		{"exit", func(context.Context) error { return threading.ErrExit }, false, nil},
		{"Exit", func(context.Context) error { lowlevel.Exit(); return errTest }, false, nil},
		{"obeys", func(ctx context.Context) error { return ctx.Err() }, false, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var told []lowlevel.UnraisableHookArgs
			oldHook := lowlevel.SetUnraisableHook(func(args lowlevel.UnraisableHookArgs) { told = append(told, args) })
			old := threading.SetExceptHook(func(threading.ExceptHookArgs) { t.Error("ExceptHook called") })
			defer func() {
				lowlevel.SetUnraisableHook(oldHook)
				threading.SetExceptHook(old)
			}()
			var th *threading.Thread
			begun := make(chan struct{})
			lowlevel.StartNew(ended, func(ctx context.Context) error {
				th = threading.Current(ctx)
				close(begun)
				return tc.fn(ctx)
			})
			<-begun
			th.Join(context.Background())
			if len(told) != map[bool]int{true: 1}[tc.told] {
				t.Fatalf("told %v", told)
			}
			if tc.told {
				a := told[0]
				if a.Thread != th || !errors.Is(a.Err, errTest) || a.Panic != tc.panic || (a.Stack != nil) != (tc.panic != nil) || !strings.Contains(a.Func, "TestUnraisableHook") {
					t.Errorf("told %v", a)
				}
			}
		})
	}
}

// What is written without a hook, and when the hook fails.
func TestDefaultUnraisableHook(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	old := os.Stderr
	os.Stderr = w
	run := func() {
		threads := make(chan *threading.Thread)
		lowlevel.StartNew(context.Background(), func(ctx context.Context) error { threads <- threading.Current(ctx); return errTest })
		(<-threads).Join(context.Background())
	}
	run()
	lowlevel.SetUnraisableHook(func(lowlevel.UnraisableHookArgs) { panic("sick") })
	run()
	lowlevel.SetUnraisableHook(nil)
	os.Stderr = old
	w.Close()
	b, _ := io.ReadAll(r)
	r.Close()
	text := string(b)
	if strings.Count(text, "Failure ignored in thread started by ") != 3 || strings.Count(text, ": test\n") != 2 || !strings.Contains(text, "its UnraisableHook failed: threading: panic: sick\ngoroutine") {
		t.Errorf("wrote %q", text)
	}
}

func TestInterruptMain(t *testing.T) {
	ints, all, full := make(chan os.Signal, 1), make(chan os.Signal, 3), make(chan os.Signal)
	stops := []func(){lowlevel.NotifyMain(ints, os.Interrupt), lowlevel.NotifyMain(all), lowlevel.NotifyMain(full, os.Interrupt)}
	for _, sig := range []os.Signal{nil, syscall.SIGTERM} {
		if err := lowlevel.InterruptMain(sig); err != nil {
			t.Error(err)
		}
	}
	if len(ints) != 1 || <-ints != os.Interrupt || len(all) != 2 || <-all != os.Interrupt || <-all != syscall.SIGTERM {
		t.Error("not told")
	}
	for _, stop := range stops {
		stop()
		stop()
	}
	// Nobody listens, and this program has no main thread that could.
	if err := lowlevel.InterruptMain(nil); !errors.Is(err, threading.ErrNoThread) || len(ints) > 0 {
		t.Errorf("nobody: %v", err)
	}
	if err := lowlevel.InterruptMain(syscall.SIGTERM); err != nil {
		t.Errorf("a signal that means nothing: %v", err)
	}
	for _, sig := range []syscall.Signal{-1, 0, 65, 1000} {
		if err := lowlevel.InterruptMain(sig); !errors.Is(err, lowlevel.ErrSignal) || !errors.Is(err, threading.ErrThread) {
			t.Errorf("signal %d: %v", int(sig), err)
		}
	}
}

func TestNames(t *testing.T) {
	ctx := context.Background()
	l := lowlevel.AllocateLock()
	if l.Locked() || l.Acquire(ctx) != nil || !l.Locked() || l.TryAcquire() || l.Release() != nil || l.Release() == nil {
		t.Error("not a lock")
	}
	var same *threading.Lock = new(lowlevel.LockType)
	if same.With(ctx, func(context.Context) error { return errTest }) != errTest {
		t.Error("With")
	}
	adopted, leave := threading.Adopt(ctx)
	defer leave()
	var r lowlevel.RLock
	for _, call := range []func(context.Context) error{r.Acquire, r.Acquire, r.Release, r.Release} {
		if err := call(adopted); err != nil {
			t.Error(err)
		}
	}
	if err := r.Release(adopted); !errors.Is(err, threading.ErrThread) {
		t.Errorf("RLock released too often: %v", err)
	}
	if _, err := lowlevel.SetStackSize(1); !errors.Is(err, threading.ErrStackSize) || lowlevel.StackSize() != 0 {
		t.Errorf("stack size: %v", err)
	}
	if !lowlevel.DaemonsAllowed() || lowlevel.TimeoutMax != threading.TimeoutMax {
		t.Error("constants")
	}
	if _, err := lowlevel.NativeID(); !errors.Is(err, threading.ErrNotPinned) && !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("NativeID: %v", err)
	}
	if err := lowlevel.SetOSName("x"); !errors.Is(err, threading.ErrNotPinned) && !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("SetOSName: %v", err)
	}
}

// A thread that is only started, and the lock that says when it is done, as one
// had to do it before there were other ways.
func ExampleStartNew() {
	ctx := context.Background()
	done := lowlevel.AllocateLock()
	done.Lock()
	_, err := lowlevel.StartNew(ctx, func(ctx context.Context) error {
		defer done.Unlock()
		fmt.Println("hello from a thread")
		return nil
	})
	if err != nil {
		panic(err)
	}
	done.Acquire(ctx)
	// Output: hello from a thread
}
