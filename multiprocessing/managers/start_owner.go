package managers

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/conexgo/conex/internal/exit"
	"github.com/conexgo/conex/internal/watch"
	"github.com/conexgo/conex/multiprocessing"
)

// An owner is what a Manager has that has started its server.
type owner struct {
	p       *multiprocessing.Process
	timeout time.Duration
	dir     string        // of the socket, to be removed
	gone    chan struct{} // closed when the process has ended and nothing is left of it

	ending sync.Mutex // one end at a time

	mu     sync.Mutex
	forget func() // what is to be done at the end of the program
}

func newOwner(p *multiprocessing.Process, timeout time.Duration, dir string) *owner {
	o := &owner{p: p, timeout: timeout, dir: dir, gone: make(chan struct{}), forget: func() {}}
	go func() {
		<-p.Done()
		removeDir(o.dir) // which a killed server leaves
		o.mu.Lock()
		forget := o.forget
		o.mu.Unlock()
		forget()
		close(o.gone)
	}()
	return o
}

// adopt makes m the owner's: it ends with the program.
func (o *owner) adopt(m *Manager) {
	m.owner = o
	// Before children are waited for: the server waits for us.
	forget := exit.Register(exit.Children, func(ctx context.Context) {
		m.Shutdown(context.WithoutCancel(ctx))
	})
	o.mu.Lock()
	o.forget = forget
	o.mu.Unlock()
	if o.ended() {
		forget()
	}
}

// end ends the process: it asks for that, terminates it, and kills it, with the
// timeout in between. When ctx ends it kills at once. ask may be nil.
func (o *owner) end(ctx context.Context, ask func(context.Context) error) error {
	o.ending.Lock()
	defer o.ending.Unlock()
	if o.ended() {
		<-o.gone
		return nil
	}
	log := multiprocessing.Logger()
	if ask != nil {
		log.Info("sending shutdown message to manager")
		wait, cancel := context.WithTimeout(ctx, o.timeout)
		if ask(wait) == nil {
			o.p.Join(wait)
		}
		cancel()
	}
	if !o.ended() && ctx.Err() == nil {
		log.Info("manager still alive: terminating it")
		o.p.Terminate()
		wait, cancel := context.WithTimeout(ctx, o.timeout)
		o.p.Join(wait)
		cancel()
	}
	var err error
	if !o.ended() {
		if ctx.Err() != nil {
			err = watch.Reason(ctx)
		}
		log.Info("manager still alive: killing it")
		o.p.Kill()
		o.p.Join(context.WithoutCancel(ctx))
	}
	<-o.gone
	return err
}

func (o *owner) ended() bool {
	select {
	case <-o.p.Done():
		return true
	default:
		return false
	}
}

// join waits for the end of the process.
func (o *owner) join(ctx context.Context) error {
	if err := o.p.Join(ctx); err != nil {
		return err
	}
	<-o.gone
	return nil
}

// shutdownOwn ends the server that m has started, and m.
func (m *Manager) shutdownOwn(ctx context.Context) error {
	err := m.owner.end(ctx, func(ctx context.Context) error {
		_, err := m.once(ctx, "shutdown", nil)
		return err
	})
	m.refs.forget()
	return errors.Join(err, m.hangUp())
}

// Join waits for the end of the process of a server that [Start] has started,
// at most until ctx ends, whose error it matches then. For other servers it
// returns nil at once.
func (m *Manager) Join(ctx context.Context) error {
	if m.owner == nil {
		return nil
	}
	return m.owner.join(ctx)
}

// Process returns the process of a server that [Start] has started, nil for
// others.
func (m *Manager) Process() *multiprocessing.Process {
	if m.owner == nil {
		return nil
	}
	return m.owner.p
}
