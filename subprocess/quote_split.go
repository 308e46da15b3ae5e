package subprocess

import (
	"fmt"
	"io"
	"strings"
)

// Split splits a line into words as a POSIX shell would, without expanding
// anything: Python's shlex.split. It is for command lines that people have
// written, in a configuration file for example:
//
//	args, err := subprocess.Split(`git commit -m 'the first one'`)
//
// Words are separated by spaces, tabs and line ends. Between single quotes
// everything stands for itself; between double quotes a backslash takes the
// meaning of a double quote or a backslash behind it, and stands for itself before
// anything else; outside of quotes it takes that of any character. A # has no
// meaning. Unlike in a shell, a line end behind a backslash is kept, and $, `, *,
// ; and | are ordinary characters.
//
// A quote that is not closed, or a backslash at the end, is an *ArgumentError that
// matches io.ErrUnexpectedEOF, so that one who reads lines can ask for another.
func Split(line string) ([]string, error) {
	var (
		words  []string
		word   strings.Builder
		inside bool // a word has begun, which may be empty
		opened int  // where the quote is
		quote  byte // that we are in, or 0
	)
	for i := 0; i < len(line); i++ {
		b := line[i]
		switch {
		case quote != 0 && b == quote:
			quote = 0
		case quote == '\'':
			word.WriteByte(b)
		case b == '\\':
			if i++; i == len(line) {
				return nil, unfinished("the backslash at its end has nothing to act on")
			}
			if quote != 0 && line[i] != quote && line[i] != '\\' {
				word.WriteByte('\\')
			}
			word.WriteByte(line[i])
			inside = true
		case quote != 0:
			word.WriteByte(b)
		case b == '\'' || b == '"':
			quote, opened, inside = b, i, true
		case b == ' ' || b == '\t' || b == '\r' || b == '\n':
			if inside {
				words = append(words, word.String())
				word.Reset()
				inside = false
			}
		default:
			word.WriteByte(b)
			inside = true
		}
	}
	if quote != 0 {
		return nil, unfinished("the quote %c at byte %d is not closed", quote, opened)
	}
	if inside {
		words = append(words, word.String())
	}
	return words, nil
}

// unfinished is the error for a line that goes on.
func unfinished(format string, args ...any) *ArgumentError {
	return &ArgumentError{Field: "command line", Reason: fmt.Sprintf(format, args...), Err: io.ErrUnexpectedEOF}
}
