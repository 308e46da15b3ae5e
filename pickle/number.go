package pickle

import (
	"cmp"
	"math"
	"math/big"
	"reflect"
)

// Python has one type of integers and one of floats. The model has int64 for an
// int, or *big.Int where that is too small, and float64; what a program gives may
// be of any of Go's types.

// plain returns a value of one of Go's other number types as the type that
// stands for Python's int or float in this package, and anything else as it is.
func plain(v any) any {
	switch v := v.(type) {
	case string, int64, nil:
		return v
	case int:
		return int64(v)
	case int32:
		return int64(v)
	case int16:
		return int64(v)
	case int8:
		return int64(v)
	case uint8:
		return int64(v)
	case uint16:
		return int64(v)
	case uint32:
		return int64(v)
	case uint:
		return plainUint(uint64(v))
	case uint64:
		return plainUint(v)
	case float32:
		return float64(v)
	case complex64:
		return complex128(v)
	case *big.Int:
		if v != nil && v.IsInt64() {
			return v.Int64()
		}
	}
	return v
}

// plainUint is plain for what may be beyond int64.
func plainUint(v uint64) any {
	if v <= math.MaxInt64 {
		return int64(v)
	}
	return new(big.Int).SetUint64(v)
}

// plainBig is plain for the result of a computation.
func plainBig(v *big.Int) any {
	if v.IsInt64() {
		return v.Int64()
	}
	return v
}

// sameType reports whether two values are of one Go type.
func sameType(a, b any) bool { return reflect.TypeOf(a) == reflect.TypeOf(b) }

// isNumber reports whether v is an int, a bool, a float or a Decimal, which
// have an order among each other. Complex numbers have none.
func isNumber(v any) bool {
	switch v.(type) {
	case bool, int64, *big.Int, float64, Decimal:
		return true
	}
	return false
}

// bigOf returns an integer, bool included, as a big.Int; nil if it is none.
func bigOf(v any) *big.Int {
	switch v := plain(v).(type) {
	case bool:
		if v {
			return big.NewInt(1)
		}
		return new(big.Int)
	case int64:
		return big.NewInt(v)
	case *big.Int:
		return v
	}
	return nil
}

// Unordered is what compareNumbers returns if one of the two is a NaN.
const unordered = 2

// compareNumbers compares two numbers exactly, as Python does: 2**53+1 is
// greater than 2.0**53. It returns unordered if one is a NaN.
func compareNumbers(a, b any) (int, error) {
	switch x := a.(type) {
	case bool:
		return compareNumbers(boolInt(x), b)
	case int64:
		switch y := b.(type) {
		case bool:
			return cmp.Compare(x, boolInt(y)), nil
		case int64:
			return cmp.Compare(x, y), nil
		case *big.Int:
			return big.NewInt(x).Cmp(y), nil
		case float64:
			if -1<<53 <= x && x <= 1<<53 {
				return compareFloats(float64(x), y), nil
			}
			return compareBigFloat(big.NewInt(x), y), nil
		}
	case *big.Int:
		switch y := b.(type) {
		case bool, int64:
			return x.Cmp(bigOf(y)), nil
		case *big.Int:
			return x.Cmp(y), nil
		case float64:
			return compareBigFloat(x, y), nil
		}
	case float64:
		switch y := b.(type) {
		case float64:
			return compareFloats(x, y), nil
		case Decimal:
		default:
			c, err := compareNumbers(b, a)
			if c != unordered {
				c = -c
			}
			return c, err
		}
	}
	return compareDecimals(a, b)
}

// boolInt is what a bool is as an int.
func boolInt(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// compareFloats knows NaN, which cmp.Compare puts before all others.
func compareFloats(x, y float64) int {
	if x != x || y != y {
		return unordered
	}
	return cmp.Compare(x, y)
}

// compareBigFloat compares the whole part first, exactly, and then looks whether
// the float has more to it.
func compareBigFloat(x *big.Int, y float64) int {
	switch {
	case y != y:
		return unordered
	case math.IsInf(y, 0):
		if y > 0 {
			return -1
		}
		return 1
	}
	whole, frac := math.Modf(y)
	i, _ := big.NewFloat(whole).Int(nil)
	if c := x.Cmp(i); c != 0 {
		return c
	}
	return cmp.Compare(0, frac)
}

// sequence returns the length, the first number and the step of a range. A
// range that is no range, with a step of 0, is empty.
func (r Range) sequence() (n, start, step *big.Int) {
	start, step = bigOf(r.Start), bigOf(r.Step)
	stop := bigOf(r.Stop)
	if start == nil || stop == nil || step == nil || step.Sign() == 0 {
		return new(big.Int), new(big.Int), big.NewInt(1)
	}
	n = new(big.Int).Sub(stop, start)
	n.Add(n, step)
	if step.Sign() > 0 {
		n.Sub(n, big.NewInt(1))
	} else {
		n.Add(n, big.NewInt(1))
	}
	n.Quo(n, step)
	if n.Sign() < 0 {
		n.SetInt64(0)
	}
	return n, start, step
}
