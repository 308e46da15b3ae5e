package subprocess

import (
	"context"
	"os"
	"time"

	"github.com/conexgo/conex/internal/child"
	"github.com/conexgo/conex/internal/watch"
)

// Start starts a program and returns when it runs, or could not be: Python's
// Popen.
//
// When ctx ends, so does the program, with all that it has started: see
// Cmd.Grace; if ctx has ended already, nothing is started. When the program
// ends, what is left of its process group is killed, and when this program
// dies, even of SIGKILL, what it has started goes with it; see the package
// documentation for how far that reaches. Cmd.Detach leaves all of them alone.
//
// Errors: *ArgumentError for what cannot be; *fs.PathError for a program that is
// not there, that may not be executed, or is none, and for a directory; what
// ctx ended with; or what the system says. Then nothing is left behind.
func Start(ctx context.Context, cmd Cmd) (*Popen, error) {
	if cmd.Input != nil {
		return nil, bad("Input", "Start takes none: set Stdin to Pipe and use Communicate, or call Run")
	}
	if cmd.Capture {
		return nil, bad("Capture", "it is for Run: set Stdout and Stderr to Pipe")
	}
	return start(ctx, cmd)
}

// startHere is start for who only waits for the end: if wait is not nil it must
// be called, and is the waiting. Else somebody has to copy or to read meanwhile.
func startHere(ctx context.Context, cmd Cmd) (p *Popen, wait func(), err error) {
	for _, s := range []any{cmd.Stdin, cmd.Stdout, cmd.Stderr} {
		switch s.(type) {
		case nil, *os.File:
		default:
			if s != any(DevNull) && s != any(Stdout) {
				p, err = start(ctx, cmd)
				return p, nil, err
			}
		}
	}
	if cmd.PTY != nil || cmd.Detach || cmd.Unix.PreExec != nil {
		p, err = start(ctx, cmd)
		return p, nil, err
	}
	if p, err = startInline(ctx, cmd, true); err != nil {
		return nil, nil, err
	}
	if w, ok := p.proc.(interface{ Watch() }); ok {
		return p, w.Watch, nil
	}
	return p, nil, nil // one that a test plays
}

func start(ctx context.Context, cmd Cmd) (p *Popen, err error) {
	return startInline(ctx, cmd, false)
}

// startInline starts a program. If inline is true nobody waits for a real one.
func startInline(ctx context.Context, cmd Cmd, inline bool) (p *Popen, err error) {
	if ctx.Err() != nil {
		return nil, watch.Reason(ctx)
	}
	if err := cmd.check(); err != nil {
		return nil, err
	}
	p = &Popen{cmd: cmd, done: make(chan struct{}), shown: cmd.shownArgs()}
	l := &plan{ctx: ctx, cmd: &p.cmd, inline: inline}
	play, err := l.find(ctx)
	if err != nil {
		return nil, err
	}
	if err := audit(l); err != nil {
		return nil, err
	}
	if err := p.open(l); err != nil {
		l.close()
		p.closeEnds()
		return nil, err
	}
	p.began = time.Now()
	if play != nil {
		p.proc, err = l.play(play)
	} else {
		p.set.Add(1)
		defer p.set.Done()
		l.after = p.reapSet
		p.proc, err = l.start()
	}
	l.close()
	if err != nil {
		p.proc = nil
		p.closeEnds()
		return nil, err
	}
	p.begin()
	p.obey(ctx)
	if play != nil {
		go p.reap()
	}
	return p, nil
}

// reapSet is reap for the goroutine that has waited for a real process: one that
// need not be made and woken. The process may have been faster than start, or
// have ended because the start failed.
func (p *Popen) reapSet() {
	p.set.Wait()
	if p.proc != nil {
		p.reap()
	}
}

// reap waits for the end.
func (p *Popen) reap() {
	<-p.proc.Done()
	p.wall = time.Since(p.began)
	p.unobey()
	p.drain()
	close(p.done)
}

// obey ends the program with ctx.
func (p *Popen) obey(ctx context.Context) {
	if p.cmd.Detach || ctx.Done() == nil {
		return
	}
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		p.why = watch.Reason(ctx)
		if p.cmd.Grace > 0 && p.ask() == nil {
			timer := time.NewTimer(p.cmd.Grace)
			defer timer.Stop()
			select {
			case <-p.proc.Done():
				return
			case <-timer.C:
			}
		}
		p.proc.Kill()
	})
	p.unwatch, p.ended = stop, ended
}

// ask asks for an end within the grace. Whoever obeys leaves no orphans behind.
func (p *Popen) ask() error {
	if r, ok := p.proc.(interface{ Remember() }); ok {
		r.Remember()
	}
	return p.terminate()
}

// unobey ends that, and waits for it if it is under way.
func (p *Popen) unobey() {
	if p.unwatch != nil && !p.unwatch() {
		<-p.ended
	}
}

// close closes the descriptors that the program has now.
func (l *plan) close() {
	for _, f := range l.ours {
		f.Close()
	}
	l.ours = nil
}

// spec is the plan in the words of package child.
func (l *plan) spec() child.Spec {
	return child.Spec{
		Path: l.path, Args: l.args, Env: l.env, Dir: l.cmd.Dir,
		Stdin: l.stdin, Stdout: l.stdout, Stderr: l.stderr, Files: l.extra,
		After: l.after, Inline: l.inline,
	}
}

// own adds a descriptor that is closed here when the program has it.
func (l *plan) own(f *os.File) *os.File {
	l.ours = append(l.ours, f)
	return f
}
