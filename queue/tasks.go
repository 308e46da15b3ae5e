package queue

import (
	"context"

	"github.com/conexgo/conex/internal/park"
	"github.com/conexgo/conex/internal/watch"
)

// TaskDone says that one of the items that were put has been dealt with. When
// none is left unfinished, all that Join return.
//
// If it is called more often than items were put the error is [ErrTooManyDone],
// and nothing changes.
//
// TaskDone synchronizes before the return of every Join that waits for it.
func (q *core[T, K]) TaskDone() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.unfinished == 0 {
		return ErrTooManyDone
	}
	q.finish(1)
	return nil
}

// Unfinished returns how many items were put and have not been reported by
// TaskDone.
func (q *core[T, K]) Unfinished() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.unfinished
}

// Join waits until nothing is unfinished: as often as an item was put TaskDone
// has been called. It does not wait if that is so already, and many may wait at
// the same time. If ctx ends first the error matches what ctx ended with.
//
// ShutdownNow finishes what is still in the queue, so that Join may return
// although work was never done.
func (q *core[T, K]) Join(ctx context.Context) error {
	if q.Unfinished() == 0 {
		return nil
	}
	if ctx.Err() != nil {
		return watch.Reason(ctx)
	}
	w := park.New(ctx)
	defer w.Free()
	q.mu.Lock()
	if q.unfinished == 0 {
		q.mu.Unlock()
		return nil
	}
	q.joiners.Lock()
	q.joiners.PushBack(w)
	q.joining++
	q.mu.Unlock()
	if q.joiners.Sleep(ctx, w, q.outer()) {
		return nil
	}
	q.joiners.Unlock()
	q.mu.Lock()
	q.joining--
	q.mu.Unlock()
	return watch.Reason(ctx)
}

// finish lowers the number of unfinished tasks by n.
func (q *core[T, K]) finish(n int) {
	q.unfinished -= min(n, q.unfinished)
	if q.unfinished > 0 || q.joining == 0 {
		return
	}
	q.joiners.Lock()
	for w := q.joiners.Pop(); w != nil; w = q.joiners.Pop() {
		q.joining--
		w.Wake()
	}
	q.joiners.Unlock()
}
