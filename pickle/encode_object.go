package pickle

import (
	"strings"
	"unicode/utf8"
)

// This file writes what a pickle has no literal for: calls of classes, instances
// and exceptions, and the names of classes and functions. The opcodes, and what
// stands for them in older protocols, are those of CPython's save_reduce and
// save_global.

// made ends the writing of what a call has made: it is numbered, unless it has
// been written meanwhile, as a part of itself.
func (e *encoder) made(id ident) {
	if n, ok := e.memo.get(id); ok {
		e.buf = append(e.buf, opPop)
		e.get(n)
		return
	}
	e.memoize(id)
}

// call writes the call of a class with args that are nobody else's.
func (e *encoder) call(g Global, args Tuple) error {
	if err := e.global(g); err != nil {
		return err
	}
	if err := e.arguments(nil, args); err != nil {
		return err
	}
	e.buf = append(e.buf, opReduce)
	return nil
}

// arguments writes a tuple that is not numbered, of first, if any, and args.
func (e *encoder) arguments(first any, args Tuple) error {
	n := len(args)
	if first != nil {
		n++
	}
	mark := e.beginTuple(n)
	if first != nil {
		if err := e.save(first); err != nil {
			return err
		}
	}
	for i, a := range args {
		if err := e.save(a); err != nil {
			return inItem(err, i)
		}
	}
	e.endTuple(n, mark)
	return nil
}

// complex, slice and rangeOf write values that Python calls their types for, in
// all protocols.
func (e *encoder) complex(c complex128) error {
	return e.call(Global{"builtins", "complex"}, Tuple{real(c), imag(c)})
}

func (e *encoder) slice(s Slice) error {
	return e.call(Global{"builtins", "slice"}, Tuple{s.Start, s.Stop, s.Step})
}

func (e *encoder) rangeOf(r Range) error {
	return e.call(Global{"builtins", "range"}, Tuple{r.Start, r.Stop, r.Step})
}

// global writes the name of a class or function: once, and from then on it
// refers to it. All that have the same name are the same.
func (e *encoder) global(g Global) error {
	if n, ok := e.globals[g]; ok {
		e.get(n)
		return nil
	}
	if !g.valid() {
		return &UnsupportedValueError{Msg: "a Global without a module and a name in UTF-8"}
	}
	if e.proto >= 4 {
		if err := e.text(g.Module); err != nil {
			return err
		}
		if err := e.text(g.Name); err != nil {
			return err
		}
		e.buf = append(e.buf, opStackGlobal)
	} else if err := e.oldGlobal(g); err != nil {
		return err
	}
	if e.globals == nil {
		e.globals = make(map[Global]int)
	}
	e.globals[g] = e.memo.n // names and values are numbered together
	e.put()
	e.memo.n++
	return nil
}

// oldGlobal writes a name before protocol 4, which knows no classes inside
// classes: A.B.C is getattr(getattr(A, 'B'), 'C') there.
func (e *encoder) oldGlobal(g Global) error {
	if i := strings.LastIndexByte(g.Name, '.'); i > 0 && i < len(g.Name)-1 {
		return e.call(getattr, Tuple{Global{g.Module, g.Name[:i]}, g.Name[i+1:]})
	}
	if e.proto < 3 {
		g = toPython2(g)
		for _, c := range []byte(g.Module + g.Name) {
			if c >= utf8.RuneSelf {
				return &UnsupportedValueError{Msg: "the name " + g.String() + " is not ASCII: it needs protocol 3"}
			}
		}
	}
	if strings.Contains(g.Module, "\n") || strings.Contains(g.Name, "\n") {
		return &UnsupportedValueError{Msg: "a Global with a newline in its name needs protocol 4"}
	}
	e.buf = append(e.buf, opGlobal)
	e.buf = append(append(e.buf, g.Module...), '\n')
	e.buf = append(append(e.buf, g.Name...), '\n')
	return nil
}

// exception writes the call of a class, as CPython does it, and the attributes.
func (e *encoder) exception(x *Exception) error {
	id := identOf(x)
	if e.again(id) {
		return nil
	}
	if err := e.enter(); err != nil {
		return err
	}
	defer func() { e.depth-- }()
	if err := e.global(x.Class); err != nil {
		return err
	}
	if err := e.tuple(x.Args); err != nil {
		return in(err, ".Args")
	}
	e.buf = append(e.buf, opReduce)
	e.made(id)
	if x.State == nil {
		return nil
	}
	if err := e.save(x.State); err != nil {
		return in(err, ".State")
	}
	e.buf = append(e.buf, opBuild)
	return nil
}

// object writes the parts of an Object in the order in which it had them. It is
// numbered as soon as it is made: what follows may refer to it.
func (e *encoder) object(o *Object) error {
	id := identOf(o)
	if e.again(id) {
		return nil
	}
	if err := e.enter(); err != nil {
		return err
	}
	defer func() { e.depth-- }()
	if err := e.make(o); err != nil {
		return err
	}
	e.made(id)
	if err := e.appends(o.Items); err != nil {
		return in(err, ".Items")
	}
	pairs := func(yield func(k, v any) bool) {
		for _, p := range o.Pairs {
			if !yield(p.Key, p.Value) {
				return
			}
		}
	}
	if err := e.sets(pairs, len(o.Pairs)); err != nil {
		return in(err, ".Pairs")
	}
	if !o.HasState {
		return nil
	}
	if o.Setter != nil {
		return e.setState(o, id)
	}
	if err := e.save(o.State); err != nil {
		return in(err, ".State")
	}
	e.buf = append(e.buf, opBuild)
	return nil
}

// make writes how o is made.
func (e *encoder) make(o *Object) error {
	if err := callable(o.Class); err != nil {
		return err
	}
	var args error
	switch {
	case o.Make == Reduce, o.Make == NewObj && e.proto >= 2:
		if err := e.save(o.Class); err != nil {
			return in(err, ".Class")
		}
		args = e.tuple(o.Args)
		op := byte(opReduce)
		if o.Make == NewObj {
			op = opNewObj
		}
		e.buf = append(e.buf, op)
	case o.Make == NewObj:
		if err := e.global(Global{"copyreg", "__newobj__"}); err != nil {
			return err
		}
		args = e.arguments(o.Class, o.Args)
		e.buf = append(e.buf, opReduce)
	case o.Make == NewObjEx:
		return e.makeEx(o)
	case o.Make == Bare:
		return in(e.call(Global{"copyreg", "_reconstructor"},
			Tuple{o.Class, Global{"builtins", "object"}, nil}), ".Args")
	default:
		return &UnsupportedValueError{Msg: "an Object whose Make is none"}
	}
	return in(args, ".Args")
}

// makeEx is NEWOBJ_EX, or its place-holder in copyreg before protocol 4.
func (e *encoder) makeEx(o *Object) error {
	kwds := o.Kwds
	if kwds == nil {
		kwds = new(Dict)
	}
	if e.proto < 4 {
		if err := e.global(Global{"copyreg", "__newobj_ex__"}); err != nil {
			return err
		}
		args := o.Args
		if args == nil {
			args = Tuple{}
		}
		err := e.arguments(o.Class, Tuple{args, kwds})
		e.buf = append(e.buf, opReduce)
		return err
	}
	if err := e.save(o.Class); err != nil {
		return in(err, ".Class")
	}
	if err := e.tuple(o.Args); err != nil {
		return in(err, ".Args")
	}
	if err := e.dict(kwds); err != nil {
		return in(err, ".Kwds")
	}
	e.buf = append(e.buf, opNewObjEx)
	return nil
}

// setState writes the call of the Setter, whose result is dropped.
func (e *encoder) setState(o *Object, id ident) error {
	if err := callable(o.Setter); err != nil {
		return err
	}
	if err := e.save(o.Setter); err != nil {
		return in(err, ".Setter")
	}
	// The arguments: the object, which has been numbered by now, and its state.
	mark := e.beginTuple(2)
	e.again(id)
	if err := e.save(o.State); err != nil {
		return in(err, ".State")
	}
	e.endTuple(2, mark)
	e.buf = append(e.buf, opReduce, opPop)
	return nil
}

// callable reports what cannot be the Class of an Object: the reader would
// refuse it, and Python could not call it.
func callable(class any) error {
	switch class.(type) {
	case Global, *Object, *ExceptionClass:
		return nil
	}
	return &UnsupportedValueError{Msg: "an Object whose Class is a " + TypeName(class) +
		": it can be a Global or another Object"}
}
