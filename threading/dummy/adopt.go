package dummy

import (
	"context"
	"strconv"

	"github.com/conexgo/conex/internal/inherit"
)

// Adopt makes a thread of the caller: the thread is the [Current] one of the
// context that is returned, which is derived from ctx and has its own copy of
// ctx's context variables. A test begins with it:
//
//	ctx, leave := dummy.Adopt(t.Context(), dummy.WithName("test"))
//	defer leave()
//
// The thread is called Dummy-N, is a daemon unless [WithDaemon] says otherwise,
// and cannot be joined. It is alive until leave is called; a second call does
// nothing.
func Adopt(ctx context.Context, opts ...Option) (adopted context.Context, leave func()) {
	t := &Thread{flags: flagDaemon | flagAdopted}
	for _, o := range opts {
		o.apply(t)
	}
	if t.name == nil {
		t.SetName("Dummy-" + strconv.FormatUint(dummyNumbers.Add(1), 10))
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.state = stateStarted
	registry.add(t)
	return withThread(inherit.Own(ctx), t), t.leave
}
