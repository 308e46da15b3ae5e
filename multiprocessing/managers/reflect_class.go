package managers

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
	"unicode"

	"github.com/conexgo/conex/pickle"
)

var goClasses sync.Map // of *class by reflect.Type

// classOf makes a class of a Go type: its exported methods under Python's names.
func classOf(t reflect.Type) (*class, error) {
	if k, ok := goClasses.Load(t); ok {
		return k.(*class), nil
	}
	k := &class{
		name: strings.TrimPrefix(t.String(), "*"), goType: t,
		methods: map[string]method{}, unfit: map[string]error{}, proxies: map[string]string{},
	}
	skip := 1 // the receiver
	if t.Kind() == reflect.Interface {
		skip = 0
	}
	from := map[string]string{}
	for i := range t.NumMethod() {
		m := t.Method(i)
		if hidden[m.Name] || !m.IsExported() {
			continue
		}
		name := snake(m.Name)
		if other := from[name]; other != "" {
			return nil, fmt.Errorf("the methods %s and %s of %v are both %s in Python", other, m.Name, t, name)
		}
		from[name] = m.Name
		f, err := newFunc(m.Type, skip)
		if err != nil {
			k.unfit[name] = fmt.Errorf("method %s of %v: %w", m.Name, t, err)
			continue
		}
		k.methods[name] = goMethod(f, t, i)
		k.exposed = append(k.exposed, name)
		if len(f.results) == 1 && isSeq(f.results[0]) {
			k.proxies[name] = "Iterator"
		}
	}
	if t.Implements(reflect.TypeFor[fmt.Stringer]()) {
		k.str = func(self any) string { return self.(fmt.Stringer).String() }
	}
	if t.Implements(reflect.TypeFor[pickle.Marshaler]()) || t.Kind() != reflect.Pointer && t.Kind() != reflect.Interface {
		k.value = func(self any) (any, error) { return self, nil }
	}
	if t.Implements(reflect.TypeFor[interface{ Close() error }]()) {
		k.close = func(self any) { self.(interface{ Close() error }).Close() }
	}
	goClasses.Store(t, k)
	return k, nil
}

// goMethod calls the method with the given index of a type.
func goMethod(f *goFunc, t reflect.Type, index int) method {
	return func(c *call, self any) (any, error) {
		v := reflect.ValueOf(self)
		if t.Kind() == reflect.Interface {
			// The index is that of the interface's method, and not of its value's.
			i := reflect.New(t).Elem()
			i.Set(v)
			v = i
		}
		return f.call(c, v.Method(index))
	}
}

// hidden are methods that are there for Go.
var hidden = map[string]bool{
	"String": true, "GoString": true, "Format": true, "PythonRepr": true,
	"MarshalPickle": true, "UnmarshalPickle": true,
}

// snake is Python's name for one of Go's: AddAll is add_all, HTTPGet http_get.
// A name that is a word of Python's grammar gets a _ at its end, as Python's own
// libraries have it.
func snake(name string) string {
	var b strings.Builder
	rs := []rune(name)
	for i, r := range rs {
		if unicode.IsUpper(r) {
			if i > 0 && rs[i-1] != '_' && (!unicode.IsUpper(rs[i-1]) || i+1 < len(rs) && unicode.IsLower(rs[i+1])) {
				b.WriteByte('_')
			}
			r = unicode.ToLower(r)
		}
		b.WriteRune(r)
	}
	if keyword[b.String()] {
		b.WriteByte('_')
	}
	return b.String()
}

// keyword has the words that CPython's clients cannot make a method of.
var keyword = map[string]bool{}

func init() {
	for _, w := range strings.Fields(`and as assert async await break class continue def del elif else except
		finally for from global if import in is lambda nonlocal not or pass raise return try while with yield`) {
		keyword[w] = true
	}
}
