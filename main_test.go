package conex_test

import (
	"bufio"
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
	"github.com/conexgo/conex/futures/process"
)

var (
	double = conex.Register("conex_test.double", func(_ context.Context, x int) (int, error) { return 2 * x, nil })
	nap    = conex.Register("conex_test.nap", func(ctx context.Context, d time.Duration) (string, error) {
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(d):
			return "slept", nil
		}
	})
	who = conex.Register("conex_test.who", func(ctx context.Context, _ struct{}) (string, error) {
		return fmt.Sprint(ctx.Value(userKey{})), nil
	})
)

// programs are what the test binary can be instead of a test.
var programs = map[string]func(){
	"ok": func() {
		conex.Main(func(ctx context.Context) error {
			p, err := process.NewPool(process.Config{Workers: 1})
			if err != nil {
				return err
			}
			futures.Submit(ctx, p, nap, 50*time.Millisecond).AddDoneCallback(func(f *futures.Future[string]) {
				r, err := f.Result(ctx)
				fmt.Println(r, err)
			})
			return nil // Main waits for the pool
		})
	},
	"error": func() { conex.Main(func(context.Context) error { return errors.New("no luck") }) },
	"noinit": func() {
		_, err := process.NewPool(process.Config{})
		fmt.Println(err)
	},
	"interrupt": func() {
		conex.Main(func(ctx context.Context) error {
			p, err := process.NewPool(process.Config{Workers: 1})
			if err != nil {
				return err
			}
			f := futures.Submit(ctx, p, nap, time.Hour)
			for f.State() != futures.Running {
				time.Sleep(time.Millisecond)
			}
			fmt.Println("ready")
			_, err = f.Result(context.Background())
			fmt.Println(err, "-", context.Cause(ctx))
			return err
		})
	},
	"stubborn": func() {
		conex.Main(func(ctx context.Context) error {
			fmt.Println("ready")
			<-ctx.Done()
			fmt.Println("first")
			select {}
		})
	},
}

func TestMain(m *testing.M) {
	name := os.Getenv("CONEX_TEST_PROGRAM")
	if name != "noinit" {
		conex.Init()
	}
	if run := programs[name]; run != nil {
		run()
		os.Exit(0)
	}
	// With the race detector every program would take a second to exit.
	os.Setenv("GORACE", os.Getenv("GORACE")+" atexit_sleep_ms=0")
	os.Exit(m.Run())
}

func program(name string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "CONEX_TEST_PROGRAM="+name)
	return cmd
}

func TestMainPrograms(t *testing.T) {
	for _, tt := range []struct {
		name           string
		code           int
		stdout, stderr string
	}{
		{"ok", 0, "slept <nil>\n", ""},
		{"error", 1, "", "no luck\n"},
		{"noinit", 0, "conex.Main(run)", ""},
	} {
		var out, errs bytes.Buffer
		cmd := program(tt.name)
		cmd.Stdout, cmd.Stderr = &out, &errs
		cmd.Run()
		if code := cmd.ProcessState.ExitCode(); code != tt.code ||
			!strings.Contains(out.String(), tt.stdout) || !strings.Contains(errs.String(), tt.stderr) || errs.Len() > 0 && tt.stderr == "" {
			t.Errorf("%s: exit code %d, output %q, %q", tt.name, code, &out, &errs)
		}
	}
}

// The first interrupt ends the context, the second the program.
func TestInterrupt(t *testing.T) {
	cmd := program("interrupt")
	out, _ := cmd.StdoutPipe()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(out)
	r.ReadString('\n')
	cmd.Process.Signal(syscall.SIGINT)
	line, _ := r.ReadString('\n')
	cmd.Wait()
	if !strings.Contains(line, "context canceled") && !strings.Contains(line, "interrupted") || !strings.Contains(line, "interrupted by signal: interrupt") {
		t.Errorf("got %q", line)
	}
	if code := cmd.ProcessState.ExitCode(); code != 130 {
		t.Errorf("exit code %d", code)
	}

	cmd = program("stubborn")
	out, _ = cmd.StdoutPipe()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r = bufio.NewReader(out)
	r.ReadString('\n')
	cmd.Process.Signal(syscall.SIGTERM)
	if line, _ := r.ReadString('\n'); line != "first\n" {
		t.Errorf("got %q", line)
	}
	cmd.Process.Signal(os.Interrupt)
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 130 {
		t.Errorf("exit code %d", code)
	}
}

type userKey struct{}

type userPropagator struct{}

func (userPropagator) Name() string { return "user" }
func (userPropagator) Inject(ctx context.Context) []byte {
	if s, ok := ctx.Value(userKey{}).(string); ok {
		return []byte(s)
	}
	return nil
}
func (userPropagator) Extract(ctx context.Context, data []byte) context.Context {
	return context.WithValue(ctx, userKey{}, string(data))
}

func init() { conex.RegisterPropagator(userPropagator{}) }

func TestPropagator(t *testing.T) {
	p, err := process.NewPool(process.Config{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	ctx := context.Background()
	for _, name := range []string{"alice", "bob", strings.Repeat("x", 10_000)} {
		c := context.WithValue(ctx, userKey{}, name)
		if r, err := futures.Submit(c, p, who, struct{}{}).Result(ctx); r != name || err != nil {
			t.Errorf("got %.20q, %v", r, err)
		}
	}
	if r, err := futures.Submit(ctx, p, who, struct{}{}).Result(ctx); r != "<nil>" || err != nil {
		t.Errorf("got %q, %v", r, err)
	}
	if _, err := futures.Submit(context.WithValue(ctx, userKey{}, strings.Repeat("x", 1<<20)), p, who, struct{}{}).Result(ctx); err == nil || !strings.Contains(err.Error(), "propagators") {
		t.Errorf("a megabyte of values: %v", err)
	}
	if r, err := futures.Submit(ctx, p, double, 4).Result(ctx); r != 8 || err != nil {
		t.Errorf("afterwards: %d, %v", r, err)
	}
}

func TestProgrammersMistakes(t *testing.T) {
	fn := func(context.Context, int) (int, error) { return 0, nil }
	for name, f := range map[string]func(){
		"registered twice": func() { conex.Register("conex_test.double", fn) },
		"empty name":       func() { conex.Register("", fn) },
		"nil function":     func() { conex.Register[int, int]("conex_test.nil", nil) },
		"nil run":          func() { conex.Main(nil) },
		"propagator":       func() { conex.RegisterPropagator(userPropagator{}) },
		"nil propagator":   func() { conex.RegisterPropagator(nil) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}

// A codec of the user's own.
type upside struct{}

func (upside) Append(dst []byte, v any) ([]byte, error) {
	s, ok := v.(string)
	if !ok {
		return nil, fmt.Errorf("not a string: %T", v)
	}
	return append(dst, "<"+s+">"...), nil
}

func (upside) Decode(src []byte, v any) error {
	if len(src) < 2 || src[0] != '<' {
		return errors.New("not mine")
	}
	*v.(*string) = string(src[1 : len(src)-1])
	return nil
}

var quote = conex.Register("conex_test.quote", func(_ context.Context, s string) (string, error) { return "“" + s + "”", nil },
	conex.WithCodec(upside{}))

func TestWithCodec(t *testing.T) {
	p, err := process.NewPool(process.Config{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	ctx := context.Background()
	i := 0
	words := []string{"a", "", "longer"}
	for r, err := range futures.Map(ctx, p, quote, func(yield func(string) bool) {
		for range 100 {
			for _, w := range words {
				if !yield(w) {
					return
				}
			}
		}
	}) {
		if want := "“" + words[i%3] + "”"; r != want || err != nil {
			t.Fatalf("got %q, %v", r, err)
		}
		i++
	}
}

func TestBind(t *testing.T) {
	b := double.Bind(4)
	if b.IsZero() || b.Name() != "conex_test.double" || b.Call(context.Background()) != nil {
		t.Error("Bind")
	}
	var zero conex.Bound
	if !zero.IsZero() || zero.Name() != "" || zero.Call(context.Background()) != nil {
		t.Error("zero Bound")
	}
}
