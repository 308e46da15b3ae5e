package subprocess

import (
	"bytes"
	"context"
	"iter"
)

// maxLine is how long a line may be to come in one piece.
const maxLine = 1 << 20

// A Line is a line of a program's output. It is valid until the next iteration.
type Line struct {
	// Bytes is the line without its "\n". They are the buffer's: who keeps them
	// must copy them, and String does. In text mode they are text.
	Bytes []byte

	// Stream is where it was written to: "stdout" or "stderr".
	Stream string

	// Partial says that the line goes on in the next Line of this Stream: lines
	// of more than 1 MiB come in pieces.
	Partial bool
}

// String returns a copy of Bytes.
func (l Line) String() string { return string(l.Bytes) }

// Lines starts a program and returns the lines that it writes while it writes
// them, and at the end what went wrong, if anything did:
//
//	for line, err := range subprocess.Lines(ctx, subprocess.Command("git", "log")) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(line)
//	}
//
// A nil Stdout is [Pipe]; so is Stderr if it is Pipe or Capture is set. Then the
// lines of both come in the order of arrival: each of them as soon as it is
// there. Of lines that were there at the same time nobody knows the order, for
// which Stderr must be [Stdout]. Lines is Popen.Lines, with one difference: who
// leaves the loop, also by a panic, ends the program with all that it has
// started, and waits for that. Cmd.Input is written meanwhile.
//
// The error is one that Start has, or that Popen.Lines ends with. Nothing starts
// before the loop does, and every loop starts the program again.
func Lines(ctx context.Context, cmd Cmd) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		input := cmd.Input
		cmd, err := cmd.captured()
		if err != nil {
			yield(Line{}, err)
			return
		}
		if cmd.Stdout == nil && cmd.PTY == nil {
			cmd.Stdout = Pipe
		}
		p, err := start(ctx, cmd)
		if err != nil {
			yield(Line{}, err)
			return
		}
		defer func() {
			p.Kill() // nothing, at the end
			<-p.done
			for _, o := range p.outs() {
				o.Close()
			}
		}()
		if p.Stdin != nil && (cmd.PTY == nil || cmd.Stdin != nil) {
			p.talk.begun.Store(true) // it is hung up when the program has ended
			go p.guard("stdin", func() error { return p.send(input) })
		}
		p.Lines()(yield)
	}
}

// Lines returns the lines that the program writes to its Pipes, while it writes
// them. Those of both come in the order of arrival: each of them as soon as it is
// there. Of lines that were there at the same time nobody knows the order, for
// which Stderr must be [Stdout]. A last line without its end is one, too; longer
// ones than 1 MiB come in pieces, see [Line].
//
// After the last line the loop waits for the end of the program, and gets at
// most one error with an empty Line: a *TimeoutError if Start's context has
// ended the program; that of a Cmd's reader or writer, or of its Text; a
// *CalledProcessError if Cmd.Check is set and the code is not 0. See Cmd.Drain
// for a program that leaves somebody behind who holds its Pipes.
//
// Who leaves the loop kills nothing. The program waits when the pipe is full;
// Lines, Communicate, Popen.Stdout and Popen.Stderr go on with what the loop has
// not had, or Close gives it up. Inside of the loop they fail.
func (p *Popen) Lines() iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		var outs []*outPipe
		for _, o := range []*outPipe{p.pipe(p.Stdout), p.pipe(p.Stderr)} {
			if o == nil {
				continue
			}
			if err := o.claim("Lines"); err != nil {
				yield(Line{}, err)
				return
			}
			defer o.release()
			p.bound(o)
			outs = append(outs, o)
		}
		var err error
		switch len(outs) {
		case 0:
			yield(Line{}, bad("Stdout", "Lines reads nothing: Stdout or Stderr must be Pipe"))
			return
		case 1:
			var more bool
			if more, err = outs[0].lines(yield); !more {
				return
			}
		default:
			var more bool
			if more, err = p.mixed(outs, yield); !more {
				return
			}
		}
		<-p.done
		if other := p.copied(); err == nil {
			err = other
		}
		c := p.completed()
		switch {
		case p.why != nil && (c.Code != 0 || p.cmd.Grace > 0):
			err = &TimeoutError{Completed: c, Ended: true, Err: p.why}
		case err == nil && p.cmd.Check:
			if c.Code != 0 {
				err = c.Check()
			}
		}
		if err != nil {
			yield(Line{}, err)
		}
	}
}

// lines yields the lines of one output, in the caller's goroutine. It reports
// whether the loop goes on, at the end of the output.
func (o *outPipe) lines(yield func(Line, error) bool) (more bool, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	defer o.modest()
	for {
		err := o.fillLines()
		if !o.yield(yield, err != nil) {
			return false, nil
		}
		if err != nil {
			o.Close()
			return true, o.failure(err)
		}
	}
}

// lineBuf is what lines are read with. A pipe gives no more at once, until it is
// a big one.
const lineBuf = 64 << 10

// fillLines reads once.
func (o *outPipe) fillLines() error {
	if o.r < o.w && bytes.IndexByte(o.store[o.r:o.w], '\n') >= 0 {
		return nil // somebody else has left lines here
	}
	err := o.fill(lineBuf)
	o.quick()
	return err
}

// yield yields the lines that are in the store. At the end what is left over is
// one, too. It reports whether the loop goes on.
func (o *outPipe) yield(yield func(Line, error) bool, end bool) bool {
	l := Line{Stream: o.name}
	for o.r < o.w {
		rest := o.store[o.r:o.w]
		i := bytes.IndexByte(rest[o.dull:], '\n')
		if i >= 0 {
			i += o.dull
		}
		o.dull = 0
		switch {
		case i > maxLine || i < 0 && len(rest) > maxLine:
			l.Bytes, l.Partial = rest[:maxLine:maxLine], true
			o.r += maxLine
		case i >= 0:
			l.Bytes, l.Partial = rest[:i:i], false
			o.r += i + 1
		case end:
			l.Bytes, l.Partial = rest[:len(rest):len(rest)], false
			o.r = o.w
		default:
			o.dull = len(rest)
			return true
		}
		if !yield(l, nil) {
			return false
		}
	}
	return true
}
