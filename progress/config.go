package progress

import (
	"io"
	"os"
	"time"
)

// What a zero field of a [Config] stands for.
const (
	defaultEvery   = 5 * time.Second
	defaultRefresh = 100 * time.Millisecond
	defaultWidth   = 80
)

// Config says what is counted and where it is shown. The zero value counts
// towards an unknown total, on standard error, in the way that suits it.
//
// No value is invalid: one out of range stands for the default, since a mistake
// in a bar must not keep a job from running. A Config may be copied and used for
// any number of trackers.
type Config struct {
	// Label goes in front of everything shown, such as "resize".
	Label string

	// Unit is what is counted, such as "files". It may be empty. [Bytes]
	// shows sizes and rates as KiB, MiB and so on.
	Unit Unit

	// Total is how many items there will be. Zero or less means unknown: then
	// there is no bar, no percentage and no time left. See [Tracker.SetTotal].
	Total int64

	// Output is written to; nil means os.Stderr, looked up when the tracker is
	// made. It is used by one goroutine at a time, but never closed. Only what
	// has the SyscallConn method of an *os.File can be known for a terminal.
	Output io.Writer

	// Mode is how progress is shown; the default, [Auto], looks at Output.
	Mode Mode

	// Every is the time between two lines in mode [Lines]: 5 s by default.
	Every time.Duration

	// Refresh is the time between two draws in mode [Bar]: 100 ms by default.
	// Work that ends sooner shows its last line only.
	Refresh time.Duration

	// Width is the number of columns to draw a bar in. By default the terminal
	// is asked at each draw; an output that cannot tell has 80.
	Width int
}

// withDefaults answers c with every field set to what it stands for.
func (c Config) withDefaults() Config {
	if c.Output == nil {
		c.Output = os.Stderr
	}
	if c.Every <= 0 {
		c.Every = defaultEvery
	}
	if c.Refresh <= 0 {
		c.Refresh = defaultRefresh
	}
	c.Total = max(c.Total, 0)
	c.Width = max(c.Width, 0)
	c.Mode = c.Mode.resolve(c.Output, os.Getenv)
	c.Label = clean(c.Label)
	c.Unit = Unit(clean(string(c.Unit)))
	return c
}

// columns is the number of columns a bar may fill now: all but the last, because
// many terminals wrap as soon as that one is written.
func (c Config) columns() int {
	width := c.Width
	if width == 0 {
		width, _ = terminal(c.Output)
	}
	if width <= 0 {
		width = defaultWidth
	}
	return width - 1
}
