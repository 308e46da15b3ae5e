package dummy

import (
	"bytes"
	"fmt"
	"os"
	"runtime/debug"
	"sync/atomic"

	"github.com/conexgo/conex/threading"
)

// A PanicError is a panic of a thread's function.
type PanicError = threading.PanicError

// ExceptHookArgs is what an [ExceptHook] is told about a thread that failed.
type ExceptHookArgs struct {
	Err    error   // what the function returned, or a *PanicError
	Panic  any     // what was given to panic; nil if the function returned Err
	Stack  []byte  // where it panicked, as debug.Stack prints it; nil if the function returned Err
	Thread *Thread // the one that failed
}

// An ExceptHook is called when the function of a dummy thread has failed: it
// returned an error or panicked. The thread is still alive.
type ExceptHook func(ExceptHookArgs)

var exceptHook atomic.Pointer[ExceptHook]

// SetExceptHook makes h be told of dummy threads that fail, and returns who was
// told before. nil stands for [DefaultExceptHook]. The hook of package
// threading is another one. What is no failure, and not told of, is the same:
// see [threading.SetExceptHook].
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
		fmt.Fprintf(&b, "Failure in dummy thread %s: ", args.Thread.Name())
	} else {
		b.WriteString("Failure in a dummy thread: ")
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
	err := fmt.Errorf("its %s failed: %w", what, &PanicError{Value: p})
	DefaultExceptHook(ExceptHookArgs{Err: err, Panic: p, Stack: debug.Stack(), Thread: t})
}
