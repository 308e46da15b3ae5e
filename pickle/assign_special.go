package pickle

import (
	"math/big"
	"reflect"
	"time"
)

// assignSpecial has the types that are not told by their kind: those of the
// model, which take their own values only, and those of Go's library.
var assignSpecial = map[reflect.Type]assignFunc{}

func init() {
	for _, t := range modelTypes {
		assignSpecial[t] = assignSame
	}
	assignSpecial[reflect.TypeFor[time.Time]()] = assignTime
	assignSpecial[reflect.TypeFor[time.Duration]()] = assignDuration
	assignSpecial[reflect.TypeFor[big.Int]()] = assignBigInt
	assignSpecial[reflect.TypeFor[*big.Int]()] = assignBigIntPointer
	assignSpecial[reflect.TypeFor[big.Float]()] = assignBigFloat
	assignSpecial[reflect.TypeFor[big.Rat]()] = assignBigRat
}

// modelTypes are the types of the model that are not also Go's own.
var modelTypes = []reflect.Type{
	reflect.TypeFor[Tuple](), reflect.TypeFor[*List](), reflect.TypeFor[*Dict](),
	reflect.TypeFor[*Set](), reflect.TypeFor[*FrozenSet](), reflect.TypeFor[*ByteArray](),
	reflect.TypeFor[Slice](), reflect.TypeFor[Range](), reflect.TypeFor[singleton](),
	reflect.TypeFor[Global](), reflect.TypeFor[*Object](), reflect.TypeFor[*Exception](),
	reflect.TypeFor[Date](), reflect.TypeFor[TimeOfDay](), reflect.TypeFor[DateTime](),
	reflect.TypeFor[TimeDelta](), reflect.TypeFor[TimeZone](), reflect.TypeFor[Decimal](),
	reflect.TypeFor[UUID](),
}

// opaque reports whether a struct type is one value, not fields.
func opaque(t reflect.Type) bool {
	_, special := assignSpecial[t]
	p := reflect.PointerTo(t)
	return special || p.Implements(typeUnmarshaler) || p.Implements(typeTextUnmarshaler) ||
		p.Implements(typeMarshaler) || p.Implements(typeTextMarshaler)
}

// assignSame takes values of the very type.
func assignSame(_ *assigner, v any, dst reflect.Value) error {
	if v == nil && dst.Kind() == reflect.Pointer {
		dst.SetZero()
		return nil
	}
	rv := reflect.ValueOf(v)
	if v == nil || rv.Type() != dst.Type() {
		return misfit(v, dst)
	}
	dst.Set(rv)
	return nil
}

// assignTime takes a datetime, as DateTime.Time reads it, and a date for its
// midnight in UTC.
func assignTime(_ *assigner, v any, dst reflect.Value) error {
	var t time.Time
	var err error
	switch v := v.(type) {
	case DateTime:
		t, err = v.Time()
	case Date:
		t, err = v.Time()
	default:
		return misfit(v, dst)
	}
	if err != nil {
		return &UnmarshalTypeError{Value: TypeName(v), Type: dst.Type(), Err: err}
	}
	*dst.Addr().Interface().(*time.Time) = t
	return nil
}

// assignDuration takes a timedelta. A number is refused: in which unit would it be?
func assignDuration(_ *assigner, v any, dst reflect.Value) error {
	d, ok := v.(TimeDelta)
	if !ok {
		return misfit(v, dst)
	}
	n, err := d.Duration()
	if err != nil {
		return mismatch(v, dst, "")
	}
	dst.SetInt(int64(n))
	return nil
}

// assignBigIntPointer may share the number with the model, which nobody changes.
func assignBigIntPointer(_ *assigner, v any, dst reflect.Value) error {
	if v == nil {
		dst.SetZero()
		return nil
	}
	n := bigOf(v)
	if n == nil {
		return misfit(v, dst)
	}
	dst.Set(reflect.ValueOf(n))
	return nil
}

// assignBigInt copies the number.
func assignBigInt(_ *assigner, v any, dst reflect.Value) error {
	n := bigOf(v)
	if n == nil {
		return misfit(v, dst)
	}
	dst.Addr().Interface().(*big.Int).Set(n)
	return nil
}

// ratOf returns a number as a fraction, exactly.
func ratOf(v any) *big.Rat {
	switch v := v.(type) {
	case float64:
		return new(big.Rat).SetFloat64(v) // nil for inf and nan
	case Decimal:
		r, err := v.Rat()
		if err != nil {
			return nil
		}
		return r
	case *Object:
		return fractionOf(v)
	}
	if n := bigOf(v); n != nil {
		return new(big.Rat).SetInt(n)
	}
	return nil
}

// assignBigRat is exact, for floats too; there is no fraction for inf and nan.
func assignBigRat(_ *assigner, v any, dst reflect.Value) error {
	r := ratOf(v)
	if r == nil {
		return mismatch(v, dst, "")
	}
	dst.Addr().Interface().(*big.Rat).Set(r)
	return nil
}

// assignBigFloat keeps the precision of the variable, if it has one.
func assignBigFloat(_ *assigner, v any, dst reflect.Value) error {
	f := dst.Addr().Interface().(*big.Float)
	switch v := v.(type) {
	case float64:
		if v != v {
			return mismatch(v, dst, "")
		}
		f.SetFloat64(v)
		return nil
	case Decimal:
		r := ratOf(v)
		if r == nil {
			return mismatch(v, dst, "")
		}
		f.SetRat(r)
		return nil
	}
	n := bigOf(v)
	if n == nil {
		return misfit(v, dst)
	}
	f.SetInt(n)
	return nil
}
