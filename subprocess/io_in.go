package subprocess

import (
	"bufio"
	"errors"
	"io"
	"os"
	"sync"
	"syscall"
	"time"
)

// An inPipe is our end of the pipe to a program's standard input. Write may be
// called by any goroutine, Close also while it is under way: then it fails.
type inPipe struct {
	file     *os.File
	terminal bool // file is a terminal, which the output has, too

	mu     sync.Mutex // one Write at a time; protects following
	w      io.Writer  // file, or what is in front of it
	layers []io.Writer
	begun  bool // something was written
	midway bool // at a terminal: not at the begin of a line
	shut   bool
}

func newInPipe(f *os.File, cmd *Cmd) *inPipe {
	in := &inPipe{file: f}
	in.w = (*inFile)(in)
	if t := cmd.Text; t != nil {
		if t.Encode != nil {
			in.layer(t.Encode(in.w))
		}
		if w := t.lineEnds(in.w); w != nil {
			in.layer(w)
		}
	}
	if cmd.BufSize > 0 {
		in.layer(bufio.NewWriterSize(in.w, cmd.BufSize))
	}
	return in
}

// layer puts w in front of what there is.
func (in *inPipe) layer(w io.Writer) {
	in.w = w
	in.layers = append(in.layers, w)
}

// Write writes to the program, and waits while it does not read. If the program
// has closed its end the error matches syscall.EPIPE.
func (in *inPipe) Write(b []byte) (int, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.shut {
		return 0, os.ErrClosed
	}
	in.begun = true
	return in.w.Write(b)
}

// Flush writes what is buffered.
func (in *inPipe) Flush() error {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.flush()
}

// flush flushes from the outermost layer on.
func (in *inPipe) flush() error {
	for i := len(in.layers) - 1; i >= 0; i-- {
		if f, ok := in.layers[i].(interface{ Flush() error }); ok {
			if err := f.Flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// Close writes what is buffered and ends the program's input. At a terminal it
// types the character that means the end.
func (in *inPipe) Close() error {
	if !in.mu.TryLock() {
		// A Write that waits for the program: it must not keep us.
		return in.hangUp()
	}
	defer in.mu.Unlock()
	if in.shut {
		return os.ErrClosed
	}
	in.shut = true
	err := in.flush()
	for i := len(in.layers) - 1; i >= 0; i-- {
		// An encoder may have an end of its own to write.
		if c, ok := in.layers[i].(io.Closer); ok {
			err = errors.Join(err, c.Close())
		}
	}
	if in.terminal {
		return errors.Join(err, in.typeEnd())
	}
	return errors.Join(err, in.file.Close())
}

// typeEnd types control-D, which ends the input at the begin of a line, and
// elsewhere only sends what there is of it.
func (in *inPipe) typeEnd() error {
	end := "\x04"
	if in.midway {
		end = "\x04\x04"
	}
	_, err := in.file.WriteString(end)
	return err
}

// hangUp closes the pipe under whoever writes to it.
func (in *inPipe) hangUp() error {
	if in.terminal {
		// The output has the same file.
		return in.file.SetWriteDeadline(time.Unix(1, 0))
	}
	return in.file.Close()
}

// whole returns the file if nothing stands before it and it is still ours, so
// that another program may have it as its own.
func (in *inPipe) whole() *os.File {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.terminal || in.shut || len(in.layers) > 0 {
		return nil
	}
	return in.file
}

// An inFile is the innermost layer.
type inFile inPipe

func (f *inFile) Write(b []byte) (int, error) {
	if f.terminal && len(b) > 0 {
		f.midway = b[len(b)-1] != '\n'
	}
	return f.file.Write(b)
}

// broken says whether an error of writing only means that the program does not
// want any more, or that we have hung up.
func broken(err error) bool {
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, os.ErrClosed) ||
		errors.Is(err, os.ErrDeadlineExceeded) || isNoData(err)
}
