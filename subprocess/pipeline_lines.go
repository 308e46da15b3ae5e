package subprocess

import (
	"context"
	"iter"
)

// Lines starts the pipeline and returns the lines that its last stage writes while
// it writes them, and at the end what went wrong, if anything did: what Run would
// return. Otherwise it is as the function [Lines]: who leaves the loop ends all
// stages, and waits for that.
func (s Stages) Lines(ctx context.Context) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		if len(s) == 1 {
			Lines(ctx, s[0])(yield)
			return
		}
		cmds, inputs, err := s.forRun()
		if err != nil {
			yield(Line{}, err)
			return
		}
		n := len(cmds) - 1
		last := &cmds[n]
		if last.Stdout == nil {
			last.Stdout = Pipe
		}
		p, err := cmds.start(ctx)
		if err != nil {
			yield(Line{}, err)
			return
		}
		done := CompletedPipeline{Stages: make([]Completed, n+1)}
		errs := make([]error, n+1)
		others := crew{pipes: p}
		for i, stage := range p.Stages[:n] {
			waiting := cmds[i].waiting(ctx)
			others.serve(func() { done.Stages[i], errs[i] = stage.finish(waiting, inputs[i]) })
		}
		defer func() {
			_ = p.Kill() // nothing, at the end
			others.all.Wait()
			<-p.done
			for _, o := range p.Stages[n].outs() {
				o.Close()
			}
		}()
		for line, err := range p.Stages[n].Lines() {
			if err != nil {
				errs[n] = err // it is the last one
				break
			}
			if !yield(line, nil) {
				return
			}
		}
		<-p.Stages[n].done
		others.wait()
		done.Stages[n] = p.Stages[n].completed()
		err = stagesErr(errs)
		if err == nil {
			err = done.check(s)
		}
		if err != nil {
			yield(Line{}, err)
		}
	}
}
