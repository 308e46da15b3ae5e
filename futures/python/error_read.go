package python

import (
	"fmt"
	"math"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/pickle"
)

// This file makes errors of what workers send instead of results.

// readError returns the [*Error] that is described in b, a pickle of a plain dict:
//
//	type, message, traceback, file, function   str, or None
//	line, errno                                int, or None
//	bases                                      list of str, as type is: the MRO
//	notes                                      list of str
//	cause                                      such a dict, or None
//	group                                      list of such dicts
//	exc                                        bytes, the pickle of the exception, or None
//
// What is not there, or of another type, counts as None. If b is no dict at all the
// error says so.
func readError(b []byte) error {
	var v any
	if err := config.Unmarshal(b, &v); err != nil {
		return fmt.Errorf("python: a worker raised an exception, and sent an unreadable description: %w", err)
	}
	left := maxErrors
	e := errorOf(v, &left)
	if e == nil {
		return fmt.Errorf("python: a worker raised an exception, and sent %s instead of a description", pickle.TypeName(v))
	}
	return e
}

// notPickled is the error of a result that cannot be pickled: b says why, as for
// readError.
func notPickled(name string, b []byte) error {
	return fmt.Errorf("%w: result of %q: %w", futures.ErrNotEncodable, clip(name), readError(b))
}

// notFound is the error of a name that is not there: text says which, and what
// there is instead.
func notFound(text []byte) error { return fmt.Errorf("%w: %s", ErrNotFound, text) }

// maxErrors bounds a description: it may contain itself.
const maxErrors = 100

// errorOf returns nil for what is no dict, and when none is left.
func errorOf(v any, left *int) *Error {
	var first *Error
	last := &first
	for *left > 0 {
		d, ok := v.(*pickle.Dict)
		if !ok {
			break
		}
		*left--
		e := &Error{
			Type:      textAt(d, "type"),
			Message:   textAt(d, "message"),
			Traceback: textAt(d, "traceback"),
			File:      textAt(d, "file"),
			Function:  textAt(d, "function"),
			Line:      intAt(d, "line"),
			errno:     intAt(d, "errno"),
			Notes:     textsAt(d, "notes"),
			bases:     textsAt(d, "bases"),
			Exception: exceptionAt(d, "exc"),
		}
		if e.Type == "" {
			e.Type = "builtins.BaseException"
		}
		for _, x := range itemsAt(d, "group") {
			if x := errorOf(x, left); x != nil {
				e.Group = append(e.Group, x)
			}
		}
		*last, last = e, &e.Cause
		v, _ = d.Get("cause")
	}
	return first
}

func textAt(d *pickle.Dict, key string) string {
	v, _ := d.Get(key)
	s, _ := v.(string)
	return s
}

func intAt(d *pickle.Dict, key string) int {
	v, _ := d.Get(key)
	if n, ok := v.(int64); ok && math.MinInt32 <= n && n <= math.MaxInt32 {
		return int(n)
	}
	return 0
}

func itemsAt(d *pickle.Dict, key string) []any {
	v, _ := d.Get(key)
	switch v := v.(type) {
	case *pickle.List:
		return v.Items
	case pickle.Tuple:
		return v
	}
	return nil
}

func textsAt(d *pickle.Dict, key string) (texts []string) {
	for _, item := range itemsAt(d, key) {
		if s, ok := item.(string); ok {
			texts = append(texts, s)
		}
	}
	return texts
}

// exceptionAt reads the exception itself. One of a class that package pickle does
// not know is an object to it; it has its args all the same.
func exceptionAt(d *pickle.Dict, key string) *pickle.Exception {
	v, _ := d.Get(key)
	b, ok := v.([]byte)
	if !ok {
		return nil
	}
	var x any
	if config.Unmarshal(b, &x) != nil {
		return nil
	}
	switch x := x.(type) {
	case *pickle.Exception:
		return x
	case *pickle.Object:
		if class, ok := x.Class.(pickle.Global); ok {
			return &pickle.Exception{Class: class, Args: x.Args, State: x.State}
		}
	}
	return nil
}
