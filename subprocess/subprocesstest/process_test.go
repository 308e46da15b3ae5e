package subprocesstest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/conexgo/conex/subprocess"
	"github.com/conexgo/conex/subprocess/subprocesstest"
)

func TestCodes(t *testing.T) {
	cmds, ctx := set(t)
	for give, want := range map[int]int{0: 0, 1: 1, 255: 255, 256: 0, 259: 3, -9: -9, -15: -15} {
		cmds.Handle("return", func(*subprocesstest.Call) int { return give })
		cmds.Handle("exit", func(c *subprocesstest.Call) int {
			defer fmt.Fprint(c.Stdout, "too late")
			c.Exit(give)
			panic("not reached")
		})
		for _, program := range []string{"return", "exit"} {
			c, err := subprocess.Run(ctx, subprocess.Cmd{Args: []string{program}, Capture: true})
			if c.Code != want || len(c.Stdout) != 0 || err != nil {
				t.Errorf("%s %d: %+v, %v", program, give, c, err)
			}
		}
	}
}

func TestSignals(t *testing.T) {
	waits := make(chan struct{})
	for _, test := range []struct {
		name    string
		handler subprocesstest.Handler
		signals []os.Signal // sent, one after the other
		code    int
		seen    []os.Signal
	}{
		{
			"it dies", subprocesstest.Hang,
			[]os.Signal{syscall.SIGTERM}, -15, []os.Signal{syscall.SIGTERM},
		},
		{
			"it is killed", subprocesstest.Hang,
			[]os.Signal{os.Kill}, -9, []os.Signal{os.Kill},
		},
		{
			"it ends", func(c *subprocesstest.Call) int {
				ch := c.Notify(syscall.SIGTERM)
				waits <- struct{}{}
				<-ch
				return 7
			},
			[]os.Signal{syscall.SIGTERM}, 7, []os.Signal{syscall.SIGTERM},
		},
		{
			"it does not care", func(c *subprocesstest.Call) int {
				c.Ignore(syscall.SIGTERM, syscall.SIGKILL)
				waits <- struct{}{}
				return subprocesstest.Hang(c)
			},
			[]os.Signal{syscall.SIGTERM, syscall.SIGKILL}, -9, []os.Signal{syscall.SIGTERM, syscall.SIGKILL},
		},
		{
			"it reads", func(c *subprocesstest.Call) int {
				waits <- struct{}{}
				return cat(c)
			},
			[]os.Signal{syscall.SIGINT}, -2, []os.Signal{syscall.SIGINT},
		},
		{
			"it writes", func(c *subprocesstest.Call) int {
				waits <- struct{}{}
				for {
					fmt.Fprintln(c.Stdout, "y")
				}
			},
			[]os.Signal{syscall.SIGTERM}, -15, []os.Signal{syscall.SIGTERM},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			cmds, ctx := set(t)
			cmds.Handle("prog", test.handler)
			p, err := subprocess.Start(ctx, subprocess.Cmd{Args: []string{"prog"}, Stdin: subprocess.Pipe, Stdout: subprocess.Pipe})
			if err != nil {
				t.Fatal(err)
			}
			defer p.Stdin.Close()
			defer p.Stdout.Close()
			if !strings.HasPrefix(test.name, "it dies") && !strings.HasPrefix(test.name, "it is") {
				<-waits
			}
			for _, sig := range test.signals {
				if err := p.SendSignal(sig); err != nil {
					t.Errorf("%v: %v", sig, err)
				}
			}
			code, err := p.Wait(t.Context())
			if code != test.code || err != nil {
				t.Errorf("code %d, %v, want %d", code, err, test.code)
			}
			for _, f := range []func() error{p.Terminate, p.Kill, func() error { return p.SendSignal(os.Interrupt) }} {
				if err := f(); err != nil {
					t.Errorf("after its end: %v", err)
				}
			}
			if seen := cmds.Calls()[0].Signals(); !slices.Equal(seen, test.seen) {
				t.Errorf("signals %v, want %v", seen, test.seen)
			}
			if pid := p.PID(); pid <= 1<<22 {
				t.Errorf("pid %d", pid)
			}
		})
	}
}

// Patience and Grace are the product's: the program sees only signals.
func TestGrace(t *testing.T) {
	for _, test := range []struct {
		name  string
		trap  func(*subprocesstest.Call) <-chan os.Signal
		code  int
		grace time.Duration
	}{
		{"polite", func(c *subprocesstest.Call) <-chan os.Signal { return c.Notify(syscall.SIGTERM) }, 4, time.Minute},
		{"deaf", func(c *subprocesstest.Call) <-chan os.Signal { c.Ignore(syscall.SIGTERM); return nil }, -9, time.Millisecond},
		{"at once", func(c *subprocesstest.Call) <-chan os.Signal { return c.Notify(syscall.SIGTERM) }, -9, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			cmds, ctx := set(t)
			ctx, cancel := context.WithCancelCause(ctx)
			bored := errors.New("bored")
			cmds.Handle("prog", func(c *subprocesstest.Call) int {
				ch := test.trap(c)
				cancel(bored)
				select {
				case <-ch:
					return 4
				case <-c.Context().Done():
					return 5
				}
			})
			c, err := subprocess.Run(ctx, subprocess.Cmd{Args: []string{"prog"}, Grace: test.grace})
			var timeout *subprocess.TimeoutError
			if !errors.As(err, &timeout) || !errors.Is(err, context.Canceled) || !errors.Is(err, bored) || c.Code != test.code {
				t.Errorf("%+v, %v", c, err)
			}
		})
	}
}

// Who reads no more kills who writes on, unless it has taken precautions.
func TestBrokenPipe(t *testing.T) {
	cmds, ctx := set(t)
	cmds.Handle("yes", func(c *subprocesstest.Call) int {
		for {
			fmt.Fprintln(c.Stdout, "y")
		}
	})
	cmds.Handle("careful", func(c *subprocesstest.Call) int {
		c.Ignore(syscall.SIGPIPE)
		for {
			if _, err := fmt.Fprintln(c.Stdout, "y"); err != nil {
				return 1
			}
		}
	})
	for program, want := range map[string]int{"yes": -int(syscall.SIGPIPE), "careful": 1} {
		p, err := subprocess.Start(ctx, subprocess.Cmd{Args: []string{program}, Stdout: subprocess.Pipe})
		if err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 4)
		if _, err := io.ReadFull(p.Stdout, b); err != nil || string(b) != "y\ny\n" {
			t.Errorf("%q, %v", b, err)
		}
		p.Stdout.Close()
		if code, err := p.Wait(t.Context()); code != want || err != nil {
			t.Errorf("%s: code %d, %v, want %d", program, code, err, want)
		}
	}
}

// A program that is played may run others; they die with it.
func TestTree(t *testing.T) {
	cmds, ctx := set(t)
	runs := make(chan struct{})
	cmds.Handle("make", func(c *subprocesstest.Call) int {
		_, err := subprocess.Run(c.Context(), subprocess.Command("cc", "-c", "x.c"))
		if !errors.Is(err, context.Canceled) {
			t.Errorf("cc: %v", err)
		}
		return 0
	})
	cmds.Handle("cc", func(c *subprocesstest.Call) int {
		close(runs)
		return subprocesstest.Hang(c)
	})
	p, err := subprocess.Start(ctx, subprocess.Command("make"))
	if err != nil {
		t.Fatal(err)
	}
	<-runs
	if err := p.Kill(); err != nil {
		t.Error(err)
	}
	<-p.Done()
	cc := cmds.Calls()[1]
	<-cc.Context().Done()
	if code, ended := cc.Result(); code != -9 || !ended {
		t.Errorf("code %d, %v", code, ended)
	}
}

// An hour of patience takes no time in a bubble.
func TestBubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cmds := subprocesstest.New(t)
		cmds.Handle("sync", func(c *subprocesstest.Call) int {
			c.Ignore(syscall.SIGTERM)
			return subprocesstest.Hang(c)
		})
		ctx, cancel := context.WithTimeout(cmds.Context(t.Context()), time.Hour)
		defer cancel()
		began := time.Now()
		cmd := subprocess.Command("sync")
		cmd.Grace = time.Minute
		c, err := subprocess.Run(ctx, cmd)
		if took := time.Since(began); took != time.Hour+time.Minute || c.Code != -9 || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v, %+v, %v", took, c, err)
		}
	})
}
