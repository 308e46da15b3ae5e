package main

import (
	"iter"

	"github.com/conexgo/conex/multiprocessing/managers"
	"github.com/conexgo/conex/pickle"
)

// fooBar is what the tests of custom managers share.
type fooBar struct{}

func (*fooBar) F() string { return "f()" }
func (*fooBar) G() error  { return pickle.ValueError.New() }
func (*fooBar) H() string { return "_h()" }

func newFooBar() *fooBar { return new(fooBar) }

// squares is the tests' generator.
func squares() iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range 10 {
			if !yield(i * i) {
				return
			}
		}
	}
}

// types returns what the main server serves.
func types() *managers.Types {
	t := managers.NewTypes("", managers.SyncTypes)
	t.Register("Foo", newFooBar, managers.Expose("f", "g"))
	t.Register("Bar", newFooBar, managers.Alias("_h", "h"), managers.Expose("f", "_h"))
	t.Register("baz", squares, managers.Expose("__next__"))
	t.Register("get_queue", managers.QueueType, managers.Shared())

	// The classes of modules queue and threading with what their proxies in
	// SyncManager leave out.
	for name, ty := range map[string]*managers.Type{
		"queue.Queue": managers.QueueType, "queue.LifoQueue": managers.LifoQueueType, "queue.PriorityQueue": managers.PriorityQueueType,
	} {
		t.Register(name, ty, managers.Expose("put", "get", "put_nowait", "get_nowait", "qsize", "empty", "full",
			"join", "task_done", "__getattribute__", "__setattr__", "shutdown"))
	}
	t.Register("queue.SimpleQueue", managers.SimpleQueueType, managers.Expose("put", "get", "put_nowait", "get_nowait", "qsize", "empty"))
	t.Register("threading.Lock", managers.LockType, managers.Expose("acquire", "release", "locked"))
	t.Register("threading.RLock", managers.RLockType)
	t.Register("threading.Event", managers.EventType)
	t.Register("threading.Condition", managers.ConditionType)
	t.Register("threading.Semaphore", managers.SemaphoreType)
	t.Register("threading.BoundedSemaphore", managers.BoundedSemaphoreType)
	t.Register("threading.Barrier", managers.BarrierType)

	functions(t)
	t.Class(testModule, "AppendTrue", newAppendTrue)
	return t
}

// queueTypes returns what the server for the serializer xmlrpclib serves.
func queueTypes() *managers.Types {
	t := managers.NewTypes("")
	t.Register("get_queue", managers.QueueType, managers.Shared())
	return t
}
