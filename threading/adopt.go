package threading

import (
	"context"
	"strconv"
	"sync/atomic"

	"github.com/conexgo/conex/internal/current"
	"github.com/conexgo/conex/internal/inherit"
)

// dummyNumbers counts the adopted threads without a name.
var dummyNumbers atomic.Uint64

// Adopt makes a thread of a goroutine that this package did not start: the
// thread is the [Current] one of the context that is returned, which is derived
// from ctx and has its own copy of ctx's context variables. Use it in a
// goroutine started with go, in an HTTP handler, in a callback:
//
//	go func() {
//		ctx, leave := threading.Adopt(ctx)
//		defer leave()
//		…
//	}()
//
// Python does this by itself when such a thread asks who it is; in Go nobody
// can know, so it is said. The thread is called Dummy-N, is a daemon unless
// [WithDaemon] says otherwise, and cannot be joined. It is alive until leave is
// called, which is to be its last act; a second call of leave does nothing.
// With [WithOSThread] and [WithLabels] both calls belong to the goroutine
// itself.
func Adopt(ctx context.Context, opts ...Option) (adopted context.Context, leave func()) {
	t := &Thread{number: given, parent: ctx, vars: inherit.TakeOrEmpty(ctx)}
	t.flags.Store(flagDaemon | flagAdopted)
	for _, o := range opts {
		o.apply(t)
	}
	if t.name.Load() == nil {
		t.SetName("Dummy-" + strconv.FormatUint(dummyNumbers.Add(1), 10))
	}
	registry.mu.Lock()
	registry.add(t)
	registry.mu.Unlock()
	if t.flags.Load()&(flagOSThread|flagLabels) == 0 {
		return t.context(), t.leaveOnce
	}
	undo := t.dress()
	return t.context(), func() {
		if t.Alive() {
			undo()
			t.leaveOnce()
		}
	}
}

func (t *Thread) leaveOnce() {
	t.dropLocals()
	registry.mu.Lock()
	defer registry.mu.Unlock()
	if t.Alive() {
		registry.remove(t)
	}
}

func init() {
	// The workers of pools are threads that their pool ends; what they
	// start is no daemon.
	current.SetAdopter(func(name string) (current.Thread, func()) {
		ctx, leave := Adopt(context.Background(), WithName(name), WithDaemon(false))
		return Current(ctx), leave
	})
}
