package pickle

import "fmt"

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
