package subprocesstest

import (
	"bytes"
	"context"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/conexgo/conex/internal/subproc"
	"github.com/conexgo/conex/subprocess"
)

// A Call is one run of a program: for the [Handler] that plays it what a process
// knows of itself, for the test what was asked of it, and what became of it. It
// must not be copied. The fields do not change; they and the methods may be used
// by several goroutines, but see the package documentation for what happens to
// them at the end. Those of a real program have no streams.
type Call struct {
	Cmd     subprocess.Cmd // as it was started
	Program string         // what was to run: Cmd.Executable, or Args[0]
	Args    []string       // what the program got, its name first
	Env     []string       // the whole environment that it got
	Dir     string         // Cmd.Dir: empty for ours

	// The streams. Writing into a pipe that nobody reads any more kills the
	// process with SIGPIPE, unless it is told of that signal.
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer

	// Files are those of Cmd.ExtraFiles, under their numbers.
	Files map[int]*os.File

	set    *Commands
	pid    int
	real   bool
	ctx    context.Context
	cancel context.CancelCauseFunc
	files  subproc.Files
	ended  chan struct{} // closed at the death
	busy   atomic.Bool   // the Handler has not returned

	mu      sync.Mutex
	dead    bool         // under mu, as what follows
	code    int          // valid if dead
	input   bytes.Buffer // what was read
	signals []os.Signal
	caught  map[syscall.Signal]chan<- os.Signal // nil: ignored
}

// begin gives the process its descriptors, and its context: that of the start
// without its end, which reaches the process as a signal, like any other.
func (c *Call) begin(ctx context.Context, files subproc.Files) {
	c.ctx, c.cancel = context.WithCancelCause(context.WithoutCancel(ctx))
	c.files = files
	c.Files = files.Extra
	c.Stdin = reader{c}
	c.Stdout = writer{c, files.Std[1]}
	c.Stderr = writer{c, files.Std[2]}
	c.busy.Store(true)
}

// Context returns a context that ends when the process does. Programs that are
// started with it are of the same set, and die with this one.
func (c *Call) Context() context.Context { return c.ctx }

// PID returns the number that Popen.PID returns. No process has it.
func (c *Call) PID() int { return c.pid }

// Real reports whether the real program was run. Then nothing is known of what
// became of it.
func (c *Call) Real() bool { return c.real }

// Getenv returns the variable's value in the program's environment, and an empty
// string if there is none.
func (c *Call) Getenv(name string) string {
	for i := len(c.Env) - 1; i >= 0; i-- {
		if v, ok := strings.CutPrefix(c.Env[i], name+"="); ok {
			return v
		}
	}
	return ""
}

// Input returns what the program has read from its standard input up to now.
func (c *Call) Input() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return bytes.Clone(c.input.Bytes())
}

// Signals returns those that were sent to the program while it lived.
func (c *Call) Signals() []os.Signal {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]os.Signal(nil), c.signals...)
}

// Result returns the program's code, and whether it has ended, like Popen.Poll.
func (c *Call) Result() (code int, ended bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.code, c.dead
}

// Exit ends the process at once: what os.Exit is for a real one. A negative code
// is the number of a signal that kills it. It does not return: the goroutine
// ends, and what is deferred runs.
func (c *Call) Exit(code int) {
	c.die(code)
	runtime.Goexit()
}

// Notify returns a channel that gets the signals from now on; they do not kill
// the process any more. SIGKILL always does. The channel is not closed. A signal
// for which there is no room is lost.
func (c *Call) Notify(signals ...os.Signal) <-chan os.Signal {
	ch := make(chan os.Signal, 16)
	c.catch(ch, signals)
	return ch
}

// Ignore lets signals have no effect from now on. SIGKILL always has.
func (c *Call) Ignore(signals ...os.Signal) { c.catch(nil, signals) }

func (c *Call) catch(ch chan<- os.Signal, signals []os.Signal) {
	c.mu.Lock()
	dead := c.dead
	if c.caught == nil {
		c.caught = map[syscall.Signal]chan<- os.Signal{}
	}
	for _, sig := range signals {
		if s, ok := sig.(syscall.Signal); ok && s != syscall.SIGKILL {
			c.caught[s] = ch
		}
	}
	c.mu.Unlock()
	if dead {
		runtime.Goexit()
	}
}

// String returns the command, for messages.
func (c *Call) String() string { return c.Cmd.String() }
