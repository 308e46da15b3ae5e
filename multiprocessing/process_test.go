package multiprocessing_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/internal/leak"
	mp "github.com/conexgo/conex/multiprocessing"
	"github.com/conexgo/conex/multiprocessing/connection"
)

var (
	nothing = conex.Register("test/process/nothing", func(context.Context, none) (none, error) { return none{}, nil })

	// block ends with its context, and says why.
	block = conex.Register("test/process/block", func(ctx context.Context, _ none) (none, error) {
		<-ctx.Done()
		return none{}, fmt.Errorf("%w, %w", ctx.Err(), context.Cause(ctx))
	})
	// deaf ends with nothing but a signal.
	deaf = conex.Register("test/process/deaf", func(_ context.Context, m *mail) (none, error) {
		m.send("deaf")
		select {}
	})
	leave = conex.Register("test/process/leave", func(_ context.Context, how string) (none, error) {
		var n int
		word, _, _ := strings.Cut(how, " ")
		fmt.Sscan(how[len(word):], &n)
		switch word {
		case "error":
			return none{}, fmt.Errorf("bad luck: %w", errTest)
		case "code":
			return none{}, &mp.ExitError{Code: n}
		case "wrapped":
			return none{}, fmt.Errorf("so it is: %w", &mp.ExitError{Code: n})
		case "exit":
			os.Exit(n)
		case "panic":
			panic("no more")
		case "goexit":
			runtime.Goexit()
		case "signal":
			self, _ := os.FindProcess(os.Getpid())
			self.Signal(syscall.Signal(n))
			select {}
		case "goroutine":
			go panic("over there")
			select {}
		}
		return none{}, nil
	})
)

func TestExitCodes(t *testing.T) {
	each(t, func(t *testing.T, opt mp.Option) {
		for _, c := range []struct {
			how, stderr, err string
			code             int
			is               []error
		}{
			{how: "return"},
			{how: "code 0"},
			{how: "exit 0"},
			{how: "code 8", code: 8, err: "exit code 8", is: []error{&mp.ExitError{Code: 8}, mp.ErrProcess}},
			{how: "wrapped 3", code: 3, err: "so it is", is: []error{&mp.ExitError{Code: 3}}},
			{how: "exit 9", code: 9, err: "exit code 9", is: []error{&mp.ExitError{Code: 9}}},
			{how: "error", code: 1, stderr: "Process Leaver: bad luck: test error\n", err: "bad luck: test error", is: []error{errTest}},
			{how: "panic", code: 1, stderr: "Process Leaver: panic: no more\n", err: "panic: no more"},
			{how: "goexit", code: 1, stderr: "Process Leaver: it called runtime.Goexit\n", err: "runtime.Goexit"},
			{how: "goroutine", code: 2, stderr: "panic: over there", err: "exit code 2"},
			{how: "signal 15", code: -15, err: "SIGTERM", is: []error{&mp.ExitError{Code: -15}}},
			{how: "signal 9", code: -9, err: "SIGKILL"},
		} {
			t.Run(strings.ReplaceAll(c.how, " ", "-"), func(t *testing.T) {
				var p *mp.Process
				stderr := captured(t, &os.Stderr, func() { p = run(t, leave.Bind(c.how), opt, mp.WithName("Leaver")) })
				wantCode(t, p, c.code)
				if !strings.Contains(stderr, c.stderr) || c.stderr == "" && stderr != "" {
					t.Errorf("stderr %q", stderr)
				}
				err := p.Err()
				if (err == nil) != (c.code == 0) || err != nil && !strings.Contains(err.Error(), c.err) {
					t.Errorf("error %v", err)
				}
				for _, target := range c.is {
					if !errors.Is(err, target) {
						t.Errorf("%v is not %v", err, target)
					}
				}
			})
		}
	})
	var e *mp.ExitError
	if p := run(t, leave.Bind("wrapped 3")); !errors.As(p.Err(), &e) || e.Code != 3 {
		t.Errorf("%v, %v", p.Err(), e)
	}
	if errors.Is(&mp.ExitError{Code: 3}, &mp.ExitError{Code: 4}) {
		t.Error("two codes are the same")
	}
	if s := (&mp.ExitError{Code: -99}).Error(); !strings.Contains(s, "signal 99") {
		t.Error(s)
	}
}

// What a process says of itself in the parent, from its beginning to its end.
func TestLife(t *testing.T) {
	leak.Check(t)
	each(t, func(t *testing.T, opt mp.Option) {
		b := newBox(t)
		p := mp.New(deaf.Bind(b.mail), opt, mp.WithName("It"), mp.WithDaemon(true))
		check := func(state string, alive, ended bool, pid bool) {
			t.Helper()
			_, has := p.PID()
			_, code := p.ExitCode()
			if !strings.Contains(p.String(), " "+state) || p.Alive() != alive || has != pid || code != ended {
				t.Errorf("%v: alive %v, pid %v, exit code %v", p, p.Alive(), has, code)
			}
			if slices.Contains(mp.ActiveChildren(), p) != alive {
				t.Errorf("%v among %v?", p, mp.ActiveChildren())
			}
			select {
			case <-p.Done():
				if !ended && state != "closed" {
					t.Error("done")
				}
			default:
				if ended || state == "closed" {
					t.Error("not done")
				}
			}
		}
		check("initial", false, false, false)
		if err := p.Start(context.Background()); err != nil {
			t.Fatal(err)
		}
		b.want("deaf")
		check("started", true, false, true)
		pid, _ := p.PID()
		if want := fmt.Sprintf("name='It' pid=%d parent=%d started daemon>", pid, os.Getpid()); !strings.Contains(p.String(), want) {
			t.Errorf("%v, want %s", p, want)
		}
		over, cancel := context.WithCancel(context.Background())
		cancel()
		if err := p.Join(over); !errors.Is(err, context.Canceled) {
			t.Errorf("Join: %v", err)
		}
		if err := p.Terminate(); err != nil {
			t.Fatal(err)
		}
		end(t, p)
		check("stopped exitcode=-SIGTERM", false, true, true)
		if err := p.Join(over); err != nil {
			t.Errorf("Join of a process that has ended: %v", err)
		}
		for _, f := range []func() error{p.Terminate, p.Kill, p.Interrupt} {
			if err := f(); err != nil {
				t.Error(err)
			}
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		check("closed", false, false, false)
		if p.Name() != "It" || p.Err() != nil || p.Close() != nil {
			t.Error("after Close")
		}
	})
}

// Each way of misuse says what it is, and leaves the process as it was.
func TestMisuse(t *testing.T) {
	leak.Check(t)
	ctx := context.Background()
	sentinel := func(p *mp.Process) func() error {
		return func() error { _, err := p.Sentinel(); return err }
	}
	join := func(p *mp.Process) func() error { return func() error { return p.Join(ctx) } }
	start := func(p *mp.Process) func() error { return func() error { return p.Start(ctx) } }
	check := func(what string, want error, fs ...func() error) {
		t.Helper()
		for i, f := range fs {
			if err := f(); !errors.Is(err, want) || !errors.Is(err, mp.ErrProcess) {
				t.Errorf("%s, %d: %v", what, i, err)
			}
		}
	}
	p := mp.New(block.Bind(none{}))
	check("new", mp.ErrNotStarted, join(p), sentinel(p), p.Terminate, p.Kill, p.Interrupt)
	if err := p.Start(ctx); err != nil {
		t.Fatal(err)
	}
	check("running", mp.ErrAlreadyStarted, start(p), func() error { return p.SetDaemon(true) })
	check("running", mp.ErrStillRunning, p.Close)
	p.Kill()
	end(t, p)
	check("ended", mp.ErrAlreadyStarted, start(p))
	wantCode(t, p, -9)
	p.Close()
	check("closed", mp.ErrClosed, start(p), join(p), sentinel(p), p.Terminate, p.Kill, p.Interrupt)
	me := mp.CurrentProcess()
	check("current", mp.ErrNotChild, me.Terminate, me.Kill, me.Interrupt, sentinel(me))
	check("current", mp.ErrJoinSelf, join(me))
	check("current", mp.ErrAlreadyStarted, start(me))
	if err := me.Close(); err != nil || !me.Alive() {
		t.Errorf("Close of the current process: %v", err)
	}
}

func TestRun(t *testing.T) {
	if err := mp.New(leave.Bind("error")).Run(context.Background()); !errors.Is(err, errTest) {
		t.Error(err)
	}
	if err := mp.New(conex.Bound{}).Run(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestSentinel(t *testing.T) {
	leak.Check(t)
	p := begin(t, block.Bind(none{}))
	s, err := p.Sentinel()
	if err != nil || s.Ready() {
		t.Fatalf("%v", err)
	}
	ctx := within(t, 20*time.Second)
	over, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := connection.Wait(over, s); !errors.Is(err, context.Canceled) {
		t.Errorf("a process that runs: %v", err)
	}
	p.Kill()
	for range 2 {
		if ready, err := connection.Wait(ctx, s); err != nil || len(ready) != 1 || ready[0] != s || !s.Ready() {
			t.Errorf("%v, %v", ready, err)
		}
	}
}

func TestSetters(t *testing.T) {
	p := mp.New(conex.Bound{})
	if p.Daemon() || !bytes.Equal(p.AuthKey(), mp.CurrentProcess().AuthKey()) || len(p.AuthKey()) != 32 {
		t.Errorf("%v, key of %d bytes", p, len(p.AuthKey()))
	}
	p.SetName("Bob")
	p.SetAuthKey([]byte("abracadabra"))
	if err := p.SetDaemon(true); err != nil || !p.Daemon() || p.Name() != "Bob" || string(p.AuthKey()) != "abracadabra" {
		t.Errorf("%v: %v", p, err)
	}
	p.AuthKey()[0] = 'X'
	if string(p.AuthKey()) != "abracadabra" {
		t.Error("the key can be changed through a copy")
	}
}

// The context of Start bounds the life of the process.
func TestContext(t *testing.T) {
	leak.Check(t)
	each(t, func(t *testing.T, opt mp.Option) {
		t.Run("cause", func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(context.Background())
			p, err := mp.Go(ctx, block.Bind(none{}), opt)
			if err != nil {
				t.Fatal(err)
			}
			cancel(errTest)
			end(t, p)
			if err := p.Err(); !errors.Is(err, errTest) || !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
		t.Run("deadline", func(t *testing.T) {
			ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
			defer cancel()
			p, err := mp.Go(ctx, block.Bind(none{}), opt)
			if err != nil {
				t.Fatal(err)
			}
			end(t, p)
			if err := p.Err(); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
		for name, grace := range map[string]time.Duration{"grace": 20 * time.Millisecond, "no grace": -1} {
			t.Run(name, func(t *testing.T) {
				b := newBox(t)
				ctx, cancel := context.WithCancel(context.Background())
				p, err := mp.Go(ctx, deaf.Bind(b.mail), opt, mp.WithGrace(grace))
				if err != nil {
					t.Fatal(err)
				}
				b.want("deaf")
				cancel()
				end(t, p)
				wantCode(t, p, -9)
			})
		}
	})
}

func TestInterrupt(t *testing.T) {
	each(t, func(t *testing.T, opt mp.Option) {
		p := begin(t, block.Bind(none{}), opt)
		p.Interrupt()
		end(t, p)
		wantCode(t, p, 1)
		if err := p.Err(); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "interrupted by signal") {
			t.Error(err)
		}
		b := newBox(t)
		p = begin(t, deaf.Bind(b.mail), opt)
		p.Interrupt()
		b.want("deaf")
		p.Interrupt()
		end(t, p)
		wantCode(t, p, 130)
	})
}

// A program that has closed its standard streams can start processes.
func TestClosedStreams(t *testing.T) {
	each(t, func(t *testing.T, opt mp.Option) {
		stdout, stderr := os.Stdout, os.Stderr
		defer func() { os.Stdout, os.Stderr = stdout, stderr }()
		for _, broken := range []*os.File{nil, closedFile(t)} {
			os.Stdout, os.Stderr = broken, broken
			wantCode(t, run(t, closeStreams.Bind(none{}), opt), 0)
		}
	})
}

func closedFile(t *testing.T) *os.File {
	f, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	return f
}

var closeStreams = conex.Register("test/process/closeStreams", func(context.Context, none) (none, error) {
	fmt.Println("to nowhere")
	os.Stdout.Close()
	os.Stderr.Close()
	return none{}, nil
})
