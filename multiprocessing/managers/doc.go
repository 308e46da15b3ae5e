// Package managers is Python's multiprocessing.managers for Go: objects that
// live in one process and that many programs use, on one machine or several.
// The programs may be Go's and CPython's, and so may the one that has the
// objects: this package speaks CPython's own protocol, as a server and as a
// client.
//
//	m, err := managers.Connect(ctx, "db7:5000", managers.ClientConfig{AuthKey: key})
//	if err != nil {
//		return err
//	}
//	defer m.Close()
//	jobs, err := managers.NewQueue[string](ctx, m, 100)
//	...
//	err = jobs.Put(ctx, "render scene 7")
//
// # When to use it
//
// Use it to share queues, locks, dicts, lists, values and objects of your own
// with Python programs, to hand out work to machines, to keep state that
// outlives the programs that use it.
//
// Not for what stays in one program: package queue and package threading cost
// a hundredth. Not between processes of one program on one machine: package
// multiprocessing has queues and locks in shared memory. Not for many megabytes a
// second: package multiprocessing/sharedmemory shares those, and a manager can
// keep track of their names. Not as a database.
//
// # Hosting
//
// In Go, in this process:
//
//	srv, err := managers.Listen(ctx, managers.Config{Address: "127.0.0.1:5000", AuthKey: key})
//	...
//	err = srv.Serve(ctx)
//
// [Start] runs a server in a process of its own, as multiprocessing.Manager does
// in Python, and the command conex manager is one that stands alone. In Python:
//
//	class Jobs(SyncManager): pass
//	Jobs.register('jobs', callable=lambda: jobs)
//	Jobs(address=('127.0.0.1', 5000), authkey=key).get_server().serve_forever()
//
// Both kinds serve both kinds of clients, of CPython 3.8 to 3.13:
//
//	m, err := managers.Connect(ctx, "127.0.0.1:5000", managers.ClientConfig{AuthKey: key})
//	p, err := m.Create(ctx, "jobs")
//	jobs := managers.QueueOf[string](p)
//
//	m = Jobs(address=('127.0.0.1', 5000), authkey=key)
//	m.connect()
//	jobs = m.jobs()
//
// # Types of your own
//
// A server serves what its [Types] say. [SyncTypes] has all of SyncManager's,
// and a set of your own begins with those:
//
//	var types = managers.NewTypes("shop", managers.SyncTypes)
//
//	func init() {
//		types.Register("Cart", func(owner string) *Cart { return &Cart{Owner: owner} })
//		types.Register("orders", managers.QueueType, managers.Shared())
//	}
//
// The exported methods of what the function returns are what clients call, under
// Python's kind of names: AddItem is add_item, HTTPGet http_get, and Import, a
// word of Python's grammar, import_. Methods that no client could call, since
// they take a func or return a channel, are left out. Calls come from many
// goroutines at a time: the methods do the locking that is needed.
//
// Arguments and results are converted as package pickle says, for methods and
// for the function itself:
//
//	a first context.Context        ends when the client is gone or gives up, while the call runs
//	...T at the end                takes any number
//	Kwds at the end                takes keyword arguments; without it there must be none
//	a parameter of a shared type   gets the object that a proxy stands for; []T, map[K]V: a copy of its items
//	*Ref, any                      gets the proxy itself, to be kept, called, or returned again
//	several results                are a tuple
//	iter.Seq[T]                    is a proxy of an iterator; with iter.Seq2[T, error] a step may fail
//	an error                       is an exception: pickle.ValueError.New("…"), or a RuntimeError with its text
//	a panic                        is a RuntimeError, and logged
//
// A struct without MarshalPickle arrives in Python as a dict. What does not fit
// is a TypeError that says which argument it was and why.
//
// [Expose] says which methods clients may call, [Alias] gives one a name such as
// __len__. With [ReturnsProxy] the result of a method stays in the server: under
// a typeid that is registered with a nil function it is served as what it is, and
// slices and maps as lists and dicts of their items. [Shared] makes one object
// for all clients. One that is not shared and has a method Close() error is
// closed when neither a client nor another object refers to it any more. See
// [Types.Register] for the rest.
//
// # Containers
//
// Lists, dicts, sets, namespaces and arrays do what CPython 3.13's do, to the
// texts of their errors, and have the methods that 3.14 added to their proxies.
// Where it is of use they do more: each operation happens at one moment, and one
// that fails changes nothing; list + proxy, set | proxy and dict | proxy work,
// where CPython wants plain values. What they cannot do is run Python: sort's key
// is one of a few functions, such as len and str.lower, or operator.itemgetter.
// A list cannot be made longer than 2^26 items by a request that is short, such
// as a multiplication: that is a MemoryError.
//
// # Threads and who owns what
//
// All handles are safe for concurrent use by any number of goroutines; each call
// has a connection to itself while it lasts. An [RLock] and the lock of a
// [Condition] belong to a thread, though, and to the server a connection is a
// thread. So their methods take the thread from their context, see package
// threading, and each thread has a connection of its own for them. It is closed
// when the thread ends. Anybody may release a [Lock] or a [Semaphore].
//
// # Contexts
//
// Every call takes a ctx, and ends with it. What happens in the server then
// depends on whose it is.
//
// A server of this package is asked to end the call, and its answer is waited
// for, which takes no longer than a call that does not wait: if the call succeeded
// first, an item was got, a lock taken, then it returns that with a nil error;
// else nothing has happened. CPython's server cannot be asked. There Get, Put, Acquire and Wait are made in slices of
// at most 200 ms, so that none is left behind that would take an item for
// nobody; they end with the running slice. Both ways no item is ever lost, and no
// lock held by nobody, because a context ended.
//
// What has no timeout in Python cannot be sliced: Join, a method of your own. A
// call of these that gets no answer in ClientConfig.Grace ends its connection,
// and its error matches [ErrUnknownOutcome]: it may still happen. This is also
// so for any call when the server does not answer at all.
//
// # References
//
// A proxy has a reference to its object, which goes when nobody has one any
// more. Close gives it back; a proxy that the program has forgotten does so by
// itself, some time later; a Manager that is closed gives all back. A server of
// this package takes those of a Go program that died back at once, as it finds
// the connection closed, and those of a Python program when it can tell, which
// is by unix sockets; CPython's server never does.
//
// A proxy can be an argument, and an item of what is shared: a queue in a
// dict. The object lives while it is there. Whoever takes it out gets a proxy,
// as a *Proxy or as the handle that was asked for, as in Dict[string,
// *Queue[int]]; it has a reference of its own, to be closed.
//
// # What happens when things die
//
//	a client, killed                 what it waited for is not done; an item that was on its way to it is put back;
//	                                 its RLocks are freed and its references taken back; a Lock that it had stays taken
//	a client of CPython's server     the same, but for all that the server does: what waits there takes an item for
//	                                 nobody, and locks and references stay
//	the server                       every call and later ones end with ErrServerGone, and with ErrUnknownOutcome if
//	                                 the request had been sent; the objects are gone: connect again, and create them
//	a connection                     the same for its call. The first connection of a Manager to a server of this
//	                                 package stands for its references: they end with it
//
// No request is ever sent twice, unless it did not leave in full the first time.
//
// # Security
//
// Who knows the authkey can do everything: there are no users and no rights. It
// is never sent, both sides prove that they know it, but nothing else is
// encrypted or signed unless TLS is set, in Config and ClientConfig. So use the
// loopback, a unix socket or TLS.
//
// CPython runs what is in a pickle: its servers are at the mercy of their
// clients, and its clients at that of whatever clients have put into what they
// get. This package never runs anything. It builds plain values, and carries
// instances of classes that it does not know unread; Config.Allow and
// ClientConfig.Classes say which ones may come at all. Messages, connections and
// objects are bounded by Config and ClientConfig.
//
// # Costs
//
// On one core of a busy virtual machine, client and server together, over TCP:
//
//	a call such as Dict.Get             17 µs, nearly all of it the system's; net/rpc 20 µs at that moment
//	Connect, one proxy, and Close       0.25 ms; CPython with CPython 220 ms, for what TCP makes it wait
//	a connection                        no goroutine in a client, one in a server until it is idle for 5 ms
//	an idle connection                  3 KB in a server, 24 KB in CPython's; more with TLS, and where there is no Linux
//	a call that waits in the server     one connection while it lasts
//
// Server and client of this package together make 11 allocations for a call with
// small arguments. A slice of a call that waits in CPython's server costs as
// much as a call, every 200 ms.
//
// # Platforms
//
// Linux has everything, and the tests are run there. Elsewhere [Start],
// [NewSharedMemory], [NewShareableList] and abstract names answer
// errors.ErrUnsupported, and references of Python programs that were killed stay
// until the server ends.
//
// # Python's names
//
//	BaseManager(address, authkey)          Config, ClientConfig
//	  connect, start, get_server           Connect, Start, Listen
//	  register                             Types.Register; Manager.Create makes objects
//	    exposed, method_to_typeid          Expose, ReturnsProxy
//	    create_method=False                NoCreate
//	  shutdown, join, address              Manager.Shutdown, Manager.Address
//	Server.serve_forever                   Server.Serve
//	SyncManager, multiprocessing.Manager   SyncTypes, Start
//	  Queue, JoinableQueue                 NewQueue, NewJoinableQueue
//	  dict, list, set, Namespace           NewDict, NewList, NewSet, NewNamespace
//	  Value, Array                         NewValue, NewArray
//	  Lock, RLock, Condition, Event        NewLock, NewRLock, NewCondition, NewEvent
//	  Semaphore, BoundedSemaphore          NewSemaphore, NewBoundedSemaphore
//	  Barrier, Pool                        NewBarrier, NewPool
//	SharedMemoryManager                    NewSharedMemory, NewShareableList
//	BaseProxy                              Proxy
//	  _callmethod, _getvalue               Proxy.Call, the function Call; Proxy.Value
//	  str(proxy), repr(proxy)              Proxy.Describe, Proxy.String
//	AutoProxy, MakeProxyType               Proxy
//	Token, RemoteError                     Token, RemoteError
//
// A proxy of Python's is the New function's result, or that of an Of function
// for one that came otherwise: managers.QueueOf[int](p).
package managers
