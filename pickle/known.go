package pickle

// buildKnown makes the value of a class that has a type of its own in Go, from
// the arguments that the class is called with. It reports false if the class is
// not such a one, or if the arguments are none that Go could hold: then the
// instance is carried as an Object, and goes out again as it came.
func buildKnown(g Global, args Tuple) (any, bool, error) {
	var v any
	var ok bool
	switch g.Module {
	case "datetime":
		v, ok = buildDatetime(g.Name, args)
	case "decimal":
		if g.Name == "Decimal" {
			v, ok = buildDecimal(args)
		}
	case "uuid":
		if g.Name == "UUID" {
			v, ok = buildUUID(args)
		}
	}
	return v, ok, nil
}

// reduceKnown is the way back: the class and the arguments that it is to be
// called with. A value that Python could not hold is not ok; invalid says why.
func reduceKnown(v any) (g Global, args Tuple, ok bool) {
	switch v := v.(type) {
	case Date:
		return Global{"datetime", "date"}, Tuple{v.state()}, v.Valid() == nil
	case TimeOfDay:
		return Global{"datetime", "time"}, withZone(v.state(), v.TZ), v.Valid() == nil
	case DateTime:
		state := append(v.Date().state(), v.Clock().state()...)
		state[2], state[4] = state[2]|state[4]&foldBit, state[4]&^foldBit
		return Global{"datetime", "datetime"}, withZone(state, v.TZ), v.Valid() == nil
	case TimeDelta:
		d := v.normal()
		return Global{"datetime", "timedelta"},
			Tuple{int64(d.Days), int64(d.Seconds), int64(d.Microseconds)}, d.Valid() == nil
	case TimeZone:
		args := Tuple{v.Offset}
		if v.Name != nil {
			args = append(args, v.Name)
		}
		return Global{"datetime", "timezone"}, args, v.Valid() == nil
	case Decimal:
		_, err := v.parse()
		return Global{"decimal", "Decimal"}, Tuple{string(v)}, err == nil
	case UUID:
		return Global{"uuid", "UUID"}, Tuple{nil, v[:]}, true
	}
	return Global{}, nil, false
}

// invalid returns the error of a value that reduceKnown does not take, nil if
// it is of no type of this file.
func invalid(v any) error {
	switch v := v.(type) {
	case Date, TimeOfDay, DateTime, TimeDelta, TimeZone:
		return v.(interface{ Valid() error }).Valid()
	case Decimal:
		_, err := v.parse()
		return err
	}
	return nil
}

// buildDecimal takes a text that is already as Python writes it: another one would
// not come back as it was.
func buildDecimal(args Tuple) (any, bool) {
	if len(args) != 1 {
		return nil, false
	}
	s, ok := args[0].(string)
	if !ok {
		return nil, false
	}
	n, err := Decimal(s).parse()
	if err != nil || n.text() != Decimal(s) {
		return nil, false
	}
	return Decimal(s), true
}

// buildUUID takes what reduceKnown gives: UUID(hex=None, bytes=b'...').
func buildUUID(args Tuple) (any, bool) {
	if len(args) != 2 || args[0] != nil {
		return nil, false
	}
	b, ok := args[1].([]byte)
	if !ok || len(b) != len(UUID{}) {
		return nil, false
	}
	return UUID(b), true
}
