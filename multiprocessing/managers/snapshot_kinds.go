package managers

import (
	"fmt"
	"reflect"

	"github.com/conexgo/conex/pickle"
)

// A keeper is a Go value that snapshots have.
type keeper interface {
	pickle.Marshaler
	pickle.Unmarshaler
}

// kindOf is what a snapshot calls a referent: "" if it is not kept.
func kindOf(self any) string {
	switch o := self.(type) {
	case *list:
		return "list"
	case *dict:
		return "dict"
	case *set:
		return "set"
	case *queueObject:
		switch o.store.(type) {
		case *fifo:
			return "queue"
		case *lifo:
			return "lifo queue"
		case *priority:
			return "priority queue"
		}
	case keeper:
		return "go " + reflect.TypeOf(self).String()
	}
	return ""
}

// save returns the content of a referent for a snapshot.
func (s *Server) save(typeid string, self any) (kind string, content any, err error) {
	kind = kindOf(self)
	switch o := self.(type) {
	case *list:
		content = s.kept(typeid, o.iter())
	case *set:
		content = s.kept(typeid, o.iter())
	case *queueObject:
		content = s.kept(typeid, o.items())
	case *dict:
		d := pickle.NewDict()
		for k, v := range o.snapshot().All() {
			if s.leaveOut(typeid, pickle.Tuple{k, v}) {
				continue
			}
			if err := d.Set(k, v); err != nil {
				return "", nil, err
			}
		}
		content = d
	case keeper:
		content, err = o.MarshalPickle()
	}
	return kind, content, err
}

// kept returns those of the items that a snapshot can have.
func (s *Server) kept(typeid string, items []any) *pickle.List {
	l := &pickle.List{Items: make([]any, 0, len(items))}
	for _, v := range items {
		if !s.leaveOut(typeid, v) {
			l.Items = append(l.Items, v)
		}
	}
	return l
}

// loader returns what puts a content into a referent that was just made.
func loader(self, content any) (func() error, error) {
	switch o := self.(type) {
	case *dict:
		d, ok := content.(*pickle.Dict)
		if !ok {
			return nil, notA("dict", content)
		}
		return func() error {
			o.mu.Lock()
			defer o.mu.Unlock()
			for k, v := range d.All() {
				if err := o.d.Set(k, v); err != nil {
					return err
				}
			}
			return nil
		}, nil
	case keeper:
		return func() error { return o.UnmarshalPickle(content) }, nil
	}
	l, ok := content.(*pickle.List)
	if !ok {
		return nil, notA("list", content)
	}
	switch o := self.(type) {
	case *list:
		return func() error {
			o.mu.Lock()
			defer o.mu.Unlock()
			o.items = append(o.items, l.Items...)
			return nil
		}, nil
	case *set:
		return func() error {
			o.mu.Lock()
			defer o.mu.Unlock()
			for _, v := range l.Items {
				if err := o.s.Add(v); err != nil {
					return err
				}
			}
			return nil
		}, nil
	case *queueObject:
		return func() error { return o.fill(l.Items) }, nil
	}
	return nil, fmt.Errorf("a %T cannot be restored", self)
}

func notA(kind string, v any) error {
	return fmt.Errorf("its content is a %s, not a %s", pickle.TypeName(v), kind)
}

// items returns what is in the queue, in an order in which it can be put again.
func (q *queueObject) items() []any {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch st := q.store.(type) {
	case *fifo:
		items := make([]any, st.n)
		for i := range items {
			items[i] = st.ring[(st.head+i)&(len(st.ring)-1)]
		}
		return items
	case *lifo:
		return snapshot(st.items)
	case *priority:
		return snapshot(st.items)
	}
	return nil
}

// fill puts items into a queue, even if it has less room: they were in it.
func (q *queueObject) fill(items []any) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, v := range items {
		if err := q.add(v); err != nil {
			return err
		}
	}
	return nil
}

// hasProxy reports whether there is a proxy anywhere in a value.
func hasProxy(v any) bool {
	switch v.(type) {
	case nil, bool, int64, float64, string, []byte:
		return false // without the trouble of what follows
	}
	seen := map[any]bool{}
	var look func(v any) bool
	all := func(vs []any) bool {
		for _, v := range vs {
			if look(v) {
				return true
			}
		}
		return false
	}
	look = func(v any) bool {
		switch v := v.(type) {
		case nil, bool, int64, float64, string, []byte:
			return false
		case *Ref:
			return true
		case pickle.Tuple:
			return all(v)
		case *pickle.List:
			if seen[v] {
				return false
			}
			seen[v] = true
			return all(v.Items)
		case *pickle.Dict:
			if seen[v] {
				return false
			}
			seen[v] = true
			for k, x := range v.All() {
				if look(k) || look(x) {
					return true
				}
			}
		case *pickle.Set:
			for x := range v.All() {
				if look(x) {
					return true
				}
			}
		case *pickle.FrozenSet:
			for x := range v.All() {
				if look(x) {
					return true
				}
			}
		case *pickle.Exception:
			return all(v.Args) || look(v.State)
		case *pickle.Object:
			if seen[v] {
				return false
			}
			seen[v] = true
			if v.Class == any(rebuildProxy) || all(v.Args) || all(v.Items) || look(v.State) || v.Kwds != nil && look(v.Kwds) {
				return true
			}
			for _, p := range v.Pairs {
				if look(p.Key) || look(p.Value) {
					return true
				}
			}
		}
		return false
	}
	return look(v)
}
