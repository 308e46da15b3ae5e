package pickle

import "time"

// A DateTime is Python's datetime.datetime. TZ is nil (the datetime is naive:
// whose clock it was read from is known only to those who wrote it), a
// [TimeZone], or an [Object] that is a zone of another class. Fold is 1 for the
// second of two equal times on a day on which the clocks go back.
//
// Two of them are equal if they are the same instant; a naive one is never
// equal to one with a zone, and one whose zone is an Object only to one with an
// equal zone.
type DateTime struct {
	Year, Month, Day                        int
	Hour, Minute, Second, Microsecond, Fold int

	TZ any
}

// DateTimeOf returns an instant as an aware DateTime, in the [TimeZone] with the
// offset that t's location has then; UTC stays UTC. Nanoseconds are cut off. It
// fails if the year is not one of Python's, 1 to 9999.
func DateTimeOf(t time.Time) (DateTime, error) {
	dt := wallClock(t)
	if _, offset := t.Zone(); offset != 0 {
		dt.TZ = TimeZone{Offset: microDelta(int64(offset) * secondMicros)}
	} else {
		dt.TZ = UTC
	}
	return dt, dt.Valid()
}

// wallClock returns what the clocks show at t, as a naive DateTime.
func wallClock(t time.Time) DateTime {
	y, m, d := t.Date()
	return DateTime{
		Year: y, Month: int(m), Day: d,
		Hour: t.Hour(), Minute: t.Minute(), Second: t.Second(), Microsecond: t.Nanosecond() / 1000,
	}
}

// Date returns the day.
func (t DateTime) Date() Date { return Date{t.Year, t.Month, t.Day} }

// Clock returns the time of the day, with its zone.
func (t DateTime) Clock() TimeOfDay {
	return TimeOfDay{t.Hour, t.Minute, t.Second, t.Microsecond, t.Fold, t.TZ}
}

// Valid returns nil, or the ValueError that Python has for the datetime.
func (t DateTime) Valid() error {
	if err := t.Date().Valid(); err != nil {
		return err
	}
	return t.Clock().Valid()
}

// Time returns the instant. A naive DateTime is read in time.Local, as Python's
// timestamp method does; see TimeIn. A zoneinfo.ZoneInfo is looked up by its
// name with time.LoadLocation; the offset of another class of zone is not
// known, and the error is a ValueError.
func (t DateTime) Time() (time.Time, error) {
	if err := t.Valid(); err != nil {
		return time.Time{}, err
	}
	switch tz := t.TZ.(type) {
	case nil:
		return t.TimeIn(time.Local), nil
	case TimeZone:
		// Not time.Date with the location, which has no microseconds.
		_, us := zoneOf(tz)
		return t.TimeIn(time.UTC).Add(-time.Duration(us) * time.Microsecond).In(tz.Location()), nil
	}
	if loc := namedLocation(t.TZ); loc != nil {
		return t.TimeIn(loc), nil
	}
	return time.Time{}, valueErrorf("the offset of the zone %s is not known", ReprMax(t.TZ, 80))
}

// TimeIn returns the instant at which clocks in loc show t, whatever its TZ. If
// they do so twice, Fold selects the first or the second; if never, since they
// were put forward, it selects the offset before or after that, as in Python.
func (t DateTime) TimeIn(loc *time.Location) time.Time {
	utc := time.Date(t.Year, time.Month(t.Month), t.Day, t.Hour, t.Minute, t.Second, t.Microsecond*1000, time.UTC)
	if loc == time.UTC {
		return utc
	}
	const day = 24 * time.Hour
	_, before := utc.Add(-day).In(loc).Zone()
	_, after := utc.Add(day).In(loc).Zone()
	a := utc.Add(-time.Duration(before) * time.Second).In(loc)
	b := utc.Add(-time.Duration(after) * time.Second).In(loc)
	want := t
	want.TZ, want.Fold = nil, 0
	okA, okB := wallClock(a) == want, wallClock(b) == want
	switch {
	case okA != okB && okA:
		return a
	case okA != okB:
		return b
	case t.Fold == 0:
		return a
	}
	return b
}

// micros returns the microseconds since the beginning of 1970 on the clock.
func (t DateTime) micros() int64 { return t.Date().days()*dayMicros + t.Clock().micros() }

// String returns the datetime as Python's str does: 2024-02-29 12:30:00+01:00.
func (t DateTime) String() string { return t.Date().String() + " " + t.Clock().String() }

// hash is of the instant, or of the clock if the offset is not known. It leaves
// out the fold, as equal does.
func (t DateTime) hash(h *hasher) uint64 {
	z, offset := zoneOf(t.TZ)
	s, us := floorDiv(t.micros()-offset, secondMicros)
	days, s := floorDiv(s, daySeconds) // in an int of 32 bits, too
	return h.ints(kindDate+uint64(z+1)<<8, int(days), int(s), int(us))
}

// equal is false where compare fails.
func (t DateTime) equal(u DateTime) bool {
	n, err := t.compare(u)
	return n == 0 && err == nil
}

// compare is as that of TimeOfDay.
func (t DateTime) compare(u DateTime) (int, error) {
	a, x := zoneOf(t.TZ)
	b, y := zoneOf(u.TZ)
	if !sameZone(t.TZ, u.TZ) && (a != fixed || b != fixed) {
		return 0, typeErrorf("can't compare offset-naive and offset-aware datetimes")
	}
	return compareInt64s(t.micros()-x, u.micros()-y), nil
}
