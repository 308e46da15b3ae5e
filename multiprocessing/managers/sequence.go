package managers

import (
	"math"
	"math/big"

	"github.com/conexgo/conex/pickle"
)

// integer returns an int of Python's. One that is beyond int64 is clamped, and
// exact is false then; ok is false for what is no int.
func integer(v any) (n int64, exact, ok bool) {
	switch v := v.(type) {
	case int64:
		return v, true, true
	case bool:
		if v {
			return 1, true, true
		}
		return 0, true, true
	case int:
		return int64(v), true, true
	case *big.Int:
		if v.IsInt64() {
			return v.Int64(), true, true
		}
		if v.Sign() < 0 {
			return math.MinInt64, false, true
		}
		return math.MaxInt64, false, true
	}
	return 0, false, false
}

// clamp makes an int of an int64.
func clamp(n int64) int { return int(min(max(n, math.MinInt), math.MaxInt)) }

// size returns an int that a method takes as an argument, say pop's.
func size(v any) (int, error) {
	n, exact, ok := integer(v)
	if !ok {
		return 0, pickle.TypeError.Newf("'%s' object cannot be interpreted as an integer", typeName(v))
	}
	if !exact {
		return 0, pickle.OverflowError.New("Python int too large to convert to C ssize_t")
	}
	return clamp(n), nil
}

// factor returns the right side of a repetition.
func factor(v any) (int, error) {
	n, exact, ok := integer(v)
	if !ok {
		return 0, pickle.TypeError.Newf("'%s' object cannot be interpreted as an integer", typeName(v))
	}
	if !exact {
		return 0, pickle.OverflowError.New("cannot fit 'int' into an index-sized integer")
	}
	return clamp(n), nil
}

var errIndexSize = pickle.IndexError.New("cannot fit 'int' into an index-sized integer")

// position returns the place in a sequence of n items that an index means;
// it is below 0 or at least n if there is none.
func position(v any, n int) (int, error) {
	i, exact, ok := integer(v)
	if !ok {
		return 0, pickle.TypeError.Newf("'%s' object cannot be interpreted as an integer", typeName(v))
	}
	if !exact {
		return 0, errIndexSize
	}
	if i < 0 {
		i += int64(n)
	}
	return clamp(i), nil
}

// asSlice returns the slice that an index is. Those whose parts are no ints
// arrive as what they are pickled as.
func asSlice(v any) (s pickle.Slice, ok bool) {
	switch v := v.(type) {
	case pickle.Slice:
		return v, true
	case *pickle.Object:
		if v.Class == any(builtin("slice")) && len(v.Args) == 3 {
			return pickle.Slice{Start: v.Args[0], Stop: v.Args[1], Step: v.Args[2]}, true
		}
	}
	return s, false
}

// A span is a slice of a sequence of known length: count items from start on,
// each step further. Stop is what the slice said, not below start if step is 1.
type span struct {
	start, stop, step, count int
}

// spanOf resolves a slice for a sequence of n items.
func spanOf(s pickle.Slice, n int) (p span, err error) {
	step := int64(1)
	if s.Step != nil {
		var ok bool
		if step, _, ok = integer(s.Step); !ok {
			return p, errSlice
		}
		if step == 0 {
			return p, pickle.ValueError.New("slice step cannot be zero")
		}
	}
	lo, hi := 0, n // what bounds are clamped to
	start, stop := lo, hi
	if step < 0 {
		lo, hi = -1, n-1
		start, stop = hi, lo
	}
	if start, err = bound(s.Start, start, n, lo, hi); err != nil {
		return p, err
	}
	if stop, err = bound(s.Stop, stop, n, lo, hi); err != nil {
		return p, err
	}
	// A step beyond the length is one that takes a single item.
	p = span{start: start, stop: stop, step: int(min(max(step, -int64(n)-1), int64(n)+1))}
	switch {
	case p.step > 0 && start < stop:
		p.count = (stop-start-1)/p.step + 1
	case p.step < 0 && start > stop:
		p.count = (start-stop-1)/-p.step + 1
	}
	if step == 1 {
		p.step = 1
		p.stop = max(start, stop)
	} else if p.step == 1 { // of an empty sequence
		p.step = 2
	}
	return p, nil
}

func bound(v any, deflt, n, lo, hi int) (int, error) {
	if v == nil {
		return deflt, nil
	}
	i, _, ok := integer(v)
	if !ok {
		return 0, errSlice
	}
	if i < 0 {
		i += int64(n)
	}
	return int(min(max(i, int64(lo)), int64(hi))), nil
}

var errSlice = pickle.TypeError.New("slice indices must be integers or None or have an __index__ method")

// at returns the place of the i-th item.
func (p span) at(i int) int { return p.start + i*p.step }

// increasing returns the same items in the order in which they are in the
// sequence.
func (p span) increasing() span {
	if p.step > 0 || p.count == 0 {
		return p
	}
	first := p.at(p.count - 1)
	return span{start: first, stop: p.start + 1, step: -p.step, count: p.count}
}

// maxItems is how many items a container may get by multiplication and the
// like, where a small request makes a big result.
const maxItems = 1 << 26

// room says that a result would be too long.
func room(c *call, n int64) error {
	limit := int64(maxItems)
	if c.srv != nil && c.srv.cfg.MaxMessage > 0 {
		limit = min(limit, c.srv.cfg.MaxMessage)
	}
	if n > limit {
		return pickle.MemoryError.Newf("%d items: the server's limit is %d", n, limit)
	}
	return nil
}

// repeated returns how long n items times k are.
func repeated(c *call, n, k int) (int, error) {
	if n == 0 || k <= 0 {
		return 0, nil
	}
	if int64(k) > maxItems {
		return 0, room(c, math.MaxInt64)
	}
	total := int64(n) * int64(k)
	return int(total), room(c, total)
}

// truth is bool(v).
func truth(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case string:
		return v != ""
	case []byte:
		return len(v) > 0
	case pickle.Tuple:
		return len(v) > 0
	case *pickle.List:
		return len(v.Items) > 0
	case *pickle.Dict:
		return v.Len() > 0
	case *pickle.Set:
		return v.Len() > 0
	case *pickle.FrozenSet:
		return v.Len() > 0
	case *pickle.ByteArray:
		return len(v.Bytes) > 0
	case bool, int64, *big.Int, float64, complex128:
		return !pickle.Equal(v, int64(0))
	}
	return true
}

// typeName is the name of a value's class, with that of a proxy's.
func typeName(v any) string {
	if r, ok := v.(*Ref); ok {
		return r.className()
	}
	return pickle.TypeName(v)
}
