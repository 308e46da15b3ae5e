package pickle

import (
	"cmp"
	"math"
	"math/big"
)

// compareDecimals compares two numbers of which at least one is a Decimal,
// exactly, and without writing out a number that is shorter than its exponent
// says.
func compareDecimals(a, b any) (int, error) {
	x, err := decimalOf(a)
	if err != nil {
		return 0, err
	}
	y, err := decimalOf(b)
	if err != nil {
		return 0, err
	}
	return x.compare(&y), nil
}

// decimalOf returns any real number as the decimal that it is exactly.
func decimalOf(v any) (n decimalParts, err error) {
	switch v := v.(type) {
	case Decimal:
		return v.parse()
	case float64:
		return decimalFloat(v), nil
	}
	i := bigOf(v)
	if i == nil {
		return n, typeErrorf("not a number: '%s'", TypeName(v))
	}
	return decimalInt(i), nil
}

// decimalInt returns an integer as a decimal.
func decimalInt(i *big.Int) (n decimalParts) {
	n.negative = i.Sign() < 0
	n.coefficient = new(big.Int).Abs(i)
	n.count()
	return n
}

// count sets digits, which parse knows without having to convert back.
func (n *decimalParts) count() {
	// Numbers of this many bits have one of two lengths.
	bits := n.coefficient.BitLen()
	n.digits = int(float64(bits-1)*math.Log10(2)) + 1
	if bits == 0 {
		n.digits = 1
	} else if n.coefficient.CmpAbs(pow10(int64(n.digits))) >= 0 {
		n.digits++
	} else if n.digits > 1 && n.coefficient.CmpAbs(pow10(int64(n.digits-1))) < 0 {
		n.digits--
	}
}

// decimalFloat returns a float as the decimal that it is exactly, of up to 767
// digits.
func decimalFloat(f float64) (n decimalParts) {
	switch {
	case f != f:
		n.kind = decimalNaN
		return n
	case math.IsInf(f, 0):
		n.kind, n.negative = decimalInfinite, f < 0
		return n
	}
	fr, exp := math.Frexp(math.Abs(f))
	n.negative = f < 0
	n.coefficient = new(big.Int).SetUint64(uint64(fr * (1 << 53)))
	exp -= 53
	if exp > 0 {
		n.coefficient.Lsh(n.coefficient, uint(exp))
	} else if zeros := min(n.coefficient.TrailingZeroBits(), uint(-exp)); exp < 0 && f != 0 {
		// m / 2^k is m * 5^k / 10^k.
		n.coefficient.Rsh(n.coefficient, zeros)
		exp += int(zeros)
		n.coefficient.Mul(n.coefficient, new(big.Int).Exp(big.NewInt(5), big.NewInt(int64(-exp)), nil))
		n.exponent = int64(exp)
	}
	n.count()
	return n
}

// sign is -1, 0 or 1, and -2 or 2 for the infinities.
func (n *decimalParts) sign() int {
	s := 1
	switch {
	case n.kind == decimalInfinite:
		s = 2
	case n.coefficient.Sign() == 0:
		return 0
	}
	if n.negative {
		return -s
	}
	return s
}

// compare looks at the signs, then at the places of the first digits, and only
// then at all digits.
func (n *decimalParts) compare(m *decimalParts) int {
	if n.kind >= decimalNaN || m.kind >= decimalNaN {
		return unordered
	}
	s := n.sign()
	if c := cmp.Compare(s, m.sign()); c != 0 || s != 1 && s != -1 {
		return c
	}
	if c := cmp.Compare(n.adjusted(), m.adjusted()); c != 0 {
		return s * c
	}
	// Their lengths written out differ by no more than their digits do.
	x, y := n.coefficient, m.coefficient
	if d := n.exponent - m.exponent; d > 0 {
		x = new(big.Int).Mul(x, pow10(d))
	} else if d < 0 {
		y = new(big.Int).Mul(y, pow10(-d))
	}
	return s * x.Cmp(y)
}
