// Package mainctx is how packages above conex put into the context of the
// main function what every thread of the program has there: conex.Main hands
// its ctx through what they registered.
package mainctx

import (
	"context"
	"sync"
)

var (
	mu    sync.Mutex
	wraps []func(context.Context) context.Context // protected by mu
)

// Register makes [Wrap] call f. Call it from an init function: packages come
// in the order of their initialisation, so those that others import come
// first, innermost.
func Register(f func(context.Context) context.Context) {
	mu.Lock()
	defer mu.Unlock()
	wraps = append(wraps, f)
}

// Wrap returns ctx with everything that belongs into the main function's.
func Wrap(ctx context.Context) context.Context {
	mu.Lock()
	list := wraps[:len(wraps):len(wraps)]
	mu.Unlock()
	for _, f := range list {
		ctx = f(ctx)
	}
	return ctx
}
