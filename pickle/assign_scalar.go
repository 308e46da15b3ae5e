package pickle

import (
	"math/big"
	"reflect"
)

// Python's bool is an int, so that each is taken for the other: 0 and 1 for
// False and True. A float is never taken for an int, even if it is whole; an int
// is taken for a float, the nearest one.

// assignBool takes 0 and 1 too, as many Python programs write them for a flag.
func assignBool(_ *assigner, v any, dst reflect.Value) error {
	switch v := v.(type) {
	case bool:
		dst.SetBool(v)
		return nil
	case int64:
		if v == 0 || v == 1 {
			dst.SetBool(v == 1)
			return nil
		}
		return mismatch(v, dst, "")
	}
	return misfit(v, dst)
}

// assignInt takes what fits, and says what did not.
func assignInt(_ *assigner, v any, dst reflect.Value) error {
	var n int64
	switch v := v.(type) {
	case int64:
		n = v
	case bool:
		n = boolInt(v)
	case *big.Int:
		return mismatch(v, dst, "")
	default:
		return misfit(v, dst)
	}
	if dst.OverflowInt(n) {
		return mismatch(v, dst, "")
	}
	dst.SetInt(n)
	return nil
}

// assignUint is the only one that has use for a big int: up to 2^64-1.
func assignUint(_ *assigner, v any, dst reflect.Value) error {
	var n uint64
	switch v := v.(type) {
	case int64:
		if v < 0 {
			return mismatch(v, dst, "")
		}
		n = uint64(v)
	case bool:
		n = uint64(boolInt(v))
	case *big.Int:
		if !v.IsUint64() {
			return mismatch(v, dst, "")
		}
		n = v.Uint64()
	default:
		return misfit(v, dst)
	}
	if dst.OverflowUint(n) {
		return mismatch(v, dst, "")
	}
	dst.SetUint(n)
	return nil
}

// assignFloat rounds ints, as float does in Python, and refuses those beyond all
// floats, as Python does.
func assignFloat(_ *assigner, v any, dst reflect.Value) error {
	var f float64
	switch v := v.(type) {
	case float64:
		f = v
	case int64:
		f = float64(v)
	case bool:
		f = float64(boolInt(v))
	case *big.Int:
		f, _ = new(big.Float).SetInt(v).Float64()
		if f-f != 0 { // an infinity
			return mismatch(v, dst, "")
		}
	default:
		return misfit(v, dst)
	}
	if dst.OverflowFloat(f) {
		return mismatch(v, dst, "")
	}
	dst.SetFloat(f)
	return nil
}

// assignComplex takes real numbers as well.
func assignComplex(_ *assigner, v any, dst reflect.Value) error {
	var c complex128
	switch v := v.(type) {
	case complex128:
		c = v
	case float64:
		c = complex(v, 0)
	case int64:
		c = complex(float64(v), 0)
	default:
		return misfit(v, dst)
	}
	if dst.OverflowComplex(c) {
		return mismatch(v, dst, "")
	}
	dst.SetComplex(c)
	return nil
}

// assignString takes str only. Text in bytes has an encoding that somebody must
// name; a Decimal fits its own type.
func assignString(_ *assigner, v any, dst reflect.Value) error {
	switch v := v.(type) {
	case string:
		dst.SetString(v)
		return nil
	case Decimal:
		if dst.Type() == reflect.TypeFor[Decimal]() {
			dst.SetString(string(v))
			return nil
		}
	}
	return misfit(v, dst)
}

// assignInterface stores the value itself. An interface with methods takes what
// has them: an Exception is an error. An Object of a registered class becomes
// its struct, if that, or a pointer to it, has them.
func assignInterface(a *assigner, v any, dst reflect.Value) error {
	if v == nil {
		dst.SetZero()
		return nil
	}
	t := dst.Type()
	if rv := reflect.ValueOf(v); t.NumMethod() == 0 || rv.Type().Implements(t) {
		dst.Set(rv)
		return nil
	}
	if o, ok := v.(*Object); ok {
		if g, ok := o.Class.(Global); ok {
			if known, ok := a.cfg.Classes.typeOf(g); ok {
				return assignRegistered(a, v, known, dst)
			}
		}
	}
	return misfit(v, dst)
}

// assignRegistered stores the struct that instances of a class are, or a pointer to
// one, into an interface that it implements.
func assignRegistered(a *assigner, v any, known reflect.Type, dst reflect.Value) error {
	if !known.Implements(dst.Type()) {
		known = reflect.PointerTo(known)
		if !known.Implements(dst.Type()) {
			return misfit(v, dst)
		}
	}
	tmp := reflect.New(known).Elem()
	if err := assignerOf(known)(a, v, tmp); err != nil {
		return err
	}
	dst.Set(tmp)
	return nil
}
