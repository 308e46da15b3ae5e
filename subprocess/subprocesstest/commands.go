package subprocesstest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/conexgo/conex/internal/subproc"
	"github.com/conexgo/conex/subprocess"
)

// ErrUnexpected is matched by the error of a program that is expected, but not
// now, or not with these arguments.
var ErrUnexpected = errors.New("subprocesstest: unexpected command")

// A TB is what is needed of a *testing.T.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
	Cleanup(func())
}

// A Handler plays a program. What it returns is the program's code: as it would
// pass it to exit, or the negative number of the signal that kills it. A panic
// fails the test, and is code 2.
type Handler func(*Call) int

// Hang is a Handler that does nothing until it is killed.
func Hang(c *Call) int {
	<-c.Context().Done()
	return 0
}

// Commands are a set of programs that are played. Make one with [New]; it must
// not be copied, and is safe for concurrent use.
type Commands struct {
	tb      TB
	running sync.WaitGroup

	mu       sync.Mutex
	handlers map[string]Handler // under mu, as what follows
	real     map[string]bool
	expected []*Expectation
	anyOrder bool
	calls    []*Call
	lastPID  int
}

// firstPID is more than the largest number that Linux gives to a process.
const firstPID = 1 << 22

// patience is how long a function may take to return when its process is dead.
// Tests change it.
var patience = 10 * time.Second

// New returns a set in which there is no program at all. At the end of the test
// what still runs is killed, and the test fails if something that is expected
// was not run.
func New(tb TB) *Commands {
	s := &Commands{tb: tb, handlers: map[string]Handler{}, real: map[string]bool{}, lastPID: firstPID}
	tb.Cleanup(s.finish)
	return s
}

// Context returns a copy of ctx in which package subprocess runs the programs of
// the set, and no others.
func (s *Commands) Context(ctx context.Context) context.Context {
	return subproc.With(ctx, (*player)(s))
}

// Handle has h play a program, every time that it is run. A later Handle for the
// same program replaces it.
func (s *Commands) Handle(program string, h Handler) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.handlers[program] = h
}

// Real lets programs run that are on this machine.
func (s *Commands) Real(programs ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range programs {
		s.real[p] = true
	}
}

// Calls returns what was run up to now, in order of the starts, what runs still,
// and the real ones included.
func (s *Commands) Calls() []*Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*Call(nil), s.calls...)
}

// names are those under which a program may be known.
func names(program string) []string {
	base := path.Base(filepath.ToSlash(program))
	all := []string{program, base}
	if runtime.GOOS == "windows" {
		if ext := path.Ext(base); strings.EqualFold(ext, ".exe") {
			all = append(all, strings.TrimSuffix(base, ext))
		}
	}
	return all
}

// A player is a set as package subprocess sees it.
type player Commands

// Find says who plays a program.
func (p *player) Find(ctx context.Context, start subproc.Start) (subproc.Play, error) {
	s := (*Commands)(p)
	s.tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &Call{
		Cmd: start.Cmd.(subprocess.Cmd), Program: start.Program, Args: start.Args, Env: start.Env,
		set: s, ended: make(chan struct{}),
	}
	c.Dir = c.Cmd.Dir
	h, err := s.who(c)
	if err != nil {
		return nil, err
	}
	s.lastPID++
	c.pid = s.lastPID
	s.calls = append(s.calls, c)
	if h == nil {
		c.real = true
		return nil, nil
	}
	return func(files subproc.Files) (subproc.Process, error) {
		c.begin(ctx, files)
		s.running.Go(func() { c.run(h) })
		return (*process)(c), nil
	}, nil
}

// who returns the Handler for a call, nil for the real program. The caller holds
// mu.
func (s *Commands) who(c *Call) (Handler, error) {
	s.tb.Helper()
	e, why := s.next(c)
	if e != nil {
		if e.err != nil {
			return nil, &fs.PathError{Op: "exec", Path: c.Program, Err: e.err}
		}
		return e.play, nil
	}
	for _, n := range names(c.Program) {
		if h := s.handlers[n]; h != nil {
			return h, nil
		}
	}
	for _, n := range names(c.Program) {
		if s.real[n] {
			return nil, nil
		}
	}
	if why != "" {
		s.tb.Errorf("subprocesstest: unexpected command: %v: %s", c, why)
		return nil, &fs.PathError{Op: "exec", Path: c.Program, Err: fmt.Errorf("%w: %s", ErrUnexpected, why)}
	}
	return nil, &fs.PathError{Op: "exec", Path: c.Program, Err: errNone}
}

// errNone is the error for a program that nobody plays.
var errNone = fmt.Errorf("%w: nobody plays it, see Handle, Expect and Real of subprocesstest.Commands", fs.ErrNotExist)

// finish ends the test's part.
func (s *Commands) finish() {
	s.tb.Helper()
	for _, c := range s.Calls() {
		if !c.real {
			c.kill()
		}
	}
	returned := make(chan struct{})
	go func() {
		s.running.Wait()
		close(returned)
	}()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-returned:
	case <-timer.C:
		for _, c := range s.Calls() {
			if c.busy.Load() {
				s.tb.Errorf("subprocesstest: the function that plays %v has not returned %v after the death of its process: it must watch Call.Context", c, patience)
			}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.expected {
		if e.left > 0 {
			s.tb.Errorf("subprocesstest: %v was expected and not run", e)
		}
	}
}
