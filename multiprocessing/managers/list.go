package managers

import (
	"slices"
	"sync"

	"github.com/conexgo/conex/pickle"
)

// ListType is Python's list: a list from an iterable, or an empty one.
var ListType = newType(listClass, makeList)

// A list is the referent of a ListProxy. Its items are never changed, only
// replaced: so a copy of the slice is a snapshot.
type list struct {
	mu    sync.Mutex
	items []any
}

func makeList(c *call) (any, error) {
	if err := noKwds(c, "list"); err != nil {
		return nil, err
	}
	if err := expected("list", c.args, 0, 1); err != nil {
		return nil, err
	}
	if len(c.args) == 0 {
		return &list{}, nil
	}
	items, err := iterable(c.args[0])
	return &list{items: snapshot(items)}, err
}

// iter is what list(l) has.
func (l *list) iter() []any {
	l.mu.Lock()
	defer l.mu.Unlock()
	return snapshot(l.items)
}

var listClass = &class{
	name: "list",
	exposed: []string{
		"__add__", "__contains__", "__delitem__", "__getitem__", "__imul__", "__len__", "__mul__",
		"__reversed__", "__rmul__", "__setitem__", "append", "clear", "copy", "count", "extend",
		"index", "insert", "pop", "remove", "reverse", "sort",
		// Not in CPython's proxy, but in its list.
		"__iadd__",
	},
	methods: map[string]method{
		"__add__":      slot("__add__", 1, (*list).add),
		"__contains__": slot("__contains__", 1, (*list).contains),
		"__delitem__":  slot("__delitem__", 1, (*list).delItem),
		"__getitem__":  oneArg("list.__getitem__", (*list).getItem),
		"__iadd__": slot("__iadd__", 1, func(l *list, c *call, args []any) (any, error) {
			if _, err := l.extend(c, args[0]); err != nil {
				return nil, err
			}
			return l.copyOut(), nil
		}),
		"__imul__":     slot("__imul__", 1, (*list).imul),
		"__len__":      slot("__len__", 0, func(l *list, _ *call, _ []any) (any, error) { return l.len(), nil }),
		"__mul__":      slot("__mul__", 1, (*list).mul),
		"__reversed__": noArgs("list.__reversed__", (*list).reversed),
		"__rmul__":     slot("__rmul__", 1, (*list).mul),
		"__setitem__":  slot("__setitem__", 2, (*list).setItem),
		"append":       oneArg("list.append", (*list).append),
		"clear":        noArgs("list.clear", (*list).clear),
		"copy":         noArgs("list.copy", func(l *list, _ *call) (any, error) { return l.copyOut(), nil }),
		"count":        oneArg("list.count", (*list).count),
		"extend":       oneArg("list.extend", (*list).extend),
		"index":        someArgs("list.index", 1, 3, (*list).index),
		"insert":       someArgs("list.insert", 2, 2, (*list).insert),
		"pop":          someArgs("list.pop", 0, 1, (*list).pop),
		"remove":       oneArg("list.remove", (*list).remove),
		"reverse":      noArgs("list.reverse", (*list).reverse),
		"sort":         listSort,
	},
	repr:  func(self any) string { return pickle.Repr(self.(*list).copyOut()) },
	adopt: adoptList,
	value: func(self any) (any, error) { return self.(*list).copyOut(), nil },
}

func (l *list) copyOut() *pickle.List { return &pickle.List{Items: l.iter()} }

func (l *list) len() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return int64(len(l.items))
}

func (l *list) append(_ *call, v any) (any, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.items = append(l.items, v)
	return nil, nil
}

func (l *list) clear(*call) (any, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.items = nil
	return nil, nil
}

func (l *list) extend(c *call, v any) (any, error) {
	items, err := iterable(v)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := room(c, int64(len(l.items))+int64(len(items))); err != nil {
		return nil, err
	}
	l.items = append(l.items, items...)
	return nil, nil
}

// add is l + v. Python's lists can be added to lists only.
func (l *list) add(c *call, args []any) (any, error) {
	var other []any
	switch v := args[0].(type) {
	case *pickle.List:
		other = v.Items
	case *Ref:
		k, ok := v.obj.self.(*list)
		if !ok {
			return nil, pickle.TypeError.Newf("can only concatenate list (not \"%s\") to list", typeName(v))
		}
		other = k.iter()
	default:
		return nil, pickle.TypeError.Newf("can only concatenate list (not \"%s\") to list", typeName(v))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := room(c, int64(len(l.items))+int64(len(other))); err != nil {
		return nil, err
	}
	return &pickle.List{Items: slices.Concat(l.items, other)}, nil
}

func (l *list) mul(c *call, args []any) (any, error) {
	k, err := factor(args[0])
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, err := repeated(c, len(l.items), k); err != nil {
		return nil, err
	}
	return &pickle.List{Items: slices.Repeat(l.items, max(k, 0))}, nil
}

// imul is l *= k. As in CPython the list is the answer, though its proxy drops
// it.
func (l *list) imul(c *call, args []any) (any, error) {
	k, err := factor(args[0])
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, err := repeated(c, len(l.items), k); err != nil {
		return nil, err
	}
	l.items = slices.Repeat(l.items, max(k, 0))
	return &pickle.List{Items: snapshot(l.items)}, nil
}

func (l *list) contains(_ *call, args []any) (any, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.find(args[0], 0, len(l.items)) >= 0, nil
}

// find returns the place of the first item that is equal to v. The caller has
// the lock.
func (l *list) find(v any, start, stop int) int {
	for i := start; i < min(stop, len(l.items)); i++ {
		if pickle.Equal(l.items[i], v) {
			return i
		}
	}
	return -1
}

func (l *list) count(_ *call, v any) (any, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var n int64
	for _, x := range l.items {
		if pickle.Equal(x, v) {
			n++
		}
	}
	return n, nil
}

func (l *list) index(_ *call, args []any) (any, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	bounds := [2]int{0, len(l.items)}
	for i, a := range args[1:] {
		if a == nil {
			return nil, errIndexBound
		}
		var err error
		if bounds[i], err = bound(a, 0, len(l.items), 0, len(l.items)); err != nil {
			return nil, errIndexBound
		}
	}
	i := l.find(args[0], bounds[0], bounds[1])
	if i < 0 {
		return nil, pickle.ValueError.Newf("%s is not in list", pickle.ReprMax(args[0], 1000))
	}
	return int64(i), nil
}

var errIndexBound = pickle.TypeError.New("slice indices must be integers or have an __index__ method")

func (l *list) insert(_ *call, args []any) (any, error) {
	i, err := size(args[0])
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(l.items)
	if i < 0 {
		i = max(i+n, 0)
	}
	l.items = slices.Insert(l.items, min(i, n), args[1])
	return nil, nil
}

func (l *list) pop(_ *call, args []any) (any, error) {
	i := -1
	if len(args) > 0 {
		var err error
		if i, err = size(args[0]); err != nil {
			return nil, err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(l.items)
	if n == 0 {
		return nil, pickle.IndexError.New("pop from empty list")
	}
	if i < 0 {
		i += n
	}
	if i < 0 || i >= n {
		return nil, pickle.IndexError.New("pop index out of range")
	}
	v := l.items[i]
	l.items = slices.Delete(l.items, i, i+1)
	return v, nil
}

func (l *list) remove(_ *call, v any) (any, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := l.find(v, 0, len(l.items))
	if i < 0 {
		return nil, pickle.ValueError.New("list.remove(x): x not in list")
	}
	l.items = slices.Delete(l.items, i, i+1)
	return nil, nil
}

func (l *list) reverse(*call) (any, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	slices.Reverse(l.items)
	return nil, nil
}

// reversed is an iterator that works in the client, on a copy: so it arrives
// from CPython.
func (l *list) reversed(*call) (any, error) {
	k := l.copyOut()
	return &pickle.Object{
		Make: pickle.Reduce, Class: builtin("reversed"), Args: pickle.Tuple{k},
		State: int64(len(k.Items) - 1), HasState: true,
	}, nil
}
