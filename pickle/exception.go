package pickle

import "strings"

// An Exception is an instance of one of Python's exception classes. It is an
// error: errors.Is(err, pickle.KeyError) tells its class, or a base of it. If
// an error of Go was registered for the class, the Exception wraps it.
//
// It has an identity, as a List has. It is safe for concurrent use as long as
// nobody changes it.
type Exception struct {
	Class Global
	Args  Tuple
	State any // attributes beyond Args, usually nil or a *Dict

	as error // what was registered for the class, if it was decoded
}

// Error returns the name of the class and what str gives in Python. What is
// very long is cut.
func (e *Exception) Error() string {
	name := shownName(e.Class)
	if text := e.text(); text != "" {
		return name + ": " + text
	}
	return name
}

// Is reports whether target is the class of e or a base of it.
func (e *Exception) Is(target error) bool {
	t, ok := target.(*ExceptionClass)
	if !ok {
		return false
	}
	c := exceptionClasses[e.Class]
	return c != nil && c.derived(t) || c == nil && t == BaseException
}

// Unwrap returns the error that was registered for the class, or nil.
func (e *Exception) Unwrap() error { return e.as }

// longestText is from where on what is not a plain message is cut.
const longestText = 1 << 10

// text is str(e).
func (e *Exception) text() string {
	switch n := len(e.Args); {
	case n == 0:
		return ""
	case n >= 2 && n <= 5 && e.Is(OSError):
		return e.osText()
	case n > 1:
		return ReprMax(e.Args, longestText)
	}
	if s, ok := e.Args[0].(string); ok && !e.Is(KeyError) {
		return s
	}
	return ReprMax(e.Args[0], longestText)
}

// osText is str of an OSError: its args are the number of the error, the text,
// and the names of up to two files.
func (e *Exception) osText() string {
	var b strings.Builder
	b.WriteString("[Errno " + ReprMax(e.Args[0], longestText) + "] ")
	if s, ok := e.Args[1].(string); ok {
		b.WriteString(s)
	} else {
		b.WriteString(ReprMax(e.Args[1], longestText))
	}
	if len(e.Args) > 2 && e.Args[2] != nil {
		b.WriteString(": " + ReprMax(e.Args[2], longestText))
	}
	if len(e.Args) == 5 && e.Args[4] != nil {
		b.WriteString(" -> " + ReprMax(e.Args[4], longestText))
	}
	return b.String()
}
