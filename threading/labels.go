package threading

import (
	"context"
	"runtime/pprof"
	"runtime/trace"
	"sync/atomic"
)

var labelAll atomic.Bool

// SetLabels makes all threads that are started from now on have labels, as
// [WithLabels] does for one, or ends that. It returns what was set before.
func SetLabels(on bool) (old bool) { return labelAll.Swap(on) }

// label sets the goroutine's label and begins a task in the execution trace.
// Its context gets both, so that what the thread adds to them is added.
func (t *Thread) label() (unlabel func()) {
	before := t.parent
	name := t.Name()
	ctx := pprof.WithLabels(before, pprof.Labels("thread", name))
	pprof.SetGoroutineLabels(ctx)
	end := func() {}
	if trace.IsEnabled() {
		var task *trace.Task
		ctx, task = trace.NewTask(ctx, name)
		end = task.End
	}
	t.parent = ctx
	return func() {
		end()
		pprof.SetGoroutineLabels(before)
	}
}

var _ context.Context = (*threadContext)(nil)
