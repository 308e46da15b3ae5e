package progress

import (
	"errors"
	"strings"
	"sync"
	"testing"
)

// screen is a terminal that understands what a bar may use: printable characters,
// carriage return and newline. Anything else, and a line that reaches the last
// column, fails the test.
type screen struct {
	t     testing.TB
	width int

	mu     sync.Mutex // protects the following
	rows   []string   // finished ones
	row    []rune     // the one with the cursor
	col    int
	writes int
}

func newScreen(t testing.TB, width int) *screen { return &screen{t: t, width: width} }

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes++
	for _, r := range string(p) {
		switch {
		case r == '\r':
			s.col = 0
		case r == '\n':
			s.rows = append(s.rows, strings.TrimRight(string(s.row), " "))
			s.row, s.col = nil, 0
		case r < ' ' || r > '~':
			s.t.Errorf("wrote %q to the screen", r)
		default:
			if s.col >= s.width-1 {
				s.t.Errorf("wrote to the last of %d columns: %q", s.width, p)
			}
			for len(s.row) <= s.col {
				s.row = append(s.row, ' ')
			}
			s.row[s.col] = r
			s.col++
		}
	}
	return len(p), nil
}

// last answers what stands in the row with the cursor.
func (s *screen) last() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.TrimRight(string(s.row), " ")
}

// above answers the finished rows.
func (s *screen) above() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.rows, "\n")
}

func (s *screen) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.writes
}

var errFull = errors.New("output is full")

// failing is an output that takes a number of writes and then no more.
type failing struct {
	mu     sync.Mutex // protects the following
	takes  int
	writes int
}

func (f *failing) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.writes++; f.writes > f.takes {
		return 0, errFull
	}
	return len(p), nil
}
