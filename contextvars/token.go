package contextvars

import (
	"fmt"
	"sync/atomic"
	"unsafe"
)

// A Token is what [Var.Set] returns, to undo it with [Var.Reset], once.
//
// The zero Token, like a nil one, is of no variable. A Token must not be
// copied. Its methods are safe for concurrent use: of several who use it at
// once one succeeds.
type Token[T any] struct {
	v    *Var[T]
	c    *Context // in which Set was called
	old  *cell[T] // nil: the variable was not set
	used atomic.Bool
}

// Var returns the variable that was set.
func (t *Token[T]) Var() *Var[T] { return t.v }

// Old returns the value that the variable had in its Context before Set, and
// false if it was not set there. Defaults do not count. What Python calls
// Token.MISSING is the false.
func (t *Token[T]) Old() (T, bool) {
	if t.old == nil {
		var zero T
		return zero, false
	}
	return t.old.val, true
}

// String names the variable and says whether the token has been used.
func (t *Token[T]) String() string {
	switch {
	case t.v == nil:
		return "Token()"
	case t.used.Load():
		return fmt.Sprintf("Token(used, %v)", t.v)
	}
	return fmt.Sprintf("Token(%v)", t.v)
}

// undo puts back what was there before Set.
func (t *Token[T]) undo() {
	if t.old == nil {
		t.c.drop(t.v.id)
	} else {
		t.c.put(t.v.id, unsafe.Pointer(t.old))
	}
}
