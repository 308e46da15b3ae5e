package crew

import (
	"errors"
	"time"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/internal/child"
	"github.com/conexgo/conex/internal/watch"
)

// A Link is the way to one worker: how its process starts, and what goes to and
// fro. The engine makes one for each [Worker], see [Config.NewLink].
//
// What a worker is sent are frames, each some items of some tasks. Items are
// numbered from 0 in the order of sending; numbers of items that were taken back
// are given again to the next ones. What ends them comes in the same order.
//
// Two locks say who may call what: a method of the sending side is called with
// the pool's lock held, one of the receiving side with the worker's. Where both
// are, the worker's was taken first. None may wait for the worker.
type Link interface {
	// Launch starts the process. Nothing of it is left behind if it fails.
	Launch() (*child.Child, error)

	// Greet introduces the two sides to each other, and returns when the worker
	// is ready: its initialiser has run. What no other worker would get over
	// either is given to [Pool.Fail] as well.
	Greet() error

	// Open is called, with both locks held, when Greet has returned: frames may
	// come from now on.
	Open()

	// Serve takes in what the worker sends until that ends, or the worker does. It
	// locks the worker to do so.
	Serve()

	// Close tells the worker that there is no more for it: it ends. Any goroutine
	// may call it, more than once, also before Launch.
	Close()

	// Free gives up all that the link holds, after the worker's death is settled.
	// It is the last call, also if Launch failed. Nothing is locked.
	Free()

	Sender
	Receiver
}

// A Sender is the sending half of a [Link]. The pool's lock is held.
type Sender interface {
	// Begin begins a frame. It returns false if there is no room for one.
	Begin() bool

	// Know makes the worker know the context of tasks that come next. begun says
	// that there is something in the frame already. [ErrNextFrame] means that it
	// can only be told between frames, [ErrNoRoom] that the frame must wait;
	// any other error is the task's.
	Know(g *watch.Group, begun bool) error

	// Put adds the first n items of en to the frame, or fewer: none if the frame
	// is full. [ErrGone] means that the worker cannot be reached; any other error
	// is the task's.
	Put(en *Entry, n int64) (items int64, err error)

	// End sends the frame.
	End(f Frame)

	// Revoke takes back what the worker has not begun, and will not then: the
	// last items that it was sent. frames is how many frames are gone with them,
	// for which FrameDone will not be called. Revocable is an estimate of items.
	Revoke() (items int64, frames int32)
	Revocable() int64

	// Left says that n entries have ended, or were taken back, of a context that
	// the worker knows.
	Left(g *watch.Group, n int32)

	// CancelEnded tells the worker which contexts have ended, and reports whether
	// any of what it was sent is under one of them. The worker's lock is held, too.
	CancelEnded() bool

	// Expire tells the worker that the time of its current item, number item, is
	// over. The worker's lock is held, too.
	Expire(item uint64)

	// Idle says that the worker has nothing to do, Spin whether it may poll for the
	// next frame.
	Idle()
	Spin(on bool)
}

// A Receiver is the receiving half of a [Link]. The worker's lock is held.
type Receiver interface {
	// Drain takes in what has arrived, without waiting. For results it calls
	// [Worker.Front], Count, the task's Finish, and Settled; FrameDone for frames
	// that have ended; and Account before it returns. It reports whether there was
	// anything.
	Drain() bool

	// Begun is how many items the worker has ever begun, those that were taken back
	// not counted: what Count has counted, and one more while an item runs.
	Begun() uint64

	// BegunAt is when the current item began, if it has a time limit; else it may
	// be zero.
	BegunAt() time.Time

	// Recover takes in, after the worker's death and a last Drain, results that it
	// had finished and not sent; and returns entries of which the results can never
	// be complete, and gives up what else would be needed for that.
	Recover() (lost []Entry)
}

// What a Sender answers.
var (
	ErrNextFrame = errors.New("crew: not within a frame")
	ErrNoRoom    = errors.New("crew: no room")
	ErrGone      = errors.New("crew: worker is gone")
)

// A Frame is what is known about a frame when it is complete.
type Frame struct {
	First   uint64 // number of its first item
	Items   uint32
	Entries uint32
	Claim   uint32 // how many items to begin at most before asking again: see Revoke
}

// A Looker is a Link that can tell where its worker is, for those who ask why it
// is stuck: the stacks, as text. It takes some milliseconds, at most d.
type Looker interface {
	Stack(d time.Duration) string
}

// A Poller is a Link that may look for a task's result on the goroutine that waits
// for it, for some microseconds. Nothing is locked.
type Poller interface {
	Poll(t futures.Task)
}
