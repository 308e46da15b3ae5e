package pickle

import "fmt"

// What Python would do too, to compare, hash or convert values, fails with Python's
// own exceptions and their wording: a server hands them on to programs in Python,
// which show them, or look for them.

// builtinError makes one of Python's own exceptions.
func builtinError(class, format string, args ...any) *Exception {
	return &Exception{Class: Global{"builtins", class}, Args: Tuple{fmt.Sprintf(format, args...)}}
}

func typeErrorf(format string, args ...any) error {
	return builtinError("TypeError", format, args...)
}

func valueErrorf(format string, args ...any) error {
	return builtinError("ValueError", format, args...)
}

func overflowErrorf(format string, args ...any) error {
	return builtinError("OverflowError", format, args...)
}

func errRecursion(what string) error {
	return builtinError("RecursionError", "maximum recursion depth exceeded %s", what)
}
