package subprocess

import (
	"bytes"
	"io"
	"runtime"
)

// A Text says how bytes become text and text becomes bytes: for what Run,
// Communicate and Lines return, for Popen's fields, and for a Cmd's readers and
// writers that are copied. An *os.File that the program gets as it is has bytes
// all the same. The zero value is UTF-8, which is not checked, with universal
// newlines.
//
// A Text may be used by many programs at once if its functions allow that.
type Text struct {
	// Decode and Encode turn a reader of the program's output into one of
	// UTF-8, and a writer of its input into one that takes UTF-8; nil is UTF-8
	// itself. Those of an encoding of golang.org/x/text are NewDecoder().Reader
	// and NewEncoder().Writer. They are called once for each stream, and again
	// for the output of Run and Communicate. If what Encode returns has methods
	// Flush or Close, those are called at the end of the input.
	//
	// For UTF-8 that may not be valid there are [DecodeStrict], [DecodeIgnore],
	// [DecodeReplace] and [DecodeBackslash], which stand for Python's errors=.
	// There is no surrogateescape: a Go string holds bytes that are not UTF-8 as
	// they are, which is what nil does, and they come out again unchanged.
	Decode func(io.Reader) io.Reader
	Encode func(io.Writer) io.Writer

	// KeepNewlines leaves line ends as they are. Otherwise those of Windows and
	// of old Macs become "\n" in what the program writes, and "\n" becomes the
	// system's in what it reads.
	KeepNewlines bool
}

// reader returns a reader of the text that src's bytes are.
func (t *Text) reader(src io.Reader) io.Reader {
	if t.Decode != nil {
		src = t.Decode(src)
	}
	if !t.KeepNewlines {
		src = &newlineReader{src: src}
	}
	return src
}

// idle says whether these bytes are the text that they become.
func (t *Text) idle(b []byte) bool {
	return t.Decode == nil && (t.KeepNewlines || bytes.IndexByte(b, '\r') < 0)
}

// systemLineEnd is what "\n" becomes for a program; tests change it.
var systemLineEnd = func() string {
	if runtime.GOOS == "windows" {
		return "\r\n"
	}
	return "\n"
}()

// lineEnds returns what makes the system's line ends in front of w, or nil if
// there is nothing to be made.
func (t *Text) lineEnds(w io.Writer) io.Writer {
	if t.KeepNewlines || systemLineEnd == "\n" {
		return nil
	}
	return &newlineWriter{dst: w, end: []byte(systemLineEnd)}
}
