// Package multiprocessing has processes that work like threads, and what they
// share: queues, pipes, locks, semaphores, conditions, events and barriers.
//
//	var Greet = conex.Register("greet", greet)
//
//	func greet(ctx context.Context, name string) (struct{}, error) {
//		fmt.Println("hello", name)
//		return struct{}{}, nil
//	}
//
//	func main() { conex.Main(run) }
//
//	func run(ctx context.Context) error {
//		p, err := multiprocessing.Go(ctx, Greet.Bind("bob"))
//		if err != nil {
//			return err
//		}
//		return p.Join(ctx)
//	}
//
// # When to use it
//
// A process can be killed, whatever it does, and takes nobody along when it
// crashes; its memory is its own and is gone with it. That is worth a
// millisecond where code may hang, crash, leak or must be limited, and where one
// program is to consist of several parts with lives of their own. Work that
// comes in many small pieces is better off in a pool of processes, package
// futures/process, or multiprocessing/pool in Python's form. Goroutines do
// everything else: unlike in Python, there is no lock to escape from.
//
// # Processes
//
// A [Process] is this program, started again, with one registered function to
// run. Nothing is copied but the argument, the values of the context that
// propagators know, and what a process inherits anyway: environment, working
// directory, standard output and error. Its standard input is the null device.
// Variables have in the child the values that the initialisation of packages
// gives them; what the function needs it gets as its argument, also queues, locks
// and the like, which refer to the same object on both sides.
//
// The function runs in what is the child's main thread, and its context ends
// with that of Start. When it has returned, the child does what the program does
// at its end: it waits for its threads, ends its daemonic children, waits for the
// others, and flushes queues. Its error is printed to standard error, with the
// name of the process, and comes back as [Process.Err].
//
// # What processes share
//
//	Queue, SimpleQueue, JoinableQueue   items of one type, encoded
//	Pipe                                package connection
//	Lock, RLock, Condition, Event       as in package threading, for all goroutines of all processes
//	Semaphore, BoundedSemaphore         with an account of who holds the permits
//	Barrier                             with an action, which may run in any of the processes
//	NamedSemaphore                      the one that CPython and other programs open by its name
//	values, arrays, strings             package sharedctypes
//	memory with a name                  package sharedmemory
//
// All but those with a name lie in memory without one. They are made by one
// process and sent to others: as the argument of a process, or anywhere within
// it; in arguments, results and initialisers of process pools; and through queues
// and connections. What is sent is the object itself, not a copy. It vanishes with
// the last process that has it.
//
// Every wait takes a context. Thousands of goroutines may wait for one object:
// one of them waits in the kernel, for all.
//
// # Death
//
// A process may be killed at any instant, and what is shared goes on:
//
//	a Lock or RLock that it held   the next one gets it, and ErrOwnerDied
//	permits of a semaphore         return; see [Semaphore] for when they do not
//	a barrier it stood in          breaks
//	its place in a line            is skipped, also by a notification
//	a queue or pipe                loses the item that it was putting or had just got, and what was
//	                               still in its own buffer; nothing comes twice, or torn
//
// That a process is dead is found out by those who wait for it, after 5 to 100 ms,
// and at once by its parent.
//
// Processes end with their parent, whatever ends that, kill -9 included: each has
// a socket to it, whose end of file is the word, and takes its own descendants
// along. A process that is killed by [Process.Kill], or because its context has
// ended and it has not listened for a grace, is killed with everything that it
// has started. A parent learns of a death at once; [Process.Done] is closed when
// the child is reaped, and there are no zombies. What a dead process held in
// shared objects is taken care of by these. What cannot be promised on systems
// without cgroups is listed in package internal/child.
//
// # Start methods
//
//	Spawn       starts this program again, for each process
//	ForkServer  takes a process that was started ahead, and is ready
//	Fork        is refused: a Go program, which has several threads, cannot fork
//
// Both show the function the same: the choice is one of speed. For ForkServer
// what has changed since the process was started, such as environment, working
// directory, umask and standard streams, is brought up to date before anything
// runs; if credentials, limits, or variables that the Go runtime reads have
// changed, another process is started. What packages have computed from the
// environment while they initialised is from when the process was started: a
// program that counts on that uses Spawn.
//
// # Costs
//
// Start and Join of a function that does nothing, in a small program, on two
// cores: 1.7 ms by Spawn, of which 1.4 is what it takes to execute a Go program
// at all; 0.6 ms by ForkServer as long as its stock lasts. CPython 3.13 beside
// it took 45 ms (spawn), 10 to 20 ms (forkserver) and 1.6 ms (fork). The size of
// the parent does not matter, for nothing of it is copied. What counts is the
// child's: each package that it initialises, and each megabyte of the program.
// A process that waits takes about a megabyte of memory of its own; in the
// parent, one or two goroutines and three descriptors.
//
// # Platforms
//
// Linux has everything. macOS and the BSDs have processes and ForkServer, but
// only the process group of a child dies with it, not descendants that have left
// that. Elsewhere Start answers errors.ErrUnsupported, and all other systems than
// Linux are compiled and vetted, but not tested.
//
// # Python
//
// The package stands for Python's multiprocessing. Its sub-packages are
// connection, managers, pool, dummy, sharedctypes and sharedmemory (Python's
// shared_memory). multiprocessing.Manager() is managers.Start: what is shared
// there lives in a server, which Python programs can use as well. Process.run is [Process.Run], is_alive is [Process.Alive],
// exitcode [Process.ExitCode], sys.exit(n) in a process an [ExitError],
// current_process [CurrentProcess], freeze_support and the guard of the main
// module conex.Main; subclasses of Process are registered functions. docs/python.md
// has every name.
package multiprocessing
