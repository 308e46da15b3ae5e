package managers

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"strings"
	"unicode"

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
		return &Type{class: nil}, nil
	case *Type:
		return f, nil
	}
	v := reflect.ValueOf(factory)
	if v.Kind() != reflect.Func {
		return nil, fmt.Errorf("a factory must be a function, a *Type or nil, not %T", factory)
	}
	f, err := newFunc(v, v.Type(), 0)
	if err != nil {
		return nil, err
	}
	if len(f.results) != 1 {
		return nil, fmt.Errorf("a factory must return one value, and perhaps an error: %v", v.Type())
	}
	res := f.results[0]
	if seq := seqOf(res); seq != nil {
		ty := *IteratorType
		ty.make = func(c *call) (any, error) {
			v, err := f.call(c, v, nil)
			if err != nil {
				return nil, err
			}
			return iterateSeq(seq(reflect.ValueOf(v))), nil
		}
		return &ty, nil
	}
	k, err := classOf(res)
	if err != nil {
		return nil, err
	}
	return newType(k, func(c *call) (any, error) { return f.call(c, v, nil) }), nil
}

// classOf makes a class of a Go type: its exported methods under Python's names.
func classOf(t reflect.Type) (*class, error) {
	k := &class{name: strings.TrimPrefix(t.String(), "*"), methods: map[string]method{}}
	for i := range t.NumMethod() {
		m := t.Method(i)
		if hidden[m.Name] {
			continue
		}
		skip := 1 // the receiver
		ft := m.Type
		if t.Kind() == reflect.Interface {
			skip = 0
		}
		f, err := newFunc(m.Func, ft, skip)
		if err != nil {
			return nil, fmt.Errorf("method %s of %v: %w", m.Name, t, err)
		}
		name, index := snake(m.Name), i
		k.methods[name] = func(c *call, self any) (any, error) {
			r, err := f.call(c, reflect.ValueOf(self).Method(index), nil)
			if err != nil {
				return nil, err
			}
			if seq := seqOf(reflect.TypeOf(r)); r != nil && seq != nil {
				return iterateSeq(seq(reflect.ValueOf(r))), nil
			}
			return r, nil
		}
		k.exposed = append(k.exposed, name)
	}
	if t.Implements(reflect.TypeFor[fmt.Stringer]()) {
		k.str = func(self any) string { return self.(fmt.Stringer).String() }
	}
	if t.Implements(reflect.TypeFor[pickle.Marshaler]()) || t.Kind() != reflect.Pointer {
		k.value = func(self any) (any, error) { return self, nil }
	}
	if t.Implements(reflect.TypeFor[interface{ Close() error }]()) {
		k.close = func(self any) { self.(interface{ Close() error }).Close() }
	}
	return k, nil
}

// hidden are methods that are there for Go.
var hidden = map[string]bool{"String": true, "GoString": true, "MarshalPickle": true, "UnmarshalPickle": true, "Close": false}

// snake is Python's name for one of Go's: AddAll is add_all, HTTPGet http_get.
func snake(name string) string {
	var b strings.Builder
	rs := []rune(name)
	for i, r := range rs {
		if unicode.IsUpper(r) {
			if i > 0 && (!unicode.IsUpper(rs[i-1]) || i+1 < len(rs) && unicode.IsLower(rs[i+1])) {
				b.WriteByte('_')
			}
			r = unicode.ToLower(r)
		}
		b.WriteRune(r)
	}
	return b.String()
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

func newFunc(_ reflect.Value, t reflect.Type, skip int) (*goFunc, error) {
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
		if r := t.Out(i); r == typeError && i == t.NumOut()-1 {
			f.fails = true
		} else {
			f.results = append(f.results, r)
		}
	}
	return f, nil
}

// call calls fn, a bound method or a function.
func (f *goFunc) call(c *call, fn reflect.Value, _ any) (any, error) {
	if !f.kwds && c.kwds != nil {
		return nil, pickle.TypeError.Newf("%s() takes no keyword arguments", c.name)
	}
	fixed := len(f.params)
	if f.variadic {
		fixed--
	}
	if len(c.args) < fixed || len(c.args) > fixed && !f.variadic {
		return nil, pickle.TypeError.Newf("%s() takes %d arguments (%d given)", c.name, fixed, len(c.args))
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
		k := Kwds{}
		if c.kwds != nil {
			for name, v := range c.kwds.All() {
				s, ok := name.(string)
				if !ok {
					return nil, pickle.TypeError.New("keywords must be strings")
				}
				k[s] = v
			}
		}
		in = append(in, reflect.ValueOf(k))
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

// argument converts what a client gave.
func argument(v any, t reflect.Type) (reflect.Value, error) {
	if r, ok := v.(*Ref); ok && t != typeRef {
		if self := reflect.ValueOf(r.obj.self); self.IsValid() && self.Type().AssignableTo(t) && t.Kind() != reflect.Interface {
			return self, nil
		}
	}
	p := reflect.New(t)
	if v != nil && reflect.TypeOf(v).AssignableTo(t) {
		p.Elem().Set(reflect.ValueOf(v))
		return p.Elem(), nil
	}
	if err := pickle.Assign(p.Interface(), v); err != nil {
		return p, err
	}
	return p.Elem(), nil
}

// seqOf returns how to iterate over values of a type, or nil if it is no
// iter.Seq, nor an iter.Seq2 whose second values are errors.
func seqOf(t reflect.Type) func(reflect.Value) iter.Seq2[any, error] {
	if t == nil || t.Kind() != reflect.Func || !(t.CanSeq() || t.CanSeq2()) {
		return nil
	}
	if t.CanSeq2() {
		if t.In(0).In(1) != typeError {
			return nil
		}
		return func(v reflect.Value) iter.Seq2[any, error] {
			return func(yield func(any, error) bool) {
				for x, e := range v.Seq2() {
					err, _ := e.Interface().(error)
					if !yield(x.Interface(), err) {
						return
					}
				}
			}
		}
	}
	return func(v reflect.Value) iter.Seq2[any, error] {
		return func(yield func(any, error) bool) {
			for x := range v.Seq() {
				if !yield(x.Interface(), nil) {
					return
				}
			}
		}
	}
}

var errNoFunction = errors.New("no such function")
