package threading_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/threading"
)

// programs are what the test binary can be instead of a test: how programs
// end is seen from outside only.
var programs = map[string]func(){
	// Python's test_1_join_on_shutdown, test_thread_from_thread: threads
	// are waited for, also those that they start.
	"joins": conexMain(func(ctx context.Context) error {
		main := threading.Current(ctx)
		threading.Go(ctx, func(ctx context.Context) error {
			if err := main.Join(ctx); err != nil || main.Alive() || threading.Enumerate()[0] != main {
				return fmt.Errorf("waiting for the main thread: %v", err)
			}
			fmt.Println("end of main")
			threading.Go(ctx, func(ctx context.Context) error {
				time.Sleep(20 * time.Millisecond)
				fmt.Println("end of the second")
				return nil
			})
			return nil
		})
		timer := threading.NewTimer(50*time.Millisecond, func(context.Context) error {
			fmt.Println("end of the timer")
			return nil
		})
		timer.Start(ctx)
		fmt.Println("main", main)
		return nil
	}),
	// Daemons are told, and not waited for.
	"daemons": conexMain(func(ctx context.Context) error {
		told := make(chan struct{})
		stubborn, _ := threading.Go(ctx, func(ctx context.Context) error {
			<-ctx.Done()
			fmt.Println(errors.Is(context.Cause(ctx), threading.ErrShuttingDown), ctx.Err())
			close(told)
			select {}
		}, threading.WithDaemon(true))
		pool, err := futures.NewThreadPool(futures.ThreadConfig{})
		if err != nil {
			return err
		}
		futures.Go(ctx, pool, func(ctx context.Context) (int, error) {
			<-told
			fmt.Println("join:", stubborn.Join(ctx) == threading.ErrShuttingDown)
			_, err := threading.Go(ctx, nil, threading.WithDaemon(true))
			fmt.Println("daemon:", err == threading.ErrShuttingDown)
			// What the last tasks start is waited for, too.
			threading.Go(ctx, func(context.Context) error {
				time.Sleep(20 * time.Millisecond)
				fmt.Println("last")
				return nil
			})
			return 0, nil
		})
		return nil
	}),
	// A failure of a thread is none of the program.
	"failure": conexMain(func(ctx context.Context) error {
		threading.Go(ctx, func(context.Context) error { panic("ouch") }, threading.WithName("loser"))
		threading.Go(ctx, func(context.Context) error { return threading.ErrExit })
		return nil
	}),
	// After an interrupt threads are still waited for.
	"interrupt": conexMain(func(ctx context.Context) error {
		threading.Go(ctx, func(ctx context.Context) error {
			fmt.Println("ready")
			<-ctx.Done()
			time.Sleep(20 * time.Millisecond)
			fmt.Println("cleaned up")
			return ctx.Err()
		})
		return nil
	}),
	// Without conex.Main.
	"shutdown": func() {
		ctx := context.Background()
		end := make(chan struct{})
		th, _ := threading.Go(ctx, func(ctx context.Context) error {
			<-end
			fmt.Println("end")
			return nil
		})
		daemon, _ := threading.Go(ctx, func(ctx context.Context) error { select {} }, threading.WithDaemon(true))
		short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
		defer cancel()
		fmt.Println("too early:", errors.Is(threading.Shutdown(short), context.DeadlineExceeded), th.Alive())
		self, _ := threading.Go(ctx, func(ctx context.Context) error {
			close(end)
			fmt.Println("shutdown:", threading.Shutdown(ctx)) // does not wait for itself
			return nil
		})
		self.Join(ctx)
		_, err := threading.Go(ctx, nil)
		fmt.Println(err == threading.ErrShuttingDown, daemon.Join(ctx) == threading.ErrShuttingDown, threading.Shutdown(ctx))
	},
}

func conexMain(run func(context.Context) error) func() { return func() { conex.Main(run) } }

func TestMain(m *testing.M) {
	conex.Init()
	if run := programs[os.Getenv("CONEX_TEST_PROGRAM")]; run != nil {
		run()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func program(name string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "CONEX_TEST_PROGRAM="+name)
	return cmd
}

func TestExit(t *testing.T) {
	for _, tt := range []struct {
		name           string
		stdout, stderr string
	}{
		{"joins", "main <Thread(MainThread, started 1)>\nend of main\nend of the second\nend of the timer\n", ""},
		{"daemons", "true context canceled\njoin: true\ndaemon: true\nlast\n", ""},
		{"failure", "", "Failure in thread loser: threading: panic: ouch\n"},
		{"shutdown", "too early: true true\nend\nshutdown: <nil>\ntrue true <nil>\n", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out, errs bytes.Buffer
			cmd := program(tt.name)
			cmd.Stdout, cmd.Stderr = &out, &errs
			err := cmd.Run()
			if err != nil || out.String() != tt.stdout || !strings.Contains(errs.String(), tt.stderr) || errs.Len() > 0 && tt.stderr == "" {
				t.Errorf("%v, output %q, %q", err, &out, &errs)
			}
		})
	}
}

func TestExitInterrupt(t *testing.T) {
	cmd := program("interrupt")
	var out bytes.Buffer
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, len("ready\n"))
	pipe.Read(b)
	cmd.Process.Signal(syscall.SIGINT)
	out.ReadFrom(pipe)
	if err := cmd.Wait(); err != nil || out.String() != "cleaned up\n" {
		t.Errorf("%v, output %q", err, &out)
	}
}
