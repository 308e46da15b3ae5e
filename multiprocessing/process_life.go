package multiprocessing

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"

	"github.com/conexgo/conex/internal/remote"
	"github.com/conexgo/conex/internal/watch"
)

// Join waits until the process has ended; how, [Process.ExitCode] and
// [Process.Err] say. It may be called any number of times and returns at once
// when the process has ended already. If ctx ends first the error matches ctx's
// and its cause, and the process goes on.
//
// The other errors are [ErrNotStarted], [ErrClosed], and [ErrJoinSelf] for the
// current process.
func (p *Process) Join(ctx context.Context) error {
	if _, err := p.running(); err != nil {
		if p.self {
			return p.misuse(ErrJoinSelf)
		}
		return err
	}
	select {
	case <-p.done:
		return nil
	default:
	}
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
		return watch.Reason(ctx)
	}
}

// running returns the link of a process that can be dealt with: nil if it has
// ended.
func (p *Process) running() (*link, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.self:
		return nil, p.misuse(ErrNotChild)
	case p.state == initial || p.state == starting:
		return nil, p.misuse(ErrNotStarted)
	case p.state == closed:
		return nil, p.misuse(ErrClosed)
	}
	return p.link, nil
}

// Alive reports whether the process was started and has not ended yet. There
// are no zombies to be cleared away: a process that has ended is reaped at once.
func (p *Process) Alive() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state == started
}

// Done returns a channel that is closed when the process has ended, never if it
// is not started.
func (p *Process) Done() <-chan struct{} { return p.done }

// ExitCode returns how the process ended, and whether it has: 0 if its function
// returned no error, the code of an [ExitError] that it returned, 1 for any
// other error and for a panic, -N if signal N killed it. A panic in a goroutine
// of the function's own, and what else makes Go give up, is 2.
func (p *Process) ExitCode() (int, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.state != stopped {
		return 0, false
	}
	return p.code, true
}

// Err returns why the process failed: the error of its function, which matches
// what the original matched as far as conex.RegisterError and
// conex.RegisterType know it, or an *[ExitError]. It is nil if the process has
// succeeded, or has not ended.
func (p *Process) Err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// Terminate sends SIGTERM. Unless the function has asked for that signal with
// os/signal it ends the process at once: no deferred functions run, and what the
// process holds in shared objects it never gives back by itself. Locks know that
// and tell the next owner. Processes that it started end with it.
//
// It does not wait for the end and does nothing if that has come already. The
// errors are [ErrNotStarted], [ErrClosed] and, for the current process,
// [ErrNotChild].
func (p *Process) Terminate() error { return p.signal(syscall.SIGTERM) }

// Interrupt ends the context of the function with a *conex.InterruptError as the
// cause, as SIGINT from elsewhere does; what it does then is up to the function.
// One that returns the context's error ends with exit code 1. A second interrupt
// ends the process at once, with exit code 130. The errors are those of
// Terminate.
func (p *Process) Interrupt() error {
	l, err := p.running()
	if err == nil && l != nil {
		l.conn.Send(msgInterrupt, nil, nil) // it fails if the process has just ended
	}
	return err
}

func (p *Process) signal(s os.Signal) error {
	l, err := p.running()
	if err != nil || l == nil {
		return err
	}
	if err := l.child.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}

// Kill sends SIGKILL to the process and to everything that it started. It does
// not wait for the end. The errors are those of Terminate.
func (p *Process) Kill() error {
	l, err := p.running()
	if err != nil || l == nil {
		return err
	}
	return l.child.Kill()
}

// Close says that the process is not needed any more. Afterwards only its name
// and [Process.Run] can be used, the rest answers [ErrClosed] or zero. A process
// that runs is refused with [ErrStillRunning]. Nothing leaks without Close.
// Closing again does nothing, and so does closing the current process.
func (p *Process) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.self:
	case p.state == starting || p.state == started:
		return p.misuse(ErrStillRunning)
	default:
		p.state, p.err = closed, nil
	}
	return nil
}

// over ends the child because the context of Start has ended.
func (p *Process) over(ctx context.Context, l *link) {
	if p.grace > 0 {
		msg := []byte{0}
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			msg[0] = 1
		}
		l.conn.Send(msgCancel, remote.Append(msg, context.Cause(ctx)), nil)
		t := time.NewTimer(p.grace)
		defer t.Stop()
		select {
		case <-p.done:
			return
		case <-t.C:
		}
	}
	l.child.Kill()
}
