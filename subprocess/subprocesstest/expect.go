package subprocesstest

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/conexgo/conex/subprocess"
)

// Arguments of [Commands.Expect] that stand for others. No real argument has a
// NUL.
const (
	// Any stands for one argument, whatever it is.
	Any = "\x00any"
	// Rest, at the end, stands for all further arguments.
	Rest = "\x00rest"
)

// An Expectation is a run of a program that is to come, and how it is played: it
// writes nothing and ends well, unless a method says otherwise. Its methods
// return it, so that one can be said after the other; they are for before the
// code under test runs.
type Expectation struct {
	args []string

	dir    *string
	env    []string
	input  *string
	stdout string
	stderr string
	code   int
	do     Handler
	err    error
	times  int
	left   int // under Commands.mu: how many runs are still to come
}

// Expect says that a program is to be run with these arguments, after what was
// expected before it, and once. The test fails if that does not happen.
func (s *Commands) Expect(program string, args ...string) *Expectation {
	e := &Expectation{args: append([]string{program}, args...), times: 1, left: 1}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expected = append(s.expected, e)
	return e
}

// InAnyOrder lets what is expected come in any order: for code that runs programs
// at the same time.
func (s *Commands) InAnyOrder() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.anyOrder = true
}

// Stdout is what the program writes to its standard output.
func (e *Expectation) Stdout(text string) *Expectation { e.stdout = text; return e }

// Stderr is what the program writes to its standard error, after Stdout.
func (e *Expectation) Stderr(text string) *Expectation { e.stderr = text; return e }

// Code is the program's code: see [Handler].
func (e *Expectation) Code(code int) *Expectation { e.code = code; return e }

// Input is what the program is to find at its standard input, which it then
// reads to the end, before it writes.
func (e *Expectation) Input(text string) *Expectation { e.input = &text; return e }

// Dir is what Cmd.Dir is to be.
func (e *Expectation) Dir(dir string) *Expectation { e.dir = &dir; return e }

// Env are entries "NAME=value" that the program's environment is to have, among
// others.
func (e *Expectation) Env(entries ...string) *Expectation { e.env = entries; return e }

// Times says how often the program is to be run, instead of once.
func (e *Expectation) Times(n int) *Expectation { e.times, e.left = n, n; return e }

// Do has h play the program, after Input was read and Stdout and Stderr were
// written; Code does not count then.
func (e *Expectation) Do(h Handler) *Expectation { e.do = h; return e }

// Fail lets the start of the program fail with err: fs.ErrPermission, for
// example.
func (e *Expectation) Fail(err error) *Expectation { e.err = err; return e }

// String is the command that is expected, for messages.
func (e *Expectation) String() string {
	words := make([]string, len(e.args))
	for i, arg := range e.args {
		switch arg {
		case Any:
			words[i] = "<any>"
		case Rest:
			words[i] = "<rest>"
		default:
			words[i] = subprocess.Cmd{Args: []string{arg}}.String()
		}
	}
	text := strings.Join(words, " ")
	if e.times != 1 {
		text += fmt.Sprintf(" (%d of %d times)", e.times-e.left, e.times)
	}
	return text
}

// next returns the Expectation that a call meets; or nil and, if the program is
// among those that are expected, why it meets none. The caller holds Commands.mu.
func (s *Commands) next(c *Call) (e *Expectation, why string) {
	open := slices.DeleteFunc(slices.Clone(s.expected), func(e *Expectation) bool { return e.left == 0 })
	if len(open) > 1 && !s.anyOrder {
		open = open[:1]
	}
	for _, e := range open {
		differs := e.differs(c)
		if differs == "" {
			e.left--
			return e, ""
		}
		if why == "" {
			why = fmt.Sprintf("next is %v: %s", e, differs)
		}
	}
	if !slices.ContainsFunc(s.expected, func(e *Expectation) bool { return e.is(c.Program) }) {
		return nil, ""
	}
	switch {
	case len(open) == 0:
		why = "nothing more is expected"
	case len(open) > 1:
		why = fmt.Sprintf("expected are, in any order: %v", open)
	}
	return nil, why
}

// is says whether e is for a program of this name.
func (e *Expectation) is(program string) bool { return slices.Contains(names(program), e.args[0]) }

// differs says in what a call is not the one that is expected, "" if it is.
func (e *Expectation) differs(c *Call) string {
	if !e.is(c.Program) {
		return "another program"
	}
	want, got := e.args[1:], c.Args[1:]
	for i, w := range want {
		if w == Rest {
			got = got[:i]
			want = want[:i]
			break
		}
		if i == len(got) {
			return fmt.Sprintf("Args[%d] is missing", i+1)
		}
		if w != Any && w != got[i] {
			return fmt.Sprintf("Args[%d] is %q, not %q", i+1, got[i], w)
		}
	}
	if len(got) > len(want) {
		return fmt.Sprintf("Args[%d] is %q, and one too many", len(want)+1, got[len(want)])
	}
	if e.dir != nil && *e.dir != c.Dir {
		return fmt.Sprintf("Dir is %q, not %q", c.Dir, *e.dir)
	}
	for _, entry := range e.env {
		name, value, _ := strings.Cut(entry, "=")
		if c.Getenv(name) != value {
			return fmt.Sprintf("in Env %s is %q, not %q", name, c.Getenv(name), value)
		}
	}
	return ""
}

// play is the Handler for what is expected.
func (e *Expectation) play(c *Call) int {
	if e.input != nil {
		got, err := io.ReadAll(c.Stdin)
		if err != nil {
			c.set.tb.Errorf("subprocesstest: input of %v: %v", c, err)
		} else if string(got) != *e.input {
			c.set.tb.Errorf("subprocesstest: input of %v is %q, not %q", c, got, *e.input)
		}
	}
	io.WriteString(c.Stdout, e.stdout)
	io.WriteString(c.Stderr, e.stderr)
	if e.do != nil {
		return e.do(c)
	}
	return e.code
}
