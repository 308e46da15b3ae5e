package pickle

import (
	"bytes"
	"slices"
	"strings"
)

// Compare returns -1, 0 or 1 as a is less than, equal to or greater than b in
// Python. Numbers of all types are compared exactly, strings by code point,
// bytes and bytearrays by byte, lists and tuples by their first items that
// differ, dates and times as the module datetime does, aware ones by the
// instant in UTC. The error is Python's TypeError for what has no order, for
// example "'<' not supported between instances of 'str' and 'int'".
//
// A NaN is neither less than, equal to nor greater than anything: Compare
// returns 1 for it, so that a < b is false, as in Python. Sets have no order
// here: Python's < is "is a subset of" for them, which sorts nothing.
func Compare(a, b any) (int, error) {
	var c comparer
	n, err := c.compare(a, b, "<")
	if n == unordered {
		n = 1
	}
	return n, err
}

// compare returns -1, 0, 1 or unordered. The operator is what an error names.
func (c *comparer) compare(a, b any, op string) (int, error) {
	a, b = plain(a), plain(b)
	switch x := a.(type) {
	case string:
		if y, ok := b.(string); ok {
			// The order of the bytes is that of the code points, lone
			// surrogates included.
			return strings.Compare(x, y), nil
		}
	case Tuple:
		if y, ok := b.(Tuple); ok {
			return c.sequences(x, y, op)
		}
	case *List:
		if y, ok := b.(*List); ok {
			return c.sequences(x.Items, y.Items, op)
		}
	case Slice:
		if y, ok := b.(Slice); ok { // as tuples
			return c.sequences(Tuple{x.Start, x.Stop, x.Step}, Tuple{y.Start, y.Stop, y.Step}, op)
		}
	case Date:
		if y, ok := b.(Date); ok {
			return x.Compare(y), nil
		}
	case TimeDelta:
		if y, ok := b.(TimeDelta); ok {
			return x.Compare(y), nil
		}
	case TimeOfDay:
		if y, ok := b.(TimeOfDay); ok {
			return x.compare(y)
		}
	case DateTime:
		if y, ok := b.(DateTime); ok {
			return x.compare(y)
		}
	case UUID:
		if y, ok := b.(UUID); ok {
			return bytes.Compare(x[:], y[:]), nil
		}
	}
	if isNumber(a) && isNumber(b) {
		return compareNumbers(a, b)
	}
	if x, ok := bytesOf(a); ok {
		if y, ok := bytesOf(b); ok {
			return bytes.Compare(x, y), nil
		}
	}
	return 0, typeErrorf("'%s' not supported between instances of '%s' and '%s'", op, TypeName(a), TypeName(b))
}

// sequences compares by the first items that are not equal, and then by length.
func (c *comparer) sequences(x, y []any, op string) (int, error) {
	if err := c.enter(); err != nil {
		return 0, err
	}
	defer func() { c.depth-- }()
	for i := range min(len(x), len(y)) {
		same, err := c.equal(x[i], y[i])
		if err != nil {
			return 0, err
		}
		if !same {
			return c.compare(x[i], y[i], op)
		}
	}
	return compareInts(len(x), len(y)), nil
}

// compareInts is what most dates are compared by.
func compareInts(x, y int) int {
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

// SortValues sorts items as Python's list.sort does: equal items keep their
// order, also when reverse is given. On an error, which is that of [Compare],
// the items are as they were. Other than list.sort it compares with "less
// than" only as often as it must to know, and so may meet the pair that has no
// order later, or not at all.
func SortValues(items []any, order SortOrder) error {
	if len(items) < 2 {
		return nil
	}
	sorted := slices.Clone(items)
	var failed error
	slices.SortStableFunc(sorted, func(a, b any) int {
		if failed != nil {
			return 0
		}
		n, err := Compare(a, b)
		if err != nil {
			failed = err
			return 0
		}
		return n * int(order)
	})
	if failed != nil {
		return failed
	}
	copy(items, sorted)
	return nil
}

// A SortOrder says which of two values comes first.
type SortOrder int

const (
	Ascending  SortOrder = 1
	Descending SortOrder = -1
)
