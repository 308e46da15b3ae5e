package pickle

import "fmt"

// An ExceptionClass is one of Python's exception classes. It is there to be
// compared with: errors.Is(err, pickle.LookupError) holds for an *Exception of
// this class and of those derived from it, such as KeyError. It is an error
// itself only so that this can be written.
//
// There are the classes of builtins, and those of the modules for concurrent
// execution. A class that is not among them is known to nobody here: instances
// are carried as Objects, unless Classes.RegisterError names it.
type ExceptionClass struct {
	global Global
	bases  []*ExceptionClass
}

// exceptionClasses has all of them by name, from the start of the program on.
var exceptionClasses = make(map[Global]*ExceptionClass)

// newClass makes a class; builtin makes one of builtins.
func newClass(module, name string, bases ...*ExceptionClass) *ExceptionClass {
	c := &ExceptionClass{Global{module, name}, bases}
	exceptionClasses[c.global] = c
	return c
}

func builtin(name string, bases ...*ExceptionClass) *ExceptionClass {
	return newClass("builtins", name, bases...)
}

// also makes c known by another name.
func (c *ExceptionClass) also(module, name string) *ExceptionClass {
	exceptionClasses[Global{module, name}] = c
	return c
}

// Global returns the name of the class, with the module that defines it.
func (c *ExceptionClass) Global() Global { return c.global }

// Error returns the name of the class as a traceback shows it.
func (c *ExceptionClass) Error() string { return shownName(c.global) }

// Is reports whether target is c or a class that c is derived from.
func (c *ExceptionClass) Is(target error) bool {
	t, ok := target.(*ExceptionClass)
	return ok && c.derived(t)
}

// derived reports whether c is from, or derived from it.
func (c *ExceptionClass) derived(from *ExceptionClass) bool {
	if c == from {
		return true
	}
	for _, b := range c.bases {
		if b.derived(from) {
			return true
		}
	}
	return false
}

// New returns an instance with these args. For what most classes make of them,
// give one string: the message.
func (c *ExceptionClass) New(args ...any) *Exception {
	return &Exception{Class: c.global, Args: args}
}

// Newf returns an instance with a message as of fmt.Sprintf.
func (c *ExceptionClass) Newf(format string, args ...any) *Exception {
	return c.New(fmt.Sprintf(format, args...))
}

// shownName is the name as a traceback shows it: with the module, unless it is
// builtins.
func shownName(g Global) string {
	if g.Module == "builtins" {
		return g.Name
	}
	return g.String()
}
