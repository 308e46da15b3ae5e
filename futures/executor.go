package futures

import "context"

// An Executor runs tasks: on goroutines, in worker processes, wherever its
// engine puts them. Use it through the package functions [Submit], [Map] and
// [MapUnordered], which are typed; the method Submit is for them.
//
// An Executor is safe for concurrent use, also from within its own tasks.
type Executor interface {
	// Submit takes t over and returns without waiting for it to run. An
	// error means that t was refused: it matches [ErrShutdown] or
	// [ErrBroken], or says what cannot be sent. A refused task is left
	// untouched.
	Submit(t Task) error

	// Workers returns how many tasks can run at the same time.
	Workers() int

	// Shutdown refuses further tasks, waits until all tasks taken over
	// are done and the workers have ended, and returns nil. If ctx ends
	// first, Shutdown returns an error matching [ErrStillRunning] and the
	// shutdown goes on in the background. It may be called again.
	Shutdown(ctx context.Context) error

	// ShutdownNow is Shutdown, but tasks that have not started are
	// cancelled. Those that run are waited for.
	ShutdownNow(ctx context.Context) error
}
