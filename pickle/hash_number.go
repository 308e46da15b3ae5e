package pickle

import (
	"crypto/rand"
	"hash/maphash"
	"math"
	"math/big"
	"math/bits"
	"sync"
)

// Numbers of all types that are equal have equal hashes, as in Python and by
// its method: the hash is the number modulo a prime, fractions included, since
// 1/2 has an inverse there. It can be computed for Decimal('1E+999999999')
// without writing the number out. The prime is a secret of the process, as
// seed is; it is greater than 2^61, so that smaller integers do without it.

// smallInt bounds the integers that are their own residues.
const smallInt = 1 << 61

// prime returns the modulus, between 2^61 and 2^62.
var prime = sync.OnceValue(func() uint64 {
	p, err := rand.Prime(rand.Reader, 62)
	if err != nil { // crypto/rand never fails
		panic(err)
	}
	return p.Uint64()
})

var (
	mix0       = maphash.String(seed, "mix0")
	mix1       = maphash.String(seed, "mix1") | 1
	imagFactor = maphash.String(seed, "imag") | 1
	infinity   = maphash.String(seed, "inf")
)

// mix spreads a residue over all bits, in a way that only this process knows.
func mix(x uint64) uint64 {
	hi, lo := bits.Mul64(x^mix0, mix1)
	return hi ^ lo
}

// signed gives a residue the sign of its number.
func signed(r uint64, negative bool) uint64 {
	if negative {
		return -r
	}
	return r
}

// hashInt is the way of nearly all numbers.
func hashInt(v int64) uint64 { return mix(intResidue(v)) }

// intResidue does not ask for the prime unless it must: making one takes time.
func intResidue(v int64) uint64 {
	if -smallInt < v && v < smallInt {
		return uint64(v)
	}
	u := uint64(v)
	if v < 0 {
		u = -u
	}
	return signed(u%prime(), v < 0)
}

// bigResidue takes time in proportion to the length of the number.
func bigResidue(v *big.Int) uint64 {
	if v.IsInt64() {
		return intResidue(v.Int64())
	}
	var m big.Int
	m.Rem(v, new(big.Int).SetUint64(prime()))
	return signed(m.Abs(&m).Uint64(), v.Sign() < 0)
}

// floatResidue takes a float apart into an integer and a power of two. Whole ones
// that fit an int64 are the integers that they are equal to.
func floatResidue(f float64) uint64 {
	if i := int64(f); float64(i) == f && i != math.MaxInt64 && i != math.MinInt64 {
		return intResidue(i)
	}
	switch {
	case math.IsNaN(f):
		return unequal()
	case math.IsInf(f, 0):
		return signed(infinity, f < 0)
	}
	fr, exp := math.Frexp(math.Abs(f))
	mant := uint64(fr * (1 << 53))
	return signed(mulmod(mant%prime(), powmod(2, int64(exp-53))), f < 0)
}

// powmod returns base to the power of exp modulo prime; exp may be negative.
func powmod(base uint64, exp int64) uint64 {
	p := prime()
	if exp < 0 {
		base, exp = powmod(base, int64(p-2)), -exp
	}
	r := uint64(1)
	for ; exp > 0; exp >>= 1 {
		if exp&1 != 0 {
			r = mulmod(r, base)
		}
		base = mulmod(base, base)
	}
	return r
}

// mulmod multiplies two residues. They are less than 2^62, so the product is less
// than the prime times 2^64, as Div64 wants it.
func mulmod(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	_, rem := bits.Div64(hi, lo, prime())
	return rem
}

// hashDecimal never writes the number out: 10 to the power of the exponent is
// taken modulo the prime.
func hashDecimal(d Decimal) (uint64, error) {
	n, err := d.parse()
	if err != nil {
		return 0, err
	}
	switch n.kind {
	case decimalNaN:
		return unequal(), nil
	case decimalSignalling:
		return 0, typeErrorf("Cannot hash a signaling NaN value")
	case decimalInfinite:
		return mix(signed(infinity, n.negative)), nil
	}
	r := mulmod(bigResidue(n.coefficient), powmod(10, n.exponent))
	return mix(signed(r, n.negative)), nil
}
