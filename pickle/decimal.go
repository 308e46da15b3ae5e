package pickle

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

// A Decimal is Python's decimal.Decimal, as the text that str gives for it:
// "1.50", "-0", "1E+9", "NaN", "sNaN123", "-Infinity". It keeps trailing zeros
// as Python does; equality of keys and [Equal] go by the number, so that
// Decimal("1.0"), 1 and 1.0 are equal. Go's == compares the text.
//
// This package does no arithmetic with it: see Rat, and big.Float's Parse.
type Decimal string

type decimalKind uint8

const (
	decimalFinite decimalKind = iota
	decimalInfinite
	decimalNaN
	decimalSignalling
)

// A decimalParts is a Decimal taken apart: coefficient * 10^exponent.
type decimalParts struct {
	kind        decimalKind
	negative    bool
	coefficient *big.Int
	exponent    int64
	digits      int    // of the coefficient, leading zeros left out
	payload     string // of a NaN
}

// Python's bounds on a 64-bit machine.
const (
	maxDecimalExponent = 999_999_999_999_999_999
	// maxDecimalDigits is the longest coefficient that is taken: reading a
	// number takes more time than its length.
	maxDecimalDigits = 100_000
)

// ParseDecimal returns a Decimal as Python's constructor makes it of a text:
// space around it and underscores between digits are left out, and the form is
// the one that str gives. The error is decimal.InvalidOperation.
func ParseDecimal(s string) (Decimal, error) {
	s = strings.ReplaceAll(strings.TrimSpace(s), "_", "")
	n, err := Decimal(s).parse()
	if err != nil {
		return "", err
	}
	return n.text(), nil
}

// invalid is the error of a text that is no number.
func (d Decimal) invalid() error {
	const most = 40
	s := string(d)
	if len(s) > most {
		s = s[:most] + "..."
	}
	return &Exception{
		Class: Global{"decimal", "InvalidOperation"},
		Args:  Tuple{"not a decimal number: " + strconv.Quote(s)},
	}
}

// parse takes the number apart. It takes what Python's constructor takes of ASCII,
// underscores left out.
func (d Decimal) parse() (n decimalParts, err error) {
	s := string(d)
	if len(s) > maxDecimalDigits+64 {
		return n, d.invalid()
	}
	if s != "" && (s[0] == '-' || s[0] == '+') {
		n.negative = s[0] == '-'
		s = s[1:]
	}
	if s == "" {
		return n, d.invalid()
	}
	if s[0] > '9' {
		return d.parseSpecial(n, s)
	}
	mantissa, exp, hasExp := s, "", false
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		mantissa, exp, hasExp = s[:i], s[i+1:], true
	}
	whole, frac, _ := strings.Cut(mantissa, ".")
	if whole+frac == "" || !allDigits(whole) || !allDigits(frac) {
		return n, d.invalid()
	}
	if hasExp {
		n.exponent, err = strconv.ParseInt(exp, 10, 64)
		if err != nil || strings.ContainsRune(exp, '_') {
			return n, d.invalid()
		}
	}
	digits := strings.TrimLeft(whole+frac, "0")
	n.digits = len(digits)
	if digits == "" {
		digits = "0"
		n.digits = 1
	}
	if n.exponent > 2*maxDecimalExponent || n.exponent < -2*maxDecimalExponent {
		return n, d.invalid()
	}
	n.exponent -= int64(len(frac))
	if n.adjusted() > maxDecimalExponent || n.exponent < -2*maxDecimalExponent {
		return n, d.invalid()
	}
	n.coefficient, _ = new(big.Int).SetString(digits, 10)
	return n, nil
}

// parseSpecial is for what begins with a letter.
func (d Decimal) parseSpecial(n decimalParts, s string) (decimalParts, error) {
	low := strings.ToLower(s)
	switch {
	case low == "inf" || low == "infinity":
		n.kind = decimalInfinite
		return n, nil
	case strings.HasPrefix(low, "snan"):
		n.kind, n.payload = decimalSignalling, low[4:]
	case strings.HasPrefix(low, "nan"):
		n.kind, n.payload = decimalNaN, low[3:]
	default:
		return n, d.invalid()
	}
	if !allDigits(n.payload) {
		return n, d.invalid()
	}
	n.payload = strings.TrimLeft(n.payload, "0")
	return n, nil
}

// allDigits is true of the empty string.
func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// adjusted is the exponent that the number has in scientific notation.
func (n *decimalParts) adjusted() int64 { return n.exponent + int64(n.digits) - 1 }

// text writes a number as Python's str does.
func (n *decimalParts) text() Decimal {
	sign := ""
	if n.negative {
		sign = "-"
	}
	switch n.kind {
	case decimalInfinite:
		return Decimal(sign + "Infinity")
	case decimalNaN:
		return Decimal(sign + "NaN" + n.payload)
	case decimalSignalling:
		return Decimal(sign + "sNaN" + n.payload)
	}
	digits := n.coefficient.String()
	left := n.exponent + int64(len(digits)) // digits before the point
	switch {
	case n.exponent == 0:
		return Decimal(sign + digits)
	case n.exponent < 0 && left > 0:
		return Decimal(sign + digits[:left] + "." + digits[left:])
	case n.exponent < 0 && left > -6:
		return Decimal(sign + "0." + strings.Repeat("0", int(-left)) + digits)
	}
	if len(digits) > 1 {
		digits = digits[:1] + "." + digits[1:]
	}
	exp := strconv.FormatInt(left-1, 10)
	if left-1 >= 0 {
		exp = "+" + exp
	}
	return Decimal(sign + digits + "E" + exp)
}

// String returns the text.
func (d Decimal) String() string { return string(d) }

// Rat returns the exact number. It fails for NaN and the infinities, and for
// exponents beyond 100 000, which would fill the memory.
func (d Decimal) Rat() (*big.Rat, error) {
	n, err := d.parse()
	if err != nil {
		return nil, err
	}
	const most = 100_000
	if n.kind != decimalFinite || n.exponent > most || n.exponent < -most {
		return nil, valueErrorf("cannot convert %s to a fraction", clip(string(d)))
	}
	r := new(big.Rat).SetInt(n.coefficient)
	if n.exponent > 0 {
		r.SetInt(new(big.Int).Mul(n.coefficient, pow10(n.exponent)))
	} else if n.exponent < 0 {
		r.SetFrac(n.coefficient, pow10(-n.exponent))
	}
	if n.negative {
		r.Neg(r)
	}
	return r, nil
}

// Float64 returns the nearest float64, and an infinity where Python's float
// does.
func (d Decimal) Float64() (float64, error) {
	n, err := d.parse()
	if err != nil {
		return 0, err
	}
	if n.kind == decimalNaN || n.kind == decimalSignalling {
		return math.NaN(), nil
	}
	f, err := strconv.ParseFloat(string(d), 64)
	if math.IsInf(f, 0) {
		return f, nil // what ParseFloat calls out of range
	}
	return f, err
}

// pow10 is 10 to the power of n, which the caller has bounded.
func pow10(n int64) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(n), nil)
}

// clip shortens what goes into a message.
func clip(s string) string {
	const most = 40
	if len(s) > most {
		return s[:most] + "..."
	}
	return s
}
