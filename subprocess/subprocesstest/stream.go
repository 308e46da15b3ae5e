package subprocesstest

import (
	"os"
	"syscall"
)

// A reader is a process's standard input. It remembers what was read.
type reader struct{ c *Call }

func (r reader) Read(b []byte) (int, error) {
	r.c.alive()
	n, err := r.c.files.Std[0].Read(b)
	for aborted(err) && r.c.lives() {
		n, err = r.c.files.Std[0].Read(b)
	}
	r.c.mu.Lock()
	if !r.c.dead {
		r.c.input.Write(b[:n])
	}
	r.c.mu.Unlock()
	r.c.alive() // it may have died while it waited
	return n, err
}

// A writer is a process's standard output, or error.
type writer struct {
	c *Call
	f *os.File
}

func (w writer) Write(b []byte) (int, error) {
	w.c.alive()
	n, err := w.f.Write(b)
	for aborted(err) && w.c.lives() {
		var more int
		more, err = w.f.Write(b[n:])
		n += more
	}
	if brokenPipe(err) {
		// A real process would have had a signal first.
		_ = w.c.signal(syscall.SIGPIPE)
	}
	w.c.alive()
	return n, err
}
