package queue

import (
	"fmt"
	"runtime/debug"
)

// A PanicError says that the function that orders a [PriorityQueue], or the
// [Store] of a [CustomQueue], panicked. It matches [ErrPanic], and Value if
// that is an error.
type PanicError struct {
	// Value is what was given to panic.
	Value any
	// Stack is where it happened, as debug.Stack prints it.
	Stack []byte
}

// Error gives the panic's text without the stack.
func (e *PanicError) Error() string { return fmt.Sprintf("%v: %v", ErrPanic, e.Value) }

// Unwrap returns ErrPanic, and Value if it is an error.
func (e *PanicError) Unwrap() []error {
	if err, ok := e.Value.(error); ok {
		return []error{ErrPanic, err}
	}
	return []error{ErrPanic}
}

// catch makes an error of a panic. It is to be deferred.
func catch(err *error) {
	if r := recover(); r != nil {
		*err = panicked(r)
	}
}

// panicked is the error of a panic with r. It is to be called by the deferred
// function that has recovered.
func panicked(r any) error { return &PanicError{r, debug.Stack()} }
