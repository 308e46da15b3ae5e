package subprocess

import (
	"os"
	"reflect"
)

// checkStreams is for Stdin, Stdout, Stderr, Input and Capture.
func (c *Cmd) checkStreams() error {
	switch {
	case c.Input != nil && c.Stdin != nil:
		return bad("Input", "Stdin is set, too: the program can read from one of them only")
	case c.Capture && c.Stdout != nil:
		return bad("Capture", "Stdout is set, too: leave it nil, or set Stderr to Pipe instead of Capture")
	case c.Capture && c.Stderr != nil:
		return bad("Capture", "Stderr is set, too: leave it nil, or set Stdout to Pipe instead of Capture")
	}
	if err := checkStream("Stdin", c.Stdin); err != nil {
		return err
	}
	if err := checkStream("Stdout", c.Stdout); err != nil {
		return err
	}
	return checkStream("Stderr", c.Stderr)
}

// checkStream is for one reader or writer.
func checkStream(field string, stream any) error {
	switch s := stream.(type) {
	case nil:
		return nil
	case Special:
		switch {
		case s == Stdout && field != "Stderr":
			return bad(field, "subprocess.Stdout is for Stderr only; for our own standard output use os.Stdout, or nil")
		case s != Pipe && s != Stdout && s != DevNull:
			return bad(field, "%v is none of Pipe, DevNull and Stdout", s)
		}
		return nil
	case *os.File:
		if s == nil {
			return bad(field, "a nil *os.File: for what we have ourselves it must be nil without a type, else DevNull")
		}
		if err := checkOpen(s); err != nil {
			return bad(field, "the file is not open: %w", err)
		}
		return nil
	}
	// It would panic later, in a goroutine of ours.
	if v := reflect.ValueOf(stream); v.Kind() == reflect.Pointer && v.IsNil() {
		return bad(field, "a nil %T: for what we have ourselves it must be nil without a type, else DevNull", stream)
	}
	return nil
}

// checkPTY is for PTY and what does not go with it.
func (c *Cmd) checkPTY() error {
	if c.PTY == nil {
		return nil
	}
	for _, s := range []struct {
		field  string
		stream any
	}{{"Stdin", c.Stdin}, {"Stdout", c.Stdout}, {"Stderr", c.Stderr}} {
		if s.stream != nil && s.stream != Pipe {
			return bad(s.field, "it is the terminal, since PTY is set: it must be nil or Pipe")
		}
	}
	switch {
	case c.Unix.ProcessGroup != nil:
		return bad("Unix.ProcessGroup", "a program with a PTY has a session, and a group, of its own: leave it nil")
	case c.Detach:
		return bad("PTY", "a program with Detach has no terminal: it would lose it with us")
	}
	return nil
}
