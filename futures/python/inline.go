package python

import (
	"context"
	"strings"

	"github.com/conexgo/conex/internal/wire"
)

// An InlineFunc is a function in source text: see [Inline]. The zero value is no
// function, and is refused. Copies are the same function. It is safe for
// concurrent use.
type InlineFunc[A, R any] struct{ w *wire.Func[A, R] }

// Inline makes a Callable of a function that is defined in a piece of source, for
// what belongs to the Go program that calls it:
//
//	var clamp = python.Inline[python.Args, float64](`
//	def clamp(x, low, high):
//	    return max(low, min(x, high))
//	`, "clamp")
//
// Each worker runs the source once, as a module of its own, and keeps what it
// defines: imports, helpers, tables, other functions, which other InlineFuncs of the
// same source share. Lines that begin with tabs and spaces are as they are for
// Python; what all of them begin with does not matter. Tracebacks show them. A
// syntax error fails the call with an [*Error] that has the line, and a function
// that is not there with an error matching [ErrNotFound].
//
// The source can be some 30 000 bytes long; what is larger is better off in a
// file. Source and function are a program, as for [Expr].
func Inline[A, R any](source, function string) InlineFunc[A, R] {
	return InlineFunc[A, R]{newWire[A, R](kindSource, function, function+"\x00"+dedent(source))}
}

// dedent takes away the spaces and tabs that all lines of a source begin with, as
// they do when it stands inside of a function of Go. Lines keep their numbers.
func dedent(source string) string {
	lines := strings.Split(source, "\n")
	indent, any := "", false
	for _, line := range lines {
		code := strings.TrimLeft(line, " \t")
		if strings.TrimSpace(code) == "" {
			continue
		}
		own := line[:len(line)-len(code)]
		if !any {
			indent, any = own, true
		}
		for !strings.HasPrefix(own, indent) {
			indent = indent[:len(indent)-1]
		}
	}
	for i, line := range lines {
		lines[i] = strings.TrimPrefix(line, indent)
	}
	return strings.Join(lines, "\n")
}

// Name returns the name of the function.
func (f InlineFunc[A, R]) Name() string {
	if f.w == nil {
		return ""
	}
	return f.w.Name
}

// Call does not call anything: see [Func.Call].
func (f InlineFunc[A, R]) Call(context.Context, A) (r R, err error) { return r, elsewhere(f.Name()) }

// Wire returns the function's wire form. Only the engines of this module can use
// it.
func (f InlineFunc[A, R]) Wire() *wire.Func[A, R] { return f.w }

// Bind fixes the argument: see [Func.Bind].
func (f InlineFunc[A, R]) Bind(arg A) Bound { return bind(f.w, arg) }
