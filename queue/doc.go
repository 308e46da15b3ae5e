// Package queue has queues for the goroutines of one process: any number of
// them may put, and any number may get. It is the counterpart of Python's queue
// module.
//
//	q := queue.New[string](100)
//	for range 4 {
//		go func() {
//			for url := range q.All(ctx) {
//				crawl(url)
//				q.TaskDone()
//			}
//		}()
//	}
//	for _, url := range urls {
//		if err := q.Put(ctx, url); err != nil { … }
//	}
//	err := q.Join(ctx) // everything is crawled
//	q.Shutdown()       // the loops above end
//
// The queues differ in which item comes next:
//
//	Queue          the one that was put first
//	LifoQueue      the one that was put last
//	PriorityQueue  the smallest, in an order of yours; of equals, the first put
//	CustomQueue    what a Store of yours says
//	SimpleQueue    the one that was put first; no bound, no tasks, no shutdown
//
// # When to use it
//
// Where a channel does not reach: work in order of urgency; a queue without a
// bound; waiting until everything that was put has been dealt with; closing
// while others still put, which makes a channel panic; looking at the number of
// items without guessing; a wait that ends with a context, without a select.
//
// Not where one of several things is to be waited for: that is what select and
// channels are for. Not for the results of calls: those are futures. Not
// between processes.
//
// # Who waits, and for how long
//
// Put waits while the queue is full, Get while it is empty, Join until all
// tasks are done: at most until their context ends. The error then matches both
// what was missing, [ErrFull] or [ErrEmpty], and what the context ended with. A
// context that has ended already makes them try once, so what need not wait
// succeeds. TryPut and TryGet never wait. Nothing else does, except for the
// short time that another call has the queue locked.
//
// Those who wait stand in line, and are woken in the order in which they came.
// What is there is not reserved for one who has been woken: who is running may
// take it first, and the woken one keeps its place at the head of the line. If
// that happens to it for a millisecond, calls that may wait stop overtaking and
// line up behind it; only TryPut and TryGet still may. So nobody who waits is
// forgotten, and the common case is fast. A context that ends at the moment its
// call is woken takes nothing away from others: either the call succeeds, or
// whoever is next in line is woken.
//
// # The end of a queue
//
// Shutdown lets no more items in, and those who get empty the queue; ShutdownNow
// throws away what is there. Whoever waits is told at once, with [ErrShutDown].
// A queue that is forgotten needs no shutdown: it has no goroutines of its own,
// and holds nothing but memory.
//
// A function that orders the items, or a Store, is run with the queue locked. If
// it panics the call that ran it returns a *[PanicError], and the queue is as it
// was before that call.
//
// # Memory
//
// In the terms of the Go memory model, putting an item synchronizes before
// getting it, TaskDone before the return of a Join that waited for it, and
// Shutdown before the return of a call that it makes fail. All calls on one
// queue happen one after the other, in some order.
//
// # Costs
//
// On two busy cores of a virtual machine, for an item put and got:
//
//	one goroutine, nothing to wait for                10 ns
//	one that puts, one that gets, 128 places          15–25 ns (a channel: 30–45 ns)
//	four and four, by how they meet                   15–60 ns (a channel: 28–60 ns)
//	one place only, so that each item is waited for   0.3 µs, four and four 0.6–1.2 µs (a channel: 0.1, 0.1–0.3 µs)
//	a request and its answer, each waited for         240 ns (two channels: 260 ns)
//	100,000 in a PriorityQueue, put, then got         170 ns (container/heap: 240 ns)
//
// A call that need not wait allocates nothing, and neither does one that waits
// under a context that cannot end. One that sleeps under another context
// allocates some 200 bytes. A queue grows and shrinks with its items; the memory
// of an item that was got is cleared. All of it is the same on all systems.
//
// # From Python
//
//	Queue(maxsize), LifoQueue(maxsize)       New[T](maxsize), NewLifo[T](maxsize); zero values have no bound
//	PriorityQueue(maxsize)                   NewOrdered[T](maxsize), NewPriority(maxsize, less)
//	SimpleQueue()                            SimpleQueue, its zero value
//	a subclass with _init, _put, _get        NewCustom(store, maxsize)
//	q.put(x), q.get()                        q.Put(ctx, x), q.Get(ctx)
//	block=False, put_nowait, get_nowait      q.TryPut(x), q.TryGet()
//	timeout=5                                a ctx with a deadline
//	while True: x = q.get(); …               for x := range q.All(ctx) { … }
//	q.task_done(), q.join()                  q.TaskDone(), q.Join(ctx)
//	q.shutdown(), shutdown(immediate=True)   q.Shutdown(), q.ShutdownNow()
//	q.qsize(), q.empty(), q.full()           q.Len(), q.Empty(), q.Full()
//	q.maxsize, q.is_shutdown                 q.Cap(), q.Closed()
//	Empty, Full, ShutDown                    ErrEmpty, ErrFull, ErrShutDown
//
// Python's locking queues must not be used in code that interrupts them, such as
// a finalizer. Nothing interrupts a goroutine in this sense: finalizers, cleanups
// and signals run on goroutines of their own, which may use any queue. But a
// function that orders items, and a Store, must not use their queue.
package queue
