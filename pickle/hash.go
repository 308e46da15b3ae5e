package pickle

import (
	"hash/maphash"
	"math/big"
	"math/rand/v2"
	"reflect"
	"unsafe"
)

// Hashable returns nil if v can be a key of a [Dict] and an element of a [Set],
// and otherwise the error that Python has for it, a TypeError such as
// "unhashable type: 'list'".
//
// Lists, dicts, sets and bytearrays are not hashable, and neither is a tuple
// that contains one; a slice is, as since Python 3.12. An [Object] is hashable,
// whatever its class says in Python, and equal to another one with equal parts.
// An [Exception], and any pointer to something that is not Python's, is equal
// to itself only. Go's own comparable values can be keys too.
func Hashable(v any) error {
	_, err := hashOf(v)
	return err
}

// seed makes the hashes of one process unpredictable to those who send keys.
var seed = maphash.MakeSeed()

// The kinds of values that are mixed into hashes, so that ("a",) and "a" differ.
const (
	kindBytes = iota + 1
	kindTuple
	kindFrozenSet
	kindObject
	kindRange
	kindDate
	kindTime
	kindNone
	kindDelta
)

// A hasher is what one computation of a hash keeps in mind.
type hasher struct {
	depth int
	steps int
	lax   bool // inside an Object, where lists and dicts count too
	memo  map[tupleKey]uint64
}

// A tupleKey is the identity of a tuple.
type tupleKey struct {
	at *any
	n  int
}

const (
	// maxDepth is how deep values may be nested to be hashed, compared and
	// printed, where Python has its recursion limit.
	maxDepth = 10_000
	// memoAfter is the number of steps after which shared tuples are
	// remembered: n tuples may refer to each other in 2^n ways.
	memoAfter = 10_000
	// An Object is hashed to this depth, and this many items of a list and
	// pairs of a dict in it; equal looks at all of it.
	laxDepth, laxItems, laxPairs = 3, 8, 64
)

// hashOf returns the hash of a value as a key. Equal keys have equal hashes.
func hashOf(v any) (uint64, error) {
	switch v := v.(type) {
	case string:
		return maphash.String(seed, v), nil
	case int64:
		return hashInt(v), nil
	}
	var h hasher
	return h.hash(v)
}

// hash returns the hash of any value that can be a key. The cases are in the order
// in which keys are likely to be of these types.
func (h *hasher) hash(v any) (uint64, error) {
	switch v := v.(type) {
	case string:
		return maphash.String(seed, v), nil
	case nil:
		return mix(kindNone), nil
	case bool:
		if v {
			return hashInt(1), nil
		}
		return hashInt(0), nil
	case int64:
		return hashInt(v), nil
	case float64:
		return mix(floatResidue(v)), nil
	case *big.Int:
		return mix(bigResidue(v)), nil
	case complex128:
		return mix(floatResidue(real(v)) + imagFactor*floatResidue(imag(v))), nil
	case Decimal:
		return hashDecimal(v)
	case []byte:
		return mix(maphash.Bytes(seed, v) + kindBytes), nil
	case Tuple:
		return h.tuple(v)
	case *FrozenSet:
		return h.frozen(v)
	case Range:
		return h.rng(v)
	case Date:
		return h.ints(kindDate, v.Year, v.Month, v.Day), nil
	case TimeDelta:
		v = v.normal()
		return h.ints(kindDelta, v.Days, v.Seconds, v.Microseconds), nil
	case TimeOfDay:
		return v.hash(h), nil
	case DateTime:
		return v.hash(h), nil
	case TimeZone:
		d := v.Offset.normal()
		return h.ints(kindDelta+1, d.Days, d.Seconds, d.Microseconds), nil
	case *Object:
		return h.object(v)
	case Slice:
		return h.tuple(Tuple{v.Start, v.Stop, v.Step})
	case *List, *Dict, *Set, *ByteArray:
		if h.lax {
			return h.mutable(v)
		}
		return 0, typeErrorf("unhashable type: '%s'", TypeName(v))
	}
	return h.foreign(v)
}

// foreign hashes what is no value of Python, or one that is equal to itself
// only.
func (h *hasher) foreign(v any) (uint64, error) {
	if p := plain(v); !sameType(p, v) {
		return h.hash(p)
	}
	if !reflect.ValueOf(v).Comparable() {
		if h.lax {
			return 0, nil
		}
		return 0, typeErrorf("unhashable type: '%s'", TypeName(v))
	}
	return maphash.Comparable(seed, v), nil
}

// enter goes one level down; the way back is h.depth--.
func (h *hasher) enter() error {
	h.depth++
	h.steps++
	if h.depth > maxDepth {
		return errRecursion("while hashing")
	}
	return nil
}

// tuple hashes the items one after the other, so that their order counts. In an
// Object it looks at the first few only: see laxItems.
func (h *hasher) tuple(t Tuple) (uint64, error) {
	if len(t) == 0 {
		return mix(kindTuple), nil
	}
	key := tupleKey{unsafe.SliceData(t), len(t)}
	if sum, ok := h.memo[key]; ok {
		return sum, nil
	}
	if h.lax {
		if h.depth > laxDepth {
			return 0, nil
		}
		t = t[:min(len(t), laxItems)]
	}
	if err := h.enter(); err != nil {
		return 0, err
	}
	sum := uint64(kindTuple)
	for _, v := range t {
		x, err := h.hash(v)
		if err != nil {
			return 0, err
		}
		sum = mix(sum + x)
	}
	h.depth--
	if h.steps > memoAfter && !h.lax {
		if h.memo == nil {
			h.memo = make(map[tupleKey]uint64)
		}
		h.memo[key] = sum
	}
	return sum, nil
}

// frozen hashes a frozenset once, as Python does: they may be shared in as many
// ways as tuples.
func (h *hasher) frozen(s *FrozenSet) (uint64, error) {
	if sum := s.hash.Load(); sum != 0 && !h.lax {
		return sum, nil
	}
	sum, err := h.unordered(&s.d, kindFrozenSet)
	if err == nil && !h.lax {
		s.hash.Store(sum)
	}
	return sum, err
}

// unordered hashes the pairs of a dict or the elements of a set in a way that
// does not depend on their order.
func (h *hasher) unordered(d *Dict, kind uint64) (uint64, error) {
	if h.lax && (h.depth > laxDepth || d.Len() > laxPairs) {
		return uint64(d.Len()), nil
	}
	if err := h.enter(); err != nil {
		return 0, err
	}
	if h.lax { // nothing nested: a set may hold its elements in any order
		h.depth += laxDepth
		defer func() { h.depth -= laxDepth }()
	}
	sum := uint64(d.Len())
	for k, v := range d.All() {
		x, err := h.hash(k)
		if err != nil {
			return 0, err
		}
		if kind == kindObject {
			y, err := h.hash(v)
			if err != nil {
				return 0, err
			}
			x = mix(x) + y
		}
		sum += mix(x)
	}
	h.depth--
	return mix(sum + kind), nil
}

// object hashes an Object by its parts, to a depth that ends every cycle.
// Nothing that only an Object refers to is expected to change, so that lists in
// it count by what they contain.
func (h *hasher) object(o *Object) (uint64, error) {
	if !h.lax {
		h = &hasher{lax: true}
	}
	if h.depth > laxDepth {
		return kindObject, nil
	}
	h.depth++
	defer func() { h.depth-- }()
	sum := uint64(kindObject) + uint64(o.Make)
	for _, v := range [...]any{o.Class, o.Args, o.State, Tuple(o.Items)} {
		x, err := h.hash(v)
		if err != nil {
			return 0, err
		}
		sum = mix(sum + x)
	}
	return mix(sum + uint64(len(o.Pairs))), nil
}

// mutable hashes what is inside an Object and not hashable by itself.
func (h *hasher) mutable(v any) (uint64, error) {
	switch v := v.(type) {
	case *List:
		return h.tuple(v.Items)
	case *Dict:
		return h.unordered(v, kindObject)
	case *Set:
		return h.unordered(&v.d, kindFrozenSet)
	case *ByteArray:
		return h.hash(v.Bytes)
	}
	return 0, nil
}

// rng hashes a range: equal ranges are those that yield the same numbers.
func (h *hasher) rng(r Range) (uint64, error) {
	n, start, step := r.sequence()
	t := Tuple{n, start, step}
	if n.Sign() == 0 {
		t = t[:1]
	} else if n.IsInt64() && n.Int64() == 1 {
		t = t[:2]
	}
	sum, err := h.tuple(t)
	return mix(sum + kindRange), err
}

// ints hashes some small numbers.
func (h *hasher) ints(kind uint64, ns ...int) uint64 {
	for _, n := range ns {
		kind = mix(kind + uint64(n))
	}
	return kind
}

// unequal is the hash of a NaN, which is equal to nothing: any number does, and
// a fixed one would let a million of them collide.
func unequal() uint64 { return rand.Uint64() }
