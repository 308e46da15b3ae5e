package managers

import (
	"encoding/binary"
	"math"
	"math/big"
	"runtime"
	"unicode/utf8"

	"github.com/conexgo/conex/pickle"
)

// An arrayKind is what a typecode stands for. The sizes are those of CPython on
// the system that the server runs on, as l and u have others on Windows.
type arrayKind struct {
	code   string
	size   int
	signed bool
	float  bool
	chars  bool

	// CPython converts an int in two steps, to one of C's types and from there
	// to the item's, and the messages of its OverflowErrors differ by step.
	lo, hi             *big.Int // what the C type holds
	tooLow, tooHigh    string   // outside of that
	min, max           *big.Int // what an item holds
	lessThan, moreThan string   // outside of that
}

var arrayKinds = map[string]*arrayKind{}

// utf16Kind is what u is on Windows.
var utf16Kind = &arrayKind{code: "u", size: 2, chars: true}

func init() {
	long, wide := 8, 4
	if runtime.GOOS == "windows" {
		long, wide = 4, 2
	}
	add := func(code string, size int, signed bool, less, more string) *arrayKind {
		k := &arrayKind{code: code, size: size, signed: signed, lessThan: less, moreThan: more}
		k.min, k.max = intRange(size, signed)
		k.lo, k.hi = intRange(long, true)
		k.tooLow, k.tooHigh = "Python int too large to convert to C long", "Python int too large to convert to C long"
		arrayKinds[code] = k
		return k
	}
	unsigned := func(code string, size int) {
		k := add(code, size, false, "can't convert negative value to unsigned int", "unsigned int is greater than maximum")
		k.lo, k.hi = new(big.Int), k.max
		if long > size {
			_, k.hi = intRange(long, false)
		}
		k.tooLow, k.tooHigh = "can't convert negative value to unsigned int", "Python int too large to convert to C unsigned long"
	}
	add("b", 1, true, "signed char is less than minimum", "signed char is greater than maximum")
	add("B", 1, false, "unsigned byte integer is less than minimum", "unsigned byte integer is greater than maximum")
	add("h", 2, true, "signed short integer is less than minimum", "signed short integer is greater than maximum")
	add("H", 2, false, "unsigned short is less than minimum", "unsigned short is greater than maximum")
	add("i", 4, true, "signed integer is less than minimum", "signed integer is greater than maximum")
	add("l", long, true, "", "")
	unsigned("I", 4)
	unsigned("L", long)
	q := add("q", 8, true, "int too big to convert", "int too big to convert")
	q.lo, q.hi = q.min, q.max
	q.tooLow, q.tooHigh = q.lessThan, q.moreThan
	q = add("Q", 8, false, "can't convert negative int to unsigned", "int too big to convert")
	q.lo, q.hi = q.min, q.max
	q.tooLow, q.tooHigh = q.lessThan, q.moreThan

	arrayKinds["f"] = &arrayKind{code: "f", size: 4, float: true}
	arrayKinds["d"] = &arrayKind{code: "d", size: 8, float: true}
	arrayKinds["u"] = &arrayKind{code: "u", size: wide, chars: true}
	arrayKinds["w"] = &arrayKind{code: "w", size: 4, chars: true}
}

func intRange(size int, signed bool) (lo, hi *big.Int) {
	one := big.NewInt(1)
	bits := uint(8 * size)
	if signed {
		hi = new(big.Int).Lsh(one, bits-1)
		return new(big.Int).Neg(hi), hi.Sub(hi, one)
	}
	hi = new(big.Int).Lsh(one, bits)
	return new(big.Int), hi.Sub(hi, one)
}

// get reads an item.
func (k *arrayKind) get(b []byte) any {
	var raw [8]byte
	copy(raw[:], b)
	u := binary.LittleEndian.Uint64(raw[:])
	switch {
	case k.float && k.size == 4:
		return float64(math.Float32frombits(uint32(u)))
	case k.float:
		return math.Float64frombits(u)
	case k.chars:
		return character(rune(u))
	case k.signed:
		shift := 64 - 8*k.size
		return int64(u<<shift) >> shift
	case u > math.MaxInt64:
		return new(big.Int).SetUint64(u)
	}
	return int64(u)
}

// character is a str of Python's with one character, which a lone surrogate is
// too.
func character(r rune) string {
	if r >= 0xd800 && r < 0xe000 {
		return string([]byte{0xed, byte(0x80 | r>>6&0x3f), byte(0x80 | r&0x3f)})
	}
	return string(r)
}

// put writes an item, or nothing.
func (k *arrayKind) put(b []byte, v any) error {
	var u uint64
	switch {
	case k.float:
		f, err := realOf(v)
		if err != nil {
			return err
		}
		u = math.Float64bits(f)
		if k.size == 4 {
			u = uint64(math.Float32bits(float32(f)))
		}
	case k.chars:
		r, ok := runeOf(v)
		if !ok || k.size == 2 && r > 0xffff {
			return pickle.TypeError.New("array item must be unicode character")
		}
		u = uint64(r)
	default:
		n := bigOf(v)
		if n == nil {
			return pickle.TypeError.Newf("'%s' object cannot be interpreted as an integer", typeName(v))
		}
		if err := k.check(n); err != nil {
			return err
		}
		if u = n.Uint64(); n.Sign() < 0 {
			u = uint64(n.Int64())
		}
	}
	var raw [8]byte
	binary.LittleEndian.PutUint64(raw[:], u)
	copy(b, raw[:k.size])
	return nil
}

// check says that a number does not fit as CPython does, which converts what
// goes into b to a short before it looks at it, and into H to an int.
func (k *arrayKind) check(n *big.Int) error {
	var text string
	switch {
	case n.Cmp(k.lo) < 0:
		text = k.tooLow
	case n.Cmp(k.hi) > 0:
		text = k.tooHigh
	case n.Cmp(k.min) >= 0 && n.Cmp(k.max) <= 0:
		return nil
	case n.Cmp(k.min) < 0:
		text = k.lessThan
	default:
		text = k.moreThan
	}
	wider := map[string]string{"b": "h", "H": "i"}[k.code]
	if w := arrayKinds[wider]; w != nil && (n.Cmp(w.min) < 0 || n.Cmp(w.max) > 0) {
		return w.check(n)
	}
	return pickle.OverflowError.New(text)
}

// realOf returns what a float is made of: any real number, but no text.
func realOf(v any) (float64, error) {
	switch v := v.(type) {
	case float64:
		return v, nil
	case pickle.Decimal:
		return v.Float64()
	case string, []byte:
		return 0, pickle.TypeError.Newf("must be real number, not %s", typeName(v))
	}
	if bigOf(v) == nil {
		return 0, pickle.TypeError.Newf("must be real number, not %s", typeName(v))
	}
	f, err := floatOf(v)
	if err != nil {
		return 0, err
	}
	return f.(float64), nil
}

// runeOf returns the character that a str of length 1 has.
func runeOf(v any) (rune, bool) {
	s, ok := v.(string)
	if !ok || len(characters(s)) != 1 {
		return 0, false
	}
	if len(s) == 3 && s[0] == 0xed && s[1] >= 0xa0 {
		return 0xd000 | rune(s[1]&0x3f)<<6 | rune(s[2]&0x3f), true
	}
	r, _ := utf8.DecodeRuneInString(s)
	return r, true
}
