package subprocess

import (
	"bytes"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// howItEnded says what a Code means: "exit status 1", "died with signal SIGKILL",
// "died with unknown signal 77".
func howItEnded(code int) string {
	switch {
	case runtime.GOOS == "windows" && (code < 0 || int64(code) >= 1<<31):
		return fmt.Sprintf("exit status %#x", uint32(code)) // an NTSTATUS
	case code >= 0:
		return fmt.Sprintf("exit status %d", code)
	}
	if name := signalName(-code); name != "" {
		return "died with signal " + name
	}
	return fmt.Sprintf("died with unknown signal %d", -code)
}

// shownCommand is arguments in the text of an error. They have been masked.
func shownCommand(args []string) string {
	quoted := make([]string, len(args))
	for i, arg := range args {
		quoted[i] = Quote(arg)
	}
	return shorten(strings.Join(quoted, " "))
}

// lastLine is the last line that says something. It is where programs say what
// went wrong.
func lastLine(output []byte) string {
	const most = 4 << 10 // a look at the end is enough
	if len(output) > most {
		output = output[len(output)-most:]
	}
	output = bytes.TrimRightFunc(output, unicode.IsSpace)
	if i := bytes.LastIndexAny(output, "\r\n"); i >= 0 {
		output = output[i+1:]
	}
	return strings.TrimSpace(string(output))
}

// longest is how many characters of a command, or of a line, a message shows.
const longest = 200

// shorten makes a text that fits on a line and that does a terminal no harm: what
// cannot be printed is shown as Go would write it, and of a long text the middle
// is left out, for both ends tell more.
func shorten(s string) string {
	var b strings.Builder
	n := 0
	tail := ""
	if utf8.RuneCountInString(s) > longest {
		cut := len(s)
		for range longest / 2 {
			_, size := utf8.DecodeLastRuneInString(s[:cut])
			cut -= size
		}
		tail = s[cut:]
	}
	put := func(s string, most int) {
		for i := 0; i < len(s) && n < most; n++ {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 || !strconv.IsPrint(r) {
				q := strconv.Quote(s[i : i+size])
				b.WriteString(q[1 : len(q)-1])
			} else {
				b.WriteRune(r)
			}
			i += size
		}
	}
	if tail == "" {
		put(s, longest)
		return b.String()
	}
	put(s, longest/2)
	b.WriteString(" ... ")
	put(tail, longest)
	return b.String()
}
