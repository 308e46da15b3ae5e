package managers

import (
	"strings"

	"github.com/conexgo/conex/pickle"
)

// The methods of Python's built-in types take no keywords, and say in four ways
// that the number of arguments is wrong. One function for each of them makes a
// method; name is that of Python's messages, such as "list.append".

// noArgs makes a method without arguments.
func noArgs[T any](name string, f func(self T, c *call) (any, error)) method {
	return func(c *call, self any) (any, error) {
		if err := noKwds(c, name); err != nil {
			return nil, err
		}
		if n := len(c.args); n != 0 {
			return nil, pickle.TypeError.Newf("%s() takes no arguments (%d given)", name, n)
		}
		return f(self.(T), c)
	}
}

// oneArg makes a method with one argument.
func oneArg[T any](name string, f func(self T, c *call, v any) (any, error)) method {
	return func(c *call, self any) (any, error) {
		if err := noKwds(c, name); err != nil {
			return nil, err
		}
		if n := len(c.args); n != 1 {
			return nil, pickle.TypeError.Newf("%s() takes exactly one argument (%d given)", name, n)
		}
		return f(self.(T), c, c.args[0])
	}
}

// someArgs makes a method with lo to hi arguments; hi < 0 is any number.
func someArgs[T any](name string, lo, hi int, f func(self T, c *call, args []any) (any, error)) method {
	return func(c *call, self any) (any, error) {
		if err := noKwds(c, name); err != nil {
			return nil, err
		}
		if err := expected(name, c.args, lo, hi); err != nil {
			return nil, err
		}
		return f(self.(T), c, c.args)
	}
}

// slot makes a method such as __setitem__, which is not called by its name in
// Python.
func slot[T any](name string, n int, f func(self T, c *call, args []any) (any, error)) method {
	return func(c *call, self any) (any, error) {
		if c.kwds != nil && c.kwds.Len() > 0 {
			return nil, pickle.TypeError.Newf("wrapper %s() takes no keyword arguments", name)
		}
		if len(c.args) != n {
			text := "expected %d argument%s, got %d"
			if n > 1 || strings.HasSuffix(name, "mul__") { // a function of Python's C API, with an empty name
				text = " " + text
			}
			return nil, pickle.TypeError.Newf(text, n, plural(n), len(c.args))
		}
		return f(self.(T), c, c.args)
	}
}

func noKwds(c *call, name string) error {
	if c.kwds != nil && c.kwds.Len() > 0 {
		return pickle.TypeError.Newf("%s() takes no keyword arguments", name)
	}
	return nil
}

// expected says what is wrong with a number of arguments.
func expected(name string, args []any, lo, hi int) error {
	if _, short, ok := strings.Cut(name, "."); ok {
		name = short
	}
	n := len(args)
	switch {
	case n >= lo && (n <= hi || hi < 0):
		return nil
	case lo == hi:
		return pickle.TypeError.Newf("%s expected %d argument%s, got %d", name, lo, plural(lo), n)
	case n < lo:
		return pickle.TypeError.Newf("%s expected at least %d argument%s, got %d", name, lo, plural(lo), n)
	}
	return pickle.TypeError.Newf("%s expected at most %d argument%s, got %d", name, hi, plural(hi), n)
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}
