package subprocesstest_test

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/subprocess"
	"github.com/conexgo/conex/subprocess/subprocesstest"
)

func TestExpect(t *testing.T) {
	type run struct {
		cmd  subprocess.Cmd
		code int
		err  error
	}
	command := subprocess.Command
	for _, test := range []struct {
		name   string
		expect func(*subprocesstest.Commands)
		runs   []run
		fails  []string // what the failures hold
	}{
		{
			"in order",
			func(s *subprocesstest.Commands) { s.Expect("a", "1"); s.Expect("b").Code(3) },
			[]run{{cmd: command("a", "1")}, {cmd: command("b"), code: 3}}, nil,
		},
		{
			"by the last element",
			func(s *subprocesstest.Commands) { s.Expect("a"); s.Expect("/bin/a") },
			[]run{{cmd: command("/usr/bin/a")}, {cmd: command("/bin/a")}}, nil,
		},
		{
			"out of order",
			func(s *subprocesstest.Commands) { s.Expect("a"); s.Expect("b") },
			[]run{{cmd: command("b"), err: subprocesstest.ErrUnexpected}, {cmd: command("a")}},
			[]string{"unexpected command: b: next is a: another program", "b was expected and not run"},
		},
		{
			"in any order",
			func(s *subprocesstest.Commands) { s.InAnyOrder(); s.Expect("a"); s.Expect("b") },
			[]run{{cmd: command("b")}, {cmd: command("a")}}, nil,
		},
		{
			"none of them",
			func(s *subprocesstest.Commands) { s.InAnyOrder(); s.Expect("a", "1"); s.Expect("a", "2") },
			[]run{{cmd: command("a", "3"), err: subprocesstest.ErrUnexpected}, {cmd: command("a", "2")}, {cmd: command("a", "1")}},
			[]string{"unexpected command: a 3: expected are, in any order: [a 1 a 2]"},
		},
		{
			"once too often",
			func(s *subprocesstest.Commands) { s.Expect("a").Times(2) },
			[]run{{cmd: command("a")}, {cmd: command("a")}, {cmd: command("a"), err: subprocesstest.ErrUnexpected}},
			[]string{"unexpected command: a: nothing more is expected"},
		},
		{
			"not often enough",
			func(s *subprocesstest.Commands) { s.Expect("a").Times(3) },
			[]run{{cmd: command("a")}},
			[]string{"a (1 of 3 times) was expected and not run"},
		},
		{
			"arguments",
			func(s *subprocesstest.Commands) {
				s.Expect("cp", subprocesstest.Any, "dst")
				s.Expect("rm", "-r", subprocesstest.Rest)
				s.Expect("rm", "-r", subprocesstest.Rest)
			},
			[]run{{cmd: command("cp", "x", "dst")}, {cmd: command("rm", "-r", "a", "b")}, {cmd: command("rm", "-r")}}, nil,
		},
		{
			"an argument too few",
			func(s *subprocesstest.Commands) { s.Expect("a", subprocesstest.Any).Times(0); s.Expect("a", "1", "2") },
			[]run{{cmd: command("a", "1"), err: subprocesstest.ErrUnexpected}},
			[]string{"next is a 1 2: Args[2] is missing", "a 1 2 was expected"},
		},
		{
			"an argument too many",
			func(s *subprocesstest.Commands) { s.Expect("a", "1") },
			[]run{{cmd: command("a", "1", "2"), err: subprocesstest.ErrUnexpected}},
			[]string{`Args[2] is "2", and one too many`, "a 1 was expected"},
		},
		{
			"directory and environment",
			func(s *subprocesstest.Commands) { s.Expect("a").Dir("/d").Env("A=1", "B=2") },
			[]run{{cmd: subprocess.Cmd{Args: []string{"a"}, Dir: "/d", Env: []string{"B=2", "C=3", "A=1"}}}}, nil,
		},
		{
			"another directory",
			func(s *subprocesstest.Commands) { s.Expect("a").Dir("/d") },
			[]run{{cmd: command("a"), err: subprocesstest.ErrUnexpected}},
			[]string{`Dir is "", not "/d"`, "a was expected"},
		},
		{
			"another environment",
			func(s *subprocesstest.Commands) { s.Expect("a").Env("A=1") },
			[]run{{cmd: subprocess.Cmd{Args: []string{"a"}, Env: []string{"A=2"}}, err: subprocesstest.ErrUnexpected}},
			[]string{`in Env A is "2", not "1"`, "a was expected"},
		},
		{
			"input",
			func(s *subprocesstest.Commands) { s.Expect("a").Input("text") },
			[]run{{cmd: subprocess.Cmd{Args: []string{"a"}, Input: []byte("text")}}}, nil,
		},
		{
			"another input",
			func(s *subprocesstest.Commands) { s.Expect("a").Input("text") },
			[]run{{cmd: subprocess.Cmd{Args: []string{"a"}, Input: []byte("test")}}},
			[]string{`input of a is "test", not "text"`},
		},
		{
			"no start",
			func(s *subprocesstest.Commands) { s.Expect("a").Fail(fs.ErrPermission) },
			[]run{{cmd: command("a"), err: fs.ErrPermission}}, nil,
		},
		{
			"nobody has named it",
			func(s *subprocesstest.Commands) { s.Expect("a") },
			[]run{{cmd: command("which", "a"), err: fs.ErrNotExist}, {cmd: command("a")}}, nil,
		},
		{
			"a function is there for the rest",
			func(s *subprocesstest.Commands) {
				s.Handle("a", func(*subprocesstest.Call) int { return 9 })
				s.Expect("a", "1").Code(1)
			},
			[]run{{cmd: command("a"), code: 9}, {cmd: command("a", "1"), code: 1}, {cmd: command("a", "1"), code: 9}}, nil,
		},
		{
			"a function for one run",
			func(s *subprocesstest.Commands) {
				s.Expect("a").Stdout("out").Do(func(c *subprocesstest.Call) int { return len(c.Args) })
			},
			[]run{{cmd: command("a"), code: 1}}, nil,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			leak.Check(t)
			r := &recorder{}
			cmds := subprocesstest.New(r)
			test.expect(cmds)
			ctx := cmds.Context(t.Context())
			for _, run := range test.runs {
				run.cmd.Stdout = subprocess.Pipe
				c, err := subprocess.Run(ctx, run.cmd)
				if c.Code != run.code || !errors.Is(err, run.err) {
					t.Errorf("%v: code %d, %v, want %d, %v", run.cmd, c.Code, err, run.code, run.err)
				}
			}
			got := r.end()
			if len(got) != len(test.fails) {
				t.Fatalf("failures %q, want %q", got, test.fails)
			}
			for i, want := range test.fails {
				if !strings.Contains(got[i], want) {
					t.Errorf("%q, want %q", got[i], want)
				}
			}
		})
	}
}

func TestExpectWrites(t *testing.T) {
	cmds, ctx := set(t)
	cmds.Expect("sh", "-c", "make all").Stdout("out").Stderr("err").Code(-11)
	c, err := subprocess.Run(ctx, subprocess.Cmd{Args: []string{"sh", "-c", "make all"}, Capture: true})
	if got := fmt.Sprintf("%s %s %d %v", c.Stdout, c.Stderr, c.Code, err); got != "out err -11 <nil>" {
		t.Error(got)
	}
	var names []string
	for _, c := range cmds.Calls() {
		names = append(names, c.Program)
	}
	if !slices.Equal(names, []string{"sh"}) {
		t.Error(names)
	}
}
