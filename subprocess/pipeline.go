package subprocess

import (
	"context"
	"os"
	"strings"
)

// Stages are a pipeline: programs that run at the same time, of which each reads
// what the one before it writes, as in a shell's "a | b | c".
//
// They are plain data, like a [Cmd], and each stage is one, with its own Dir, Env,
// Check and so on. Between two stages there is a pipe of the system's: Stdout of
// all but the last and Stdin of all but the first must be nil. The rest means what
// it means for a program alone: Stdin or Input of the first, Stdout of the last,
// Stderr of each, which at [Stdout] goes into the pipe, too. Capture of the last
// collects what it writes, of another one what that writes to its standard error.
// Grace and Drain are each one's own, and so is Text: that of the first is for
// Input, that of the last for what comes out.
//
// # When a stage ends early
//
// This program holds no copy of the pipes. So a stage that goes on writing when
// the next one has ended is killed by SIGPIPE, or gets an error if it ignores
// that signal; who writes no more, and does not end, is waited for, as in a
// shell: "sleep 60 | true" takes a minute.
//
// # The status of a pipeline
//
// It is that of the last stage that failed, as a shell's with "set -o pipefail",
// and 0 if none did. But a stage that died of SIGPIPE because the next one had
// enough, which itself ended well, did not fail: the status of "yes | head -1" is
// 0, where that of the shell is 141. On Windows there is no SIGPIPE, and its
// programs end as they like.
type Stages []Cmd

// Pipeline returns a pipeline of programs.
//
//	subprocess.Pipeline(subprocess.Command("dmesg"), subprocess.Command("grep", "hda")).Output(ctx)
//
// A pipeline of one stage is that program.
func Pipeline(stages ...Cmd) Stages { return stages }

// Run runs the pipeline and returns when all its stages have ended.
//
// When ctx ends first, all stages are ended, each with its Grace, and waited for:
// the error is a *TimeoutError as that of the function [Run]. A stage that has
// Check set and fails, in the sense of [Stages], makes the error a
// *CalledProcessError: that of the last such stage. If one cannot be started,
// those that were are killed and waited for, and the error is that of the start;
// the Field of an *ArgumentError tells the stage. Whatever the error, what is
// known of the stages is returned, none if they were not all started. A panic of a
// stage's reader or writer kills all, and goes on in Run, as a *[PanicError].
func (s Stages) Run(ctx context.Context) (CompletedPipeline, error) {
	cmds, inputs, err := s.forRun()
	if err != nil {
		return CompletedPipeline{}, err
	}
	p, err := cmds.start(ctx)
	if err != nil {
		return CompletedPipeline{}, err
	}
	done := CompletedPipeline{Stages: make([]Completed, len(cmds))}
	errs := make([]error, len(cmds))
	all := crew{pipes: p}
	for i, stage := range p.Stages {
		waiting := cmds[i].waiting(ctx)
		all.serve(func() { done.Stages[i], errs[i] = stage.finish(waiting, inputs[i]) })
	}
	all.wait()
	if err := stagesErr(errs); err != nil {
		return done, err
	}
	return done, done.check(s)
}

// waiting is the context of the wait for a stage that ctx ends.
func (c *Cmd) waiting(ctx context.Context) context.Context {
	if c.Detach {
		return ctx // it goes on
	}
	return context.WithoutCancel(ctx)
}

// Output runs the pipeline and returns what its last stage writes. Every stage is
// checked: see Run. It is CheckOutput for pipelines, and like that returns the
// output beside an error, too.
func (s Stages) Output(ctx context.Context) ([]byte, error) {
	s = append(Stages(nil), s...)
	for i := range s {
		s[i].Check = true
	}
	if n := len(s); n > 0 && !s[n-1].Capture {
		if s[n-1].Stdout != nil {
			return nil, bad(stageField(n-1, "Stdout"), "Output sets it: leave it nil, or call Run")
		}
		s[n-1].Stdout = Pipe
	}
	done, err := s.Run(ctx)
	return done.Stdout(), err
}

// Start starts the pipeline and returns when all its stages run, or one could not
// be. When ctx ends, so do all of them. Errors are those of the function [Start],
// and of Run; then nothing is left behind.
func (s Stages) Start(ctx context.Context) (*Pipes, error) {
	cmds, err := s.check()
	if err != nil {
		return nil, err
	}
	for i := range cmds {
		if cmds[i].Input != nil {
			return nil, bad(stageField(i, "Input"), "Start takes none: set Stdin to Pipe and use Communicate, or call Run")
		}
	}
	return cmds.start(ctx)
}

// String is the pipeline as one would type it into a shell, without the Secrets.
func (s Stages) String() string {
	var b strings.Builder
	for i, cmd := range s {
		if i > 0 {
			b.WriteString(" | ")
		}
		b.WriteString(cmd.String())
	}
	return b.String()
}

// start starts stages that were checked.
func (s Stages) start(ctx context.Context) (*Pipes, error) {
	p := &Pipes{done: make(chan struct{})}
	var from *os.File // what the next stage reads from
	closeFrom := func() {
		if from != nil {
			from.Close()
			from = nil
		}
	}
	fail := func(i int, err error) (*Pipes, error) {
		closeFrom()
		p.abandon()
		return nil, inStage(i, len(s), err)
	}
	for i, cmd := range s {
		if from != nil {
			cmd.Stdin = from
		}
		var next, to *os.File
		if i < len(s)-1 {
			var err error
			if next, to, err = stagePipe(&cmd); err != nil {
				return fail(i, err)
			}
			cmd.Stdout = to
		}
		stage, err := start(ctx, cmd)
		// The stage has its copies. Ours would keep its neighbours from
		// noticing its end.
		closeFrom()
		if to != nil {
			to.Close()
		}
		from = next
		if err != nil {
			return fail(i, err)
		}
		p.Stages = append(p.Stages, stage)
	}
	p.Stdin, p.Stdout = p.Stages[0].Stdin, p.Stages[len(s)-1].Stdout
	go p.watch()
	return p, nil
}
