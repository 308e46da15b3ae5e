package pickle

import (
	"fmt"
	"time"
)

// A TimeZone is Python's datetime.timezone: a fixed distance from UTC, of less
// than a day, with a name or without. The zero value is UTC.
//
// Zones with a history, as zoneinfo.ZoneInfo, stay what they came as, an
// [Object]; see [DateTime.Time] for those that can be looked up.
type TimeZone struct {
	Offset TimeDelta
	Name   any // a string, or nil for the one that follows from Offset
}

// UTC is Python's datetime.timezone.utc.
var UTC = TimeZone{}

// Valid returns nil, or the error that Python has for the zone.
func (z TimeZone) Valid() error {
	d := z.Offset.normal()
	if d.Days < -1 || d.Days > 0 || d.Days == -1 && d.Seconds == 0 && d.Microseconds == 0 {
		return valueErrorf("offset must be a timedelta strictly between -timedelta(hours=24) and timedelta(hours=24)")
	}
	if _, ok := z.Name.(string); !ok && z.Name != nil {
		return typeErrorf("timezone() argument 2 must be str, not %s", TypeName(z.Name))
	}
	return nil
}

// Location returns the zone as a time.Location. Microseconds of the offset,
// which no real zone has, are cut off.
func (z TimeZone) Location() *time.Location {
	if z.Offset == (TimeDelta{}) && z.Name == nil {
		return time.UTC
	}
	d := z.Offset.normal()
	return time.FixedZone(z.String(), d.Days*daySeconds+d.Seconds)
}

// String returns the name as Python's str does: UTC, UTC+01:00, CET.
func (z TimeZone) String() string {
	if s, ok := z.Name.(string); ok {
		return s
	}
	if us := z.Offset.micros(); us != 0 {
		return "UTC" + offsetText(us)
	}
	return "UTC"
}

// offsetText writes an offset as isoformat does: +01:00, -00:00:30.
func offsetText(us int64) string {
	sign := '+'
	if us < 0 {
		sign, us = '-', -us
	}
	s := us / secondMicros
	text := fmt.Sprintf("%c%02d:%02d", sign, s/3600, s/60%60)
	if us%(60*secondMicros) != 0 {
		text += fmt.Sprintf(":%02d", s%60)
	}
	if us %= secondMicros; us != 0 {
		text += fmt.Sprintf(".%06d", us)
	}
	return text
}

// A zone is what the TZ of a time says of its offset.
type zone uint8

const (
	naive   zone = iota // no zone
	fixed               // a TimeZone
	foreign             // anything else: the offset is not known here
)

func zoneOf(tz any) (zone, int64) {
	switch tz := tz.(type) {
	case nil:
		return naive, 0
	case TimeZone:
		return fixed, tz.Offset.micros()
	}
	return foreign, 0
}

// sameZone reports whether times of the two zones can be compared by their
// fields.
func sameZone(a, b any) bool {
	x, _ := zoneOf(a)
	y, _ := zoneOf(b)
	return x == y && (x == naive || Equal(a, b))
}

// namedLocation returns the location of a zoneinfo.ZoneInfo.
func namedLocation(tz any) *time.Location {
	o, ok := tz.(*Object)
	if !ok || len(o.Args) == 0 || o.Make != Reduce {
		return nil
	}
	switch o.Class {
	case Global{"zoneinfo", "ZoneInfo._unpickle"}, Global{"zoneinfo", "ZoneInfo"}:
	default:
		return nil
	}
	name, ok := o.Args[0].(string)
	if !ok || name == "" || name == "Local" {
		return nil
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	return loc
}
