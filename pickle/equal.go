package pickle

import (
	"bytes"
	"reflect"
	"unsafe"
)

// Equal reports whether a == b is true in Python. Numbers are equal across
// their types (1, 1.0, true, Decimal("1.00")), []byte and *ByteArray too, and
// so are *Set and *FrozenSet; a List and a Tuple never are. NaN is equal to
// nothing. An [Object] is equal to one with equal parts; exceptions, and
// pointers to what is not Python's, only to themselves.
//
// Values that contain themselves, and values nested more than 10,000 deep, are
// unequal where Python raises RecursionError. The time that Equal takes does
// not grow with the number of ways in which parts are shared.
func Equal(a, b any) bool {
	ok, err := equal(a, b)
	return ok && err == nil
}

// equal is Equal with Python's RecursionError.
func equal(a, b any) (bool, error) {
	var c comparer
	return c.equal(a, b)
}

// A comparer is what one comparison keeps in mind.
type comparer struct {
	depth int
	steps int
	seen  map[sameness]struct{} // kept once there were many steps
}

// A sameness is two containers that have been found equal.
type sameness struct {
	a, b unsafe.Pointer
	n    int
}

// enter goes one level down; leave is the way back if the two are equal. After an
// answer of false nobody looks at the depth any more.
func (c *comparer) enter() error {
	c.depth++
	c.steps++
	if c.depth > maxDepth {
		return errRecursion("in comparison")
	}
	return nil
}

// equal goes by the type of a; what is no container is left to equalScalars.
func (c *comparer) equal(a, b any) (bool, error) {
	switch x := a.(type) {
	case string:
		y, ok := b.(string)
		return ok && x == y, nil
	case nil:
		return b == nil, nil
	case int64:
		if y, ok := b.(int64); ok {
			return x == y, nil
		}
	case Tuple:
		y, ok := b.(Tuple)
		return c.items(x, y, ok)
	case *List:
		if y, ok := b.(*List); ok {
			if x == y {
				return true, nil
			}
			return c.items(x.Items, y.Items, true)
		}
		return false, nil
	case *Dict:
		y, ok := b.(*Dict)
		return c.dicts(x, y, ok)
	case *Object:
		y, ok := b.(*Object)
		return c.objects(x, y, ok)
	case Slice:
		if y, ok := b.(Slice); ok {
			return c.items(Tuple{x.Start, x.Stop, x.Step}, Tuple{y.Start, y.Stop, y.Step}, true)
		}
		return false, nil
	}
	if s := setOf(a); s != nil {
		return c.sets(s, setOf(b))
	}
	if x, ok := bytesOf(a); ok {
		y, ok := bytesOf(b)
		return ok && bytes.Equal(x, y), nil
	}
	return equalScalars(plain(a), plain(b))
}

// equalScalars compares what contains nothing that needs a comparer.
func equalScalars(a, b any) (bool, error) {
	if isNumber(a) && isNumber(b) {
		n, err := compareNumbers(a, b)
		if err != nil { // not decimals, by their text
			return a == b, nil
		}
		return n == 0, nil
	}
	switch x := a.(type) {
	case complex128:
		if y, ok := b.(complex128); ok {
			return x == y, nil
		}
		if imag(x) != 0 || !isNumber(b) {
			return false, nil
		}
		return equalScalars(real(x), b)
	case Range: // by what it yields: range(0, 3, 2) is range(0, 4, 2)
		y, ok := b.(Range)
		if !ok {
			return false, nil
		}
		n, start, step := x.sequence()
		m, start2, step2 := y.sequence()
		if n.Cmp(m) != 0 {
			return false, nil
		}
		one := n.IsInt64() && n.Int64() == 1
		return n.Sign() == 0 || start.Cmp(start2) == 0 && (one || step.Cmp(step2) == 0), nil
	case TimeDelta:
		y, ok := b.(TimeDelta)
		return ok && x.normal() == y.normal(), nil
	case TimeZone: // its name does not matter to Python
		y, ok := b.(TimeZone)
		return ok && x.Offset.normal() == y.Offset.normal(), nil
	case TimeOfDay:
		y, ok := b.(TimeOfDay)
		return ok && x.equal(y), nil
	case DateTime:
		y, ok := b.(DateTime)
		return ok && x.equal(y), nil
	}
	if _, ok := b.(complex128); ok && isNumber(a) {
		return equalScalars(b, a)
	}
	if !sameType(a, b) || !reflect.ValueOf(a).Comparable() {
		return false, nil
	}
	return a == b, nil
}

// items compares two sequences; ok false says that they are not of one type.
func (c *comparer) items(x, y []any, ok bool) (bool, error) {
	if !ok || len(x) != len(y) {
		return false, nil
	}
	if len(x) == 0 {
		return true, nil
	}
	same := sameness{unsafe.Pointer(unsafe.SliceData(x)), unsafe.Pointer(unsafe.SliceData(y)), len(x)}
	if same.a == same.b || c.known(same) {
		return true, nil
	}
	if err := c.enter(); err != nil {
		return false, err
	}
	for i := range x {
		if ok, err := c.equal(x[i], y[i]); !ok || err != nil {
			return false, err
		}
	}
	c.leave(same)
	return true, nil
}

// known reports whether the two have been found equal before. Without that, two
// values that share their parts in 2^n ways would take that long.
func (c *comparer) known(s sameness) bool {
	_, ok := c.seen[s]
	return ok
}

// leave ends what enter began, for containers that are equal.
func (c *comparer) leave(s sameness) {
	c.depth--
	if c.steps > memoAfter {
		if c.seen == nil {
			c.seen = make(map[sameness]struct{})
		}
		c.seen[s] = struct{}{}
	}
}

// dicts does not ask for the order, as Python does not.
func (c *comparer) dicts(x, y *Dict, ok bool) (bool, error) {
	if !ok || x == nil || y == nil || x.Len() != y.Len() {
		return ok && x == y, nil
	}
	same := sameness{unsafe.Pointer(x), unsafe.Pointer(y), 0}
	if x == y || c.known(same) {
		return true, nil
	}
	if err := c.enter(); err != nil {
		return false, err
	}
	for k, v := range x.All() {
		i, _, err := y.find(k, c)
		if i < 0 || err != nil {
			return false, err
		}
		if ok, err := c.equal(v, y.entries[i].value); !ok || err != nil {
			return false, err
		}
	}
	c.leave(same)
	return true, nil
}

// setOf returns the table of a set or frozenset.
func setOf(v any) *Dict {
	switch v := v.(type) {
	case *Set:
		return &v.d
	case *FrozenSet:
		return &v.d
	}
	return nil
}

// sets compares two of one length: it is enough that one is part of the other.
func (c *comparer) sets(x, y *Dict) (bool, error) {
	if y == nil || x.Len() != y.Len() {
		return false, nil
	}
	same := sameness{unsafe.Pointer(x), unsafe.Pointer(y), 0}
	if x == y || c.known(same) {
		return true, nil
	}
	if err := c.enter(); err != nil {
		return false, err
	}
	for k := range x.Keys() {
		if i, _, err := y.find(k, c); i < 0 || err != nil {
			return false, err
		}
	}
	c.leave(same)
	return true, nil
}

// objects compares what two Objects are made of, all of it. Python asks the class,
// which is not here; for values such as paths and fractions it is the same.
func (c *comparer) objects(x, y *Object, ok bool) (bool, error) {
	if !ok || x == y {
		return ok, nil
	}
	if x.Make != y.Make || x.HasState != y.HasState || len(x.Pairs) != len(y.Pairs) {
		return false, nil
	}
	same := sameness{unsafe.Pointer(x), unsafe.Pointer(y), 0}
	if c.known(same) {
		return true, nil
	}
	if err := c.enter(); err != nil {
		return false, err
	}
	a := []any{x.Class, x.Args, x.State, x.Setter, Tuple(x.Items)}
	b := []any{y.Class, y.Args, y.State, y.Setter, Tuple(y.Items)}
	if x.Kwds != nil || y.Kwds != nil {
		a, b = append(a, x.Kwds), append(b, y.Kwds)
	}
	for i, p := range x.Pairs {
		q := y.Pairs[i]
		a, b = append(a, p.Key, p.Value), append(b, q.Key, q.Value)
	}
	for i := range a {
		if ok, err := c.equal(a[i], b[i]); !ok || err != nil {
			return false, err
		}
	}
	c.leave(same)
	return true, nil
}

// bytesOf returns what bytes and bytearray have in common.
func bytesOf(v any) ([]byte, bool) {
	switch v := v.(type) {
	case []byte:
		return v, true
	case *ByteArray:
		return v.Bytes, true
	}
	return nil, false
}
