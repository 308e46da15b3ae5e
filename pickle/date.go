package pickle

import (
	"fmt"
	"time"
)

// A Date is Python's datetime.date: a day of the Gregorian calendar in the
// years 1 to 9999. The zero value is no date: see Valid.
type Date struct {
	Year, Month, Day int
}

// DateOf returns the day on which t is, in t's location. It fails if the year
// is not one of Python's.
func DateOf(t time.Time) (Date, error) {
	y, m, d := t.Date()
	date := Date{y, int(m), d}
	return date, date.Valid()
}

// Valid returns nil, or the ValueError that Python has for the date.
func (d Date) Valid() error {
	switch {
	case d.Year < 1 || d.Year > 9999:
		return valueErrorf("year %d is out of range", d.Year)
	case d.Month < 1 || d.Month > 12:
		return valueErrorf("month must be in 1..12")
	case d.Day < 1 || d.Day > daysIn(d.Year, d.Month):
		return valueErrorf("day is out of range for month")
	}
	return nil
}

func daysIn(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// Time returns the midnight in UTC with which the day begins, or the error of
// Valid.
func (d Date) Time() (time.Time, error) {
	return time.Date(d.Year, time.Month(d.Month), d.Day, 0, 0, 0, 0, time.UTC), d.Valid()
}

// Compare returns -1, 0 or 1 as d is before, equal to or after e.
func (d Date) Compare(e Date) int {
	if c := compareInts(d.Year, e.Year); c != 0 {
		return c
	}
	if c := compareInts(d.Month, e.Month); c != 0 {
		return c
	}
	return compareInts(d.Day, e.Day)
}

// String returns the date as Python's str does: 2024-02-29.
func (d Date) String() string {
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day)
}

// days returns the days since the first of January 1970.
func (d Date) days() int64 {
	t, _ := d.Time()
	return t.Unix() / 86400
}
