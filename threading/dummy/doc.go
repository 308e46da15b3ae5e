// Package dummy is package threading without threads: the same names, but
// whatever is started runs at once, in the goroutine of its starter, and to its
// end before the starter goes on. Nothing ever waits. A call that would wait
// returns an error instead which says for what, and who has it, where:
//
//	threading: RLock.Acquire by loader at cache.go:31 would wait for ever:
//	the lock is held by MainThread since cache.go:20
//
// So it stands for Python's dummy_threading and _dummy_thread, which once let
// programs run where there were no threads. Every system has them now; what
// remains is worth having in tests.
//
// # What for
//
// For tests of code that starts threads and takes locks, when the test is to
// run the same way each time, with one stack trace from the test down to what
// failed, and is to end with a message where the program would hang. Code that
// takes its threading through interfaces, or a function that starts things, is
// given this package by its test; the examples show both. A program can also be
// built on it whole:
//
//	import threading "github.com/conexgo/conex/threading/dummy"
//
// Names and signatures are those of package threading, and of package lowlevel
// as far as Python's _dummy_thread has them; a test sees to that. The errors are
// the same values, so errors.Is does not care. [Lock], [Thread] and the other
// types are not the same, so the two packages do not mix in one data structure.
//
// # What it finds
//
// A lock that its holder waits for: taken twice, not released on some path,
// held while a thread is joined that needs it. An event that is waited for by
// the one who would set it. A thread that waits for its starter. A semaphore
// whose permits are not given back. A context that carries no thread where one
// is needed. The same each time, without a race to be won, and without waiting
// for a deadline to pass.
//
// # When not to use it
//
// Where threads take turns: a consumer that is started before its producer, a
// barrier for two, a starter that holds a lock which its thread gets as soon as
// it lets go. There a thread would wait for what happens after Start has
// returned; here it cannot, and gets [ErrWouldDeadlock] although the program is
// right. Start producers before consumers, and workers when their work is
// there, or use package threading in a bubble of testing/synctest, which runs
// real goroutines on a clock of its own and notices when all wait.
//
// It does not find what two threads do to each other only when both are under
// way: locks taken in two orders, data races. For those there are
// threading.DumpWaiters and the race detector.
//
// # Waiting
//
// What need not wait succeeds, whatever its context. What would wait returns
// without waiting:
//
//   - an error that matches that of the context, and its cause, if that has
//     ended: the call was a poll;
//   - else a *[DeadlockError], which matches [ErrWouldDeadlock]. If the context
//     has a deadline the error matches context.DeadlineExceeded too, and at
//     once: nothing could have happened until then, and code that copes with a
//     deadline finds the error that it looks for. ctx.Err() is still nil;
//   - what returns no error panics with it: the Lock of a [Lock] and of
//     RLock.Locker, and an iterator whose sequence asks it for a value.
//
// Python's dummy locks let such a call pass, and sleep if it has a timeout.
// Only a [Timer] sleeps here: nobody has to do anything for its time to come.
//
// # The current thread
//
// It is what the context says, as in package threading: [Main] in the context
// of conex.Main, and where that of a thread of package threading is; the dummy
// thread, in the context its function is given; one made by [Adopt], which is
// how a test begins. Any other carries no thread: [ErrNoThread]. A dummy thread
// does not own what the one it runs in holds, and a [Local] has another value
// for it. Only the identities are all the same, 1: see [Ident].
//
// # When things fail
//
// An error or a panic of a thread's function ends that thread only, is in
// [Thread.Err], and goes to this package's own [ExceptHook]. A runtime.Goexit
// ends the goroutine, and with it all threads it runs in: t.Fatal in a dummy
// thread ends the test, as it should. When a context ends, nothing is waiting
// that could notice.
//
// # Goroutines
//
// Everything is safe for concurrent use, but made for one goroutine: others may
// be denied what they would have got a moment later. Tests that run in parallel
// share [Main], [Enumerate], the hooks and [InterruptMain], and nothing else.
//
// # Costs
//
// An acquire notes where it happened, for the message: with its release 0.4 µs,
// without an allocation. Starting and joining a thread takes about a
// microsecond. The package is the same on all systems.
//
// # From Python
//
//	dummy_threading.NAME               the name that package threading has for it
//	Thread.start()                     Thread.Start(ctx): runs it; Join returns at once
//	_dummy_thread.start_new_thread     StartNew(ctx, f)
//	_dummy_thread.interrupt_main       InterruptMain()
//	_dummy_thread.exit                 Exit(), or return ErrExit
//	_dummy_thread.get_ident            Ident(ctx), always 1
//	_dummy_thread.allocate_lock        AllocateLock(), or new(Lock)
//	_dummy_thread.stack_size           StackSize; SetStackSize fails
//	_dummy_thread.error                ErrThread
package dummy
