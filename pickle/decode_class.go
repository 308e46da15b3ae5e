package pickle

import (
	"strings"
)

// This file has the opcodes about classes and functions. A decoder knows their
// names only: an instance is made of the parts that the opcodes have, and becomes
// an Object, unless the class has a type in Go.

// global is GLOBAL: the names are lines of text.
func (d *decoder) global() bool {
	module, name, ok := d.nameLines()
	return ok && d.pushGlobal(module, name)
}

// nameLines reads the two lines of GLOBAL and INST.
func (d *decoder) nameLines() (module, name string, ok bool) {
	b, ok := d.line()
	if !ok {
		return "", "", false
	}
	module = d.word(b)
	if b, ok = d.line(); !ok {
		return "", "", false
	}
	return module, d.word(b), true
}

// word returns b as a string, which need not be made if it is a usual one.
func (d *decoder) word(b []byte) string {
	if len(b) <= longestWord {
		if s, ok := d.words[wordHash(b)%words].(string); ok && s == string(b) {
			return s
		}
	}
	return string(b)
}

// stackGlobal is STACK_GLOBAL: the names are two str on the stack.
func (d *decoder) stackGlobal() bool {
	if !d.need(2) {
		return false
	}
	name, ok1 := d.pop().(string)
	module, ok2 := d.pop().(string)
	if !ok1 || !ok2 {
		return d.fail("the name of a class that is not a str")
	}
	return d.pushGlobal(module, name)
}

// pushGlobal pushes the name of a class or function, if it is allowed. This is
// the only place where names get in, but for classes inside classes: see
// callGetattr. Names that have just been there need not be allocated again.
func (d *decoder) pushGlobal(module, name string) bool {
	g := Global{module, name}
	if !g.valid() {
		return d.fail("a name that is empty or not UTF-8")
	}
	if d.proto < 3 {
		g = toPython3(g)
	}
	if !d.allowed(g) {
		return false
	}
	if g.Module == "builtins" {
		switch g.Name {
		case "Ellipsis":
			return d.push(Ellipsis)
		case "NotImplemented":
			return d.push(NotImplemented)
		}
	}
	w := &d.globals[(len(g.Module)*5+len(g.Name))%globals]
	if known, ok := (*w).(Global); !ok || known != g {
		if len(g.Module)+len(g.Name) > 128 {
			return d.push(g) // is not worth being kept
		}
		*w = g
	}
	return d.push(*w)
}

// allowed reports whether the Classes let g pass, and fails if not.
func (d *decoder) allowed(g Global) bool {
	if d.cfg.Classes.allows(g) {
		return true
	}
	d.err = &ForbiddenError{Global: g, Offset: d.base + int64(d.start)}
	return false
}

// inst is INST, and obj OBJ: an instance of an old class of Python 2, or
// whatever the class makes when it is called.
func (d *decoder) inst() bool {
	module, name, ok := d.nameLines()
	if !ok {
		return false
	}
	n, ok := d.sinceMark()
	if !ok {
		return false
	}
	d.popMark()
	args := tupleOf(d.top(n))
	d.drop(n)
	if !d.pushGlobal(module, name) {
		return false
	}
	return d.instantiate(d.pop(), args)
}

func (d *decoder) obj() bool {
	n, ok := d.sinceMark()
	if !ok || !d.need(1) {
		return false
	}
	d.popMark()
	all := d.top(n)
	class, args := all[0], tupleOf(all[1:])
	d.drop(n)
	return d.instantiate(class, args)
}

// tupleOf returns a copy of items as a tuple.
func tupleOf(items []any) Tuple { return append(make(Tuple, 0, len(items)), items...) }

// instantiate makes an instance in the way of Python 2, where a class without
// arguments was not called.
func (d *decoder) instantiate(class any, args Tuple) bool {
	if len(args) > 0 {
		return d.call(class, args)
	}
	return d.make(NewObj, class, args, nil)
}

// reduce is REDUCE: a call of what is below a tuple of arguments.
func (d *decoder) reduce() bool {
	if !d.need(2) {
		return false
	}
	args, ok := d.pop().(Tuple)
	if !ok {
		return d.fail("the arguments of a call are not a tuple")
	}
	return d.call(d.pop(), args)
}

// call pushes what a call of f gives, if that is known and data only, and
// otherwise the call itself, as an Object.
func (d *decoder) call(f any, args Tuple) bool {
	g, ok := f.(Global)
	if !ok {
		return d.make(Reduce, f, args, nil)
	}
	if f := d.cfg.Classes.builder(g); f != nil {
		v, err := f(&Object{Make: Reduce, Class: g, Args: args})
		if err != nil {
			return d.failErr("", err)
		}
		return d.push(v)
	}
	if do := callOf(g); do != nil {
		if known, ok := do(d, args); known || !ok {
			return ok
		}
	} else if v, ok, err := buildKnown(g, args); err != nil {
		return d.failErr("", err)
	} else if ok {
		return d.pushContainer(v)
	} else if as, ok := d.cfg.Classes.exception(g); ok {
		return d.pushContainer(&Exception{Class: g, Args: args, as: as})
	}
	if g == getattr && d.cfg.Classes.restricted() {
		d.err = &ForbiddenError{Global: g, Offset: d.base + int64(d.start)}
		return false
	}
	return d.make(Reduce, g, args, nil)
}

// make pushes a new Object.
func (d *decoder) make(how Make, class any, args Tuple, kwds *Dict) bool {
	switch class.(type) {
	case Global, *Object:
	default:
		return d.failf("a value of type %s cannot be called", TypeName(class))
	}
	return d.pushContainer(&Object{Make: how, Class: class, Args: args, Kwds: kwds})
}

// newObj is NEWOBJ, and newObjEx NEWOBJ_EX: __new__ of a class, with arguments
// and with keywords as well.
func (d *decoder) newObj() bool {
	if !d.need(2) {
		return false
	}
	args, ok := d.pop().(Tuple)
	if !ok {
		return d.fail("the arguments of a class are not a tuple")
	}
	return d.make(NewObj, d.pop(), args, nil)
}

func (d *decoder) newObjEx() bool {
	if !d.need(3) {
		return false
	}
	kwds, ok1 := d.pop().(*Dict)
	args, ok2 := d.pop().(Tuple)
	if !ok1 || !ok2 {
		return d.fail("the arguments of a class are not a tuple and a dict")
	}
	return d.make(NewObjEx, d.pop(), args, kwds)
}

// build is BUILD: gives a state to what is below it. Only what has been made by
// a class can have one.
func (d *decoder) build() bool {
	if !d.need(2) {
		return false
	}
	state := d.pop()
	switch to := d.stack[len(d.stack)-1].(type) {
	case *Object:
		if to.HasState {
			return d.fail("a second state: an Object can carry one")
		}
		to.State, to.HasState = state, true
		if !d.settle(to) {
			return false
		}
	case *Exception:
		if to.State != nil {
			return d.fail("a second state: an Exception can carry one")
		}
		to.State = state
	default:
		return d.failf("a value of type %s has no state", TypeName(to))
	}
	return true
}

// settle replaces o by the value that it is, if it is one whose parts are in its
// state.
func (d *decoder) settle(o *Object) bool {
	g, ok := o.Class.(Global)
	if !ok || o.Make != NewObj && o.Make != Bare {
		return true
	}
	var v any
	if f := d.cfg.Classes.builder(g); f != nil {
		var err error
		if v, err = f(o); err != nil {
			return d.failErr("", err)
		}
	} else if g != uuidClass || len(o.Args) > 0 {
		return true
	} else if v, ok = uuidFromState(o.State); !ok {
		return true
	}
	if d.settled == nil {
		d.settled = make(map[*Object]any)
	}
	d.settled[o] = v // for those who get it from the memo
	d.stack[len(d.stack)-1] = v
	return true
}

// dropped is told that the result o of a call was popped.
//
// CPython does this in two cases. It has found that the value contains itself,
// and goes on with the one in the memo; then nothing is lost. Or the call has
// set the state of the value that is below.
func (d *decoder) dropped(o *Object) bool {
	if len(o.Args) == 2 && !o.HasState && len(d.stack) > d.fence {
		of, ok := d.stack[len(d.stack)-1].(*Object)
		if arg, ok2 := o.Args[0].(*Object); ok && ok2 && arg == of && !of.HasState {
			of.Setter, of.State, of.HasState = o.Class, o.Args[1], true
			return true
		}
	}
	if d.pos >= len(d.buf) && !d.fill(1) {
		return false
	}
	switch d.buf[d.pos] {
	case opPop, opGet, opBinGet, opLongBinGet:
		return true
	}
	return d.fail("the result of a call is dropped: what the call is for cannot be carried")
}

// Names that are treated in a way of their own: getattr could reach what is not
// allowed by its name, and a UUID has its number in a state.
var (
	getattr   = Global{"builtins", "getattr"}
	uuidClass = Global{"uuid", "UUID"}
)

// latin1 returns s in Latin-1, if it can be.
func latin1(s string) ([]byte, bool) {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		if r > 0xff {
			return nil, false
		}
		b = append(b, byte(r))
	}
	return b, true
}

// isLatin1 knows the names that are in use for it.
func isLatin1(codec string) bool {
	switch strings.ReplaceAll(strings.ToLower(codec), "_", "-") {
	case "latin1", "latin-1", "iso-8859-1":
		return true
	}
	return false
}
