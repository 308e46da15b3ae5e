package subprocess

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
)

// A CompletedPipeline is what is known of a pipeline that has ended.
type CompletedPipeline struct {
	// Stages are what is known of each stage, in order.
	Stages []Completed
}

// Code returns the status of the pipeline: the code of the last stage that
// failed, as [Stages] says, or 0.
func (c CompletedPipeline) Code() int {
	if i := failedStage(c.Stages); i >= 0 {
		return c.Stages[i].Code
	}
	return 0
}

// Stdout returns what the last stage wrote, if that was captured.
func (c CompletedPipeline) Stdout() []byte {
	if len(c.Stages) == 0 {
		return nil
	}
	return c.Stages[len(c.Stages)-1].Stdout
}

// Check returns a *CalledProcessError for the last stage that failed, if one did.
// What Cmd.Check says of the stages does not matter.
func (c CompletedPipeline) Check() error {
	if i := failedStage(c.Stages); i >= 0 {
		return c.Stages[i].Check()
	}
	return nil
}

// String describes the CompletedPipeline for messages.
func (c CompletedPipeline) String() string {
	stages := make([]string, len(c.Stages))
	for i, stage := range c.Stages {
		stages[i] = stage.String()
	}
	return fmt.Sprintf("subprocess.CompletedPipeline(code %d, %s)", c.Code(), strings.Join(stages, " | "))
}

// failedStage returns the number of the last stage that failed, or -1.
func failedStage(stages []Completed) int {
	for i := len(stages) - 1; i >= 0; i-- {
		if stageFailed(stages, i) {
			return i
		}
	}
	return -1
}

// stageFailed reports whether a stage failed. Who died of SIGPIPE did not, if
// the one who read from it did not either.
func stageFailed(stages []Completed, i int) bool {
	switch stages[i].Code {
	case 0:
		return false
	case -int(syscall.SIGPIPE):
		return i == len(stages)-1 || stageFailed(stages, i+1)
	}
	return true
}

// stagesErr returns the error of the last stage that has one. But the end of the
// context comes before all others, which may follow from it.
func stagesErr(errs []error) (chosen error) {
	over := false
	for i, err := range errs {
		late := errors.As(err, new(*TimeoutError))
		if err != nil && (late || !over) {
			chosen, over = inStage(i, len(errs), err), late
		}
	}
	return chosen
}

// check returns the error for the last of those stages that are to be checked and
// have failed.
func (c CompletedPipeline) check(s Stages) error {
	for i := len(s) - 1; i >= 0; i-- {
		if s[i].Check && stageFailed(c.Stages, i) {
			return c.Stages[i].Check()
		}
	}
	return nil
}
