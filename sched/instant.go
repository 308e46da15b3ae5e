package sched

import (
	"math"
	"time"
)

// An instant is one moment by two clocks, as nanoseconds: those of the
// monotonic clock count from origin, those of the wall clock from 1970. Events
// are kept by such numbers, since times of both kinds together have no order
// that a heap could rely on: which of two comes first may change whenever the
// wall clock is set.
type instant struct{ mono, wall int64 }

var origin = time.Now()

// instantOf reads both clocks. Where the time has no monotonic reading, mono
// means nothing.
func instantOf(t time.Time) instant { return instant{monoKey(t), wallKey(t)} }

// hasMono reports whether t has a monotonic clock reading.
func hasMono(t time.Time) bool { return t != t.Round(0) }

func monoKey(t time.Time) int64 { return int64(t.Sub(origin)) }

// The lowest and the highest key.
const (
	minKey = math.MinInt64
	maxKey = math.MaxInt64
)

// The seconds between which nanoseconds since 1970 fit an int64: the years 1678
// to 2261.
const (
	minUnix = minKey / 1_000_000_000
	maxUnix = maxKey / 1_000_000_000
)

// wallKey is t's wall clock reading. Times too far away become the lowest or
// the highest number; order among those is up to [Event.Compare].
func wallKey(t time.Time) int64 {
	switch sec := t.Unix(); {
	case sec <= minUnix:
		return minKey
	case sec >= maxUnix:
		return maxKey
	}
	return t.UnixNano()
}

// extreme reports whether key may stand for several times.
func extreme(key int64) bool { return key == minKey || key == maxKey }

// minus is a-b, or the nearest number there is. What is extreme stays so.
func minus(a, b int64) int64 {
	d := a - b
	switch {
	case extreme(a):
		return a
	case b > 0 && d > a:
		return minKey
	case b < 0 && d < a:
		return maxKey
	}
	return d
}
