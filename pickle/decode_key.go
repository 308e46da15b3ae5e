package pickle

import "math/big"

// longKey is from where on the hash of a key is paid for.
const longKey = 64

// pay pays for the hash of a key, which takes as long as the key is large. In a
// few bytes a pickle can use a large key again, and again: what it costs counts
// against the limits. A key that comes once has been paid for by its length.
func (d *decoder) pay(key any) bool {
	switch k := key.(type) {
	case string:
		return len(k) < longKey || d.charge(len(k))
	case []byte:
		return len(k) < longKey || d.charge(len(k))
	case *big.Int:
		return d.charge(k.BitLen() / 8)
	case Tuple, *FrozenSet, *Object:
		return !d.shared || d.payAll(k)
	}
	return true
}

// payAll pays for a key that holds others, each of them once.
func (d *decoder) payAll(key any) bool {
	w := walker{shared: true}
	w.push(key, 0)
	for len(w.todo) > 0 {
		last := len(w.todo) - 1
		t := w.todo[last]
		w.todo = w.todo[:last]
		if !d.count(weight(t.v)) {
			return false
		}
		w.open(t.v, 0)
	}
	return true
}

// weight is what one container adds to the cost of a hash.
func weight(v any) int {
	switch v := v.(type) {
	case Tuple:
		return 1 + weightOf(v)
	case *List:
		return 1 + weightOf(v.Items)
	case *FrozenSet:
		return 1 + v.Len()
	case *Set:
		return 1 + v.Len()
	case *Dict:
		return 1 + 2*v.Len()
	case *Object:
		return 1 + weightOf(v.Items) + 2*len(v.Pairs)
	}
	return 1
}

// weightOf is what the items add: long ones more than 1.
func weightOf(items []any) int {
	n := len(items)
	for _, v := range items {
		switch v := v.(type) {
		case string:
			n += len(v) / longKey
		case []byte:
			n += len(v) / longKey
		}
	}
	return n
}
