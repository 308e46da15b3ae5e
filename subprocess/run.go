package subprocess

import (
	"context"
	"errors"
)

// Run runs a program, and returns when it has ended: Python's run. With
// Cmd.Capture, or Stdout and Stderr set to [Pipe], the result has what it wrote;
// Cmd.Input is what it reads.
//
// When ctx ends the program is ended with all that it has started, see
// Cmd.Grace, and waited for; then the error is a *TimeoutError whose Ended is
// true, with the output so far, which matches what ctx ended with. Only a Cmd
// with Detach goes on; then Ended is false.
//
// Other errors are those of Start; *OutputError, of which see Cmd.MaxCapture;
// those of the Cmd's readers and writers and of its Text; and, if Cmd.Check is
// set, *CalledProcessError for a code that is not 0. What is known is in the
// result also beside an error. A panic of a reader or writer kills the program,
// and goes on in Run, as a *[PanicError].
func Run(ctx context.Context, cmd Cmd) (Completed, error) {
	input := cmd.Input
	cmd, err := cmd.captured()
	if err != nil {
		return Completed{}, err
	}
	p, wait, err := startHere(ctx, cmd)
	if err != nil {
		return Completed{}, err
	}
	if wait != nil {
		wait()
	}
	waiting := context.WithoutCancel(ctx)
	if cmd.Detach {
		waiting = ctx // its end does not end the program
	}
	c, err := p.finish(waiting, input)
	var late *TimeoutError
	var much *OutputError
	if cmd.Check && c.Code != 0 && !errors.As(err, &late) && !errors.As(err, &much) {
		err = errors.Join(err, c.Check())
	}
	return c, err
}

// captured is the Cmd with Capture and Input turned into Pipes.
func (c Cmd) captured() (Cmd, error) {
	if err := c.checkStreams(); err != nil {
		return c, err
	}
	if c.Capture {
		c.Capture = false
		if c.PTY == nil {
			c.Stdout, c.Stderr = Pipe, Pipe
		}
	}
	if c.Input != nil {
		c.Stdin, c.Input = Pipe, nil
	}
	return c, nil
}

// finish waits for a program that Run has started, alone or in a pipeline. It
// does not look at Check.
func (p *Popen) finish(ctx context.Context, input []byte) (Completed, error) {
	var out, errs []byte
	var err error
	if p.Stdin != nil || p.Stdout != nil || p.Stderr != nil {
		out, errs, err = p.Communicate(ctx, input)
	} else {
		_, err = p.Wait(ctx)
	}
	var late *TimeoutError
	if errors.As(err, &late) && !late.Ended {
		return late.Completed, err
	}
	c := p.completed()
	c.Stdout, c.Stderr = out, errs
	if p.why != nil && (c.Code != 0 || p.cmd.Grace > 0) { // else it was quicker
		if p.Stdout != nil || p.Stderr != nil {
			// As bytes: text may have been cut in the middle.
			c.Stdout, c.Stderr = p.talk.out.soFar(), p.talk.errs.soFar()
		}
		return c, &TimeoutError{Completed: c, Ended: true, Err: p.why}
	}
	var much *OutputError
	if errors.As(err, &much) {
		much.Completed = c
		return c, err
	}
	return c, err
}
