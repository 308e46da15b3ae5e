package progress

import (
	"math/bits"
	"strconv"
	"time"
)

// Stats is what a [Tracker] has counted up to one moment. It is a plain value:
// the zero value says that nothing was counted, and it may be copied and compared.
type Stats struct {
	// Done counts the items that are over, those that failed among them.
	Done int64

	// Failed counts the items that are over and failed.
	Failed int64

	// Total is how many items there will be, or 0 if unknown. Done may exceed it.
	Total int64

	// Elapsed is the time since the start, up to the end if there was one.
	Elapsed time.Duration

	// Unit is what is counted.
	Unit Unit
}

// Rate answers the mean number of items per second over the whole time, or 0
// if no time has passed.
func (s Stats) Rate() float64 {
	if s.Elapsed <= 0 {
		return 0
	}
	return float64(s.Done) / s.Elapsed.Seconds()
}

// Percent answers how much of the total is done, from 0 to 100, rounded down so
// that 100 means all of it. It answers 0 if the total is unknown, and 100 if more
// was done than the total.
func (s Stats) Percent() int { return int(s.scaled(100)) }

// scaled answers done/total of n, rounded down. It goes through 128 bits: a count
// of bytes times a hundred need not fit into 64, and a float would round up.
func (s Stats) scaled(n int) uint64 {
	switch {
	case s.Total <= 0 || s.Done <= 0:
		return 0
	case s.Done >= s.Total:
		return uint64(n)
	}
	hi, lo := bits.Mul64(uint64(s.Done), uint64(n))
	q, _ := bits.Div64(hi, lo, uint64(s.Total))
	return q
}

// String answers one line as it is shown at the end of the work, without the
// label: "1000/1000 100%, 3 failed, in 19s, 51.6/s".
func (s Stats) String() string {
	line := s.head() + ", in " + elapsed(s.Elapsed)
	// Over less than a millisecond a rate says nothing about the work.
	if rate := s.Rate(); rate > 0 && s.Elapsed >= time.Millisecond {
		line += ", " + s.Unit.rate(rate)
	}
	return line
}

// head is what a line begins with: the counts.
func (s Stats) head() string {
	line := s.Unit.count(s.Done, s.Total)
	if s.Total > 0 {
		line += " " + s.percent()
	}
	if s.Failed > 0 {
		line += ", " + s.failed()
	}
	return line
}

func (s Stats) percent() string { return strconv.Itoa(s.Percent()) + "%" }

func (s Stats) failed() string { return strconv.FormatInt(s.Failed, 10) + " failed" }
