package pickle

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// Classes says which classes of Python a program knows beside those that the
// package does, and which ones a pickle may name.
//
// The zero value knows none and allows all: their instances are carried as
// Objects, and nothing is ever called or made in this process. Set it up before
// it is used; from then on it is safe for concurrent use. It must not be copied.
type Classes struct {
	_ noCopy

	types   map[Global]reflect.Type // of Register, both ways
	globals map[reflect.Type]Global
	errors  []registeredError // of RegisterError, both ways; several
	byClass map[Global]error  // errors of one class are joined

	builders map[Global]func(*Object) (any, error)

	allowed map[string]struct{} // "mymod.Point", and "mymod." for "mymod.*"
}

// A noCopy lets go vet find copies.
type noCopy struct{}

func (*noCopy) Lock()   {}
func (*noCopy) Unlock() {}

// A registeredError is what RegisterError was told. They are kept in order, as
// the first that matches an error counts.
type registeredError struct {
	class Global
	err   error
}

// Register says that instances of the class are values of the type of sample, a
// struct or a pointer to one. It allows the class.
//
// Unmarshal into such a struct takes its fields from the state of the instance,
// that is its __dict__ or its slots, or from the arguments that it was made
// with, in order, as a namedtuple's. Marshal of such a struct writes an instance
// of the class with the fields in its __dict__. Unmarshal into any still gives
// an *Object.
//
// It panics if the sample is no struct, or if the class or the type is
// registered already.
func (c *Classes) Register(module, name string, sample any) {
	t := reflect.TypeOf(sample)
	if t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	g := Global{module, name}
	if t == nil || t.Kind() != reflect.Struct {
		panic(fmt.Sprintf("pickle: Register(%s): the sample is a %T, not a struct", g, sample))
	}
	if _, ok := c.types[g]; ok {
		panic(fmt.Sprintf("pickle: Register(%s): it is registered already", g))
	}
	if was, ok := c.globals[t]; ok {
		panic(fmt.Sprintf("pickle: Register(%s): %s is registered already, for %s", g, t, was))
	}
	if c.types == nil {
		c.types, c.globals = make(map[Global]reflect.Type), make(map[reflect.Type]Global)
	}
	c.types[g], c.globals[t] = t, g
}

// RegisterError says that err is an instance of the exception class, in Go: an
// Exception of this class that is decoded matches err with errors.Is, and
// Marshal of an error that matches err writes an exception of this class, with
// the text of the error. It allows the class. If several match an error, the
// first that was registered counts.
//
// It panics if err is nil.
func (c *Classes) RegisterError(class Global, err error) {
	if err == nil {
		panic(fmt.Sprintf("pickle: RegisterError(%s): the error is nil", class))
	}
	c.errors = append(c.errors, registeredError{class, err})
	if c.byClass == nil {
		c.byClass = make(map[Global]error)
	}
	if was := c.byClass[class]; was != nil {
		err = errors.Join(was, err)
	}
	c.byClass[class] = err
}

// Allow makes a list of what pickles may name. From the first call on, a pickle
// that names anything else is refused with a *ForbiddenError (from Allow() on
// everything is), except for registered classes, the exceptions of this package, and those classes whose
// instances have types of their own in it or are plain collections.
//
// A pattern is the name of one class or function, with its module:
// "mymod.Point". At its end ".*" stands for any one name: "mymod.*" allows
// mymod.Point, but neither mymod.sub.Point nor mymod.Point.x. It allows also
// what mymod has imported: prefer to name the classes.
//
// It panics if a * is anywhere else.
func (c *Classes) Allow(patterns ...string) {
	var all []string
	for _, p := range patterns {
		s := p
		if strings.HasSuffix(s, ".*") {
			s = s[:len(s)-1]
		}
		if strings.Contains(s, "*") || !strings.Contains(s, ".") {
			panic(fmt.Sprintf("pickle: Allow(%q): a pattern is like mymod.Point or mymod.*", p))
		}
		all = append(all, s)
	}
	if c.allowed == nil {
		c.allowed = make(map[string]struct{})
	}
	for _, s := range all {
		c.allowed[s] = struct{}{}
	}
}

// restricted reports whether there is a list at all.
func (c *Classes) restricted() bool { return c != nil && c.allowed != nil }

// allows reports whether a pickle may name g.
func (c *Classes) allows(g Global) bool {
	if !c.restricted() || harmless(g) {
		return true
	}
	if _, ok := c.types[g]; ok {
		return true
	}
	if _, ok := c.byClass[g]; ok {
		return true
	}
	if c.builders[g] != nil {
		return true
	}
	s := g.String()
	if _, ok := c.allowed[s]; ok {
		return true
	}
	_, ok := c.allowed[s[:strings.LastIndexByte(s, '.')+1]]
	return ok
}

// exception reports whether g is an exception class, and which error of Go was
// registered for it, if any.
func (c *Classes) exception(g Global) (as error, ok bool) {
	if c != nil {
		if as = c.byClass[g]; as != nil {
			return as, true
		}
	}
	return nil, exceptionClasses[g] != nil
}

// errorClass returns the exception class for an error of Go.
func (c *Classes) errorClass(err error) (Global, bool) {
	if c != nil {
		for _, r := range c.errors {
			if errors.Is(err, r.err) {
				return r.class, true
			}
		}
	}
	return Global{}, false
}

// typeOf returns the struct that instances of g are.
func (c *Classes) typeOf(g Global) (reflect.Type, bool) {
	if c == nil {
		return nil, false
	}
	t, ok := c.types[g]
	return t, ok
}

// globalOf returns the class that a struct type is registered for.
func (c *Classes) globalOf(t reflect.Type) (Global, bool) {
	if c == nil {
		return Global{}, false
	}
	g, ok := c.globals[t]
	return g, ok
}

// harmless reports whether g is one of those that every list allows: what it
// makes is plain data.
func harmless(g Global) bool {
	if callOf(g) != nil || exceptionClasses[g] != nil {
		return true
	}
	switch g.Module {
	case "builtins":
		switch g.Name {
		case "object", "str", "int", "float", "bool", "Ellipsis", "NotImplemented":
			return true
		}
	case "collections":
		switch g.Name {
		case "OrderedDict", "deque", "defaultdict", "Counter":
			return true
		}
	case "datetime":
		switch g.Name {
		case "date", "time", "datetime", "timedelta", "timezone":
			return true
		}
	case "decimal":
		return g.Name == "Decimal"
	case "uuid":
		return g.Name == "UUID" || g.Name == "SafeUUID"
	case "fractions":
		return g.Name == "Fraction"
	}
	return false
}
