package futures

import (
	"context"
	"time"

	"github.com/conexgo/conex/internal/inherit"
	"github.com/conexgo/conex/internal/wire"
)

// A Task is one call on its way through an [Executor], or a run of calls that
// [Map] sends together: then it has several items, and each item is a call
// with an argument, a result and a failure of its own. Submit and Map make
// Tasks; the authors of engines consume them.
//
// An engine calls, in this order: Encode if it needs bytes; Start; then for
// every item exactly one of Run, Finish, FinishOwned, FinishRange and Fail.
// Items may finish in any order, on any goroutine. A second end for the same
// item is ignored.
type Task interface {
	// Entry is the function as other processes know it, or nil if it
	// cannot leave this one. Name is its name.
	Entry() *wire.Entry
	Name() string

	// Context is what the task was submitted under; Inherited are the
	// context variables that it carried then. Run gives each item a copy of
	// these; an engine that does not call Run sees to it.
	Context() context.Context
	Inherited() inherit.Values

	// Timeout is how long each item may run, counted from its start; 0
	// means no limit. See [TaskTimeout].
	Timeout() time.Duration

	// Len is the number of items: at least 1, and 1 for Submit.
	Len() int

	// Start moves the task from pending to running. It returns false if
	// the task was cancelled or has failed meanwhile; then the engine drops
	// it. Calling it again on a running task returns true.
	Start() bool

	// Done reports whether every item has ended.
	Done() bool

	// Run runs the items from..to-1 on the caller's goroutine, one after
	// the other, and finishes each. It applies Timeout itself. ctx is
	// derived from Context; items that have not begun when it ends are not
	// run, they fail with the reason. A panic ends its item, with a
	// *[PanicError]. So does runtime.Goexit, after which Run does not
	// return: unless Done, call it again on another goroutine.
	Run(ctx context.Context, from, to int)

	// SizeHint guesses how many bytes Encode will append. It is exact for
	// large plain values.
	SizeHint() int

	// Encode fixes the bytes of all arguments, appended to buf, which the
	// task keeps until it is done; nil is a good buf. A task that has a
	// handle inside (see codec.RegisterHandle) puts it into handles.
	Encode(buf []byte) (handles []any, err error)

	// AppendArgs appends the bytes of the arguments from..to-1 to dst:
	// each tells its own end.
	AppendArgs(dst []byte, from, to int) []byte

	// ArgSize is the number of bytes that AppendArgs would append.
	ArgSize(from, to int) int

	// Finish ends item i with the result encoded in b, which is not kept.
	// If b is not a result the item fails with that error.
	// FinishOwned is Finish for a b that the task may keep.
	Finish(i int, b []byte)
	FinishOwned(i int, b []byte, handles func(id uint64) (any, error))

	// FinishRange ends the items from..to-1 with flat results, one after
	// the other in b.
	FinishRange(from, to int, b []byte)

	// Fail ends item i with an error. i < 0 means every item that has not
	// ended.
	Fail(i int, err error)

	// Attach tells the task who runs it now; nil: nobody.
	Attach(r *Runner)
}

// A Runner is an engine's answer to what a future can ask while its task
// runs. Engines make one for each worker.
type Runner struct {
	// Kill ends t at once if it runs, and makes it fail with an error
	// matching [ErrKilled]. Nil: the engine cannot.
	Kill func(t Task) error

	// Poll may look for t's result on the caller's goroutine for some
	// microseconds, when that is faster than being woken. Nil: it is not.
	Poll func(t Task)
}
