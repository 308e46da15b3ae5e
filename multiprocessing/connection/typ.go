package connection

import (
	"fmt"
	"hash/fnv"
	"reflect"
	"strings"
	"sync"

	"github.com/conexgo/conex/internal/codec"
)

// A typ is what this package knows of a type that is sent.
type typ struct {
	plan *codec.Plan
	name string
	hash uint32
	kind kind // kindAny for the type any
	own  bool // a decoded value may keep the bytes
}

var (
	types     sync.Map // reflect.Type → *typ
	typeNames sync.Map // hash → name, for messages
)

// typeOf returns what is known of T. The error says why it cannot be sent.
func typeOf[T any]() (*typ, error) {
	t := reflect.TypeFor[T]()
	if x, ok := types.Load(t); ok {
		return x.(*typ), nil
	}
	return newTyp(t)
}

func newTyp(t reflect.Type) (*typ, error) {
	plan, err := codec.For(t)
	if err != nil {
		return nil, err
	}
	h := fnv.New32a()
	h.Write([]byte(signature(t, map[reflect.Type]bool{})))
	x := &typ{plan: plan, name: t.String(), hash: h.Sum32(), kind: kindValue}
	switch {
	case t == reflect.TypeFor[any]():
		x.kind, x.hash = kindAny, 0
	case t.Kind() == reflect.String:
		x.own = true
	case t.Kind() == reflect.Slice:
		x.own = t.Elem().Kind() <= reflect.Complex128
	}
	if have, loaded := types.LoadOrStore(t, x); loaded {
		return have.(*typ), nil
	}
	typeNames.LoadOrStore(x.hash, x.name)
	return x, nil
}

// signature describes a type in a way that is the same in every process of a
// program, and not the same for two types whose names look alike.
func signature(t reflect.Type, seen map[reflect.Type]bool) string {
	if t.Name() != "" {
		if t.PkgPath() == "" {
			return t.Name()
		}
		name := t.PkgPath() + "." + t.Name()
		if seen[t] {
			return name
		}
		// Types that are declared within functions have the same name.
		seen[t] = true
		return name + "=" + shape(t, seen)
	}
	return shape(t, seen)
}

// shape describes what a type consists of.
func shape(t reflect.Type, seen map[reflect.Type]bool) string {
	switch t.Kind() {
	case reflect.Pointer:
		return "*" + signature(t.Elem(), seen)
	case reflect.Slice:
		return "[]" + signature(t.Elem(), seen)
	case reflect.Array:
		return fmt.Sprintf("[%d]%s", t.Len(), signature(t.Elem(), seen))
	case reflect.Map:
		return "map[" + signature(t.Key(), seen) + "]" + signature(t.Elem(), seen)
	case reflect.Struct:
		var b strings.Builder
		b.WriteString("struct{")
		for f := range t.Fields() {
			fmt.Fprintf(&b, "%s %s;", f.Name, signature(f.Type, seen))
		}
		return b.String() + "}"
	case reflect.Interface, reflect.Func, reflect.Chan:
		return t.String()
	}
	return t.Kind().String()
}
