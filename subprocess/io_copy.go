package subprocess

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// defaultDrain is Cmd.Drain's.
const defaultDrain = 100 * time.Millisecond

// copies is what goes on between a program and the readers and writers of its
// Cmd, of which each has a goroutine.
type copies struct {
	out  sync.WaitGroup // those to writers
	feed *feed          // that from a reader, or nil

	mu     sync.Mutex // protects following
	ended  time.Time  // when the program did
	reads  []*outPipe // those whose reading ends Cmd.Drain after that
	sealed bool       // nothing is reported any more
	err    error      // the first error
	crash  *crash     // the first panic
}

// begin starts what copies: the program runs.
func (p *Popen) begin() {
	if p.in != nil && p.Stdin == nil {
		p.io.feed = newFeed(p, p.cmd.Stdin)
	}
	if p.out != nil && p.Stdout == nil {
		p.copyTo(p.out, p.cmd.Stdout)
	}
	if p.err != nil && p.Stderr == nil {
		p.copyTo(p.err, p.cmd.Stderr)
	}
}

// copyBufs are the buffers of copies to writers.
var copyBufs = sync.Pool{New: func() any { return new([defaultBuf]byte) }}

// copyTo copies an output to a writer. When that fails the pipe is closed, so
// that the program gets SIGPIPE and does not wait for us.
func (p *Popen) copyTo(o *outPipe, w io.Writer) {
	p.bound(o)
	p.io.out.Add(1)
	go func() {
		defer p.io.out.Done()
		defer o.file.Close()
		p.guard(o.name, func() error {
			o.mu.Lock()
			defer o.mu.Unlock()
			defer o.modest()
			buf := copyBufs.Get().(*[defaultBuf]byte)
			defer copyBufs.Put(buf)
			for {
				n, err := o.src.Read(buf[:])
				if n > 0 {
					o.quick()
					if k, err := w.Write(buf[:n]); err != nil {
						return err
					} else if k < n {
						return io.ErrShortWrite
					}
				}
				if err != nil {
					return ended(err)
				}
			}
		})
	}()
}

// ended is err, unless it is an end of file.
func ended(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}

// bound lets the reading of an output end Cmd.Drain after the program, if not
// earlier.
func (p *Popen) bound(o *outPipe) {
	c := &p.io
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reads = append(c.reads, o)
	if !c.ended.IsZero() {
		p.limit(o)
	}
}

// limit is bound when the program has ended. The caller holds mu.
func (p *Popen) limit(o *outPipe) {
	if p.cmd.Drain >= 0 {
		o.until(p.io.ended.Add(p.patience()))
	}
}

// patience is Cmd.Drain.
func (p *Popen) patience() time.Duration {
	if p.cmd.Drain > 0 {
		return p.cmd.Drain
	}
	return defaultDrain
}

// drain waits for the copies when the program has ended.
func (p *Popen) drain() {
	c := &p.io
	c.mu.Lock()
	c.ended = time.Now()
	for _, o := range c.reads {
		p.limit(o)
	}
	c.mu.Unlock()
	if p.in != nil && (p.io.feed != nil || p.talk.begun.Load()) {
		p.in.hangUp() // whatever else may hold the other end
	}
	c.out.Wait()
	if c.feed != nil {
		c.feed.wait(p.patience())
	}
	c.mu.Lock()
	c.sealed = true
	c.mu.Unlock()
}

// A feed copies from a reader to a program's standard input.
type feed struct {
	done    chan struct{}
	reading atomic.Bool // inside of the reader, which may keep us for ever
}

func newFeed(p *Popen, r io.Reader) *feed {
	f := &feed{done: make(chan struct{})}
	go func() {
		defer close(f.done)
		defer p.in.Close()
		p.guard("stdin", func() error { return f.copy(p.in, r) })
	}()
	return f
}

// copy is io.Copy, and knows where it is.
func (f *feed) copy(to *inPipe, from io.Reader) error {
	switch r := from.(type) {
	case *bytes.Reader, *strings.Reader, *bytes.Buffer:
		// They never wait, and have it all at hand.
		_, err := r.(io.WriterTo).WriteTo(to)
		return wanted(err)
	}
	buf := copyBufs.Get().(*[defaultBuf]byte)
	defer copyBufs.Put(buf)
	for {
		f.reading.Store(true)
		n, err := from.Read(buf[:])
		f.reading.Store(false)
		if n > 0 {
			if _, err := to.Write(buf[:n]); err != nil {
				return wanted(err)
			}
		}
		if err != nil {
			return ended(err)
		}
	}
}

// wanted is err, unless that only means that the program does not read any more.
func wanted(err error) error {
	if broken(err) {
		return nil
	}
	return err
}

// wait waits for the end of the copying, when nothing can be written any more. A
// reader gets some time to return, for its owner may want to use it again; but
// one that waits for a key to be pressed, say, does not hold anybody up longer
// than that: its goroutine goes when it returns.
func (f *feed) wait(patience time.Duration) {
	select {
	case <-f.done:
		return
	default:
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		select {
		case <-f.done:
			return
		case <-timer.C:
			if f.reading.Load() {
				return
			}
			timer.Reset(patience)
		}
	}
}

// errGoexit is what a copy ends with whose reader or writer did not return.
var errGoexit = errors.New("subprocess: a reader or writer of the Cmd called runtime.Goexit")
