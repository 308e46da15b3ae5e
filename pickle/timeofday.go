package pickle

import (
	"fmt"
	"time"
)

// A TimeOfDay is Python's datetime.time. TZ is nil (the time is naive), a
// [TimeZone], or an [Object] that is a zone of another class. Fold is 1 for the
// second of two equal times on a day on which the clocks go back.
//
// Two of them are equal if they are the same moment of the day in UTC, or in
// their common zone; a naive one is never equal to one with a zone.
type TimeOfDay struct {
	Hour, Minute, Second, Microsecond, Fold int

	TZ any
}

// Valid returns nil, or the ValueError that Python has for the time.
func (t TimeOfDay) Valid() error {
	switch {
	case t.Hour < 0 || t.Hour > 23:
		return valueErrorf("hour must be in 0..23")
	case t.Minute < 0 || t.Minute > 59:
		return valueErrorf("minute must be in 0..59")
	case t.Second < 0 || t.Second > 59:
		return valueErrorf("second must be in 0..59")
	case t.Microsecond < 0 || t.Microsecond >= secondMicros:
		return valueErrorf("microsecond must be in 0..999999")
	case t.Fold != 0 && t.Fold != 1:
		return valueErrorf("fold must be either 0 or 1")
	}
	if z, ok := t.TZ.(TimeZone); ok {
		return z.Valid()
	}
	return nil
}

// Duration returns the time since midnight on the clock, and the error of
// Valid.
func (t TimeOfDay) Duration() (time.Duration, error) {
	return time.Duration(t.micros()) * time.Microsecond, t.Valid()
}

// micros returns the microseconds since midnight on the clock.
func (t TimeOfDay) micros() int64 {
	return int64(t.Hour*3600+t.Minute*60+t.Second)*secondMicros + int64(t.Microsecond)
}

// String returns the time as Python's str does: 12:30:00.000001+01:00.
func (t TimeOfDay) String() string {
	s := fmt.Sprintf("%02d:%02d:%02d", t.Hour, t.Minute, t.Second)
	if t.Microsecond != 0 {
		s += fmt.Sprintf(".%06d", t.Microsecond)
	}
	if z, us := zoneOf(t.TZ); z == fixed {
		s += offsetText(us)
	}
	return s
}

// hash does not look at the fold, since equal does not.
func (t TimeOfDay) hash(h *hasher) uint64 {
	z, us := zoneOf(t.TZ)
	return h.ints(kindTime+uint64(z)<<8, int(t.micros()-us))
}

// equal is false where compare fails.
func (t TimeOfDay) equal(u TimeOfDay) bool {
	n, err := t.compare(u)
	return n == 0 && err == nil
}

// compare goes by the clock if both have one zone, even an unknown one, and by UTC
// if both offsets are known.
func (t TimeOfDay) compare(u TimeOfDay) (int, error) {
	a, x := zoneOf(t.TZ)
	b, y := zoneOf(u.TZ)
	if !sameZone(t.TZ, u.TZ) && (a != fixed || b != fixed) {
		return 0, typeErrorf("can't compare offset-naive and offset-aware times")
	}
	return compareInt64s(t.micros()-x, u.micros()-y), nil
}

func compareInt64s(x, y int64) int {
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}
