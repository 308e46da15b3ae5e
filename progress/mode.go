package progress

import (
	"fmt"
	"io"
)

// Mode is a way to show progress. The zero value is [Auto].
type Mode int

const (
	// Auto is [Bar] when the output is a terminal and [Lines] when it is not.
	// A terminal gets plain lines as well when TERM is "dumb" or NO_COLOR is
	// set and not empty.
	Auto Mode = iota

	// Bar redraws one line of a terminal. It is drawn on any output when asked
	// for by name.
	Bar

	// Lines writes a plain line now and then, fit for a log.
	Lines

	// Silent writes nothing, not even the last line, and starts no goroutine.
	// What the program itself hands to [Tracker.Write] still goes through.
	Silent
)

// String answers the name of the mode, such as "Bar".
func (m Mode) String() string {
	switch m {
	case Auto:
		return "Auto"
	case Bar:
		return "Bar"
	case Lines:
		return "Lines"
	case Silent:
		return "Silent"
	}
	return fmt.Sprintf("Mode(%d)", int(m))
}

// resolve settles Auto, and any value that is no mode, for the output and
// environment at hand.
func (m Mode) resolve(out io.Writer, getenv func(string) string) Mode {
	switch m {
	case Bar, Lines, Silent:
		return m
	}
	if _, ok := terminal(out); !ok || getenv("TERM") == "dumb" || getenv("NO_COLOR") != "" {
		return Lines
	}
	return Bar
}
