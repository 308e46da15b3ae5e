package subprocess

import (
	"fmt"
	"strings"
	"time"
)

// A Completed is what is known of a program that has ended: Python's
// CompletedProcess. It is plain data.
type Completed struct {
	// Args is the Cmd's, with its Secrets masked.
	Args []string

	// Code is what the program passed to exit, or the negative number of the
	// signal that killed it.
	Code int

	// Stdout and Stderr are what was captured: nil if it was not, not nil if it
	// was and there was nothing. Stdout has both if Stderr was Stdout, or at a
	// PTY.
	Stdout, Stderr []byte

	// Usage is what the program, and what it has waited for, has used.
	Usage Usage

	mask func(string) string // hides the Secrets in what the program itself has said; nil for none
}

// Check returns a *CalledProcessError if the code is not 0: Python's
// check_returncode.
func (c Completed) Check() error {
	if c.Code == 0 {
		return nil
	}
	return &CalledProcessError{Completed: c}
}

// String describes the Completed for messages: the command, the code, and how
// much was captured, if anything was.
func (c Completed) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "subprocess.Completed(%s, code %d", shorten(Cmd{Args: c.Args}.String()), c.Code)
	for _, s := range []struct {
		name string
		data []byte
	}{{"stdout", c.Stdout}, {"stderr", c.Stderr}} {
		if s.data != nil {
			fmt.Fprintf(&b, ", %s %d bytes", s.name, len(s.data))
		}
	}
	return b.String() + ")"
}

// A Usage is what a program has used.
type Usage struct {
	Wall   time.Duration // from its start to its end
	User   time.Duration // processor time of its own
	System time.Duration // processor time of the system for it
	MaxRSS int64         // its most resident memory in bytes, 0 if unknown; on Linux never less than what this program had when it started it
}
