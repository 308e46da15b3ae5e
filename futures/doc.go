// Package futures runs calls on executors and hands out their results: the
// counterpart of Python's concurrent.futures.
//
//	pool, err := futures.NewThreadPool(futures.ThreadConfig{})
//	…
//	defer pool.Close()
//	f := futures.Submit(ctx, pool, Square, 7)
//	v, err := f.Result(ctx)
//
//	for v, err := range futures.Map(ctx, pool, Square, inputs) { … }
//
// The same calls work on every engine: a [ThreadPool] runs them on goroutines,
// futures/process in worker processes that can be killed. Only the constructor
// changes.
//
// # When to use it
//
// For calls with results: many inputs through one function, a handful of
// requests of which the first one counts, work that needs a bound on how much
// of it happens at once. Use a process pool for calls that may hang, crash or
// leak, and for code that cannot be trusted to heed its context.
//
// Not for goroutines that only run beside each other: there errgroup or a
// sync.WaitGroup says it with less. Not for streams between stages: those are
// channels or package queue. Not with calls that wait for each other within one
// pool, which can use up all workers and then wait for ever; the examples show
// two such deadlocks.
//
// # Contexts and errors
//
// The context of Submit is that of the call: it ends pending calls, and the
// context that running ones see. The context of [Future.Result] is that of the
// wait. When it ends first, the error matches [ErrStillRunning] as well as the
// context's error, and the call goes on; a call that itself ran out of time
// fails with context.DeadlineExceeded alone.
//
// # When things fail
//
//   - A call that returns an error fails its future, or its item of a Map, and
//     nothing else.
//   - A call that panics does so with a *[PanicError] that has the stack.
//   - A call that ends its goroutine, with runtime.Goexit, fails with
//     [ErrGoexit]; another worker takes over.
//   - A call that never returns keeps its worker, on a thread pool; see
//     [Future.Kill] for those that can do something about it.
//   - An Init that fails breaks its pool: whatever is submitted, before or
//     after, fails with an error matching [ErrBroken].
//   - A program that dies takes its calls along.
//
// Every future completes, unless the goroutine it is about never ends.
//
// # Memory
//
// What happens before Submit happens before the call; what the call does
// happens before Result, [Wait] or [AsCompleted] report its end, and before
// callbacks run. What happens before an item is read from the input of a Map
// happens before its call, and that before its result is yielded.
//
// # Costs
//
// On two busy cores of a virtual machine, with a thread pool of 4 workers:
//
//	Submit, Result of one of many trivial calls   170–250 ns, 1 allocation of 128 bytes
//	Submit, then Result at once (p50)             0.35 µs; 0.55 µs under a context that can end
//	Map over trivial ints, an item                10–20 ns, no allocation
//	Wait for 100,000 futures that are done        5 ms
//
// A future that nobody waits for costs neither a lock nor a channel. An idle
// pool costs its goroutines, which sleep. The functions of this package are
// the same on all systems.
//
// # From Python
//
//	ThreadPoolExecutor(n)              NewThreadPool(ThreadConfig{Workers: n})
//	ProcessPoolExecutor(n)             process.NewPool(process.Config{Workers: n})
//	InterpreterPoolExecutor(n)         NewIsolatedPool(ThreadConfig{Workers: n})
//	thread_name_prefix, initializer    ThreadConfig.Name, .Init
//	ex.submit(fn, arg)                 Submit(ctx, ex, fn, arg); Go for a closure
//	ex.map(fn, it)                     Map(ctx, ex, fn, seq), which starts when it is ranged over
//	ex.map(fn, it1, it2)               Map(ctx, ex, fn, Zip(seq1, seq2))
//	map's timeout                      the deadline of ctx
//	map's chunksize, buffersize        ChunkSize, Buffer
//	ex.shutdown()                      ex.Shutdown(ctx)
//	shutdown(cancel_futures=True)      ex.ShutdownNow(ctx)
//	with … as ex:                      defer ex.Close()
//	f.result(timeout)                  f.Result(ctx)
//	f.exception(timeout)               f.Err(ctx)
//	f.done(), running(), cancelled()   f.State(), f.Done() for select, f.Running(), f.Cancelled()
//	f.add_done_callback(fn)            f.AddDoneCallback(fn)
//	wait(fs, return_when=…)            Wait(ctx, AllCompleted | FirstCompleted | FirstError, fs...)
//	as_completed(fs)                   AsCompleted(ctx, fs...)
//	CancelledError, TimeoutError       ErrCancelled, ErrStillRunning
//	BrokenExecutor, InvalidStateError  ErrBroken, ErrInvalidState
//
// Two things differ on purpose. Map reads its input as results are taken, never
// all at once, and goes on after an item's error, which it yields. And Cancel
// wakes those who wait at once, not when the executor notices.
package futures
