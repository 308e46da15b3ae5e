// Package exit keeps the one order in which a program that uses Conex ends:
// what other packages have open is ended by conex.Main after the program's
// own run function, stage by stage, the newest first within a stage.
package exit

import (
	"context"
	"slices"
	"sync"
)

// A Stage says when at exit something ends.
type Stage int

// The stages, in their order.
const (
	Threads   Stage = iota // non-daemon threads are joined
	Executors              // pools finish what they were given
	Children               // child processes are joined, daemonic ones ended
	Queues                 // what is buffered is flushed
	stages
)

type hook struct{ fn func(context.Context) }

var (
	mu    sync.Mutex
	hooks [stages][]*hook
)

// Register makes Run call fn. The returned function takes that back.
func Register(s Stage, fn func(ctx context.Context)) (remove func()) {
	h := &hook{fn}
	mu.Lock()
	defer mu.Unlock()
	hooks[s] = append(hooks[s], h)
	return func() {
		mu.Lock()
		defer mu.Unlock()
		if i := slices.Index(hooks[s], h); i >= 0 {
			hooks[s] = slices.Delete(hooks[s], i, i+1)
		}
	}
}

// Run calls what is registered, each once. ctx tells the hooks to hurry when
// it ends.
func Run(ctx context.Context) {
	for s := range stages {
		RunStage(ctx, s)
	}
}

// RunStage is Run for one stage only.
func RunStage(ctx context.Context, s Stage) {
	for {
		h := pop(s)
		if h == nil {
			return
		}
		h.fn(ctx)
	}
}

func pop(s Stage) *hook {
	mu.Lock()
	defer mu.Unlock()
	n := len(hooks[s])
	if n == 0 {
		return nil
	}
	h := hooks[s][n-1]
	hooks[s] = hooks[s][:n-1]
	return h
}
