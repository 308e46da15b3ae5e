// Package threading is Python's threading module for Go: goroutines with a
// name, an identity and an end, and what they wait for each other with.
//
//	t, err := threading.Go(ctx, func(ctx context.Context) error {
//		fmt.Println("in", threading.Current(ctx).Name())
//		return nil
//	}, threading.WithName("crawler"))
//	…
//	err = t.Join(ctx)
//
//	var mu threading.Lock
//	if err := mu.Acquire(ctx); err != nil {
//		return err // ctx ended first
//	}
//	defer mu.Release()
//
// # When to use it
//
// Use [Thread] where it matters which goroutine does something: to name it in
// logs, profiles and failures, to keep values by it ([Local]), to own a lock
// that may be taken twice ([RLock]), to list what runs ([Enumerate]), to keep
// the program alive until it is done. Use [Lock], [Condition], [Semaphore],
// [Event] and [Barrier] where a wait must end with a context.
//
// Not where a go statement and a sync.WaitGroup do: a goroutine that nobody
// needs to know costs less. Not for a critical section of some lines: that is
// what sync.Mutex is for. For results use package futures, for work that must
// be stopped from outside futures/process.
//
// # The current thread
//
// Goroutines have no identity in Go. Here the context says who one is: the
// context that a thread's function gets carries the thread, and so do all
// derived from it. [Current] asks for it, and what is owned or stored by
// thread goes by it. A context without a thread is none: there is nothing to
// fall back to, so locks with an owner refuse it, with [ErrNoThread].
//
// So a goroutine that is started with a thread's context,
//
//	go f(ctx)
//
// is that thread as far as anybody can tell, and what it locks the thread has
// locked. Start it with [Go], or let it begin with [Adopt]. The context that
// conex.Main hands out is the main thread's; a program without conex.Main, an
// HTTP handler, a test and a callback begin with Adopt. The workers of package
// futures' thread pools are threads, and what they run is in them.
//
// # How threads end
//
// A thread ends when its function returns, calls runtime.Goexit, or panics; a
// panic ends nothing else. An error or panic goes to the [ExceptHook], which
// writes it to standard error unless another is set, and to [Thread.Err].
//
// Nothing ends, stops or interrupts a thread from outside, nor is there a
// priority or a group: a thread ends when its function heeds the end of its
// context.
//
// conex.Main waits for all threads that are no daemons, before it ends pools
// and processes; then it ends the contexts of daemons, for which it does not
// wait. [Shutdown] does that for programs with their own main. A process that
// ends, or is killed, takes its threads along, without their deferred calls.
//
// # Context variables
//
// A thread begins with a copy of the context variables that are set in the
// context given to Start: see package contextvars, and [WithContext].
//
// # Memory
//
// All methods of this package take effect at one moment, as seen by the
// others. What synchronizes before what is said with each type, in the terms
// of the Go memory model. There is no lock around the interpreter here as in
// most builds of CPython: threads run at the same time, on as many processors
// as there are, and what they share needs a lock.
//
// # Costs
//
// On two cores of a virtual machine:
//
//	start and join a Thread         500 ns, 2 allocations, 128 bytes; a go statement with a sync.WaitGroup 400 ns
//	an idle thread                  2.8 KB; an idle goroutine 2.7 KB
//	start and cancel a Timer        300 ns, 3 allocations; time.AfterFunc and Stop 150 ns
//	Local.Load, Local.Store         15 ns; 35 ns, 1 allocation
//	Current                         2 ns in the thread's own context, 5 ns in one derived from it
//	a value of a shared iterator    0.4–0.7 µs
//
// Hooks cost nothing while none is set. Labels and an operating system thread
// of its own cost as much as a goroutine, or fifty times as much.
//
// # Systems
//
//	Linux    everything
//	Windows  NativeID, but no names for the system's threads
//	others   no NativeID and no names for the system's threads: ErrUnsupported
//
// # Python's names
//
//	active_count, enumerate            ActiveCount, Enumerate
//	current_thread, main_thread        Current, Main
//	get_ident, get_native_id           Ident, NativeID
//	excepthook, __excepthook__         SetExceptHook, DefaultExceptHook
//	settrace, setprofile               SetTrace, SetProfile, SetTraceAll, SetProfileAll
//	gettrace, getprofile               Trace, Profile
//	stack_size, TIMEOUT_MAX            StackSize, SetStackSize; TimeoutMax
//	Thread(target, name, daemon)       New, WithName, WithDaemon, NewRunner
//	  start, run, join                 Start, Run, Join; Go
//	  name, ident, native_id, daemon   Name, SetName; ID; NativeID; Daemon, SetDaemon
//	  is_alive                         Alive
//	local                              Local
//	Lock, RLock, Condition             Lock, RLock, Condition
//	Semaphore, BoundedSemaphore        Semaphore, BoundedSemaphore
//	Event, Timer, Barrier              Event, Timer, Barrier
//	BrokenBarrierError, ThreadError    ErrBrokenBarrier, ErrThread
//	serialize_iterator                 SerializeIterator
//	synchronized_iterator              SynchronizedIterator
//	concurrent_tee                     ConcurrentTee
//	with lock:                         Lock.With, With
//
// A timeout is a context with a deadline, blocking=False a method whose name
// begins with Try. The _thread module is package lowlevel, dummy_threading
// package dummy.
package threading
