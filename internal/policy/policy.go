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
// cannot start workers at all must fail, not try for ever.
type Starts struct{ failed int }

// MaxFailedStarts in a row are too many.
const MaxFailedStarts = 5

// OK forgets earlier failures.
func (s *Starts) OK() { s.failed = 0 }

// Count is how many have failed in a row.
func (s *Starts) Count() int { return s.failed }

// Failed counts one more and reports whether to give up; else delay is how
// long to wait before the next try.
func (s *Starts) Failed() (delay time.Duration, giveUp bool) {
	s.failed++
	if s.failed >= MaxFailedStarts {
		return 0, true
	}
	return 10 * time.Millisecond << s.failed, false
}
