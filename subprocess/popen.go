package subprocess

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/conexgo/conex/internal/watch"
)

// A Popen is a program that was started by [Start]. It must not be copied, and
// its methods are safe for concurrent use. It need not be closed: when the
// program ends it is waited for, whether anybody asks or not, so there are no
// zombies; but who asked for pipes should close or read them.
type Popen struct {
	// Stdin, Stdout and Stderr are our ends of the pipes, nil where the Cmd did
	// not say Pipe. Whoever reads one must read the other one at the same time,
	// or the program may wait for us: Communicate and Lines do that, and after
	// they were called the fields must not be used any more. In text mode they
	// carry text.
	Stdin  io.WriteCloser
	Stdout io.ReadCloser
	Stderr io.ReadCloser

	cmd   Cmd // as it was started; not to be shown: see shown
	shown []string
	proc  process
	began time.Time
	wall  time.Duration // valid after done

	set     sync.WaitGroup // what is needed to reap is there
	unwatch func() bool    // stops the watch over the context
	ended   chan struct{}  // closed when the context's end has been dealt with, if it was at all
	why     error          // what the context ended with; valid after done, nil if it did not

	in       *inPipe       // our ends, or nil
	out, err *outPipe      //
	io       copies        // from readers and to writers
	done     chan struct{} // closed when proc is done, and the copies

	talk   talk     // of Communicate
	master *os.File // our end of its terminal, nil for none
}

// PID returns the program's process id, for messages: after its end the number
// may be another one's.
func (p *Popen) PID() int { return p.proc.PID() }

// Args returns the Cmd's Args, with its Secrets masked.
func (p *Popen) Args() []string { return p.shown }

// Done returns a channel that is closed when the program has ended, the rest of
// its group is killed, and everything was copied to the Cmd's writers.
func (p *Popen) Done() <-chan struct{} { return p.done }

// Poll returns the program's code, and whether it has ended: Python's poll and
// returncode. The code is what it passed to exit, or the negative number of the
// signal that killed it.
func (p *Popen) Poll() (code int, ended bool) {
	select {
	case <-p.done:
		return p.code(), true
	default:
		return 0, false
	}
}

// Wait waits until the program has ended and everything was copied to the Cmd's
// writers, and returns its code, as Poll does. It may be called again, by any
// goroutine. What the Cmd's writers were given happens before it returns.
//
// When ctx ends first, the error is a *TimeoutError, and the program goes on:
// only the end of Start's ctx ends it. Other errors are those of the Cmd's
// readers and writers; the code is valid with them, and a panic of theirs goes
// on in Wait, as a *[PanicError]. A program that writes into a Pipe which nobody
// reads never ends.
//
// A writer that does not return keeps Wait waiting. A reader does not: if it is
// still being read Cmd.Drain, or 100 ms, after the program's end, it is left
// alone, and the goroutine that does it goes when the reader returns.
func (p *Popen) Wait(ctx context.Context) (code int, err error) {
	select {
	case <-p.done:
		return p.code(), p.copied()
	default:
	}
	select {
	case <-p.done:
		return p.code(), p.copied()
	case <-ctx.Done():
		return 0, &TimeoutError{Completed: Completed{Args: p.shown, Usage: Usage{Wall: time.Since(p.began)}}, Err: watch.Reason(ctx)}
	}
}

// Close closes Stdout, Stderr and Stdin, those that are there, and waits as Wait
// does. A program that goes on writing gets SIGPIPE, one that goes on reading an
// end of file. It is what the end of Python's with block does.
func (p *Popen) Close(ctx context.Context) (code int, err error) {
	for _, o := range []*outPipe{p.out, p.err} {
		if o != nil && p.pipe(p.Stdout) == o || o != nil && p.pipe(p.Stderr) == o {
			o.Close()
		}
	}
	if p.Stdin != nil {
		p.Stdin.Close()
	}
	return p.Wait(ctx)
}

// SendSignal sends a signal to the program alone. If it has ended, nothing
// happens.
func (p *Popen) SendSignal(sig os.Signal) error { return gone(p.proc.Signal(sig)) }

// Terminate asks the program and the others of its group to end, by SIGTERM. On
// Windows it is Kill.
func (p *Popen) Terminate() error { return gone(p.terminate()) }

func (p *Popen) terminate() error {
	err := p.proc.SignalGroup(syscall.SIGTERM)
	if errors.Is(err, errors.ErrUnsupported) {
		return p.proc.Kill()
	}
	return err
}

// Kill kills the program and all that it has started, also what ignores signals
// or has left its group. It does not wait for the deaths.
func (p *Popen) Kill() error { return gone(p.proc.Kill()) }

// gone is err, unless that says that there is nobody to be signalled.
func gone(err error) error {
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}

// code is the program's code; p must be done.
func (p *Popen) code() int {
	s := p.proc.Status()
	switch {
	case s.Signal != 0:
		return -int(s.Signal)
	case s.Lost:
		return 0 // as in Python: somebody else has got the status
	}
	return s.ExitCode
}

// completed is what is known of a program that has ended.
func (p *Popen) completed() Completed {
	s := p.proc.Status()
	c := Completed{
		Args: p.shown, Code: p.code(),
		Usage: Usage{Wall: p.wall, User: s.User, System: s.System, MaxRSS: s.MaxRSS},
	}
	if len(p.cmd.Secrets) > 0 {
		c.mask = p.cmd.masker()
	}
	return c
}

// String describes the Popen for messages.
func (p *Popen) String() string {
	state := "running"
	if code, ended := p.Poll(); ended {
		state = fmt.Sprintf("code %d", code)
	}
	return fmt.Sprintf("subprocess.Popen(%d, %s, %s)", p.PID(), state, shorten(p.cmd.String()))
}

// isDeadline says whether a context ended because its time was over.
func isDeadline(err error) bool { return errors.Is(err, context.DeadlineExceeded) }
