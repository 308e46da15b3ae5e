package managers

import (
	"slices"

	"github.com/conexgo/conex/pickle"
)

// listSort is list.sort(*, key=None, reverse=False). Other than in CPython the
// list is unchanged after an error.
func listSort(c *call, self any) (any, error) {
	kwds := 0
	if c.kwds != nil {
		kwds = c.kwds.Len()
	}
	if n := len(c.args) + kwds; n > 2 {
		return nil, pickle.TypeError.Newf("sort() takes at most 2 arguments (%d given)", n)
	}
	if len(c.args) > 0 {
		return nil, pickle.TypeError.New("sort() takes no positional arguments")
	}
	var key any
	reverse := false
	if c.kwds != nil {
		for k, v := range c.kwds.All() {
			switch k {
			case "key":
				key = v
			case "reverse":
				reverse = truth(v)
			default:
				return nil, pickle.TypeError.Newf("sort() got an unexpected keyword argument '%v'", k)
			}
		}
	}
	f, err := keyFunc(key)
	if err != nil {
		return nil, err
	}
	l := self.(*list)
	l.mu.Lock()
	defer l.mu.Unlock()
	return nil, l.sort(f, reverse)
}

// sort sorts by what key gives for the items. The caller has the lock.
func (l *list) sort(key func(any) (any, error), reverse bool) error {
	type pair struct{ key, item any }
	pairs := make([]pair, len(l.items))
	for i, v := range l.items {
		k := v
		if key != nil {
			var err error
			if k, err = key(v); err != nil {
				return err
			}
		}
		pairs[i] = pair{k, v}
	}
	var failed error
	slices.SortStableFunc(pairs, func(a, b pair) int {
		if failed != nil {
			return 0
		}
		// Python asks for a < b only, and for b < a if the order is reversed.
		if reverse {
			a, b = b, a
		}
		n, err := pickle.Compare(a.key, b.key)
		if err != nil {
			failed = err
			return 0
		}
		return n
	})
	if failed != nil {
		return failed
	}
	for i, p := range pairs {
		l.items[i] = p.item
	}
	return nil
}
