package futex

import (
	"context"

	"github.com/conexgo/conex/internal/park"
	"github.com/conexgo/conex/internal/watch"
)

// A Turn is a lock for the goroutines of this process that want the same thing
// of another one: who has the turn waits in the kernel, the others in line. The
// zero value is ready. It must not be copied.
type Turn struct {
	q     park.Queue
	taken bool // protected by q
}

// TryAcquire takes the turn if nobody has it.
func (t *Turn) TryAcquire() bool {
	t.q.Lock()
	defer t.q.Unlock()
	if t.taken {
		return false
	}
	t.taken = true
	return true
}

// Acquire takes the turn, waiting behind those who wait already. obj is what
// all of them want, for messages. The error says why ctx has ended.
func (t *Turn) Acquire(ctx context.Context, obj any) error {
	t.q.Lock()
	if !t.taken {
		t.taken = true
		t.q.Unlock()
		return nil
	}
	if ctx.Err() != nil {
		t.q.Unlock()
		return watch.Reason(ctx)
	}
	w := park.New(ctx)
	t.q.PushBack(w)
	ok := t.q.Sleep(ctx, w, obj)
	if !ok {
		t.q.Unlock()
	}
	w.Free()
	if !ok {
		return watch.Reason(ctx)
	}
	return nil // handed over
}

// Release hands the turn to who has waited longest.
func (t *Turn) Release() {
	t.q.Lock()
	w := t.q.Pop()
	t.taken = w != nil
	t.q.Unlock()
	if w != nil {
		w.Wake()
	}
}

// Waiting returns how many wait.
func (t *Turn) Waiting() int {
	t.q.Lock()
	defer t.q.Unlock()
	return t.q.Len()
}
