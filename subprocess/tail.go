package subprocess

import (
	"bytes"
	"strings"
	"sync"
)

// defaultTail is Tail.Max.
const defaultTail = 64 << 10

// A Tail is a writer that keeps the end of what was written to it: of a program
// that says a lot, the part that tells how it came to its end. The zero value
// keeps 64 KiB. Set Max and MaxLines before the first use; a Tail must not be
// copied after it.
//
//	var tail subprocess.Tail
//	err := subprocess.CheckCall(ctx, subprocess.Cmd{Args: args, Stdout: &tail, Stderr: subprocess.Stdout})
//	log.Printf("%v; it said at the end:\n%s", err, tail.String())
//
// Its methods are safe for concurrent use and do not wait for the program, so
// that one can look at the tail of a program that runs. What was written happens
// before it is seen.
type Tail struct {
	// Max is how many bytes are kept at most, 64 KiB if it is 0 or less. The
	// memory grows up to that as it is needed.
	Max int

	// MaxLines, if more than 0, is how many lines of them are shown at most. A
	// last line without its end is one.
	MaxLines int

	mu    sync.Mutex // protects following
	ring  []byte
	at    int // where the next byte goes, when ring is full
	total int64
}

// Write keeps the end of b, and returns len(b) and no error.
func (t *Tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.total += int64(len(b))
	n, limit := len(b), t.limit()
	if len(b) >= limit {
		if cap(t.ring) < limit {
			t.ring = make([]byte, 0, limit) // append would take more
		}
		t.ring = append(t.ring[:0], b[len(b)-limit:]...)
		t.at = 0
		return n, nil
	}
	if free := limit - len(t.ring); free > 0 {
		// Not full yet, and at is 0.
		k := min(free, len(b))
		if need := len(t.ring) + k; need > cap(t.ring) {
			t.ring = append(make([]byte, 0, min(max(need, 2*cap(t.ring)), limit)), t.ring...)
		}
		t.ring = append(t.ring, b[:k]...)
		b = b[k:]
	}
	for len(b) > 0 {
		k := copy(t.ring[t.at:], b)
		b = b[k:]
		t.at = (t.at + k) % limit
	}
	return n, nil
}

// WriteString is Write for a string.
func (t *Tail) WriteString(s string) (int, error) { return t.Write([]byte(s)) }

func (t *Tail) limit() int {
	if t.Max > 0 {
		return t.Max
	}
	return defaultTail
}

// Bytes returns a copy of what is kept. It may begin in the middle of a line,
// or of a character, unless MaxLines is what limits it.
func (t *Tail) Bytes() []byte {
	t.mu.Lock()
	b := make([]byte, 0, len(t.ring))
	b = append(append(b, t.ring[t.at:]...), t.ring[:t.at]...)
	t.mu.Unlock()
	if t.MaxLines <= 0 {
		return b
	}
	end := len(b)
	if end > 0 && b[end-1] == '\n' {
		end-- // the end of the last line, not the begin of another
	}
	for range t.MaxLines {
		if end = bytes.LastIndexByte(b[:end], '\n'); end < 0 {
			return b
		}
	}
	return b[end+1:]
}

// String returns what Bytes does.
func (t *Tail) String() string { return string(t.Bytes()) }

// Lines returns what is kept as lines, without their ends. The first one may
// have lost its begin.
func (t *Tail) Lines() []string {
	s := t.String()
	if s == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(s, "\n"), "\n")
}

// Total returns how many bytes were written. If that is more than len(Bytes())
// the begin is missing.
func (t *Tail) Total() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.total
}

// Reset forgets everything.
func (t *Tail) Reset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ring, t.at, t.total = nil, 0, 0
}
