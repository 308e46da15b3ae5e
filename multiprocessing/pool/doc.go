// Package pool has pools of workers with the methods of Python's
// multiprocessing.pool: apply, map, imap, starmap, their asynchronous forms, and
// results with callbacks. [Pool] runs calls in worker processes, [ThreadPool] on
// goroutines, and [Over] makes either of any executor.
//
//	var Cube = conex.Register("cube", cube)
//
//	func main() { conex.Main(run) }
//
//	func run(ctx context.Context) error {
//		p, err := pool.New(pool.Config{Processes: 4})
//		if err != nil {
//			return err
//		}
//		defer p.Terminate()
//		cubes, err := pool.Map(ctx, p, Cube, []int{1, 2, 3})
//		…
//	}
//
// # When to use it
//
// For programs that come from Python, and where its forms say it best: the whole
// result as a slice (Map), results as they come (IMap), callbacks. New code may
// like package futures better, which is below this one: its Map measures how long
// items take, is lazy and bounded, its futures can be cancelled and waited for
// together. Executor and pool are the same thing, so [Over] costs nothing and both
// can be used side by side.
//
// Not for plain Go code that only wants to be parallel: goroutines do that without
// encoding anything.
//
// # Rules
//
// A pool takes calls until Close or Terminate. Close lets everything end that was
// submitted; Terminate ends it now, and what was not finished fails with
// [ErrTerminated]. Neither waits; Join does. Python's with statement terminates:
//
//	defer p.Terminate()
//
// Functions that return results or errors wait. Those named Async, and IMap, return
// at once and never fail by themselves: a refused call is a result that has failed
// already.
//
// The context given to a call is that of the call: its deadline and its end reach
// the function. The context given to Get, Wait, Next and Join is that of the wait.
// When it ends first the error matches multiprocessing.ErrTimeout as well as the
// context's own, and the call goes on. Apply and Map have one for both.
//
// # Chunks
//
// Map cuts its input into four chunks for each worker, IMap into items; [ChunkSize]
// says otherwise. A chunk is what one worker takes at a time. Worker processes are
// an exception: their engine measures the items, gives each worker about a
// millisecond's worth, and takes back what waits behind a slow one, so there Map
// has no need of chunks and ChunkSize says little. With MaxTasksPerChild, which
// counts chunks, they are cut and run exactly as in Python.
//
// # What happens when things fail
//
//   - A call that returns an error fails its result, or its item of an IMap. Map
//     waits for all of its items and returns the first error that arrived.
//   - A call that panics does so with a *futures.PanicError that has the stack of
//     where it happened, also in another process.
//   - A result that cannot leave its worker is an [*EncodingError] of that call. An
//     argument that cannot is an error of that call, or chunk, matching
//     futures.ErrNotEncodable.
//   - A worker process that dies fails the item that it had begun with a
//     *futures.WorkerDiedError; another takes its place. (In Python its result
//     never comes.) With MaxTasksPerChild it takes its chunk along.
//   - An initialiser that fails ends the pool: everything fails with an error
//     matching [ErrInitializer]. (Python starts the next worker, for ever.)
//   - A program that dies takes its workers along, and what they have started.
//
// Every result completes. The one thing that cannot be ended is a goroutine that
// ignores its context; Terminate gives its result up, and only Join waits for it.
//
// # Memory
//
// What happens before a call is submitted happens before it runs; what it does
// happens before its result is seen by Get, Wait, Ready, Done, Next or a callback.
//
// # Costs
//
// On two cores of a virtual machine, with two workers, beside CPython 3.13:
//
//	                                    Pool      ThreadPool   CPython's Pool
//	Map over ints, an item              9 ns      7 ns         156 ns
//	Map with ChunkSize(1), an item      20 ns     220 ns       14 µs
//	Apply, over and over                2.0 µs    0.6 µs       175–310 µs
//	ApplyAsync, one of many             1 µs      0.35 µs
//	IMap, an item; ChunkSize(100)       0.9 µs; 0.2 µs   0.33 µs; 0.05 µs
//
// Apply makes one allocation, of 352 bytes, and needs no goroutine of its own. An
// IMap has one. A worker process costs what package process says; an idle pool
// costs nothing else.
//
// # Platforms
//
// ThreadPool is the same everywhere. Pool needs worker processes; see package
// futures/process: Linux has everything, macOS nearly, and on Windows New answers
// errors.ErrUnsupported.
//
// # Python names
//
//	Pool(n, init, args, maxtasksperchild)  New(Config{n, Init.Bind(args), m})
//	ThreadPool(n, init, args)              NewThreadPool(ThreadConfig{n, closure})
//	p.apply(f, (x,))                       Apply(ctx, p, F, x)
//	p.apply_async(f, (x,), callback=g)     ApplyAsync(ctx, p, F, x).OnResult(g)
//	error_callback=h                       .OnError(h)
//	p.map(f, xs, chunksize)                Map(ctx, p, F, xs, ChunkSize(n)); MapAsync
//	p.imap(f, xs), imap_unordered          IMap(ctx, p, F, seq); IMapUnordered
//	it.next(timeout), StopIteration        it.Next(ctx), ErrStop
//	for y in it                            for y, err := range it.All(ctx)
//	p.starmap(f, pairs)                    StarMap2(ctx, p, F, pairs), StarMap3; Async2, Async3
//	r.get(timeout), wait, ready            r.Get(ctx), Wait, Ready, Done
//	r.successful()                         r.Successful(), ErrNotReady
//	p.close(), terminate(), join()         p.Close(), Terminate(), Join(ctx)
//	with Pool() as p                       defer p.Terminate()
//	TimeoutError                           multiprocessing.ErrTimeout
//	ValueError: Pool not running           ErrNotRunning
//	MaybeEncodingError                     *EncodingError
//	current_process().name                 WorkerName(ctx)
//
// A function of several arguments becomes one of a struct, or of futures.Pair and
// [Triple] by [Star2] and [Star3].
package pool
