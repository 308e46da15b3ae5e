package subprocess

import (
	"fmt"
	"runtime/debug"
)

// A PanicError is what Run, Wait, Communicate and Lines panic with when a reader
// or a writer of the Cmd, or a function of its Text, has panicked in a goroutine
// of ours. The program was killed then. Who never waits for the program does not
// hear of it.
type PanicError struct {
	Value any    // what it panicked with
	Stack []byte // where
}

// Error says what the panic was, and where.
func (e *PanicError) Error() string {
	return fmt.Sprintf("subprocess: a reader or writer of the Cmd panicked: %v\n\n%s", e.Value, e.Stack)
}

// Unwrap returns the value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// crash is a panic on its way.
type crash = PanicError

// guard calls f, in which the caller's code runs. An error is kept, for Wait. A
// panic, or an end of the goroutine, kills the program, which may wait for what
// does not come any more, and is kept, too: it goes on in whoever waits for the
// program, since here it would end ours without a word to its owner.
func (p *Popen) guard(stream string, f func() error) {
	returned := false
	defer func() {
		if returned {
			return
		}
		if v := recover(); v != nil {
			p.fail(nil, &crash{v, debug.Stack()})
		} else {
			p.fail(errGoexit, nil)
		}
		p.proc.Kill()
	}()
	err := f()
	returned = true
	if err != nil {
		p.fail(fmt.Errorf("subprocess: %s: %w", stream, err), nil)
	}
}

// fail keeps the first error and the first panic.
func (p *Popen) fail(err error, why *crash) {
	p.io.mu.Lock()
	defer p.io.mu.Unlock()
	if p.io.err == nil && !p.io.sealed {
		p.io.err = err
	}
	if p.io.crash == nil {
		p.io.crash = why
	}
}

// copied returns the error of the copies, or panics with their panic. The
// program must be done.
func (p *Popen) copied() error {
	p.io.mu.Lock()
	err, why := p.io.err, p.io.crash
	p.io.mu.Unlock()
	if why != nil {
		panic(why)
	}
	return err
}
