package pickle

import "encoding/binary"

// The classes of datetime pickle themselves as bytes: date has 2 bytes for the
// year, month, day; time has hour, minute, second, 3 bytes of microseconds;
// datetime has both. A fold is the high bit of the hour of a time, and of the
// month of a datetime. Python 2 has the bytes in a str, which Python 3 reads as
// Latin-1.

const foldBit = 0x80

// state returns the bytes of a date, with room for those of a time.
func (d Date) state() []byte {
	return append(make([]byte, 0, 10), byte(d.Year>>8), byte(d.Year), byte(d.Month), byte(d.Day))
}

// state returns the bytes of a time.
func (t TimeOfDay) state() []byte {
	us := t.Microsecond
	return []byte{
		byte(t.Hour) | byte(t.Fold)<<7, byte(t.Minute), byte(t.Second),
		byte(us >> 16), byte(us >> 8), byte(us),
	}
}

// withZone makes the arguments of a time.
func withZone(state []byte, tz any) Tuple {
	if tz == nil {
		return Tuple{state}
	}
	return Tuple{state, tz}
}

// stateBytes returns the bytes of a state, and the zone that follows.
func stateBytes(args Tuple, size int, zone bool) (b []byte, tz any, ok bool) {
	if len(args) == 0 || len(args) > 2 || len(args) == 2 && !zone {
		return nil, nil, false
	}
	switch s := args[0].(type) {
	case []byte:
		b = s
	case string:
		if len(s) > 2*size {
			return nil, nil, false
		}
		for _, r := range s {
			if r > 0xff {
				return nil, nil, false
			}
			b = append(b, byte(r))
		}
	}
	if len(args) == 2 {
		tz = args[1]
	}
	switch tz.(type) {
	case nil, TimeZone, *Object:
		return b, tz, len(b) == size
	}
	return nil, nil, false
}

// dateFrom and timeFrom read what state has written; Valid looks at the result.
func dateFrom(b []byte) Date {
	return Date{int(binary.BigEndian.Uint16(b)), int(b[2]), int(b[3])}
}

// timeFrom reads the bytes that state of a TimeOfDay writes.
func timeFrom(b []byte) TimeOfDay {
	return TimeOfDay{
		Hour: int(b[0] &^ foldBit), Minute: int(b[1]), Second: int(b[2]),
		Microsecond: int(b[3])<<16 | int(b[4])<<8 | int(b[5]),
		Fold:        int(b[0] >> 7),
	}
}

// buildDatetime makes the values of the module datetime, if Python would.
func buildDatetime(name string, args Tuple) (any, bool) {
	switch name {
	case "date":
		b, _, ok := stateBytes(args, 4, false)
		if !ok {
			return nil, false
		}
		d := dateFrom(b)
		return d, d.Valid() == nil
	case "time":
		b, tz, ok := stateBytes(args, 6, true)
		if !ok {
			return nil, false
		}
		t := timeFrom(b)
		t.TZ = tz
		return t, t.Valid() == nil
	case "datetime":
		b, tz, ok := stateBytes(args, 10, true)
		if !ok {
			return nil, false
		}
		fold := int(b[2] >> 7)
		d, c := dateFrom([]byte{b[0], b[1], b[2] &^ foldBit, b[3]}), timeFrom(b[4:])
		t := DateTime{
			d.Year, d.Month, d.Day, c.Hour, c.Minute, c.Second, c.Microsecond, fold, tz,
		}
		return t, c.Fold == 0 && t.Valid() == nil
	case "timedelta":
		return buildTimeDelta(args)
	case "timezone":
		return buildTimeZone(args)
	}
	return nil, false
}

// buildTimeDelta takes integers of any size that a timedelta may be made of, within
// 32 bits: what CPython writes is in its own form anyway.
func buildTimeDelta(args Tuple) (any, bool) {
	var n [3]int
	if len(args) > 3 {
		return nil, false
	}
	for i, a := range args {
		v, ok := a.(int64)
		if !ok || v > 1<<31-1 || v < -1<<31 {
			return nil, false
		}
		n[i] = int(v)
	}
	d := TimeDelta{n[0], n[1], n[2]}
	return d.normal(), d.Valid() == nil
}

// buildTimeZone takes an offset, and perhaps a name.
func buildTimeZone(args Tuple) (any, bool) {
	if len(args) < 1 || len(args) > 2 {
		return nil, false
	}
	d, ok := args[0].(TimeDelta)
	if !ok {
		return nil, false
	}
	z := TimeZone{Offset: d}
	if len(args) == 2 {
		if z.Name, ok = args[1].(string); !ok {
			return nil, false
		}
	}
	return z, z.Valid() == nil
}
