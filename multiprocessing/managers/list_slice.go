package managers

import (
	"slices"

	"github.com/conexgo/conex/pickle"
)

// getItem is l[i] and l[i:j:k].
func (l *list) getItem(_ *call, at any) (any, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s, ok := asSlice(at); ok {
		p, err := spanOf(s, len(l.items))
		if err != nil {
			return nil, err
		}
		if p.step == 1 {
			return &pickle.List{Items: snapshot(l.items[p.start:p.stop])}, nil
		}
		items := make([]any, p.count)
		for i := range items {
			items[i] = l.items[p.at(i)]
		}
		return &pickle.List{Items: items}, nil
	}
	i, err := l.place(at, "list index out of range")
	if err != nil {
		return nil, err
	}
	return l.items[i], nil
}

// place returns which item an index means. The caller has the lock.
func (l *list) place(at any, outside string) (int, error) {
	if _, _, ok := integer(at); !ok {
		return 0, pickle.TypeError.Newf("list indices must be integers or slices, not %s", typeName(at))
	}
	i, err := position(at, len(l.items))
	if err != nil {
		return 0, err
	}
	if i < 0 || i >= len(l.items) {
		return 0, pickle.IndexError.New(outside)
	}
	return i, nil
}

// setItem is l[i] = v and l[i:j:k] = v.
func (l *list) setItem(c *call, args []any) (any, error) {
	s, ok := asSlice(args[0])
	if !ok {
		l.mu.Lock()
		defer l.mu.Unlock()
		i, err := l.place(args[0], "list assignment index out of range")
		if err != nil {
			return nil, err
		}
		l.items[i] = args[1]
		return nil, nil
	}
	// What is assigned may be this list, or may refer to it: so before the lock.
	items, failed := iterable(args[1])
	l.mu.Lock()
	defer l.mu.Unlock()
	p, err := spanOf(s, len(l.items))
	if err != nil {
		return nil, err
	}
	if failed != nil {
		return nil, sliceError(failed)
	}
	if p.step == 1 {
		if err := room(c, int64(len(l.items)-(p.stop-p.start))+int64(len(items))); err != nil {
			return nil, err
		}
		l.items = slices.Replace(l.items, p.start, p.stop, items...)
		return nil, nil
	}
	if len(items) != p.count {
		return nil, pickle.ValueError.Newf("attempt to assign sequence of size %d to extended slice of size %d", len(items), p.count)
	}
	for i, v := range items {
		l.items[p.at(i)] = v
	}
	return nil, nil
}

// sliceError is what Python says when what is assigned to a slice cannot be
// iterated over; any other error stays what it is.
func sliceError(err error) error {
	if e := exception(err); e.Class == builtin("TypeError") {
		return pickle.TypeError.New("must assign iterable to extended slice")
	}
	return err
}

// delItem is del l[i] and del l[i:j:k].
func (l *list) delItem(_ *call, args []any) (any, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s, ok := asSlice(args[0])
	if !ok {
		i, err := l.place(args[0], "list assignment index out of range")
		if err != nil {
			return nil, err
		}
		l.items = slices.Delete(l.items, i, i+1)
		return nil, nil
	}
	p, err := spanOf(s, len(l.items))
	if err != nil {
		return nil, err
	}
	if p.step == 1 {
		l.items = slices.Delete(l.items, p.start, p.stop)
		return nil, nil
	}
	if p.count == 0 {
		return nil, nil
	}
	p = p.increasing()
	kept := l.items[:p.start]
	next := 0
	for i := p.start; i < len(l.items); i++ {
		if next < p.count && i == p.at(next) {
			next++
			continue
		}
		kept = append(kept, l.items[i])
	}
	clear(l.items[len(kept):])
	l.items = kept
	return nil, nil
}
