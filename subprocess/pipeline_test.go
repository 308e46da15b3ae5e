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
	"strings"
	"syscall"
	"testing"

	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/subprocess"
)

// line is a program that a shell reads.
func line(script string) subprocess.Cmd { return subprocess.Command("sh", "-c", script) }

// but sets more of a Cmd.
func but(cmd subprocess.Cmd, set func(*subprocess.Cmd)) subprocess.Cmd {
	set(&cmd)
	return cmd
}

func checking(cmd subprocess.Cmd) subprocess.Cmd {
	return but(cmd, func(c *subprocess.Cmd) { c.Check = true })
}

func capturing(cmd subprocess.Cmd) subprocess.Cmd {
	return but(cmd, func(c *subprocess.Cmd) { c.Capture = true })
}

func feeding(text string, cmd subprocess.Cmd) subprocess.Cmd {
	return but(cmd, func(c *subprocess.Cmd) { c.Input = []byte(text) })
}

func TestPipelineStatus(t *testing.T) {
	const sigpipe = -int(syscall.SIGPIPE)
	command := subprocess.Command
	for _, test := range []struct {
		stages subprocess.Stages
		out    string
		codes  []int
		code   int
		failed string // the first argument of the error's command; "" for none
	}{
		{subprocess.Pipeline(command("echo", "one")), "one\n", []int{0}, 0, ""},
		{subprocess.Pipeline(command("echo", "one"), command("tr", "o", "0")), "0ne\n", []int{0, 0}, 0, ""},
		{subprocess.Pipeline(feeding("b\na\n", command("cat")), command("sort"), command("head", "-n1")), "a\n", []int{0, 0, 0}, 0, ""},
		{subprocess.Pipeline(feeding("", command("cat")), command("wc", "-c")), "0\n", []int{0, 0}, 0, ""},
		{subprocess.Pipeline(command("yes"), command("head", "-n1")), "y\n", []int{sigpipe, 0}, 0, ""},
		{subprocess.Pipeline(command("yes"), command("cat"), command("head", "-n1")), "y\n", []int{sigpipe, sigpipe, 0}, 0, ""},
		{subprocess.Pipeline(checking(command("yes")), checking(command("head", "-n1"))), "y\n", []int{sigpipe, 0}, 0, ""},
		{subprocess.Pipeline(command("yes"), line("exec <&-; exit 3")), "", []int{sigpipe, 3}, 3, ""},
		{subprocess.Pipeline(checking(command("yes")), line("exec <&-; exit 3")), "", []int{sigpipe, 3}, 3, "yes"},
		{subprocess.Pipeline(checking(line("exit 4")), line("exit 5"), command("cat")), "", []int{4, 5, 0}, 5, "sh"},
		{subprocess.Pipeline(command("echo", "x"), checking(command("false")), command("cat")), "", []int{0, 1, 0}, 1, "false"},
		{subprocess.Pipeline(line("exit 4"), command("cat")), "", []int{4, 0}, 4, ""},
		{subprocess.Pipeline(command("cat", "/dev/null"), checking(line("kill -PIPE $$"))), "", []int{0, sigpipe}, sigpipe, "sh"},
		{subprocess.Pipeline(line("kill -9 $$"), command("cat")), "", []int{-9, 0}, -9, ""},
	} {
		t.Run(test.stages.String(), func(t *testing.T) {
			leak.Check(t)
			last := &test.stages[len(test.stages)-1]
			last.Stdout = subprocess.Pipe
			if test.stages[0].Args[0] == "sh" || test.stages[0].Args[0] == "echo" {
				test.stages[0].Stdin = subprocess.DevNull
			}
			done, err := test.stages.Run(t.Context())
			// What "yes" and "echo" see depends on who is first, but for those
			// that write for ever.
			codes := make([]int, len(done.Stages))
			for i, s := range done.Stages {
				codes[i] = s.Code
				if test.stages[i].Args[0] == "echo" {
					codes[i] = test.codes[i]
				}
			}
			if !slices.Equal(codes, test.codes) || done.Code() != test.code || strings.TrimLeft(string(done.Stdout()), " ") != test.out {
				t.Errorf("codes %v, code %d, %q; want %v, %d, %q", codes, done.Code(), done.Stdout(), test.codes, test.code, test.out)
			}
			var failed *subprocess.CalledProcessError
			if errors.As(err, &failed) != (test.failed != "") || failed == nil && err != nil || failed != nil && failed.Args[0] != test.failed {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestPipelineOfMegabytes(t *testing.T) {
	leak.Check(t)
	in := bytes.Repeat([]byte("abcdefghijklmno\n"), 1<<18) // 4 MiB
	p := subprocess.Pipeline(
		subprocess.Cmd{Args: []string{"cat"}, Input: in},
		subprocess.Command("tr", "a-z", "A-Z"),
		subprocess.Command("cat"),
	)
	out, err := p.Output(t.Context())
	if !bytes.Equal(out, bytes.ToUpper(in)) || err != nil {
		t.Errorf("%d bytes of %d, %v", len(out), len(in), err)
	}
	p[2] = subprocess.Command("wc", "-l")
	out, err = p.Output(t.Context())
	if strings.TrimSpace(string(out)) != fmt.Sprint(1<<18) || err != nil {
		t.Errorf("%q, %v", out, err)
	}
}

func TestPipelineStreams(t *testing.T) {
	leak.Check(t)
	var log, out bytes.Buffer
	done, err := subprocess.Pipeline(
		but(line("cat; echo first >&2"), func(c *subprocess.Cmd) { c.Stdin = strings.NewReader("in,"); c.Stderr = subprocess.Stdout }),
		capturing(line("cat; echo second >&2")),
		but(line("cat; echo third >&2"), func(c *subprocess.Cmd) { c.Stderr = &log; c.Stdout = &out }),
	).Run(t.Context())
	if err != nil || done.Code() != 0 {
		t.Errorf("%+v, %v", done, err)
	}
	if out.String() != "in,first\n" || log.String() != "third\n" || done.Stdout() != nil {
		t.Errorf("out %q, log %q, captured %q", out.String(), log.String(), done.Stdout())
	}
	if got := done.Stages[1]; got.Stdout != nil || string(got.Stderr) != "second\n" || got.Args[0] != "sh" {
		t.Errorf("%+v", got)
	}
	if done.Stages[0].Usage.Wall <= 0 {
		t.Errorf("%+v", done.Stages[0])
	}
}

func TestPipelineThatCannotStart(t *testing.T) {
	sleep := subprocess.Command("sleep", "600")
	missing := subprocess.Command("/nowhere/at/all")
	for i, p := range []subprocess.Stages{
		subprocess.Pipeline(missing, sleep, sleep),
		subprocess.Pipeline(sleep, missing, sleep),
		subprocess.Pipeline(but(sleep, func(c *subprocess.Cmd) { c.Stdin = subprocess.Pipe }), sleep, missing),
		subprocess.Pipeline(but(sleep, func(c *subprocess.Cmd) { c.Detach = true }), missing),
	} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			leak.Check(t) // children, too
			pipes, err := p.Start(t.Context())
			if pipes != nil || !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), fmt.Sprintf("stage %d of %d", min(i, 2)-i/3+1, len(p))) {
				t.Errorf("Start: %v, %v", pipes, err)
			}
			done, err := p.Run(t.Context())
			if done.Stages != nil || done.Stdout() != nil || done.Code() != 0 || !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("Run: %+v, %v", done, err)
			}
		})
	}
}

func TestPipelineBadInput(t *testing.T) {
	leak.Check(t)
	cat := subprocess.Command("cat")
	stdin := but(cat, func(c *subprocess.Cmd) { c.Stdin = subprocess.DevNull })
	stdout := but(cat, func(c *subprocess.Cmd) { c.Stdout = io.Discard })
	for _, test := range []struct {
		stages subprocess.Stages
		field  string
	}{
		{nil, "Stages"},
		{subprocess.Pipeline(), "Stages"},
		{subprocess.Pipeline(cat, stdin), "Stages[1].Stdin"},
		{subprocess.Pipeline(cat, feeding("", cat), cat), "Stages[1].Input"},
		{subprocess.Pipeline(stdout, cat), "Stages[0].Stdout"},
		{subprocess.Pipeline(cat, subprocess.Cmd{}), "Stages[1].Args"},
		{subprocess.Pipeline(subprocess.Cmd{}), "Args"},
		{subprocess.Pipeline(cat, but(cat, func(c *subprocess.Cmd) { c.PTY = &subprocess.PTY{} })), "Stages[1].PTY"},
	} {
		var arg *subprocess.ArgumentError
		if _, err := test.stages.Run(t.Context()); !errors.As(err, &arg) || arg.Field != test.field {
			t.Errorf("Run: %v, want %s", err, test.field)
		}
		if _, err := test.stages.Start(t.Context()); !errors.As(err, &arg) || arg.Field != test.field {
			t.Errorf("Start: %v, want %s", err, test.field)
		}
	}
	var arg *subprocess.ArgumentError
	if _, err := subprocess.Pipeline(feeding("x", cat), cat).Start(t.Context()); !errors.As(err, &arg) || arg.Field != "Stages[0].Input" {
		t.Errorf("Start with Input: %v", err)
	}
	if _, err := subprocess.Pipeline(stdin, stdout).Output(t.Context()); !errors.As(err, &arg) || arg.Field != "Stages[1].Stdout" {
		t.Errorf("Output with Stdout: %v", err)
	}
	if _, err := subprocess.Pipeline().Output(t.Context()); !errors.As(err, &arg) || arg.Field != "Stages" {
		t.Errorf("Output of none: %v", err)
	}
}

// A writerFunc is a function that is a writer.
type writerFunc func()

func (f writerFunc) Write(b []byte) (int, error) { f(); return len(b), nil }

// The end of the context ends all stages, also those that have nothing to do with
// the pipe any more.
func TestPipelineContext(t *testing.T) {
	sleep := "echo >&2; exec sleep 600" // when it sleeps, it has said so
	for _, test := range []struct {
		stages subprocess.Stages
		codes  []int
		out    string
	}{
		{subprocess.Pipeline(line("echo out; exec sleep 600"), line("read x; echo $x;"+sleep)), []int{-9, -9}, "out\n"},
		{subprocess.Pipeline(line("echo out"), line("cat;"+sleep)), []int{0, -9}, "out\n"},
		{subprocess.Pipeline(line("exec >&-; exec sleep 600"), line("cat;"+sleep)), []int{-9, -9}, ""},
	} {
		t.Run(test.stages.String(), func(t *testing.T) {
			leak.Check(t)
			ctx, cancel := context.WithCancelCause(t.Context())
			bored := errors.New("bored")
			test.stages[1].Stderr = writerFunc(func() { cancel(bored) })
			test.stages[1].Stdout = subprocess.Pipe
			done, err := test.stages.Run(ctx)
			var timeout *subprocess.TimeoutError
			if !errors.Is(err, bored) || !errors.Is(err, context.Canceled) || !errors.As(err, &timeout) || !timeout.Ended {
				t.Fatalf("%+v, %v", done, err)
			}
			if done.Stages[0].Code != test.codes[0] || done.Stages[1].Code != test.codes[1] || string(done.Stdout()) != test.out {
				t.Errorf("%+v", done)
			}
		})
	}
}

// What a Cmd says of its text, its capture and its secrets holds for a stage.
func TestPipelineCmds(t *testing.T) {
	leak.Check(t)
	out, err := subprocess.Pipeline(
		feeding("a\r\nb", subprocess.Command("cat")),
		but(subprocess.Command("cat"), func(c *subprocess.Cmd) { c.Text = &subprocess.Text{} }),
	).Output(t.Context())
	if string(out) != "a\nb" || err != nil {
		t.Errorf("text: %q, %v", out, err)
	}

	done, err := subprocess.Pipeline(line("exit 3"), subprocess.Command("true")).Run(t.Context())
	var failed *subprocess.CalledProcessError
	if err != nil || !errors.As(done.Check(), &failed) || failed.Code != 3 || (subprocess.CompletedPipeline{Stages: done.Stages[1:]}).Check() != nil {
		t.Errorf("check: %v, %v", err, done)
	}
	if s := done.String(); s != "subprocess.CompletedPipeline(code 3, subprocess.Completed(sh -c 'exit 3', code 3) | subprocess.Completed(true, code 0))" {
		t.Error(s)
	}

	done, err = subprocess.Pipeline(
		subprocess.Command("yes"),
		but(capturing(subprocess.Command("cat")), func(c *subprocess.Cmd) { c.MaxCapture = 100 }),
	).Run(t.Context())
	var much *subprocess.OutputError
	if !errors.As(err, &much) || much.Max != 100 || len(done.Stdout()) != 100 || done.Code() != -9 {
		t.Errorf("capture: %v, %d bytes, code %d", err, len(done.Stdout()), done.Code())
	}

	stages := subprocess.Pipeline(
		but(checking(line("exit 3 # hunter2")), func(c *subprocess.Cmd) { c.Secrets = []string{"hunter2"} }),
		subprocess.Command("cat"),
	)
	_, err = stages.Run(t.Context())
	if err == nil || strings.Contains(err.Error()+stages.String(), "hunter2") {
		t.Errorf("secrets: %v, %v", err, stages)
	}
	if s := stages.String(); !strings.HasSuffix(s, " | cat") {
		t.Error(s)
	}
	// They are still as they were.
	if !stages[0].Check || stages[0].Stdout != nil || stages[1].Stdin != nil {
		t.Errorf("changed: %+v", stages)
	}

	var arg *subprocess.ArgumentError
	for field, stages := range map[string]subprocess.Stages{
		"Stages[0].Capture": subprocess.Pipeline(but(capturing(subprocess.Command("cat")), func(c *subprocess.Cmd) { c.Stderr = io.Discard }), subprocess.Command("cat")),
		"Stages[1].Capture": subprocess.Pipeline(subprocess.Command("cat"), but(capturing(subprocess.Command("cat")), func(c *subprocess.Cmd) { c.Stderr = io.Discard })),
	} {
		if _, err := stages.Run(t.Context()); !errors.As(err, &arg) || arg.Field != field {
			t.Errorf("%v, want %s", err, field)
		}
	}
}

// A panic in the caller's reader or writer is the caller's, and leaves nothing
// behind.
func TestPipelinePanic(t *testing.T) {
	stages := subprocess.Pipeline(
		but(line("echo >&2; exec sleep 600"), func(c *subprocess.Cmd) { c.Stderr = writerFunc(func() { panic("ouch") }) }),
		line("exec sleep 600"),
		line("exec sleep 600"),
	)
	for name, f := range map[string]func(){
		"Run": func() { stages.Run(t.Context()) },
		"Lines": func() {
			for range stages.Lines(t.Context()) {
			}
		},
		"Communicate": func() {
			p, err := stages.Start(t.Context())
			if err != nil {
				t.Error(err)
				return
			}
			p.Communicate(t.Context(), nil)
		},
		"the loop": func() {
			for range subprocess.Pipeline(subprocess.Command("yes"), subprocess.Command("cat")).Lines(t.Context()) {
				panic(&subprocess.PanicError{Value: "ouch"})
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			leak.Check(t)
			defer func() {
				if e, ok := recover().(*subprocess.PanicError); !ok || e.Value != "ouch" {
					t.Errorf("%v", e)
				}
			}()
			f()
			t.Error("no panic")
		})
	}
}
