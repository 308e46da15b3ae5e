package subprocess

import (
	"fmt"
	"io"
	"os"
	"reflect"
)

// open opens the streams of a plan, whose Cmd was checked: the program's ends go
// into l, ours into p. On an error the caller closes both.
func (p *Popen) open(l *plan) error {
	if l.cmd.PTY != nil {
		return p.openTerminal(l)
	}
	if err := p.openIn(l); err != nil {
		return err
	}
	if err := p.openOut(l, l.cmd.Stdout, "Stdout", os.Stdout, &l.stdout, &p.out); err != nil {
		return err
	}
	if p.out != nil && l.cmd.Stdout == Pipe {
		p.Stdout = p.out
	}
	if same(l.cmd.Stderr, l.cmd.Stdout) {
		l.stderr = l.stdout
		return nil
	}
	if err := p.openOut(l, l.cmd.Stderr, "Stderr", os.Stderr, &l.stderr, &p.err); err != nil {
		return err
	}
	if p.err != nil && l.cmd.Stderr == Pipe {
		p.Stderr = p.err
	}
	return nil
}

// same says whether standard error goes where standard output goes, which then
// is one descriptor, so that the order is kept.
func same(stderr, stdout io.Writer) bool {
	switch stderr {
	case nil, Pipe:
		return false
	case Stdout:
		return true
	}
	// Values of some types cannot be compared; those are two.
	v := reflect.ValueOf(stderr)
	return v.Comparable() && stderr == stdout
}

// openIn opens the standard input.
func (p *Popen) openIn(l *plan) (err error) {
	switch r := l.cmd.Stdin.(type) {
	case nil:
		l.stdin = os.Stdin
		return inherited("Stdin", os.Stdin)
	case *os.File:
		l.stdin = r
		return nil
	case Special:
		switch r {
		case DevNull:
			l.stdin, err = l.null(os.O_RDONLY)
			return err
		case Pipe:
			p.in, err = l.inPipe()
			if err == nil {
				p.Stdin = p.in
			}
			return err
		}
	case *outPipe:
		// Another program's output: as long as nothing was read here it is a
		// descriptor like any other.
		if f := r.whole(); f != nil {
			l.stdin = f
			return nil
		}
	}
	p.in, err = l.inPipe()
	return err
}

// openOut opens the standard output or error.
func (p *Popen) openOut(l *plan, w io.Writer, field string, ours *os.File, theirs **os.File, end **outPipe) (err error) {
	switch w := w.(type) {
	case nil:
		*theirs = ours
		return inherited(field, ours)
	case *os.File:
		*theirs = w
		return nil
	case Special:
		if w == DevNull {
			*theirs, err = l.null(os.O_WRONLY)
			return err
		}
	case *inPipe:
		if f := w.whole(); f != nil {
			*theirs = f
			return nil
		}
	}
	r, f, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("subprocess: %s: %w", field, err)
	}
	*theirs = l.own(f)
	name := "stdout"
	if field == "Stderr" {
		name = "stderr"
	}
	*end = newOutPipe(name, r, l.cmd)
	if l.cmd.PipeSize > 0 {
		setPipeSize(r, l.cmd.PipeSize)
	}
	return nil
}

// inPipe makes the pipe for the standard input.
func (l *plan) inPipe() (*inPipe, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("subprocess: Stdin: %w", err)
	}
	l.stdin = l.own(r)
	if l.cmd.PipeSize > 0 {
		setPipeSize(w, l.cmd.PipeSize)
	}
	return newInPipe(w, l.cmd), nil
}

// null opens the null device.
func (l *plan) null(mode int) (*os.File, error) {
	f, err := os.OpenFile(os.DevNull, mode, 0)
	if err != nil {
		return nil, err // says its name
	}
	return l.own(f), nil
}

// openTerminal opens a terminal, of which we have one end for both directions.
func (p *Popen) openTerminal(l *plan) error {
	master, err := p.openPTY(l)
	if err != nil {
		return err
	}
	p.in, p.out = newInPipe(master, l.cmd), newOutPipe("stdout", master, l.cmd)
	p.in.terminal, p.out.terminal = true, true
	p.Stdin, p.Stdout = p.in, p.out
	return nil
}

// inherited says what is wrong with one of our own streams.
func inherited(field string, f *os.File) error {
	if f != nil && checkOpen(f) != nil {
		return bad(field, "it is nil, which means ours, but ours is a file that is closed: say DevNull (%w)", os.ErrClosed)
	}
	return nil
}

// closeEnds closes our ends when the start has failed.
func (p *Popen) closeEnds() {
	if p.in != nil {
		p.in.file.Close()
	}
	for _, o := range p.outs() {
		o.file.Close()
	}
}

// outs are our ends of the program's outputs.
func (p *Popen) outs() []*outPipe {
	var outs []*outPipe
	for _, o := range []*outPipe{p.out, p.err} {
		if o != nil {
			outs = append(outs, o)
		}
	}
	return outs
}
