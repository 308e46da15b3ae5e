package pickle

// The stack of the machine: what pushes and pops, and the opcodes that make and
// fill containers. What is above the last mark belongs to the container that will
// be made of it; nothing below it can be popped.

// push pushes a value. A nil is a value, too.
func (d *decoder) push(v any) bool {
	d.stack = append(d.stack, v)
	d.items--
	return d.items >= 0 || d.count(0)
}

// pushContainer pushes a value that may hold others: see shallow.
func (d *decoder) pushContainer(v any) bool {
	d.containers++
	return d.push(v)
}

// need reports whether n values can be popped, without one below a mark.
func (d *decoder) need(n int) bool {
	return len(d.stack)-d.fence >= n || d.underflow()
}

// underflow says that a pickle wants more values than it has pushed.
func (d *decoder) underflow() bool {
	if len(d.marks) > 0 {
		return d.fail("too few values on the stack above the mark")
	}
	return d.fail("too few values on the stack")
}

// pop returns the last value. The caller has made sure that there is one.
func (d *decoder) pop() any {
	n := len(d.stack) - 1
	v := d.stack[n]
	d.stack = d.stack[:n]
	return v
}

// drop drops the last n values.
func (d *decoder) drop(n int) { d.stack = d.stack[:len(d.stack)-n] }

// top returns the last n values. They stay on the stack.
func (d *decoder) top(n int) []any { return d.stack[len(d.stack)-n:] }

// sinceMark returns how many values are above the last mark.
func (d *decoder) sinceMark() (int, bool) {
	if len(d.marks) == 0 {
		return 0, d.fail("there is no mark on the stack")
	}
	return len(d.stack) - d.fence, true
}

// popMark takes the last mark away, and leaves the values above it.
func (d *decoder) popMark() {
	d.marks = d.marks[:len(d.marks)-1]
	d.fence = 0
	if n := len(d.marks); n > 0 {
		d.fence = d.marks[n-1]
	}
}

// popOne is POP: of a value, or of a mark that is on top of the stack.
func (d *decoder) popOne() bool {
	if len(d.stack) == d.fence {
		if len(d.marks) == 0 {
			return d.underflow()
		}
		d.popMark()
		return true
	}
	o, ok := d.pop().(*Object)
	return !ok || o.Make != Reduce || d.dropped(o)
}

// dup is DUP, which CPython never writes.
func (d *decoder) dup() bool {
	if !d.need(1) {
		return false
	}
	d.shared = true
	return d.push(d.stack[len(d.stack)-1])
}

// emptyTuple is boxed once.
var emptyTuple any = Tuple{}

// tuple makes a tuple of the last n values.
func (d *decoder) tuple(n int) bool {
	if !d.need(n) {
		return false
	}
	if n == 0 {
		return d.push(emptyTuple)
	}
	t := make(Tuple, n)
	copy(t, d.top(n))
	d.drop(n)
	return d.pushContainer(t)
}

// list is LIST: of the values above the mark.
func (d *decoder) list() bool {
	n, ok := d.sinceMark()
	if !ok {
		return false
	}
	d.popMark()
	l := &List{}
	if n > 0 {
		l.Items = append(l.Items, d.top(n)...)
		d.drop(n)
	}
	return d.pushContainer(l)
}

// appendItems appends the last n values to what is below them.
func (d *decoder) appendItems(n int) bool {
	if !d.need(n + 1) {
		return false
	}
	items := d.top(n)
	switch to := d.stack[len(d.stack)-n-1].(type) {
	case *List:
		to.Items = append(to.Items, items...)
	case *Object:
		if len(to.Pairs) > 0 || to.HasState {
			return d.fail("items after pairs or a state: an Object cannot carry that order")
		}
		to.Items = append(to.Items, items...)
	default:
		return d.failf("nothing can be appended to a value of type %s", TypeName(to))
	}
	d.drop(n)
	return true
}

// dict is DICT: of the keys and values above the mark.
func (d *decoder) dict() bool {
	n, ok := d.sinceMark()
	if !ok {
		return false
	}
	d.popMark()
	to := new(Dict)
	if !d.setIn(to, d.top(n)) {
		return false
	}
	d.drop(n)
	return d.pushContainer(to)
}

// setItems sets the last n values, keys and values in turn, in what is below.
func (d *decoder) setItems(n int) bool {
	if !d.need(n + 1) {
		return false
	}
	items := d.top(n)
	switch to := d.stack[len(d.stack)-n-1].(type) {
	case *Dict:
		if !d.setIn(to, items) {
			return false
		}
	case *Object:
		if to.HasState {
			return d.fail("pairs after a state: an Object cannot carry that order")
		}
		if n%2 != 0 {
			return d.fail("a key without a value")
		}
		for i := 0; i < n; i += 2 {
			to.Pairs = append(to.Pairs, Pair{items[i], items[i+1]})
		}
	default:
		return d.failf("no item can be set in a value of type %s", TypeName(to))
	}
	d.drop(n)
	return true
}

// setIn sets keys and values, in turn, in a dict. The first of them tell how
// large it will be; CPython sends a thousand pairs at a time.
func (d *decoder) setIn(to *Dict, items []any) bool {
	if len(items)%2 != 0 {
		return d.fail("a key without a value")
	}
	if to.Len() == 0 {
		to.grow(len(items) / 2)
	}
	for i := 0; i < len(items); i += 2 {
		if !d.pay(items[i]) {
			return false
		}
		if err := to.Set(items[i], items[i+1]); err != nil {
			return d.failErr("", err)
		}
	}
	return true
}

// addItems is ADDITEMS: adds the values above the mark to the set below it.
// Sub-classes of set come as a call, so there is nothing to be added to an Object.
func (d *decoder) addItems() bool {
	n, ok := d.sinceMark()
	if !ok {
		return false
	}
	d.popMark()
	if !d.need(n + 1) {
		return false
	}
	to, ok := d.stack[len(d.stack)-n-1].(*Set)
	if !ok {
		return d.failf("nothing can be added to a value of type %s", TypeName(d.stack[len(d.stack)-n-1]))
	}
	for _, v := range d.top(n) {
		if !d.pay(v) {
			return false
		}
		if err := to.Add(v); err != nil {
			return d.failErr("", err)
		}
	}
	d.drop(n)
	return true
}

// frozenSet is FROZENSET: of the values above the mark.
func (d *decoder) frozenSet() bool {
	n, ok := d.sinceMark()
	if !ok {
		return false
	}
	d.popMark()
	for _, v := range d.top(n) {
		if !d.pay(v) {
			return false
		}
	}
	s, err := NewFrozenSet(d.top(n)...)
	if err != nil {
		return d.failErr("", err)
	}
	d.drop(n)
	return d.pushContainer(s)
}
