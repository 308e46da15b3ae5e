// Package python calls functions of Python as if they were Go's: typed, in parallel,
// in warm worker processes, with deadlines that hold and tracebacks in errors. It
// needs a python3 on the machine and nothing else: no cgo, no generated code, no
// package to install there.
//
//	pool, err := python.NewPool(python.Config{Path: []string{"./py"}, Preload: []string{"textstats"}})
//	if err != nil {
//		return err
//	}
//	defer pool.Close()
//
//	var count = python.Func[string, int]("textstats:count_words")
//
//	n, err := futures.Submit(ctx, pool, count, text).Result(ctx)
//
// A [Pool] is a futures.Executor: Submit, Map, Wait, AsCompleted and all else of
// package futures work with it.
//
// # When to use it
//
// For what there is in Python and not in Go: models, numerics, file formats, the code
// of a colleague. Not for what a line of Go does as well, since a call goes to another
// process and back; and not for a few long-running programs, for which package
// subprocess is simpler. For the other direction, a program in Python that calls Go,
// see the package conex_client in the directory python.
//
// # Arguments
//
// The type of the argument says how a function is called, always the same way:
//
//	A                                    the call
//	struct{}                             f()
//	Args{1, "a"}                         f(1, "a")
//	Call{Args: …, Kwargs: …}             f(1, "a", width=40)
//	a struct with `python` tags          f(text, width=40), as the tags say
//	anything else                        f(x)
//
// In a struct with tags, or behind a pointer to one, each exported field needs a tag:
//
//	type wrap struct {
//		Text   string `python:",positional"`          // in the order of the fields
//		Width  int    `python:"width"`                // a keyword argument
//		Indent string `python:"initial_indent,omitempty"` // left out if it is empty
//		Notes  []byte `python:"-"`                    // not sent
//	}
//
// "Anything else" is converted by the rules of package pickle: numbers, strings,
// []byte and time.Time are what one expects, slices are lists, maps and structs
// without tags dicts, nil pointers, maps and slices None; but a nil
// []byte is empty bytes.
// Arguments are copies, fixed during Submit. What cannot be converted fails the call
// with an error that matches futures.ErrNotEncodable and says where in the argument it
// is. Large data is better off in an [Array], which is not copied at all.
//
// # Results
//
//	R                the result
//	struct{}         is not wanted, and is not sent, whatever it is
//	any              as it is, in the types of package pickle: int64, *pickle.List, …
//	*Array[T]        memory that the function has filled; the caller closes it
//	anything else    converted by the rules of package pickle
//
// A dict becomes a struct or a map, a list or a set a slice, an int a float64 but
// never the reverse; a number that does not fit is an error, not another number. An
// object of a class that Go knows nothing of is a *pickle.Object in an any. A result
// that cannot be pickled at all, an open file for example, fails the call with an
// error that matches futures.ErrNotEncodable and names its type.
//
// # What can be called
//
//	Func        "package.module:function": a function, class, method or builtin
//	Expr        an expression: "sum(x) / len(x)"
//	Inline      a function in a piece of source
//	Method      a method of the object in an Object
//
// All are text that means something to the interpreter only: that there is such a thing
// is found out by the first call, not by the compiler. [Config].Preload finds it out
// when workers start, and [Pool.Ready] waits for that.
//
// An async def is awaited, on an event loop that each worker keeps, so that what it
// has opened on the loop stays usable. [Stream] yields the items of a generator while
// it runs. [NewObject] makes an object that stays in a worker of its own.
//
// # Errors
//
// An exception is an [*Error] with the class, the message, the traceback as Python
// prints it and what it was raised from. errors.Is knows Python's classes, and those
// of Go that mean the same:
//
//	errors.Is(err, pickle.KeyError)                      // and pickle.LookupError
//	errors.Is(err, fs.ErrNotExist)                       // FileNotFoundError
//	errors.Is(err, python.ExceptionType("shop.SoldOut")) // a class of one's own
//
// That there is no such module or function matches [ErrNotFound], that there is no
// Python [ErrInterpreter].
//
// # What happens when things die
//
//	what                            then
//	an exception                    the call fails with it; the worker goes on
//	SystemExit, KeyboardInterrupt   likewise
//	os._exit, a crash in C code,    the call fails with *futures.WorkerDiedError, or as
//	  the OOM killer                Config.OnDeath says; another worker takes over
//	the context of a call ends      Cancelled is raised in it, or its task is cancelled
//	  while it runs                 if it is async; Config.Grace later the worker is
//	                                killed, with all that it has started, and the error
//	                                has the stack that Python was at
//	futures.TaskTimeout             likewise, counted from the start of the call
//	Future.Kill                     killed at once
//	Config.MaxMemory is reached     MemoryError, if Python notices; else a death
//	a stream is left                the generator is closed, within Grace
//	the worker of an Object dies    the next one makes the object anew
//	this program dies, kill -9      the workers end, with all that they have started;
//	                                one that C code keeps from noticing is killed
//	                                after 3 s, with its process group (Linux)
//
// A call that was killed, or whose worker died, may have had effects outside. Calls
// that the worker had been sent and not begun go to another one.
//
// # What it costs
//
// A round trip is two messages on a local socket and two pickles: 35 to 95 µs, most
// of which the scheduler takes, a fourth of what ProcessPoolExecutor takes for its own.
// Under load many calls share a message: 3.3 µs a call with two workers. A spare takes
// over within half a millisecond; an [Array] costs the same whatever its size. Numbers,
// strings, []byte, lists of numbers and tagged structs of these are encoded without
// reflection. A worker takes as long to start, and as much memory, as Python and the
// modules that it imports, some 90 ms without any: spares hide the time. On Linux a
// guard, which sleeps, is a second process beside each. See bench:
// `go run ./bench -only python` measures calls, arrays and starts beside CPython's own
// ProcessPoolExecutor and Pool.
//
// # Limits
//
// One worker runs one call at a time, and uses one core: the interpreter has one lock.
// More cores are more Workers. Threads that a function starts live in its worker, and
// run between calls too. C code that holds the lock, or does not return to the
// interpreter, cannot be cancelled, only killed. What a module keeps in its globals
// is the worker's own: other workers do not see it, and it is lost with the worker.
// Functions cannot submit calls to the pool that runs them: it is in Go.
//
// # Security
//
// A worker does what it is told, with the rights of this program. Names of functions,
// expressions and sources are code: they must not come from strangers. Arguments are
// data, and arrive as values, never as code. Results are data as well: package pickle
// makes nothing and calls nothing when it reads them. Workers are no sandbox: Python
// code can do all that this program could do.
//
// # Order
//
// What happens before Submit happens before the call; what the call does happens
// before Result returns. Calls start in the order of Submit on whichever worker is
// free.
//
// # Platforms
//
//	Linux    everything
//	macOS    everything but MaxMemory; trees of processes by process group
//	Windows  NewPool answers errors.ErrUnsupported
//
// CPython 3.8 to 3.13 are tested. The rest of the module does not need Python, nor
// does this package until there is a pool.
//
// # Python names
//
// There is none for calling Python from somewhere else; it stands in for
// multiprocessing.Pool and concurrent.futures.ProcessPoolExecutor where the functions
// are Python's and the caller is not. Pool.imap with a generator on the far side is
// [Stream], an object of a BaseManager is [Object], initializer is [Config].Init,
// set_forkserver_preload is [Config].Preload, and the _RemoteTraceback that is the
// cause of an exception there is [Error].Traceback.
package python
