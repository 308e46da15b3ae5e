// Package dummy has the names of package multiprocessing over threads: a
// program that needs no processes after all, or is to be debugged without them,
// changes an import.
//
//	import multiprocessing "github.com/conexgo/conex/multiprocessing/dummy"
//
//	p, err := multiprocessing.Go(ctx, Hello.Bind("bob"))
//	…
//	err = p.Join(ctx)
//
// A Process here is a thread: it shares the memory of the program, takes its
// arguments as they are and not as copies, cannot be killed, and ends the
// program with it when it crashes. Locks, semaphores, conditions, events and
// barriers are those of package threading, queues those of package queue, under
// the constructors of package multiprocessing. They cannot be sent to real
// processes. What the two packages do alike is tested with one program; some
// methods differ, because those of package threading cannot fail: TryAcquire of
// a Lock answers a bool only.
//
// # When to use it
//
// For tests and debuggers, and for code that is handed one of the two packages'
// constructors. Code that wants threads should use packages threading, queue
// and futures.
//
// # What happens when things die
//
// Nothing dies alone here. A panic in a Process is what one in a thread is: it
// goes to threading's hook and ends that thread. A Connection whose other end
// was closed reads io.EOF, as a real one does.
//
// # Python names
//
//	Process, current_process, active_children   New, Go, Process, CurrentProcess, ActiveChildren
//	Lock, RLock, Semaphore, BoundedSemaphore    NewLock, NewRLock, NewSemaphore, NewBoundedSemaphore
//	Condition, Event, Barrier                   NewCondition, NewEvent, NewBarrier
//	Queue, JoinableQueue                        NewQueue, NewJoinableQueue, both of a queue.Queue
//	Pipe, connection.Listener, Client           Pipe, Listen, Dial
//	Manager, dict, list, Namespace              NewManager, Dict, List, Namespace
//	Value, Array                                Value, Array
//	Pool                                        NewPool, a pool.ThreadPool
//	freeze_support, shutdown                    FreezeSupport, Shutdown
package dummy
