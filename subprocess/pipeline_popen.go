package subprocess

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// A Pipes is a pipeline that was started by [Stages.Start]. It must not be copied,
// its methods are safe for concurrent use, and as a [Popen] it need not be closed.
type Pipes struct {
	// Stages are the programs, in order.
	Stages []*Popen

	// Stdin is the first stage's and Stdout the last one's, nil where the Cmd did
	// not say Pipe. As with a Popen all that are Pipe must be read at the same
	// time, also those at the Stderr of a stage; and after Communicate was
	// called they must not be used any more.
	Stdin  io.WriteCloser
	Stdout io.ReadCloser

	done chan struct{} // closed by watch
}

// watch waits for the end of all stages.
func (p *Pipes) watch() {
	for _, stage := range p.Stages {
		<-stage.Done()
	}
	close(p.done)
}

// abandon ends the stages of a pipeline that cannot be started, and waits for
// that.
func (p *Pipes) abandon() {
	_ = p.Kill()
	for _, stage := range p.Stages {
		// Nobody else can have our ends yet.
		stage.closeEnds()
		<-stage.Done()
	}
}

// Done returns a channel that is closed when all stages have ended.
func (p *Pipes) Done() <-chan struct{} { return p.done }

// Poll returns the status of the pipeline, as [Stages] says, and whether it has
// ended: all its stages have.
func (p *Pipes) Poll() (code int, ended bool) {
	select {
	case <-p.done:
		return p.completed().Code(), true
	default:
		return 0, false
	}
}

// Wait waits until all stages have ended, and returns the status of the pipeline.
// When ctx ends first, the error is a *TimeoutError, and the pipeline goes on. See
// [Popen.Wait] for other errors: that of the last stage which has one is returned,
// beside the status.
func (p *Pipes) Wait(ctx context.Context) (code int, err error) {
	errs := make([]error, len(p.Stages))
	for i, stage := range p.Stages {
		_, errs[i] = stage.Wait(ctx)
	}
	err = stagesErr(errs)
	if errors.As(err, new(*TimeoutError)) {
		return 0, err
	}
	return p.completed().Code(), err
}

// Communicate writes input to the first stage's Stdin, if that is Pipe, and closes
// it, reads all that is Pipe to its end, waits for all stages, and returns what the
// last one has written. What the stages have written to their standard errors their
// own Communicate returns after it.
//
// When ctx ends first, the error is a *TimeoutError and the pipeline goes on;
// Communicate may be called again, without input, and nothing is lost.
func (p *Pipes) Communicate(ctx context.Context, input []byte) (stdout []byte, err error) {
	outs, errs := make([][]byte, len(p.Stages)), make([]error, len(p.Stages))
	all := crew{pipes: p}
	for i, stage := range p.Stages {
		in := input
		if i > 0 {
			in = nil
		}
		all.serve(func() { outs[i], _, errs[i] = stage.Communicate(ctx, in) })
	}
	all.wait()
	return outs[len(outs)-1], stagesErr(errs)
}

// Terminate asks all stages to end, as [Popen.Terminate] does.
func (p *Pipes) Terminate() error { return p.each((*Popen).Terminate) }

// Kill kills all stages and what they have started, as [Popen.Kill] does.
func (p *Pipes) Kill() error { return p.each((*Popen).Kill) }

func (p *Pipes) each(f func(*Popen) error) error {
	var errs []error
	for _, stage := range p.Stages {
		errs = append(errs, f(stage))
	}
	return errors.Join(errs...)
}

// completed is what is known of the pipeline when all stages have ended.
func (p *Pipes) completed() CompletedPipeline {
	var c CompletedPipeline
	for _, stage := range p.Stages {
		c.Stages = append(c.Stages, stage.completed())
	}
	return c
}

// String describes the Pipes for messages.
func (p *Pipes) String() string {
	var stages []string
	for _, stage := range p.Stages {
		stages = append(stages, stage.String())
	}
	return fmt.Sprintf("subprocess.Pipes(%s)", strings.Join(stages, " | "))
}
