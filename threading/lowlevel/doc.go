// Package lowlevel is Python's _thread: the names that package threading is
// built on there.
//
//	lowlevel.StartNew(ctx, func(ctx context.Context) error { … })
//
// It is there for programs that are carried over name by name, and for the few
// things that only _thread has: a thread that is only started, [Exit],
// [InterruptMain]. In Go nothing is built on it. New programs want package
// threading, whose threads can be waited for, or a go statement.
//
// # Threads
//
// A thread of [StartNew] is a daemon: the program's end does not wait for it,
// but ends its context, as that of every daemon; see threading.Shutdown. It has
// all that other threads have: it is what threading.Current says in it, it is
// listed by threading.Enumerate, and it has thread-local values. Its failures go
// to the [UnraisableHook], not to threading's ExceptHook.
//
// When the main function of a Go program returns the process ends, and with it
// all goroutines, without their deferred calls.
//
// # Interrupts
//
// A signal never breaks into a goroutine. Those that ask to be told with
// signal.Notify are; conex.Main is told of interrupts and ends the context of
// the main thread. [InterruptMain] does the same without a signal; [NotifyMain]
// is told instead, as a handler would be.
//
// # Python's names
//
//	error                          threading.ErrThread
//	start_new_thread, start_new    StartNew
//	start_joinable_thread          threading.New
//	interrupt_main                 InterruptMain
//	exit, exit_thread              Exit, threading.ErrExit
//	allocate_lock, allocate        AllocateLock
//	LockType, RLock                LockType, RLock
//	acquire_lock, release_lock, locked_lock   the methods Acquire, Release, Locked
//	get_ident, get_native_id       Ident, NativeID
//	stack_size                     StackSize, SetStackSize
//	set_name                       SetOSName
//	daemon_threads_allowed         DaemonsAllowed
//	TIMEOUT_MAX                    TimeoutMax
//
// Everything costs what its counterpart in package threading costs, and exists
// on all systems, with the restrictions said there.
package lowlevel
