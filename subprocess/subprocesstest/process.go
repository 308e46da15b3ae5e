package subprocesstest

import (
	"errors"
	"os"
	"runtime"
	"runtime/debug"
	"syscall"

	"github.com/conexgo/conex/internal/child"
)

var errDead = errors.New("subprocesstest: the process has ended")

// run plays the program.
func (c *Call) run(h Handler) {
	defer c.busy.Store(false)
	code := 2 // of a panic, and of a Goexit in a process that is not dead yet
	defer func() {
		if v := recover(); v != nil {
			c.set.tb.Errorf("subprocesstest: the function that plays %v panicked: %v\n%s", c, v, debug.Stack())
		}
		c.die(code)
	}()
	code = h(c)
}

// die ends the process. Only the first end counts.
func (c *Call) die(code int) {
	if code > 0 {
		code &= 0xff // all that a parent gets of it
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dead {
		return
	}
	c.dead, c.code = true, code
	if c.cancel == nil {
		return // found, but not started
	}
	c.cancel(errDead)
	c.files.Close()
	close(c.ended)
}

// kill ends the process by SIGKILL.
func (c *Call) kill() { c.die(-int(syscall.SIGKILL)) }

// lives says whether the process is not dead yet.
func (c *Call) lives() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.dead
}

// alive ends the goroutine if the process is dead.
func (c *Call) alive() {
	if !c.lives() {
		runtime.Goexit()
	}
}

// signal is the arrival of a signal.
func (c *Call) signal(sig syscall.Signal) error {
	c.mu.Lock()
	if c.dead {
		c.mu.Unlock()
		return os.ErrProcessDone
	}
	if sig == 0 {
		c.mu.Unlock()
		return nil
	}
	c.signals = append(c.signals, sig)
	ch, caught := c.caught[sig]
	c.mu.Unlock()
	switch {
	case caught:
		select {
		case ch <- sig: // never, if ch is nil
		default:
		}
	case !harmless(sig):
		c.die(-int(sig))
	}
	return nil
}

// A process is a Call as package subprocess sees it.
type process Call

func (p *process) PID() int              { return p.pid }
func (p *process) Done() <-chan struct{} { return p.ended }

func (p *process) Status() child.Status {
	code, dead := (*Call)(p).Result()
	switch {
	case !dead:
		return child.Status{}
	case code < 0:
		return child.Status{ExitCode: -1, Signal: syscall.Signal(-code)}
	}
	return child.Status{ExitCode: code}
}

func (p *process) Signal(sig os.Signal) error {
	s, ok := sig.(syscall.Signal)
	if !ok {
		return errors.New("subprocesstest: unsupported signal type")
	}
	return (*Call)(p).signal(s)
}

func (p *process) SignalGroup(sig syscall.Signal) error { return (*Call)(p).signal(sig) }
func (p *process) Kill() error                          { return (*Call)(p).signal(syscall.SIGKILL) }
