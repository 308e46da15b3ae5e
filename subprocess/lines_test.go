//go:build unix

package subprocess_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/subprocess"
)

// contextAfter is a context that ends very soon.
func contextAfter(t *testing.T) (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.Context(), time.Millisecond)
}

// collect has the lines, marked by their stream, and the error at the end.
func collect(seq func(func(subprocess.Line, error) bool), most int) (lines []string, err error) {
	for l, err := range seq {
		if err != nil {
			return lines, err
		}
		lines = append(lines, l.Stream[3:4]+" "+l.String())
		if len(lines) == most {
			break
		}
	}
	return lines, nil
}

func TestLines(t *testing.T) {
	leak.Check(t)
	for _, c := range []struct {
		name, line string
		cmd        subprocess.Cmd
		want       string
	}{
		{"stdout", "echo a; echo; printf b", subprocess.Cmd{}, "o a|o |o b"},
		{"nothing", "exit 0", subprocess.Cmd{Capture: true}, ""},
		{"both", "echo a; sleep 0.05; echo b >&2; sleep 0.05; echo c", subprocess.Cmd{Capture: true}, "o a|e b|o c"},
		{"in one", "echo a; echo b >&2; echo c", subprocess.Cmd{Stderr: subprocess.Stdout}, "o a|o b|o c"},
		{"stderr only", "echo a; echo b >&2", subprocess.Cmd{Stdout: subprocess.DevNull, Stderr: subprocess.Pipe}, "e b"},
		{"input", "cat", subprocess.Cmd{Input: []byte("x\ny\n")}, "o x|o y"},
		{"text", `printf 'a\rb\r\nc\r'`, subprocess.Cmd{Text: &subprocess.Text{}}, "o a|o b|o c"},
		{"bytes", `printf 'a\r\n'`, subprocess.Cmd{}, "o a\r"},
		{"closed early", "echo a; exec >&- 2>&-; sleep 0.01", subprocess.Cmd{Capture: true}, "o a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			leak.Check(t)
			c.cmd.Args = []string{"sh", "-c", c.line}
			got, err := collect(subprocess.Lines(within(t), c.cmd), 0)
			if strings.Join(got, "|") != c.want || err != nil {
				t.Errorf("%q, %v, want %q", got, err, c.want)
			}
		})
	}
}

func TestLinesOfBothAreComplete(t *testing.T) {
	leak.Check(t)
	cmd := sh("seq 20000 & seq 100001 120000 >&2; wait")
	cmd.Capture = true
	next := map[string]int{"stdout": 1, "stderr": 100001}
	for l, err := range subprocess.Lines(within(t), cmd) {
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprint(next[l.Stream]); l.String() != want || l.Partial {
			t.Fatalf("%q of %s, want %s", l, l.Stream, want)
		}
		next[l.Stream]++
	}
	if next["stdout"] != 20001 || next["stderr"] != 120001 {
		t.Error(next)
	}
}

func TestLinesErrors(t *testing.T) {
	leak.Check(t)
	cmd := sh("echo a; exit 3")
	if got, err := collect(subprocess.Lines(within(t), cmd), 0); len(got) != 1 || err != nil {
		t.Error("without Check:", got, err)
	}
	cmd.Check = true
	got, err := collect(subprocess.Lines(within(t), cmd), 0)
	var failed *subprocess.CalledProcessError
	if len(got) != 1 || !errors.As(err, &failed) || failed.Code != 3 {
		t.Error("with Check:", got, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cmd = sh("echo a; sleep 100 & sleep 100")
	cmd.Capture = true
	var late *subprocess.TimeoutError
	for _, err := range subprocess.Lines(ctx, cmd) {
		cancel()
		if err != nil && (!errors.As(err, &late) || !late.Ended || late.Code != -int(syscall.SIGKILL) || !errors.Is(err, context.Canceled)) {
			t.Error(err)
		}
	}
	if late == nil {
		t.Error("no error at the end of the context")
	}
	for _, cmd := range []subprocess.Cmd{{}, {Args: []string{"/no/such/program"}}, {Args: []string{"true"}, Capture: true, Stdout: subprocess.Pipe}} {
		if got, err := collect(subprocess.Lines(within(t), cmd), 0); len(got) != 0 || err == nil {
			t.Error(cmd, got, err)
		}
	}
	p := must(t, sh("exit 0"))
	var bad *subprocess.ArgumentError
	if _, err := collect(p.Lines(), 0); !errors.As(err, &bad) || bad.Field != "Stdout" {
		t.Error(err)
	}
}

// Who leaves the loop of the function ends the program.
func TestLinesBreakEnds(t *testing.T) {
	leak.Check(t)
	for _, capture := range []bool{false, true} {
		cmd := subprocess.Cmd{Args: []string{"sh", "-c", "yes & yes"}, Capture: capture}
		if got, err := collect(subprocess.Lines(within(t), cmd), 3); strings.Join(got, "|") != "o y|o y|o y" || err != nil {
			t.Error(got, err)
		}
		cmd = subprocess.Cmd{Args: []string{"sh", "-c", "echo a; sleep 100"}, Capture: capture, Input: make([]byte, 1<<20)}
		if got, err := collect(subprocess.Lines(within(t), cmd), 1); strings.Join(got, "|") != "o a" || err != nil {
			t.Error(got, err)
		}
		func() {
			defer func() {
				if r := recover(); r != "mine" {
					t.Error(r)
				}
			}()
			for range subprocess.Lines(within(t), cmd) {
				panic("mine")
			}
		}()
	}
}

// Who leaves the loop of a Popen ends nothing, and loses nothing.
func TestLinesBreakGoesOn(t *testing.T) {
	leak.Check(t)
	for _, both := range []bool{false, true} {
		t.Run(fmt.Sprint("both ", both), func(t *testing.T) {
			leak.Check(t)
			ctx := within(t)
			cmd := piped("seq 1 6; read x; echo $x; seq 8 12")
			if !both {
				cmd.Stderr = nil
			}
			p := must(t, cmd)
			if got, err := collect(p.Lines(), 2); strings.Join(got, "|") != "o 1|o 2" || err != nil {
				t.Error(got, err)
			}
			for l, err := range p.Lines() {
				if l.String() != "3" || err != nil {
					t.Error(l, err)
				}
				if _, err := p.Stdout.Read(make([]byte, 1)); err == nil {
					t.Error("Read inside of the loop")
				}
				if _, _, err := p.Communicate(ctx, nil); err == nil {
					t.Error("Communicate inside of the loop")
				}
				if _, err := collect(p.Lines(), 0); !errors.Is(err, subprocess.ErrSubprocess) {
					t.Error("another loop inside of the loop:", err)
				}
				break
			}
			b := make([]byte, 2)
			if _, err := io.ReadFull(p.Stdout, b); string(b) != "4\n" || err != nil {
				t.Errorf("%q, %v", b, err)
			}
			if got, err := collect(p.Lines(), 2); strings.Join(got, "|") != "o 5|o 6" || err != nil {
				t.Error(got, err)
			}
			io.WriteString(p.Stdin, "7\n")
			if got, err := collect(p.Lines(), 1); strings.Join(got, "|") != "o 7" || err != nil {
				t.Error(got, err)
			}
			out, _, err := p.Communicate(ctx, nil)
			if string(out) != "8\n9\n10\n11\n12\n" || err != nil {
				t.Errorf("%q, %v", out, err)
			}
		})
	}
}

// Left alone after a break, the program waits; closed, it ends.
func TestLinesBreakAndClose(t *testing.T) {
	leak.Check(t)
	cmd := subprocess.Command("yes")
	cmd.Stdout, cmd.Stderr = subprocess.Pipe, subprocess.Pipe
	p := must(t, cmd)
	collect(p.Lines(), 3)
	if code, err := p.Close(within(t)); code != -int(syscall.SIGPIPE) || err != nil {
		t.Error(code, err)
	}
}

func TestLinesLong(t *testing.T) {
	leak.Check(t)
	cmd := sh("head -c 2500000 /dev/zero; echo; echo end")
	cmd.Capture = true
	var sizes []int
	for l, err := range subprocess.Lines(within(t), cmd) {
		if err != nil {
			t.Fatal(err)
		}
		n := len(l.Bytes)
		if l.Partial {
			n = -n
		}
		sizes = append(sizes, n)
	}
	if want := fmt.Sprint([]int{-1 << 20, -1 << 20, 2500000 - 2<<20, 3}); fmt.Sprint(sizes) != want {
		t.Error(sizes, want)
	}
}
