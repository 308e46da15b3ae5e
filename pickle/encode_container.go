package pickle

import "iter"

// This file writes the containers of the model. Lists, dicts and sets begin
// empty and are filled on the reader's stack, so that they may contain
// themselves; tuples and frozensets are made of what is on the stack, and cannot
// be referred to before.

// tuple writes a tuple: its items first, and then what makes a tuple of them. An
// empty one has no identity, as in Python.
func (e *encoder) tuple(t Tuple) error {
	if len(t) == 0 {
		e.endTuple(0, e.beginTuple(0))
		return nil
	}
	id := tupleIdent(t)
	if e.again(id) {
		return nil
	}
	if err := e.enter(); err != nil {
		return err
	}
	mark := e.beginTuple(len(t))
	for i, v := range t {
		if err := e.save(v); err != nil {
			return inItem(err, i)
		}
	}
	e.depth--
	if n, ok := e.memo.get(id); ok {
		// It is inside itself, by way of a list or the like, and has been
		// written there. Throw these items away and take that one.
		e.discard(len(t), mark)
		e.get(n)
		return nil
	}
	e.endTuple(len(t), mark)
	e.memoize(id)
	return nil
}

// beginTuple and endTuple write what is around the n items of a tuple, whose
// identity is the caller's affair. Up to three need no mark from protocol 2 on;
// protocol 0 has no empty tuple but that of a mark with nothing above it.
func (e *encoder) beginTuple(n int) (mark bool) {
	mark = e.proto < 2 && (n > 0 || e.proto == 0) || n > 3
	if mark {
		e.buf = append(e.buf, opMark)
	}
	return mark
}

func (e *encoder) endTuple(n int, mark bool) {
	switch {
	case mark:
		e.buf = append(e.buf, opTuple)
	case n == 0:
		e.buf = append(e.buf, opEmptyTuple)
	default:
		e.buf = append(e.buf, byte(opTuple1+n-1))
	}
}

// discard takes n values off the reader's stack, and the mark below them.
func (e *encoder) discard(n int, mark bool) {
	if mark && e.proto > 0 {
		e.buf = append(e.buf, opPopMark)
		return
	}
	for range n {
		e.buf = append(e.buf, opPop)
	}
	if mark {
		e.buf = append(e.buf, opPop)
	}
}

// list writes a list. It is numbered while it is still empty, so that its items
// can refer to it.
func (e *encoder) list(l *List) error {
	id := identOf(l)
	if e.again(id) {
		return nil
	}
	if err := e.enter(); err != nil {
		return err
	}
	e.emptyList()
	e.memoize(id)
	err := e.appends(l.Items)
	e.depth--
	return err
}

// emptyList and emptyDict push one to be filled. Protocol 0 makes it of a mark with
// nothing above.
func (e *encoder) emptyList() {
	if e.proto == 0 {
		e.buf = append(e.buf, opMark, opList)
	} else {
		e.buf = append(e.buf, opEmptyList)
	}
}

func (e *encoder) emptyDict() {
	if e.proto == 0 {
		e.buf = append(e.buf, opMark, opDict)
	} else {
		e.buf = append(e.buf, opEmptyDict)
	}
}

// appends writes items that are appended to what is on the reader's stack.
func (e *encoder) appends(items []any) error {
	b := batches{left: len(items)}
	for i, v := range items {
		b.before(e)
		if err := e.save(v); err != nil {
			return inItem(err, i)
		}
		b.after(e, opAppend, opAppends)
	}
	return nil
}

// dict writes a dict, in the way of list.
func (e *encoder) dict(d *Dict) error {
	id := identOf(d)
	if e.again(id) {
		return nil
	}
	if err := e.enter(); err != nil {
		return err
	}
	e.emptyDict()
	e.memoize(id)
	err := e.sets(d.All(), d.Len())
	e.depth--
	return err
}

// sets writes n keys and values that are set in what is on the reader's stack.
func (e *encoder) sets(pairs iter.Seq2[any, any], n int) error {
	b := batches{left: n}
	for k, v := range pairs {
		b.before(e)
		if err := e.save(k); err != nil {
			return in(err, "[key "+TypeName(k)+"]")
		}
		if err := e.save(v); err != nil {
			return inKey(err, k)
		}
		b.after(e, opSetItem, opSetItems)
	}
	return nil
}

// set writes a set. From protocol 4 on it can contain what leads back to it: it
// is numbered while it is still empty.
func (e *encoder) set(s *Set) error {
	id := identOf(s)
	if e.again(id) {
		return nil
	}
	if err := e.enter(); err != nil {
		return err
	}
	defer func() { e.depth-- }()
	if e.proto < 4 {
		return e.setAsCall(id, "set", s.All(), s.Len())
	}
	e.buf = append(e.buf, opEmptySet)
	e.memoize(id)
	i, n := 0, s.Len()
	for v := range s.All() {
		if i%batch == 0 {
			e.buf = append(e.buf, opMark)
		}
		if err := e.save(v); err != nil {
			return in(err, "{"+TypeName(v)+"}")
		}
		if i++; i%batch == 0 || i == n {
			e.buf = append(e.buf, opAddItems)
		}
	}
	return nil
}

// frozenSet writes a frozenset, which like a tuple is numbered when it is done.
func (e *encoder) frozenSet(s *FrozenSet) error {
	id := identOf(s)
	if e.again(id) {
		return nil
	}
	if err := e.enter(); err != nil {
		return err
	}
	defer func() { e.depth-- }()
	if e.proto < 4 {
		return e.setAsCall(id, "frozenset", s.All(), s.Len())
	}
	e.buf = append(e.buf, opMark)
	for v := range s.All() {
		if err := e.save(v); err != nil {
			return in(err, "{"+TypeName(v)+"}")
		}
	}
	if n, ok := e.memo.get(id); ok { // as in tuple
		e.discard(s.Len(), true)
		e.get(n)
		return nil
	}
	e.buf = append(e.buf, opFrozenSet)
	e.memoize(id)
	return nil
}

// setAsCall is how sets are written before protocol 4: as set([...]).
func (e *encoder) setAsCall(id ident, class string, items iter.Seq[any], n int) error {
	if err := e.global(Global{"builtins", class}); err != nil {
		return err
	}
	all := make([]any, 0, n)
	for v := range items {
		all = append(all, v)
	}
	mark := e.beginTuple(1)
	e.emptyList()
	if err := e.appends(all); err != nil {
		return err
	}
	e.endTuple(1, mark)
	e.buf = append(e.buf, opReduce)
	e.made(id)
	return nil
}
