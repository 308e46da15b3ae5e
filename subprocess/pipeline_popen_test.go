//go:build unix

package subprocess_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/subprocess"
	"github.com/conexgo/conex/subprocess/subprocesstest"
)

func TestPipelineStart(t *testing.T) {
	leak.Check(t)
	p, err := subprocess.Pipeline(
		but(subprocess.Command("cat"), func(c *subprocess.Cmd) { c.Stdin = subprocess.Pipe }),
		but(subprocess.Command("cat"), func(c *subprocess.Cmd) { c.Stdout = subprocess.Pipe }),
	).Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if code, ended := p.Poll(); code != 0 || ended {
		t.Errorf("poll: %d, %v", code, ended)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if code, err := p.Wait(ctx); !errors.Is(err, context.DeadlineExceeded) || code != 0 {
		t.Errorf("wait: %d, %v", code, err)
	}
	if out, err := p.Communicate(ctx, bytes.Repeat([]byte("0123456789abcdef"), 1<<16)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("communicate: %d bytes, %v", len(out), err)
	}
	out, err := p.Communicate(t.Context(), nil)
	if len(out) != 1<<20 || err != nil {
		t.Errorf("communicate again: %d bytes, %v", len(out), err)
	}
	code, err := p.Wait(ctx)
	if code != 0 || err != nil {
		t.Errorf("%d, %v", code, err)
	}
	<-p.Done()
	if code, ended := p.Poll(); code != 0 || !ended {
		t.Errorf("poll: %d, %v", code, ended)
	}
	if s := p.String(); !strings.HasPrefix(s, "subprocess.Pipes(subprocess.Popen(") || strings.Count(s, "code 0, cat") != 2 {
		t.Error(s)
	}
}

func TestPipelineSignals(t *testing.T) {
	for want, end := range map[int]func(*subprocess.Pipes) error{
		-int(syscall.SIGTERM): (*subprocess.Pipes).Terminate,
		-int(syscall.SIGKILL): (*subprocess.Pipes).Kill,
	} {
		leak.Check(t)
		sleep := subprocess.Command("sleep", "600")
		p, err := subprocess.Pipeline(sleep, sleep, sleep).Start(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := end(p); err != nil {
			t.Error(err)
		}
		if code, err := p.Wait(t.Context()); code != want || err != nil {
			t.Errorf("%d, %v, want %d", code, err, want)
		}
		for _, s := range p.Stages {
			if code, ended := s.Poll(); code != want || !ended {
				t.Errorf("stage: %d, %v", code, ended)
			}
		}
		if err := end(p); err != nil {
			t.Errorf("after the end: %v", err)
		}
	}
}

// Programs that are played are stages like others.
func TestPipelineOfPlayed(t *testing.T) {
	leak.Check(t)
	cmds := subprocesstest.New(t)
	cmds.Real("tr", "head")
	cmds.Handle("upper", func(c *subprocesstest.Call) int {
		b, err := io.ReadAll(c.Stdin)
		if err != nil {
			return 1
		}
		c.Stdout.Write(bytes.ToUpper(b))
		return 0
	})
	cmds.Handle("forever", func(c *subprocesstest.Call) int {
		for {
			fmt.Fprintln(c.Stdout, "again")
		}
	})
	cmds.Handle("hang", subprocesstest.Hang)
	cmds.Handle("reads", func(c *subprocesstest.Call) int {
		io.Copy(io.Discard, c.Stdin)
		return 0
	})
	ctx := cmds.Context(t.Context())
	command := subprocess.Command

	out, err := subprocess.Pipeline(feeding("abc", command("tr", "c", "d")), command("upper"), command("tr", "D", "E")).Output(ctx)
	if string(out) != "ABE" || err != nil {
		t.Errorf("%q, %v", out, err)
	}
	done, err := subprocess.Pipeline(command("forever"), capturing(command("head", "-n1"))).Run(ctx)
	if string(done.Stdout()) != "again\n" || done.Code() != 0 || done.Stages[0].Code != -int(syscall.SIGPIPE) || err != nil {
		t.Errorf("%+v, %v", done, err)
	}
	// All die, whatever they are waiting for.
	for _, p := range []subprocess.Stages{
		subprocess.Pipeline(command("hang"), command("reads"), command("tr", "a", "b")),
		subprocess.Pipeline(command("hang"), command("tr", "a", "b"), command("reads")),
	} {
		pipes, err := p.Start(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if err := pipes.Kill(); err != nil {
			t.Error(err)
		}
		if code, err := pipes.Wait(t.Context()); code != -9 || err != nil {
			t.Errorf("%d, %v", code, err)
		}
	}
	if n := len(cmds.Calls()); n != 11 {
		t.Errorf("%d calls", n)
	}
}

func TestPipelineLines(t *testing.T) {
	command := subprocess.Command
	for _, test := range []struct {
		name   string
		stages subprocess.Stages
		most   int // lines to read
		want   []string
		failed string // the first argument of the error's command; "" for none
	}{
		{"all", subprocess.Pipeline(feeding("b\na\n", command("cat")), command("sort")), 9, []string{"a", "b"}, ""},
		{"one stage", subprocess.Pipeline(feeding("b\na\n", command("sort"))), 9, []string{"a", "b"}, ""},
		{"none", subprocess.Pipeline(feeding("", command("cat")), command("cat")), 9, nil, ""},
		{"some of many", subprocess.Pipeline(command("yes"), command("cat")), 2, []string{"y", "y"}, ""},
		{"the first stage fails", subprocess.Pipeline(checking(line("echo x; exit 3")), command("cat")), 9, []string{"x"}, "sh"},
		{"the last stage fails", subprocess.Pipeline(line("exit 3"), checking(command("false"))), 9, nil, "false"},
		{"nobody minds", subprocess.Pipeline(line("echo x; exit 3"), line("cat; exit 4")), 9, []string{"x"}, ""},
		{"who is late", subprocess.Pipeline(checking(command("yes")), checking(command("head", "-n2"))), 9, []string{"y", "y"}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			leak.Check(t)
			var got []string
			var failed *subprocess.CalledProcessError
			for l, err := range test.stages.Lines(t.Context()) {
				if err != nil {
					if !errors.As(err, &failed) || failed.Args[0] != test.failed {
						t.Error(err)
					}
					continue
				}
				got = append(got, strings.TrimSpace(l.String()))
				if len(got) == test.most {
					break
				}
			}
			if !slices.Equal(got, test.want) || (failed != nil) != (test.failed != "") {
				t.Errorf("%q, %v; want %q, %q", got, failed, test.want, test.failed)
			}
		})
	}
	for _, err := range subprocess.Pipeline(command("cat"), command("/nowhere")).Lines(t.Context()) {
		if !errors.Is(err, fs.ErrNotExist) {
			t.Error(err)
		}
	}
	for _, err := range subprocess.Pipeline().Lines(t.Context()) {
		if !errors.Is(err, subprocess.ErrInvalidArgument) {
			t.Error(err)
		}
	}
}

// The context that ends in the middle of a loop ends all stages, too.
func TestPipelineLinesContext(t *testing.T) {
	leak.Check(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	n := 0
	for _, err := range subprocess.Pipeline(line("echo x; exec sleep 600"), subprocess.Command("cat")).Lines(ctx) {
		if n++; err == nil {
			cancel()
		}
		last = err
	}
	if n != 2 || !errors.Is(last, context.Canceled) {
		t.Errorf("%d, %v", n, last)
	}
}

// The end of the context does not end a stage that is detached, and Run does not
// wait for it.
func TestPipelineDetached(t *testing.T) {
	leak.Check(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	said := make(chan string, 1)
	daemon := but(line("echo $$; exec sleep 600"), func(c *subprocess.Cmd) { c.Detach, c.PipeSize = true, 1<<16 })
	reader := but(line("read x; echo $x >&2; exec cat"), func(c *subprocess.Cmd) {
		c.Stderr = writerText(func(text string) { said <- text; cancel() })
	})
	done, err := subprocess.Pipeline(daemon, reader).Run(ctx)
	if !errors.Is(err, context.Canceled) || len(done.Stages) != 2 || done.Stages[1].Code != -9 {
		t.Errorf("%v, %v", done, err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(<-said))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Errorf("it is dead already: %v", err)
	}
}

// A writerText is a function that is a writer of text.
type writerText func(string)

func (f writerText) Write(b []byte) (int, error) { f(string(b)); return len(b), nil }
