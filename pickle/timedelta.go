package pickle

import (
	"fmt"
	"math"
	"time"
)

// A TimeDelta is Python's datetime.timedelta: a span of time in microseconds,
// up to 999,999,999 days either way, which is far beyond a time.Duration.
// Python keeps Seconds in 0 to 86,399 and Microseconds in 0 to 999,999; so does
// everything that comes out of a pickle. Other values are taken for the same
// span, and written in Python's form.
type TimeDelta struct {
	Days, Seconds, Microseconds int
}

const (
	maxDeltaDays = 999_999_999
	daySeconds   = 86_400
	secondMicros = 1_000_000
	dayMicros    = daySeconds * secondMicros
)

// TimeDeltaOf returns d as a TimeDelta. Nanoseconds are cut off, towards zero.
func TimeDeltaOf(d time.Duration) TimeDelta { return microDelta(d.Microseconds()) }

// microDelta returns a number of microseconds in Python's form.
func microDelta(us int64) TimeDelta {
	days, us := floorDiv(us, dayMicros)
	return TimeDelta{int(days), int(us / secondMicros), int(us % secondMicros)}
}

// floorDiv divides as Python does: the rest is not negative.
func floorDiv(a, b int64) (q, r int64) {
	q, r = a/b, a%b
	if r < 0 {
		q, r = q-1, r+b
	}
	return q, r
}

// normal returns the span in Python's form.
func (d TimeDelta) normal() TimeDelta {
	if uint(d.Seconds) < daySeconds && uint(d.Microseconds) < secondMicros {
		return d
	}
	carry, us := floorDiv(int64(d.Microseconds), secondMicros)
	s := int64(d.Seconds)
	days, s := floorDiv(s, daySeconds)
	more, s := floorDiv(s+carry%daySeconds, daySeconds)
	return TimeDelta{d.Days + int(days+more+carry/daySeconds), int(s), int(us)}
}

// Valid returns nil, or the OverflowError that Python has for so long a span.
func (d TimeDelta) Valid() error {
	if n := d.normal().Days; n < -maxDeltaDays || n > maxDeltaDays {
		return overflowErrorf("days=%d; must have magnitude <= %d", n, maxDeltaDays)
	}
	return nil
}

// Duration returns the span as a time.Duration, which goes to 292 years. Beyond
// that the error is an OverflowError.
func (d TimeDelta) Duration() (time.Duration, error) {
	n := d.normal()
	const most = math.MaxInt64 / (dayMicros * 1000)
	if n.Days < -most-1 || n.Days > most {
		return 0, overflowErrorf("timedelta of %d days does not fit time.Duration", n.Days)
	}
	us := n.micros()
	if us > math.MaxInt64/1000 || us < math.MinInt64/1000 {
		return 0, overflowErrorf("timedelta of %d days does not fit time.Duration", n.Days)
	}
	return time.Duration(us) * time.Microsecond, nil
}

// micros returns the span in microseconds, for at most 10^8 days.
func (d TimeDelta) micros() int64 {
	return int64(d.Days)*dayMicros + int64(d.Seconds)*secondMicros + int64(d.Microseconds)
}

// Compare returns -1, 0 or 1 as d is shorter than, equal to or longer than e.
func (d TimeDelta) Compare(e TimeDelta) int {
	d, e = d.normal(), e.normal()
	if c := compareInts(d.Days, e.Days); c != 0 {
		return c
	}
	if c := compareInts(d.Seconds, e.Seconds); c != 0 {
		return c
	}
	return compareInts(d.Microseconds, e.Microseconds)
}

// String returns the span as Python's str does: 1 day, 2:03:04.000005.
func (d TimeDelta) String() string {
	d = d.normal()
	s := fmt.Sprintf("%d:%02d:%02d", d.Seconds/3600, d.Seconds/60%60, d.Seconds%60)
	if d.Days != 0 {
		plural := "s"
		if d.Days == 1 || d.Days == -1 {
			plural = ""
		}
		s = fmt.Sprintf("%d day%s, %s", d.Days, plural, s)
	}
	if d.Microseconds != 0 {
		s += fmt.Sprintf(".%06d", d.Microseconds)
	}
	return s
}
