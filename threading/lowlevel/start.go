package lowlevel

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"runtime/debug"
	"sync/atomic"

	"github.com/conexgo/conex/threading"
)

// StartNew starts a thread that calls f, and returns its identity. It is a
// daemon, and ends silently when f returns nil or threading.ErrExit, calls
// [Exit], or returns the error of its own context after that has ended. Another
// error, or a panic, goes to the [UnraisableHook]; the rest of the program goes
// on.
//
// f gets a context derived from ctx, as that of [threading.Thread.Start]. The
// error is [ErrNilFunc] if f is nil, or that of Start. StartNew does not block.
func StartNew(ctx context.Context, f func(ctx context.Context) error) (ID, error) {
	if f == nil {
		return 0, ErrNilFunc
	}
	t := threading.New(func(ctx context.Context) error {
		call(ctx, f)
		return nil
	}, threading.WithDaemon(true))
	if err := t.Start(ctx); err != nil {
		return 0, err
	}
	id, _ := t.ID()
	return id, nil
}

// call calls f and deals with its failure.
func call(ctx context.Context, f func(context.Context) error) {
	returned := false
	defer func() {
		if returned {
			return
		}
		if p := recover(); p != nil {
			err := &threading.PanicError{Value: p, Stack: debug.Stack()}
			unraisable(UnraisableHookArgs{Err: err, Panic: p, Stack: err.Stack, Func: funcName(f), Thread: threading.Current(ctx)})
		}
	}()
	err := f(ctx)
	returned = true
	if err == nil || errors.Is(err, threading.ErrExit) {
		return
	}
	if end := ctx.Err(); end != nil && (errors.Is(err, end) || errors.Is(err, context.Cause(ctx))) {
		return
	}
	unraisable(UnraisableHookArgs{Err: err, Func: funcName(f), Thread: threading.Current(ctx)})
}

func funcName(f func(context.Context) error) string {
	return runtime.FuncForPC(reflect.ValueOf(f).Pointer()).Name()
}

// UnraisableHookArgs is what an [UnraisableHook] is told.
type UnraisableHookArgs struct {
	Err    error             // what the function returned, or a *threading.PanicError
	Panic  any               // what was given to panic; nil if the function returned Err
	Stack  []byte            // where it panicked; nil if the function returned Err
	Func   string            // the function's name
	Thread *threading.Thread // the one that failed
}

// An UnraisableHook is called, in the goroutine of the thread, when the
// function of a [StartNew] has failed.
type UnraisableHook func(UnraisableHookArgs)

var hook atomic.Pointer[UnraisableHook]

// SetUnraisableHook makes h be told of failures, and returns who was told
// before. nil stands for [DefaultUnraisableHook], which also gets them, and the
// panic, if h panics.
func SetUnraisableHook(h UnraisableHook) (old UnraisableHook) {
	var p *UnraisableHook
	if h != nil {
		p = &h
	}
	if was := hook.Swap(p); was != nil {
		return *was
	}
	return DefaultUnraisableHook
}

// DefaultUnraisableHook writes to standard error which function failed and why,
// and the stack if it panicked, in one piece.
func DefaultUnraisableHook(args UnraisableHookArgs) {
	os.Stderr.WriteString(fmt.Sprintf("Failure ignored in thread started by %s: %v\n%s", args.Func, args.Err, args.Stack))
}

func unraisable(args UnraisableHookArgs) {
	h := hook.Load()
	if h == nil {
		DefaultUnraisableHook(args)
		return
	}
	defer func() {
		if p := recover(); p != nil {
			DefaultUnraisableHook(args)
			err := fmt.Errorf("its UnraisableHook failed: %w", &threading.PanicError{Value: p})
			DefaultUnraisableHook(UnraisableHookArgs{Err: err, Panic: p, Stack: debug.Stack(), Func: args.Func, Thread: args.Thread})
		}
	}()
	(*h)(args)
}
