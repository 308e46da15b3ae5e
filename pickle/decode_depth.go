package pickle

// shallow reports whether v is not nested deeper than the Config allows.
//
// While a pickle is read nobody can tell: it may put an empty list into
// another, and fill it later. It is known only that a value cannot be nested
// deeper than there are containers, so few pickles need to be looked at. The
// order is that of an encoder, which meets a container that is there twice, or
// inside itself, once.
func (d *decoder) shallow(v any) bool {
	w := walker{max: d.cfg.maxDepth(), shared: d.shared}
	w.push(v, 0)
	for len(w.todo) > 0 {
		last := len(w.todo) - 1
		t := w.todo[last]
		w.todo = w.todo[:last]
		if t.depth > w.max {
			return false
		}
		w.open(t.v, t.depth+1)
	}
	return true
}

// A walker goes through what a value holds with a stack of its own: the value may
// be nested as deep as the pickle is long, and Go's stack is not for that.
type walker struct {
	todo   []nested
	max    int
	shared bool // what is there twice must be told
	seen   map[ident]struct{}
}

// A nested is a container that is still to be opened.
type nested struct {
	v     any
	depth int
}

// push notes v to be opened, if it may hold others.
func (w *walker) push(v any, depth int) {
	switch v := v.(type) {
	case *List, Tuple, *Dict, *Set, *FrozenSet, *Object, *Exception:
		w.todo = append(w.todo, nested{v, depth})
	case DateTime: // a tzinfo can be an Object, which can hold anything
		w.push(v.TZ, depth)
	case TimeOfDay:
		w.push(v.TZ, depth)
	}
}

// open pushes what v holds, the first last.
func (w *walker) open(v any, depth int) {
	if w.shared {
		id := identOf(v)
		if _, ok := w.seen[id]; ok {
			return
		}
		if w.seen == nil {
			w.seen = make(map[ident]struct{})
		}
		w.seen[id] = struct{}{}
	}
	from := len(w.todo)
	switch v := v.(type) {
	case *List:
		w.all(v.Items, depth)
	case Tuple:
		w.all(v, depth)
	case *Dict:
		for key, value := range v.All() {
			w.push(key, depth)
			w.push(value, depth)
		}
	case *Set:
		for item := range v.All() {
			w.push(item, depth)
		}
	case *FrozenSet:
		for item := range v.All() {
			w.push(item, depth)
		}
	case *Exception:
		w.push(v.Args, depth)
		w.push(v.State, depth)
	case *Object:
		w.push(v.Class, depth)
		w.push(v.Args, depth)
		if v.Kwds != nil {
			w.push(v.Kwds, depth)
		}
		w.all(v.Items, depth)
		for _, p := range v.Pairs {
			w.push(p.Key, depth)
			w.push(p.Value, depth)
		}
		w.push(v.State, depth)
		w.push(v.Setter, depth)
	}
	for i, j := from, len(w.todo)-1; i < j; i, j = i+1, j-1 {
		w.todo[i], w.todo[j] = w.todo[j], w.todo[i]
	}
}

func (w *walker) all(items []any, depth int) {
	for _, v := range items {
		w.push(v, depth)
	}
}
