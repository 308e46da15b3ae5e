package multiprocessing

import (
	"context"

	"github.com/conexgo/conex/internal/remote"
	"github.com/conexgo/conex/internal/watch"
	"github.com/conexgo/conex/internal/worker"
)

// Start starts the process and returns once its function runs. ctx bounds the
// life of the process: its deadline and its end, with their cause, are those of
// the context that the function gets, and the values that propagators know
// cross as well. A function that has not returned a grace later ([WithGrace])
// is killed with all that it started. A process that is to outlive the caller's
// context is given context.WithoutCancel of it.
//
// The errors are [ErrAlreadyStarted], [ErrClosed], [ErrDaemonChild] in a
// daemonic process, [ErrStartMethod], one that matches ctx's if ctx ends first,
// and those that say why the process could not be started: the program does not
// call conex.Main or conex.Init, the system has no more processes or
// descriptors, the argument cannot be encoded, the child does not know the
// function. After any of these but the first two no user code has run in the
// child, no process is left, and Start may be called again.
//
// Start waits for the child to come up, a millisecond for a small program. To
// start many at a time call it from several goroutines.
func (p *Process) Start(ctx context.Context) error {
	if err := p.mayStart(ctx); err != nil {
		return err
	}
	l, err := p.newLink(ctx)
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil {
		p.state = initial
		return err
	}
	p.state, p.link, p.pid = started, l, l.child.PID()
	active.add(p)
	stop := context.AfterFunc(ctx, func() { p.over(ctx, l) })
	go p.follow(l, stop)
	logDebug("started", "child", p.name, "pid", p.pid)
	return nil
}

// mayStart refuses, or makes p's state starting.
func (p *Process) mayStart(ctx context.Context) error {
	if err := worker.Check(); err != nil {
		return err
	}
	if CurrentProcess().Daemon() {
		return p.misuse(ErrDaemonChild)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch p.state {
	case initial:
	case closed:
		return p.misuse(ErrClosed)
	default:
		return p.misuse(ErrAlreadyStarted)
	}
	if ctx.Err() != nil {
		return watch.Reason(ctx)
	}
	p.state = starting
	return nil
}

// newLink gets a child that runs p's function.
func (p *Process) newLink(ctx context.Context) (*link, error) {
	m := p.ctx.Method
	if m == DefaultStartMethod {
		m = GetStartMethod()
	}
	if err := m.check(); err != nil {
		return nil, err
	}
	c, err := p.newCall(ctx)
	if err != nil {
		return nil, err
	}
	defer c.release()
	var l *link
	if m == ForkServer {
		l, err = stock.start(ctx, c)
	} else {
		l, err = spawn(ctx, c)
	}
	if err != nil && ctx.Err() == nil {
		err = about("starting "+p.Name(), err)
	}
	return l, err
}

// spawn starts a process for c.
func spawn(ctx context.Context, c *call) (*link, error) {
	l, err := launch(executable(), ourStreams())
	if err != nil {
		return nil, err
	}
	if err := l.begin(ctx, c, nil); err != nil {
		return nil, err
	}
	return l, nil
}

// follow is p's goroutine in the parent: it waits for the end of the child.
func (p *Process) follow(l *link, stop func() bool) {
	result := l.ended()
	stop()
	code := exitCode(l.child.Status())
	var err error
	if code != 0 {
		err = &ExitError{code}
		if returned, _, bad := remote.Read(result); len(result) > 0 && bad == nil && returned != nil && code > 0 {
			err = returned
		}
	}
	p.mu.Lock()
	p.link, p.code, p.err = nil, code, err
	if p.state != closed {
		p.state = stopped
	}
	active.remove(p)
	close(p.done)
	p.mu.Unlock()
}
