package subprocess

import (
	"errors"
	"fmt"
)

// A Special is one of [Pipe], [DevNull] and [Stdout]. It is a reader and a writer
// only so that the fields of a Cmd take it: reading from it and writing to it is
// an error.
type Special int

const (
	// Pipe is a new pipe to this program, for Stdin, Stdout and Stderr: Python's
	// PIPE.
	Pipe Special = -1 - iota
	// Stdout, for Stderr only, is whatever Cmd.Stdout is: Python's STDOUT.
	Stdout
	// DevNull is the null device: Python's DEVNULL.
	DevNull
)

var errSpecial = errors.New("subprocess: it is a value for the fields of a Cmd, and nothing can be read from it or written to it")

// Read answers an error.
func (s Special) Read([]byte) (int, error) { return 0, fmt.Errorf("%v: %w", s, errSpecial) }

// Write answers an error.
func (s Special) Write([]byte) (int, error) { return 0, fmt.Errorf("%v: %w", s, errSpecial) }

// String returns the constant's name.
func (s Special) String() string {
	switch s {
	case Pipe:
		return "subprocess.Pipe"
	case Stdout:
		return "subprocess.Stdout"
	case DevNull:
		return "subprocess.DevNull"
	}
	return fmt.Sprintf("subprocess.Special(%d)", int(s))
}
