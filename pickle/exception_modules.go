package pickle

// The exceptions of Python's modules for concurrent execution. What an instance
// carries is the name that CPython writes: queue.Empty is defined in _queue.
var (
	QueueEmpty    = newClass("_queue", "Empty", PlainException).also("queue", "Empty")
	QueueFull     = newClass("queue", "Full", PlainException)
	QueueShutDown = newClass("queue", "ShutDown", PlainException)

	BrokenBarrierError = newClass("threading", "BrokenBarrierError", RuntimeError)

	ProcessError        = newClass("multiprocessing.context", "ProcessError", PlainException)
	BufferTooShort      = newClass("multiprocessing.context", "BufferTooShort", ProcessError)
	ProcessTimeoutError = newClass("multiprocessing.context", "TimeoutError", ProcessError)
	AuthenticationError = newClass("multiprocessing.context", "AuthenticationError", ProcessError)
	RemoteError         = newClass("multiprocessing.managers", "RemoteError", PlainException)
	MaybeEncodingError  = newClass("multiprocessing.pool", "MaybeEncodingError", PlainException)

	FuturesError          = newClass("concurrent.futures._base", "Error", PlainException)
	CancelledError        = newClass("concurrent.futures._base", "CancelledError", FuturesError)
	InvalidStateError     = newClass("concurrent.futures._base", "InvalidStateError", FuturesError)
	FuturesTimeoutError   = newClass("concurrent.futures._base", "TimeoutError", FuturesError)
	BrokenExecutor        = newClass("concurrent.futures._base", "BrokenExecutor", RuntimeError)
	BrokenThreadPool      = newClass("concurrent.futures.thread", "BrokenThreadPool", BrokenExecutor)
	BrokenProcessPool     = newClass("concurrent.futures.process", "BrokenProcessPool", BrokenExecutor)
	BrokenInterpreterPool = newClass("concurrent.futures.interpreter", "BrokenInterpreterPool", BrokenExecutor)

	PickleError     = newClass("_pickle", "PickleError", PlainException).also("pickle", "PickleError")
	PicklingError   = newClass("_pickle", "PicklingError", PickleError).also("pickle", "PicklingError")
	UnpicklingError = newClass("_pickle", "UnpicklingError", PickleError).also("pickle", "UnpicklingError")
)
