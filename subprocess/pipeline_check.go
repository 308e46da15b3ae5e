package subprocess

import (
	"errors"
	"fmt"
	"os"
	"slices"
)

// stageField names a field of a stage for an error.
func stageField(i int, field string) string { return fmt.Sprintf("Stages[%d].%s", i, field) }

// inStage says in which stage it was that something could not be.
func inStage(i, n int, err error) error {
	if n == 1 {
		return err
	}
	if arg := (*ArgumentError)(nil); errors.As(err, &arg) {
		in := *arg
		in.Field = stageField(i, arg.Field)
		return &in
	}
	return fmt.Errorf("stage %d of %d: %w", i+1, n, err)
}

// check returns a copy of the stages in which nothing excludes the pipes between
// them. What else may be wrong with a stage its start finds.
func (s Stages) check() (Stages, error) {
	if len(s) == 0 {
		return nil, bad("Stages", "empty: a pipeline has one stage at least")
	}
	s = slices.Clone(s)
	last := len(s) - 1
	for i := range s {
		cmd := &s[i]
		if i > 0 {
			switch {
			case cmd.Stdin != nil:
				return nil, bad(stageField(i, "Stdin"), "it is the pipe from the stage before: leave it nil")
			case cmd.Input != nil:
				return nil, bad(stageField(i, "Input"), "only the first stage has one")
			}
		}
		if i < last && cmd.Stdout != nil {
			return nil, bad(stageField(i, "Stdout"), "it is the pipe to the next stage: leave it nil")
		}
		if last > 0 && cmd.PTY != nil {
			return nil, bad(stageField(i, "PTY"), "a terminal has no place among pipes: only a pipeline of one stage may have it")
		}
	}
	// All are looked at before the first one is started.
	for i := range s {
		if err := s[i].check(); err != nil {
			return nil, inStage(i, len(s), err)
		}
	}
	return s, nil
}

// forRun returns the stages as they are started by Run, and their inputs.
func (s Stages) forRun() (Stages, [][]byte, error) {
	s, err := s.check()
	if err != nil {
		return nil, nil, err
	}
	inputs := make([][]byte, len(s))
	for i := range s {
		inputs[i] = s[i].Input
		if i < len(s)-1 && s[i].Capture {
			s[i].Capture, s[i].Stderr = false, Pipe
		}
		if s[i], err = s[i].captured(); err != nil {
			return nil, nil, inStage(i, len(s), err)
		}
		s[i].Check = false // it is the pipeline that is checked
	}
	return s, inputs, nil
}

// stagePipe makes the pipe between a stage and the next.
func stagePipe(cmd *Cmd) (r, w *os.File, err error) {
	r, w, err = os.Pipe()
	if err != nil {
		return nil, nil, fmt.Errorf("subprocess: Stdout: %w", err)
	}
	if cmd.PipeSize > 0 {
		setPipeSize(w, cmd.PipeSize)
	}
	return r, w, nil
}
