//go:build unix

package python

import (
	"strings"
	"syscall"
	"time"
)

// silence is how long nothing comes any more when all stacks have been written.
const silence = 20 * time.Millisecond

// Stack returns the stacks of all threads of the worker, as faulthandler writes
// them, for at most d. It works while the worker is stuck, unless that is in the
// kernel, or stopped.
func (l *link) Stack(d time.Duration) string {
	l.stacking.Lock()
	defer l.stacking.Unlock()
	sig := l.dump.Load()
	if l.stacks == nil || sig == 0 {
		return ""
	}
	end := time.Now().Add(d)
	l.readStacks(time.Now()) // what came too late for somebody else
	if l.child.Signal(syscall.Signal(sig)) != nil {
		return ""
	}
	return userStacks(l.readStacks(end))
}

// readStacks reads until there is silence, or end.
func (l *link) readStacks(end time.Time) string {
	var text []byte
	buf := make([]byte, 8<<10)
	for {
		at := end
		if quiet := time.Now().Add(silence); len(text) > 0 && quiet.Before(end) {
			at = quiet
		}
		l.stacks.SetReadDeadline(at)
		n, err := l.stacks.Read(buf)
		text = append(text, buf[:n]...)
		if err != nil || len(text) > 1<<20 {
			return string(text)
		}
	}
}

// bootstrapFrame is where the interpreter runs what it was started with.
const bootstrapFrame = `File "<string>", line 6 in <module>`

// userStacks leaves out our own frames, and threads that have no others, unless all
// are such: of a worker that has nothing to do.
func userStacks(text string) string {
	var out []string
	for thread := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		var lines []string
		for line := range strings.SplitSeq(thread, "\n") {
			if !strings.Contains(line, `File "`+workerFile+`"`) && !strings.Contains(line, bootstrapFrame) {
				lines = append(lines, line)
			}
		}
		if len(lines) > 1 {
			out = append(out, strings.Join(lines, "\n"))
		}
	}
	if len(out) == 0 {
		return strings.TrimSpace(text)
	}
	return strings.Join(out, "\n\n")
}
