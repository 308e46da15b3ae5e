package multiprocessing

import (
	"context"
	"fmt"
	"runtime"

	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/futex"
	"github.com/conexgo/conex/queue"
)

// A JoinableQueue is a [Queue] whose items are tasks: who gets one reports with
// TaskDone that it has been dealt with, and Join waits until all were.
//
// The queue knows which process got how many. What a process took and had not
// reported when it ended is lost, and Join says so instead of waiting for ever.
// What a killed process had put into its buffer only was never there.
//
// Make one with [NewJoinableQueue]; a JoinableQueue must not be copied, and the
// zero value answers every call with an error. Its methods are safe for
// concurrent use. At most 2²⁹ tasks can be unfinished at a time. TaskDone
// synchronizes before the return of every Join that waits for it.
type JoinableQueue[T any] struct{ typedQueue[T] }

// NewJoinableQueue returns a JoinableQueue that takes maxsize items at most, or
// any number if maxsize is zero or negative. The errors are those of [NewQueue].
func NewJoinableQueue[T any](maxsize int) (*JoinableQueue[T], error) {
	q := new(JoinableQueue[T])
	if err := q.create(joinableQueue, maxsize); err != nil {
		return nil, err
	}
	return q, nil
}

// AppendHandle lets the queue travel: see package conex. It fails if the queue
// was closed by this process.
func (q *JoinableQueue[T]) AppendHandle(e *codec.Encoder) error { return q.append(e) }

// ReadHandle makes q the queue that has travelled.
func (q *JoinableQueue[T]) ReadHandle(d *codec.Decoder) error { return q.read(d, joinableQueue) }

// TaskDone says that an item that was gotten has been dealt with. If it is
// called more often than items were put the error matches
// [queue.ErrTooManyDone], and nothing changes. It works after Close, too.
//
// It is for the process that got the item: if another one reports it, and the
// first ends, the item counts as lost.
func (q *JoinableQueue[T]) TaskDone() error {
	c := q.core
	if c == nil {
		return errNoQueue
	}
	defer runtime.KeepAlive(c)
	open, ok, err := c.ring.Report(context.Background())
	if err != nil {
		return err
	}
	if !ok {
		return queue.ErrTooManyDone
	}
	if open <= 0 {
		c.ring.Done.Ring(allSleepers)
	}
	return nil
}

// Join waits until every item that was put has been reported by TaskDone. It
// does not wait if that is so already, and many may wait at the same time. If
// ctx ends first the error matches what ctx ended with. It works after Close,
// too.
//
// If all were reported but those that processes had taken before they died, the
// error matches [ErrOwnerDied] and is a [*LostTasksError].
func (q *JoinableQueue[T]) Join(ctx context.Context) error {
	c := q.core
	if c == nil {
		return errNoQueue
	}
	defer runtime.KeepAlive(c)
	var poll futex.Poll
	for err := error(nil); ; {
		w := c.ring.Done.Arm(1)
		open, lost, e := c.ring.Open(ctx)
		switch {
		case e == nil && open <= 0 && lost > 0:
			return &LostTasksError{lost}
		case e == nil && open <= 0:
			return nil
		case err != nil:
			return err
		case e != nil:
			return e
		}
		err = c.joiners.Wait(ctx, c.ring.Done.Word(), w, poll.Next(), c)
	}
}

// Unfinished returns how many items were put and have not been reported by
// TaskDone, without those that are lost because who took them has died.
func (q *JoinableQueue[T]) Unfinished() int {
	if q.core == nil {
		return 0
	}
	defer runtime.KeepAlive(q.core)
	n, _, _ := q.core.ring.Open(context.Background())
	return n
}

// A LostTasksError says that processes took items of a [JoinableQueue] and died
// before they called TaskDone. It matches [ErrOwnerDied] and [ErrProcess].
type LostTasksError struct {
	// Count is how many items were lost since the queue was made.
	Count int
}

func (e *LostTasksError) Error() string {
	return fmt.Sprintf("multiprocessing: %d items of the queue were taken by processes that ended before TaskDone: put them again if they must be done", e.Count)
}

// Is reports whether target is ErrOwnerDied or ErrProcess.
func (e *LostTasksError) Is(target error) bool { return target == ErrOwnerDied || target == ErrProcess }
