// Package current says which thread a context belongs to. The threads
// themselves are package threading's; what stands here lets packages beside
// and below it ask, and lets pools give their workers one, and worker processes their tasks.
package current

import (
	"context"
	"sync/atomic"
)

// Key is the context key of the current [Thread].
type Key struct{}

// A Thread is a thread as far as others need to know it: for their messages,
// and as an identity. Its dynamic type is *threading.Thread.
type Thread interface{ Name() string }

// Of returns the thread that ctx carries, or nil.
func Of(ctx context.Context) Thread {
	t, _ := ctx.Value(Key{}).(Thread)
	return t
}

// With returns ctx with t as its thread, or ctx itself if t is nil.
func With(ctx context.Context, t Thread) context.Context {
	if t == nil {
		return ctx
	}
	return context.WithValue(ctx, Key{}, t)
}

var main atomic.Pointer[Thread]

// SetMain tells which thread is the program's main one. Package threading calls
// it while it initialises.
func SetMain(t Thread) { main.Store(&t) }

// Main returns the main thread, which in a worker process is that of its tasks.
// It is nil if the program has no threads: package threading is not linked in.
func Main() Thread {
	if t := main.Load(); t != nil {
		return *t
	}
	return nil
}

var adopter atomic.Pointer[func(name string) (Thread, func())]

// SetAdopter tells how a goroutine that is no thread becomes one. Package
// threading calls it while it initialises.
func SetAdopter(f func(name string) (t Thread, leave func())) { adopter.Store(&f) }

// Adopt makes the goroutine of a pool's worker a thread, until leave is called
// on its last breath. It returns nils if the program has no threads: package
// threading is not linked in.
func Adopt(name string) (t Thread, leave func()) {
	if f := adopter.Load(); f != nil {
		return (*f)(name)
	}
	return nil, nil
}
