// Package process runs registered functions in warm worker processes: code
// that crashes, leaks, hangs or ignores its context costs one task, never the
// program.
//
//	var Render = conex.Register("render", render)
//
//	func main() { conex.Main(run) }
//
//	func run(ctx context.Context) error {
//		pool, err := process.NewPool(process.Config{})
//		if err != nil {
//			return err
//		}
//		defer pool.Close()
//		ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
//		defer cancel()
//		page, err := futures.Submit(ctx, pool, Render, doc).Result(ctx)
//		…
//	}
//
// A worker is this program, started again, with its packages initialised; it
// waits in conex.Main for tasks. Arguments and results are copies, and the
// worker's global variables are its own: what a function changes there is seen
// by the tasks that happen to run on the same worker later, and by nobody else.
//
// # When to use it
//
// For work that may crash (cgo, unsafe, other people's code), that may leak or
// need a memory limit, that cannot be stopped (a library without a context),
// or whose garbage should not burden this process. Not for work that shares
// memory, and not to make plain Go code faster: goroutines use all cores too.
//
// # What it costs
//
// A call to a worker that was busy a moment ago takes about a microsecond on
// two cores; to a sleeping one, two wake-ups, some 60 µs on a virtual machine.
// Tasks that are submitted faster than they run are sent in frames and cost a
// fraction of a microsecond each. Large arguments and results are copied twice
// each way; a conex.Buffer is not copied at all. A worker of a small program costs 1 to 2
// ms to start, which spares hide, and about 1 MB of private memory while idle. `go run ./bench -only process`
// measures all of it beside CPython and other Go packages.
//
// # What happens when things die
//
// A worker that dies (exit, signal, out of memory, fatal error, a panic in a
// goroutine that the task started) fails the task that it had begun and not
// finished with a *futures.WorkerDiedError; Config.OnDeath can have it retried
// or break the pool instead. Everything else that the worker had been sent
// moves to another one and does not count as tried. Results that it had
// written are not lost. A spare takes its place.
//
// When the context of a running task ends, the task's own context ends in the
// worker; Grace later the worker is killed with everything that it started,
// and the future fails with an error that matches futures.ErrWorkerDied and
// the context's error. futures.TaskTimeout does the same, counted from the
// start of the task, and Future.Kill does it at once.
//
// Workers and what they started end with this process, also when it is killed
// by kill -9. What has left its process group (setsid) is found while the
// worker lives, through its parents; if the worker dies by itself first, such
// a process escapes. Only a control group could hold it.
//
// A worker is in a process group of its own and does not see the terminal's
// Ctrl-C. Its standard input is empty; its output is this process's, and its
// log/slog records reach this process's logger with their level. Running out
// of descriptors, memory or processes when a worker starts is retried a few
// times and then breaks the pool.
//
// # Order
//
// Tasks start in the order of Submit, on whichever worker is free. What
// happens before Submit in this process happens before the task runs; what the
// task does happens before Result returns. Some tasks are sent ahead of time,
// about a millisecond's worth: their futures are running as far as Cancel can
// tell, as in Python, but if they wait behind a slow one they are taken back
// and given to an idle worker.
//
// # Platforms
//
//	Linux    everything; pidfd and subreaper make killing exact
//	macOS    the pool; no memory limit, no subreaper: trees by process group
//	Windows  NewPool answers errors.ErrUnsupported; CONEX_ENGINE=inline works
//
// # Python names
//
// ProcessPoolExecutor is [Pool]; max_workers is Workers, initializer and
// initargs are Init, max_tasks_per_child is MaxTasks, BrokenProcessPool is
// futures.ErrBroken, terminate_workers and kill_workers are [Pool.Terminate]
// and [Pool.Kill], mp_context is Context.
package process
