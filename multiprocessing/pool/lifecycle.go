package pool

import (
	"context"
	"errors"

	"github.com/conexgo/conex/futures"
)

// over is a context that has ended: to start what would wait under it.
var over = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()

// Close makes the pool refuse further calls, with [ErrNotRunning]. Those that
// were made are finished, inputs of IMap included, and then the workers end.
// Close does not wait; Join does. Closing again, or after Terminate, does
// nothing.
func (p *Pool) Close() {
	if p == nil {
		return
	}
	p.mu.Lock()
	if p.state.Load() != stateRun {
		p.mu.Unlock()
		return
	}
	p.state.Store(stateClose)
	if p.scope != nil {
		p.dropScope(p.scope)
	}
	for n := p.live.next; n != &p.live; n = n.next {
		if it, ok := n.call.(interface{ wakeFeeder() }); ok {
			it.wakeFeeder() // it need not wait for room any more
		}
	}
	p.mu.Unlock()
	p.maybeEnd()
}

// feed notes that somebody will submit several tasks, or refuses it. Until it
// calls fedUp the executor takes tasks, if the pool is not terminated.
func (p *Pool) feed() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.state.Load() != stateRun {
		return ErrNotRunning
	}
	p.feeders++
	return nil
}

func (p *Pool) fedUp() {
	p.mu.Lock()
	p.feeders--
	last := p.feeders == 0 && p.state.Load() >= stateClose
	p.mu.Unlock()
	if last {
		p.maybeEnd()
	}
}

// maybeEnd shuts the executor down once nothing will be submitted any more.
func (p *Pool) maybeEnd() {
	p.mu.Lock()
	terminated := p.state.Load() == stateTerminate
	if p.ended || !terminated && (p.state.Load() != stateClose || p.feeders > 0) {
		p.mu.Unlock()
		return
	}
	p.ended = true
	close(p.fed)
	p.mu.Unlock()
	if terminated {
		return // Terminate sees to it
	}
	p.ex.Shutdown(over) // it goes on in the background
}

// Terminate ends the pool now. Worker processes are ended with everything that
// they started; goroutines have their contexts ended. What was not finished
// fails with an error matching [ErrTerminated], so nobody waits for it in vain.
// Terminate does not wait for the workers to end; Join does. It may be called
// again and after Close: defer it.
func (p *Pool) Terminate() {
	if p == nil {
		return
	}
	p.mu.Lock()
	if s := p.state.Load(); s == stateInit || s == stateTerminate {
		p.mu.Unlock()
		return
	}
	p.state.Store(stateTerminate)
	p.mu.Unlock()
	p.endLive(ErrTerminated)
	if p.kill != nil {
		p.kill()
	} else {
		p.ex.ShutdownNow(over)
	}
	p.maybeEnd()
}

// Join waits until the workers have ended, and returns nil. The pool must have
// been closed or terminated, else Join answers [ErrRunning]. When ctx ends first
// the error matches multiprocessing.ErrTimeout and that of ctx, and the pool ends
// without being waited for; Join may be called again.
//
// Whatever the calls did happens before Join returns nil.
func (p *Pool) Join(ctx context.Context) error {
	switch {
	case p == nil || p.state.Load() == stateInit:
		return errNoPool
	case p.state.Load() == stateRun:
		return ErrRunning
	}
	select {
	case <-p.fed:
	default:
		select {
		case <-p.fed:
		case <-ctx.Done():
			return waitOver(ctx)
		}
	}
	err := p.ex.Shutdown(ctx)
	if err != nil && ctx.Err() != nil && errors.Is(err, futures.ErrStillRunning) {
		return waitOver(ctx)
	}
	return err
}
