package subprocess

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/conexgo/conex/internal/watch"
)

// talk is the state of Communicate, which outlives its calls.
type talk struct {
	begun atomic.Bool // input is on its way; set under mu

	mu        sync.Mutex // protects following
	out, errs *gather    // nil for what is no Pipe
	sent      chan struct{}
	known     bool // the results are:
	stdout    []byte
	stderr    []byte
	failure   error
}

// Communicate writes input to the program, ends its input, collects what it
// writes to its Pipes, all that at the same time, and waits for its end. What is
// no Pipe is nil in the result; a Pipe that nothing was written to is empty and
// not nil. In text mode input and the results are text. What was read from
// Popen.Stdout and Popen.Stderr before is not among the results.
//
// When ctx ends first the error is a *TimeoutError, with the output so far, and
// the program goes on; so does the exchange: input is sent and output collected
// in the background. Communicate may be called again, with no input, and nothing
// is lost. When the program has ended it returns the same results every time.
// Input needs Stdin to be Pipe, and may be given to the first call only;
// otherwise the error is an *ArgumentError, and nothing has changed. It must not
// be changed before the results are there. That the program does not read all of
// it is no error.
//
// All of the output is kept in memory. Of a program that writes more than
// Cmd.MaxCapture to one of its Pipes the tree is killed, and the error is an
// *OutputError. Other errors are those of the Cmd's readers and writers, and of
// Cmd.Text; the results are valid with them. See Cmd.Drain for a program that
// leaves somebody behind who holds its Pipes.
//
// It may be called by several goroutines: they get the same results. What one of
// them has seen happens before the results of the others.
func (p *Popen) Communicate(ctx context.Context, input []byte) (stdout, stderr []byte, err error) {
	t := &p.talk
	if err := p.beginTalk(input); err != nil {
		return nil, nil, err
	}
	for _, c := range []<-chan struct{}{t.out.ended(p), t.errs.ended(p), p.done, t.sent} {
		select {
		case <-c:
			continue
		default:
		}
		select {
		case <-c:
		case <-ctx.Done():
			c := Completed{
				Args: p.shown, Usage: Usage{Wall: time.Since(p.began)},
				Stdout: t.out.soFar(), Stderr: t.errs.soFar(),
			}
			return c.Stdout, c.Stderr, &TimeoutError{Completed: c, Err: watch.Reason(ctx)}
		}
	}
	return p.endTalk()
}

// beginTalk starts what works in the background, if it was not yet.
func (p *Popen) beginTalk(input []byte) error {
	t := &p.talk
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case input != nil && t.begun.Load():
		return bad("input", "an earlier call of Communicate has begun with it: call it with nil, and what is left will be sent")
	case input != nil && p.Stdin == nil:
		return bad("Stdin", "it must be Pipe for Communicate to write to it")
	case t.begun.Load():
		return nil
	}
	var claimed []*outPipe
	for _, o := range []*outPipe{p.pipe(p.Stdout), p.pipe(p.Stderr)} {
		if o == nil {
			continue
		}
		if err := o.claim("Communicate"); err != nil {
			for _, o := range claimed {
				o.release()
			}
			return err
		}
		claimed = append(claimed, o)
	}
	t.begun.Store(true)
	for _, o := range claimed {
		if o == p.out {
			t.out = newGather(p, o)
		} else {
			t.errs = newGather(p, o)
		}
	}
	t.sent = make(chan struct{})
	if p.Stdin == nil || p.cmd.PTY != nil && p.cmd.Stdin == nil && input == nil {
		close(t.sent) // nobody else types at that terminal: it stays silent
		return nil
	}
	go func() {
		defer close(t.sent)
		p.guard("stdin", func() error { return p.send(input) })
	}()
	return nil
}

// pipe is an outPipe that stands in one of the fields; nil if that does not.
func (p *Popen) pipe(r io.Reader) *outPipe {
	o, _ := r.(*outPipe)
	return o
}

// send writes the input and closes the pipe.
func (p *Popen) send(input []byte) error {
	if len(input) >= growAfter && p.cmd.PipeSize == 0 && p.cmd.PTY == nil {
		defer shrinkPipe(growPipe(p.in.file))
	}
	if len(input) > 0 {
		if _, err := p.in.Write(input); err != nil {
			p.in.Close()
			return wanted(err)
		}
	}
	if err := p.in.Close(); err != nil {
		return wanted(err)
	}
	return nil
}

// endTalk makes the results when all is there.
func (p *Popen) endTalk() ([]byte, []byte, error) {
	t := &p.talk
	t.mu.Lock()
	defer t.mu.Unlock()
	err := p.copied() // may panic
	if !t.known {
		t.stdout, t.failure = t.out.result(p)
		var other error
		t.stderr, other = t.errs.result(p)
		if t.failure == nil {
			t.failure = other
		}
		if t.failure == nil {
			t.failure = err
		}
		t.known = true
	}
	return t.stdout, t.stderr, t.failure
}

// ended is closed when all is gathered.
func (g *gather) ended(p *Popen) <-chan struct{} {
	if g == nil {
		return p.done // nothing to gather
	}
	return g.done
}

// result is what was gathered, as text if that is asked for.
func (g *gather) result(p *Popen) (data []byte, err error) {
	if g == nil {
		return nil, nil
	}
	data = g.data
	if g.over {
		return data, &OutputError{Completed: p.completed(), Stream: g.o.name, Max: g.max}
	}
	err = g.err
	if g.o.text && !g.o.begun && !p.cmd.Text.idle(data) {
		var other error
		data, other = io.ReadAll(p.cmd.Text.reader(bytes.NewReader(data)))
		if err == nil {
			err = other
		}
	}
	if err != nil && !errors.Is(err, os.ErrClosed) { // as Python has it: the caller did
		return data, fmt.Errorf("subprocess: %s: %w", g.o.name, err)
	}
	return data, nil
}
