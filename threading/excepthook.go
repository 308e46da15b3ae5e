package threading

import (
	"bytes"
	"fmt"
	"os"
	"runtime/debug"
	"sync/atomic"
)

// ExceptHookArgs is what an [ExceptHook] is told about a thread that failed.
type ExceptHookArgs struct {
	Err    error   // what the function returned, or a *PanicError
	Panic  any     // what was given to panic; nil if the function returned Err
	Stack  []byte  // where it panicked, as debug.Stack prints it; nil if the function returned Err
	Thread *Thread // the one that failed
}

// An ExceptHook is called when the function of a thread has failed: it
// returned an error or panicked. The call comes from the goroutine of the
// thread, which is still alive.
type ExceptHook func(ExceptHookArgs)

var exceptHook atomic.Pointer[ExceptHook]

// SetExceptHook makes h be told of threads that fail, and returns who was told
// before. nil stands for [DefaultExceptHook].
//
// No failures, and not told of, are: [ErrExit]; runtime.Goexit; and an error
// that matches the one of the thread's context when that has ended, since the
// thread then did what it was asked to. [Thread.Err] has the latter.
//
// If h panics, DefaultExceptHook gets both failures.
func SetExceptHook(h ExceptHook) (old ExceptHook) {
	var p *ExceptHook
	if h != nil {
		p = &h
	}
	if was := exceptHook.Swap(p); was != nil {
		return *was
	}
	return DefaultExceptHook
}

// DefaultExceptHook writes to standard error which thread failed and why, and
// the stack if it panicked, in one piece.
func DefaultExceptHook(args ExceptHookArgs) {
	var b bytes.Buffer
	if args.Thread != nil {
		fmt.Fprintf(&b, "Failure in thread %s: ", args.Thread.Name())
	} else {
		b.WriteString("Failure in a thread: ")
	}
	fmt.Fprintf(&b, "%v\n", args.Err)
	b.Write(args.Stack)
	os.Stderr.Write(b.Bytes())
}

// report gives the hook the failure of t.
func report(t *Thread, err error) {
	args := ExceptHookArgs{Err: err, Thread: t}
	if p, ok := err.(*PanicError); ok {
		args.Panic, args.Stack = p.Value, p.Stack
	}
	h := exceptHook.Load()
	if h == nil {
		DefaultExceptHook(args)
		return
	}
	defer func() {
		if p := recover(); p != nil {
			DefaultExceptHook(args)
			hookFailed(t, "ExceptHook", p)
		}
	}()
	(*h)(args)
}

// hookFailed reports that a hook panicked.
func hookFailed(t *Thread, what string, p any) {
	err := fmt.Errorf("its %s failed: %w", what, &PanicError{p, nil})
	DefaultExceptHook(ExceptHookArgs{Err: err, Panic: p, Stack: debug.Stack(), Thread: t})
}

// A PanicError is a panic of a thread's function.
type PanicError struct {
	// Value is what was given to panic.
	Value any
	// Stack is where it happened, as debug.Stack prints it.
	Stack []byte
}

// Error gives the panic's text without the stack.
func (e *PanicError) Error() string { return fmt.Sprintf("threading: panic: %v", e.Value) }

// Unwrap returns Value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}
