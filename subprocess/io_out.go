package subprocess

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// defaultBuf is what Popen.Stdout and Popen.Stderr read with.
const defaultBuf = 64 << 10

// An outPipe is our end of the pipe from a program's standard output or error.
// What reads it may be the caller, as Popen.Stdout, or one of Communicate, Lines
// and a copy to a writer; whoever comes later gets what the one before has left.
type outPipe struct {
	name     string // "stdout" or "stderr"
	file     *os.File
	terminal bool
	bufSize  int

	// taken says who reads it now in the caller's stead, so that a Read by the
	// caller fails, instead of waiting for ever or stealing.
	taken atomic.Pointer[string]

	mu      sync.Mutex // held by who reads; protects following
	src     io.Reader  // the bytes, or what makes text of them
	text    bool       // it does
	begun   bool       // src was read from
	store   []byte     // the buffer,
	r, w    int        // of which this was read and not yet taken
	dull    int        // and this much has no end of a line
	err     error      // the end, which comes after it
	seen    int64      // bytes of the program
	fixed   bool       // the pipe's size is
	grown   int64      // what it has of the common allowance
	swept   bool       // the time to wait is over:
	allowed int        // only what is in the pipe, this much at most, is read
}

func newOutPipe(name string, f *os.File, cmd *Cmd) *outPipe {
	o := &outPipe{name: name, file: f, bufSize: cmd.BufSize, fixed: cmd.PipeSize > 0}
	if o.bufSize == 0 {
		o.bufSize = defaultBuf
	}
	o.src = (*outFile)(o)
	if t := cmd.Text; t != nil {
		if r := t.reader(o.src); r != o.src {
			o.src, o.text = r, true
		}
	}
	return o
}

// Read reads what the program has written, and waits for it.
func (o *outPipe) Read(b []byte) (int, error) {
	if by := o.taken.Load(); by != nil {
		return 0, fmt.Errorf("subprocess: %s is read by %s", o.name, *by)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.r == o.w {
		switch {
		case o.err != nil:
			return 0, o.err
		case len(b) == 0:
			return 0, nil
		case len(b) >= o.bufSize:
			o.begun = true
			n, err := o.src.Read(b)
			return n, err
		}
		if err := o.fill(o.bufSize); err != nil {
			return 0, err
		}
	}
	n := copy(b, o.store[o.r:o.w])
	o.r += n
	o.dull = 0
	return n, nil
}

// Close closes our end. A program that writes to it then gets SIGPIPE. A Read
// that is under way fails.
func (o *outPipe) Close() error { return o.file.Close() }

// fill reads once into the store, which has at least the size given then. It
// returns an error only if there was nothing. The caller holds mu.
func (o *outPipe) fill(size int) error {
	if o.err != nil {
		return o.err
	}
	if o.r == o.w {
		o.r, o.w = 0, 0
	}
	if pending := o.w - o.r; len(o.store) < size || pending > len(o.store)/4*3 {
		to := make([]byte, max(size, 2*pending))
		o.w = copy(to, o.store[o.r:o.w])
		o.r, o.store = 0, to
	} else if len(o.store)-o.w < size/4 {
		o.w = copy(o.store, o.store[o.r:o.w])
		o.r = 0
	}
	o.begun = true
	n, err := o.src.Read(o.store[o.w:])
	o.w += n
	if err != nil {
		o.err = err
	}
	if n > 0 {
		return nil
	}
	return err
}

// claim takes the stream for who, unless another has it.
func (o *outPipe) claim(who string) error {
	if !o.taken.CompareAndSwap(nil, &who) {
		by := "another"
		if s := o.taken.Load(); s != nil {
			by = *s
		}
		return fmt.Errorf("%w: %s is read by %s already", ErrSubprocess, o.name, by)
	}
	return nil
}

func (o *outPipe) release() { o.taken.Store(nil) }

// whole returns the file if nothing was read from it here, so that another
// program may have it as its own.
func (o *outPipe) whole() *os.File {
	if o.taken.Load() != nil || !o.mu.TryLock() {
		return nil
	}
	defer o.mu.Unlock()
	if o.begun || o.text || o.terminal {
		return nil
	}
	return o.file
}

// An outFile is an outPipe's bytes as they come.
type outFile outPipe

func (f *outFile) Read(b []byte) (int, error) {
	if f.swept {
		return f.sweep(b)
	}
	n, err := f.file.Read(b)
	f.seen += int64(n)
	switch {
	case err == nil:
		return n, nil
	case errors.Is(err, os.ErrDeadlineExceeded):
		f.swept, f.allowed = true, pipeSize(f.file)
		return f.sweep(b)
	case f.terminal && errors.Is(err, syscall.EIO):
		return n, io.EOF // nobody is at the terminal any more
	}
	return n, err
}

// sweep reads what is in the pipe and does not wait. Who writes as fast as we
// read cannot keep us: what was there when the time was over is not more than
// the pipe holds.
func (f *outFile) sweep(b []byte) (int, error) {
	if len(b) > f.allowed {
		b = b[:f.allowed]
	}
	if len(b) == 0 {
		return 0, io.EOF
	}
	n := readNow(f.file, b)
	if n <= 0 {
		return 0, io.EOF
	}
	f.allowed -= n
	f.seen += int64(n)
	return n, nil
}

// until is when waiting for more ends; the zero time is never.
func (o *outPipe) until(t time.Time) {
	if errors.Is(o.file.SetReadDeadline(t), os.ErrNoDeadline) {
		// Blocking pipes (Windows): closing ends the read that waits.
		time.AfterFunc(time.Until(t), func() { o.file.Close() })
	}
}

// quick makes the pipe a big one when the program has much to say.
func (o *outPipe) quick() {
	if !o.fixed && o.seen >= growAfter {
		o.fixed = true
		o.grown = growPipe(o.file)
	}
}

// modest gives back what quick took. The pipe will not last long.
func (o *outPipe) modest() {
	shrinkPipe(o.grown)
	o.grown = 0
}
