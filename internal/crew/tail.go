package crew

import (
	"bytes"
	"io"
	"os"
	"sync"
	"time"
)

const (
	tailSize = 8 << 10 // how much of the end of a worker's standard error is kept
	lastSize = 1 << 10 // and of the Go runtime's last words before it
)

// A tail passes on what a worker writes and keeps the end of it. A Go program
// that dies says why first and prints stacks without end afterwards, so the
// first lines of that are kept too.
type tail struct {
	mu    sync.Mutex
	buf   []byte // at most 2·tailSize, the last tailSize count
	last  []byte // from the runtime's last words on
	total int64
	at    int64 // where last begins, counted from the start

	pipe *os.File // its reading end, nil: nobody writes
	done chan struct{}
}

var lastWords = [][]byte{
	[]byte("fatal error: "),
	[]byte("panic: "),
	[]byte("runtime: out of memory"),
	[]byte("runtime: cannot allocate"),
	[]byte("runtime/cgo: "), // before the SIGABRT of who gets no thread
	[]byte("SIG"),
	[]byte("Fatal Python error: "),
}

func (t *tail) add(b []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.notice(b)
	t.total += int64(len(b))
	if len(b) > tailSize {
		b = b[len(b)-tailSize:]
	}
	if len(t.buf)+len(b) > 2*tailSize {
		t.buf = append(t.buf[:0], t.buf[max(0, len(t.buf)-tailSize):]...)
	}
	t.buf = append(t.buf, b...)
}

// notice keeps the first lines of a fatal error.
func (t *tail) notice(b []byte) {
	if n := len(t.last); n > 0 {
		t.last = append(t.last, b[:min(len(b), max(lastSize-n, 0))]...)
		return
	}
	for line, off := b, 0; ; {
		for _, w := range lastWords {
			if bytes.HasPrefix(line, w) {
				t.last = append(t.last, line[:min(len(line), lastSize)]...)
				t.at = t.total + int64(off)
				return
			}
		}
		i := bytes.IndexByte(line, '\n')
		if i < 0 {
			return
		}
		line, off = line[i+1:], off+i+1
	}
}

// text returns the end of what was written.
func (t *tail) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	end := t.buf[max(0, len(t.buf)-tailSize):]
	if len(t.last) > 0 && t.at < t.total-int64(len(end)) {
		return string(t.last) + "\n…\n" + string(end)
	}
	return string(end)
}

// end returns once everything that was written has been read, or nearly at once
// if a process that the worker started still has the pipe.
func (t *tail) end() {
	if t.pipe == nil {
		return
	}
	t.pipe.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	<-t.done
	t.pipe.Close()
}

// close is end for a worker that did not start.
func (t *tail) close() {
	if t.pipe != nil {
		t.pipe.Close()
		<-t.done
	}
}

// Streams returns what the worker's process gets as standard output and error.
// close closes what is not needed here any more, when it has started or failed
// to.
func (w *Worker) Streams() (stdout, stderr *os.File, close func(), err error) {
	cfg := &w.p.cfg
	_, stdout, err = sink(cfg.Stdout, w.p.stdout, nil)
	if err != nil {
		return nil, nil, nil, err
	}
	closeOut := func() {
		if stdout != w.p.stdout {
			stdout.Close()
		}
	}
	to := cfg.Stderr
	if to == nil {
		to = w.p.stderr
	}
	w.stderr.pipe, stderr, err = sink(to, nil, w.stderr)
	if err != nil {
		closeOut()
		return nil, nil, nil, err
	}
	return stdout, stderr, func() {
		closeOut()
		stderr.Close()
	}, nil
}

// sink returns the file that a worker gets as standard output or error. If dst
// is nil that is direct itself; else it is a pipe, of which r is the reading
// end, copied to dst and, if given, to t.
func sink(dst io.Writer, direct *os.File, t *tail) (r, w *os.File, err error) {
	if dst == nil {
		return nil, direct, nil
	}
	r, w, err = os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	done := make(chan struct{})
	if t != nil {
		t.done = done
	}
	go func() {
		defer close(done)
		if t == nil {
			defer r.Close()
		}
		buf := make([]byte, 4096)
		for {
			n, err := r.Read(buf)
			if n > 0 {
				if t != nil {
					t.add(buf[:n])
				}
				dst.Write(buf[:n]) // its failure must not stop the worker
			}
			if err != nil {
				return
			}
		}
	}()
	return r, w, nil
}
