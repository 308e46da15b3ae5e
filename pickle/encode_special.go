package pickle

import (
	"math/big"
	"reflect"
	"strings"
	"time"
)

// encodeSpecial has the types that are not told by their kind.
var encodeSpecial = map[reflect.Type]encodeFunc{}

func init() {
	for _, t := range modelTypes {
		encodeSpecial[t] = encodeModel
	}
	encodeSpecial[reflect.TypeFor[*ExceptionClass]()] = encodeModel
	encodeSpecial[reflect.TypeFor[*big.Int]()] = encodeModel
	encodeSpecial[reflect.TypeFor[big.Int]()] = addressed(reflect.TypeFor[big.Int](), encodeModel)
	encodeSpecial[reflect.TypeFor[*big.Rat]()] = encodeRat
	encodeSpecial[reflect.TypeFor[big.Rat]()] = addressed(reflect.TypeFor[big.Rat](), encodeRat)
	encodeSpecial[reflect.TypeFor[*big.Float]()] = encodeBigFloat
	encodeSpecial[reflect.TypeFor[big.Float]()] = addressed(reflect.TypeFor[big.Float](), encodeBigFloat)
	encodeSpecial[reflect.TypeFor[time.Time]()] = encodeTime
	encodeSpecial[reflect.TypeFor[*time.Time]()] = func(e *encoder, v reflect.Value) error {
		if v.IsNil() {
			e.buf = append(e.buf, opNone)
			return nil
		}
		return encodeTime(e, v.Elem())
	}
	encodeSpecial[reflect.TypeFor[time.Duration]()] = func(e *encoder, v reflect.Value) error {
		return e.save(TimeDeltaOf(time.Duration(v.Int())))
	}
}

// encodeTime writes an instant as an aware datetime: a naive one would lose where
// the clock was.
func encodeTime(e *encoder, v reflect.Value) error {
	t, err := DateTimeOf(v.Interface().(time.Time))
	if err != nil {
		return &UnsupportedValueError{Msg: "a time.Time: " + err.Error()}
	}
	return e.save(t)
}

var fraction = Global{"fractions", "Fraction"}

// encodeRat writes a Fraction.
func encodeRat(e *encoder, v reflect.Value) error {
	if v.IsNil() {
		e.buf = append(e.buf, opNone)
		return nil
	}
	r := v.Interface().(*big.Rat)
	return e.call(fraction, Tuple{plainBig(r.Num()), plainBig(r.Denom())})
}

// fractionOf is the way back: CPython writes a text up to 3.11, and two numbers
// from then on.
func fractionOf(o *Object) *big.Rat {
	if o.Class != any(fraction) || o.Make != Reduce {
		return nil
	}
	switch len(o.Args) {
	case 1:
		// No exponent: it could stand for a number of any length.
		if s, ok := o.Args[0].(string); ok && len(s) < maxDecimalDigits && strings.Trim(s, "-0123456789/") == "" {
			if r, ok := new(big.Rat).SetString(s); ok {
				return r
			}
		}
	case 2:
		n, d := bigOf(o.Args[0]), bigOf(o.Args[1])
		if n != nil && d != nil && d.Sign() != 0 {
			return new(big.Rat).SetFrac(n, d)
		}
	}
	return nil
}

// encodeBigFloat writes a Decimal: the shortest one that gives the same number
// at the float's precision.
func encodeBigFloat(e *encoder, v reflect.Value) error {
	if v.IsNil() {
		e.buf = append(e.buf, opNone)
		return nil
	}
	f := v.Interface().(*big.Float)
	if f.IsInf() {
		if f.Signbit() {
			return e.save(Decimal("-Infinity"))
		}
		return e.save(Decimal("Infinity"))
	}
	d, err := ParseDecimal(f.Text('g', -1))
	if err != nil {
		return &UnsupportedValueError{Msg: "a big.Float: " + err.Error()}
	}
	return e.save(d)
}
