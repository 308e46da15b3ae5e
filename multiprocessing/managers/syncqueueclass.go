package managers

import "github.com/conexgo/conex/pickle"

// Python's queues. A program that derives its own set of types from SyncTypes
// can register them under any typeid, and with [Expose] also what SyncManager
// leaves out: __getattribute__ and __setattr__, for maxsize, unfinished_tasks
// and is_shutdown.
var (
	// QueueType is queue.Queue(maxsize=0): first in, first out.
	QueueType = newQueueType("queue.Queue", func() store { return new(fifo) })

	// LifoQueueType is queue.LifoQueue(maxsize=0): last in, first out.
	LifoQueueType = newQueueType("queue.LifoQueue", func() store { return new(lifo) })

	// PriorityQueueType is queue.PriorityQueue(maxsize=0): the smallest first, in
	// the order of Python's <. An item that cannot be compared is refused.
	PriorityQueueType = newQueueType("queue.PriorityQueue", func() store { return new(priority) })

	// SimpleQueueType is queue.SimpleQueue(): a Queue without a bound, tasks and
	// shutdown.
	SimpleQueueType = newType(simpleQueueClass, func(c *call) (any, error) {
		if _, err := sigSimpleQueue.bind(c); err != nil {
			return nil, err
		}
		return &queueObject{store: new(fifo), maxsize: int64(0)}, nil
	})
)

func newQueueType(name string, mk func() store) *Type {
	k := &class{
		name: name,
		methods: map[string]method{
			"put":              queuePut,
			"get":              queueGet,
			"put_nowait":       queuePutNowait,
			"get_nowait":       queueGetNowait,
			"qsize":            queueSize,
			"empty":            queueEmpty,
			"full":             queueFull,
			"join":             queueJoin,
			"task_done":        queueTaskDone,
			"shutdown":         queueShutdown,
			"__getattribute__": queueAttribute,
			"__setattr__":      queueSetAttribute,
		},
		exposed: []string{
			"empty", "full", "get", "get_nowait", "join", "put", "put_nowait", "qsize", "shutdown", "task_done",
		},
	}
	sig := sign(name, "maxsize=0")
	return newType(k, func(c *call) (any, error) { return newQueue(c, sig, mk()) })
}

var simpleQueueClass = &class{
	name: "_queue.SimpleQueue",
	methods: map[string]method{
		"put":        queuePut,
		"get":        queueGet,
		"put_nowait": queuePutNowait,
		"get_nowait": queueGetNowait,
		"qsize":      queueSize,
		"empty":      queueEmpty,
	},
	exposed: []string{"empty", "get", "get_nowait", "put", "put_nowait", "qsize"},
}

var (
	sigSimpleQueue = sign("SimpleQueue")
	sigPut         = sign("put", "item", "block=True", "timeout=None")
	sigGet         = sign("get", "block=True", "timeout=None")
	sigPutNowait   = sign("put_nowait", "item")
	sigGetNowait   = sign("get_nowait")
	sigQsize       = sign("qsize")
	sigEmpty       = sign("empty")
	sigFull        = sign("full")
	sigJoin        = sign("join")
	sigTaskDone    = sign("task_done")
	sigShutdown    = sign("shutdown", "immediate=False")
	sigGetAttr     = sign("__getattribute__", "/name")
	sigSetAttr     = sign("__setattr__", "/name", "/value")
)

func queuePut(c *call, self any) (any, error) {
	got, err := sigPut.bind(c)
	if err != nil {
		return nil, err
	}
	return nil, self.(*queueObject).put(c, got[0], got[1], got[2])
}

func queueGet(c *call, self any) (any, error) {
	got, err := sigGet.bind(c)
	if err != nil {
		return nil, err
	}
	return self.(*queueObject).get(c, got[0], got[1])
}

func queuePutNowait(c *call, self any) (any, error) {
	got, err := sigPutNowait.bind(c)
	if err != nil {
		return nil, err
	}
	return nil, self.(*queueObject).put(c, got[0], false, nil)
}

func queueGetNowait(c *call, self any) (any, error) {
	if _, err := sigGetNowait.bind(c); err != nil {
		return nil, err
	}
	return self.(*queueObject).get(c, false, nil)
}

func queueSize(c *call, self any) (any, error) {
	if _, err := sigQsize.bind(c); err != nil {
		return nil, err
	}
	q := self.(*queueObject)
	q.mu.Lock()
	defer q.mu.Unlock()
	return int64(q.store.len()), nil
}

func queueEmpty(c *call, self any) (any, error) {
	if _, err := sigEmpty.bind(c); err != nil {
		return nil, err
	}
	q := self.(*queueObject)
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.store.len() == 0, nil
}

func queueFull(c *call, self any) (any, error) {
	if _, err := sigFull.bind(c); err != nil {
		return nil, err
	}
	q := self.(*queueObject)
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.full(), nil
}

func queueJoin(c *call, self any) (any, error) {
	if _, err := sigJoin.bind(c); err != nil {
		return nil, err
	}
	return nil, self.(*queueObject).join(c)
}

func queueTaskDone(c *call, self any) (any, error) {
	if _, err := sigTaskDone.bind(c); err != nil {
		return nil, err
	}
	return nil, self.(*queueObject).taskDone()
}

func queueShutdown(c *call, self any) (any, error) {
	got, err := sigShutdown.bind(c)
	if err != nil {
		return nil, err
	}
	self.(*queueObject).shutdown(truth(got[0]))
	return nil, nil
}

func queueAttribute(c *call, self any) (any, error) {
	got, err := sigGetAttr.bind(c)
	if err != nil {
		return nil, err
	}
	q := self.(*queueObject)
	q.mu.Lock()
	defer q.mu.Unlock()
	switch got[0] {
	case "maxsize":
		return q.maxsize, nil
	case "unfinished_tasks":
		return int64(q.unfinished), nil
	case "is_shutdown":
		return q.shut, nil
	}
	return nil, noAttribute("Queue", got[0])
}

func queueSetAttribute(c *call, self any) (any, error) {
	got, err := sigSetAttr.bind(c)
	if err != nil {
		return nil, err
	}
	if got[0] != "maxsize" {
		return nil, noAttribute("Queue", got[0])
	}
	return nil, self.(*queueObject).resize(got[1])
}

// noAttribute is the error for an attribute that there is not, or not for
// clients.
func noAttribute(class string, name any) error {
	if _, ok := name.(string); !ok {
		return pickle.TypeError.Newf("attribute name must be string, not '%s'", pickle.TypeName(name))
	}
	return pickle.AttributeError.Newf("'%s' object has no attribute '%s'", class, name)
}
