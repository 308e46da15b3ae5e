// Package policy holds the decisions that every engine with workers makes
// alike: when a worker is replaced, and when to give up starting one. It does
// nothing itself.
package policy

import (
	"fmt"
	"time"
)

// Recycle says when a worker has served long enough. Zero fields mean never.
type Recycle struct {
	MaxTasks int
	MaxAge   time.Duration
	MaxRSS   int64 // bytes
}

// Due returns why a worker that has run tasks for age and now has rss bytes
// resident is to be replaced, or "".
func (r Recycle) Due(tasks int64, age time.Duration, rss int64) string {
	switch {
	case r.MaxTasks > 0 && tasks >= int64(r.MaxTasks):
		return "max tasks"
	case r.MaxAge > 0 && age >= r.MaxAge:
		return "max age"
	case r.MaxRSS > 0 && rss >= r.MaxRSS:
		return "max RSS"
	}
	return ""
}

// Check reports fields that make no sense.
func (r Recycle) Check() error {
	switch {
	case r.MaxTasks < 0:
		return fmt.Errorf("MaxTasks is %d: it must be positive, or 0 for no limit", r.MaxTasks)
	case r.MaxAge < 0:
		return fmt.Errorf("MaxAge is %v: it must be positive, or 0 for no limit", r.MaxAge)
	case r.MaxRSS < 0:
		return fmt.Errorf("MaxRSS is %d: it must be positive, or 0 for no limit", r.MaxRSS)
	}
	return nil
}

// Starts counts workers that died before they were ready. A program that
// cannot start workers at all must fail, not try for ever. The zero value is
// ready.
type Starts struct{ failed, killed int }

// So many failures in a row are too many: of workers that ended by themselves,
// and of those that somebody else killed, which says less about the next.
const (
	MaxFailedStarts = 5
	MaxKilledStarts = 50
)

// OK forgets earlier failures.
func (s *Starts) OK() { *s = Starts{} }

// Count is how many have failed in a row.
func (s *Starts) Count() int { return s.failed + s.killed }

// Failed counts one more and reports whether to give up; else delay is how
// long to wait before the next try. killed says that SIGKILL ended it.
func (s *Starts) Failed(killed bool) (delay time.Duration, giveUp bool) {
	if killed {
		s.killed++
	} else {
		s.failed++
	}
	if s.failed >= MaxFailedStarts || s.killed >= MaxKilledStarts {
		return 0, true
	}
	return time.Millisecond << min(s.Count(), 8), false
}
