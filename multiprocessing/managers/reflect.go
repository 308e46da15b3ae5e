package managers

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"reflect"

	"github.com/conexgo/conex/pickle"
)

// Kwds are the keyword arguments of a call: a method or factory that takes them
// has Kwds as the type of its last parameter, and a caller gives them as the
// last argument.
type Kwds map[string]any

var (
	typeContext = reflect.TypeFor[context.Context]()
	typeError   = reflect.TypeFor[error]()
	typeKwds    = reflect.TypeFor[Kwds]()
	typeRef     = reflect.TypeFor[*Ref]()
)

// typeOf returns how the results of a factory are served.
func typeOf(factory any) (*Type, error) {
	switch f := factory.(type) {
	case nil:
		return &Type{}, nil
	case *Type:
		return f, nil
	}
	v := reflect.ValueOf(factory)
	if v.Kind() != reflect.Func {
		return nil, fmt.Errorf("a factory must be a function, a *Type or nil, not %T", factory)
	}
	f, err := newFunc(v.Type(), 0)
	if err != nil {
		return nil, err
	}
	if len(f.results) != 1 {
		return nil, fmt.Errorf("a factory must return one value, and perhaps an error: %v", v.Type())
	}
	mk := func(c *call) (any, error) { return f.call(c, v) }
	res := f.results[0]
	switch {
	case isSeq(res):
		ty := *IteratorType
		ty.make = mk
		return &ty, nil
	case res.Kind() == reflect.Interface && res.NumMethod() == 0:
		return &Type{make: mk}, nil // what it returns will tell
	}
	k, err := classOf(res)
	if err != nil {
		return nil, err
	}
	if len(k.exposed) == 0 && len(k.methods) == 0 {
		if _, _, ok := modelType(res); ok {
			return &Type{make: mk}, nil // a slice, say, which is served as a list
		}
	}
	return newType(k, mk), nil
}

// A goFunc calls a function of Go's with arguments of Python's.
type goFunc struct {
	context  bool
	kwds     bool
	variadic bool
	params   []reflect.Type // without context and Kwds
	results  []reflect.Type // without the error
	fails    bool
}

// newFunc looks at a function whose first parameters, as many as skip says, are
// not a client's to give.
func newFunc(t reflect.Type, skip int) (*goFunc, error) {
	f := &goFunc{variadic: t.IsVariadic()}
	for i := skip; i < t.NumIn(); i++ {
		p := t.In(i)
		switch {
		case p == typeContext && i == skip:
			f.context = true
		case p == typeKwds && i == t.NumIn()-1:
			f.kwds = true
		case p.Kind() == reflect.Chan || p.Kind() == reflect.Func || p.Kind() == reflect.UnsafePointer:
			return nil, fmt.Errorf("clients cannot give a parameter of type %v", p)
		default:
			f.params = append(f.params, p)
		}
	}
	for i := range t.NumOut() {
		r := t.Out(i)
		switch {
		case r == typeError && i == t.NumOut()-1:
			f.fails = true
		case r.Kind() == reflect.Chan || r.Kind() == reflect.UnsafePointer || r.Kind() == reflect.Func && !isSeq(r):
			return nil, fmt.Errorf("clients cannot get a result of type %v", r)
		default:
			f.results = append(f.results, r)
		}
	}
	return f, nil
}

// call calls fn, a bound method or a function.
func (f *goFunc) call(c *call, fn reflect.Value) (any, error) {
	in, err := f.arguments(c)
	if err != nil {
		return nil, err
	}
	out := fn.Call(in)
	if f.fails {
		if err, _ := out[len(out)-1].Interface().(error); err != nil {
			return nil, err
		}
		out = out[:len(out)-1]
	}
	switch len(out) {
	case 0:
		return nil, nil
	case 1:
		return out[0].Interface(), nil
	}
	all := make(pickle.Tuple, len(out))
	for i, v := range out {
		all[i] = v.Interface()
	}
	return all, nil
}

// arguments converts what a client gave.
func (f *goFunc) arguments(c *call) ([]reflect.Value, error) {
	named, err := keywords(c.kwds)
	if err != nil {
		return nil, err
	}
	if !f.kwds && len(named) > 0 {
		return nil, pickle.TypeError.Newf("%s() takes no keyword arguments", c.name)
	}
	fixed := len(f.params)
	if f.variadic {
		fixed--
	}
	if n := len(c.args); n < fixed || n > fixed && !f.variadic {
		least := ""
		if f.variadic {
			least = "at least "
		}
		return nil, pickle.TypeError.Newf("%s() takes %s%d argument%s (%d given)", c.name, least, fixed, plural(fixed), n)
	}
	in := make([]reflect.Value, 0, len(c.args)+2)
	if f.context {
		in = append(in, reflect.ValueOf(c.ctx))
	}
	for i, a := range c.args {
		t := f.params[min(i, len(f.params)-1)]
		if f.variadic && i >= fixed {
			t = t.Elem()
		}
		v, err := argument(a, t)
		if err != nil {
			return nil, pickle.TypeError.Newf("%s(): argument %d: %v", c.name, i+1, err)
		}
		in = append(in, v)
	}
	if f.kwds {
		if named == nil {
			named = Kwds{}
		}
		in = append(in, reflect.ValueOf(named))
	}
	return in, nil
}

// argument converts one of them. A proxy of one of this server's objects is the
// object, or a copy of what is in it, to a parameter that can take that; a
// parameter of the type *Ref or any gets the proxy.
func argument(v any, t reflect.Type) (reflect.Value, error) {
	if r, ok := v.(*Ref); ok && t != typeRef && !(t.Kind() == reflect.Interface && t.NumMethod() == 0) {
		if self := reflect.ValueOf(r.obj.self); self.IsValid() && self.Type().AssignableTo(t) {
			return self, nil
		}
		if r.obj.class.value != nil {
			var err error
			if v, err = r.obj.class.value(r.obj.self); err != nil {
				return reflect.Value{}, err
			}
		}
	}
	p := reflect.New(t)
	if v != nil && reflect.TypeOf(v).AssignableTo(t) {
		p.Elem().Set(reflect.ValueOf(v))
		return p.Elem(), nil
	}
	if r, ok := v.(*Ref); ok {
		return p, fmt.Errorf("a proxy of a %s is no %v", r.obj.class.name, t)
	}
	if err := pickle.Assign(p.Interface(), v); err != nil {
		return p, err
	}
	return p.Elem(), nil
}

// isSeq reports whether values of a type are iter.Seqs, or iter.Seq2s whose
// second values are errors.
func isSeq(t reflect.Type) bool {
	switch {
	case t == nil || t.Kind() != reflect.Func:
		return false
	case t.CanSeq2():
		return t.In(0).In(1) == typeError
	}
	return t.CanSeq()
}

// seqOf returns the sequence that a value is of which isSeq holds.
func seqOf(v reflect.Value) iter.Seq2[any, error] {
	if v.Type().CanSeq2() {
		return func(yield func(any, error) bool) {
			for x, e := range v.Seq2() {
				err, _ := e.Interface().(error)
				if !yield(x.Interface(), err) {
					return
				}
			}
		}
	}
	return func(yield func(any, error) bool) {
		for x := range v.Seq() {
			if !yield(x.Interface(), nil) {
				return
			}
		}
	}
}

var errNoFunction = errors.New("no such function")
