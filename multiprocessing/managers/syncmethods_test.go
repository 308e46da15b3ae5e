package managers

import (
	"fmt"
	"math/big"
	"testing"

	"github.com/conexgo/conex/pickle"
)

// A syncCall is a call and how it must end, as Python prints it.
type syncCall struct {
	want   string
	method string
	args   []any
	kwds   *pickle.Dict
}

func does(want, method string, args ...any) syncCall {
	return syncCall{want: want, method: method, args: args}
}

func (c syncCall) with(name string, v any) syncCall {
	k := pickle.NewDict()
	if c.kwds != nil {
		k = c.kwds.Clone()
	}
	k.Set(name, v)
	c.kwds = k
	return c
}

// TestSyncMethods goes through the methods of all kinds, one call after the
// other: what can be said without a second client. The expected texts are
// CPython 3.13's.
func TestSyncMethods(t *testing.T) {
	s := syncServe(t, Config{})
	const (
		notNegative = "ValueError: 'timeout' must be a non-negative number"
		tooLarge    = "OverflowError: timeout value is too large"
	)
	queueBasics := []syncCall{
		does("True", "empty"), does("0", "qsize"),
		does("None", "put", "a"), does("None", "put").with("item", "b").with("block", int64(0)),
		does("None", "put", "c", true, nil),
		does("3", "qsize"), does("False", "empty"),
	}
	for _, c := range []struct {
		typeid string
		args   []any
		calls  []syncCall
	}{
		{"Queue", []any{int64(3)}, append(append([]syncCall{does("False", "full")}, queueBasics...),
			does("True", "full"),
			does("queue.Full", "put_nowait", 1),
			does("queue.Full", "put", 1, false), does("queue.Full", "put", 1, int64(0), int64(-5)),
			does("queue.Full", "put", 1, true, 0.001), does("queue.Full", "put", 1, true, int64(0)),
			does(notNegative, "put", 1, true, -0.5),
			does(notNegative, "get").with("timeout", int64(-1)),
			does("'a'", "get"), does("'b'", "get").with("block", false), does("'c'", "get_nowait"),
			does("_queue.Empty", "get", false), does("_queue.Empty", "get_nowait"),
			does("_queue.Empty", "get", true, 0.001), does("_queue.Empty", "get", int64(1), int64(0)),
			does("_queue.Empty", "get", false, int64(-1)),
			does("TypeError: get() takes at most 2 arguments (3 given)", "get", 1, 2, 3),
			does("TypeError: get() got an unexpected keyword argument 'now'", "get").with("now", 1),
			does("TypeError: put() missing required argument: 'item'", "put"),
			does("None", "task_done"), does("None", "task_done"), does("None", "task_done"),
			does("None", "join"),
			does("ValueError: task_done() called too many times", "task_done"),
			does("None", "put", 1), does("None", "shutdown"),
			does("queue.ShutDown", "put", 2), does("1", "get"), does("queue.ShutDown", "get"),
			does("queue.ShutDown", "get", true, int64(-1)),
		)},
		{"FullQueue", nil, []syncCall{
			does("0", "__getattribute__", "maxsize"), does("0", "__getattribute__", "unfinished_tasks"),
			does("False", "__getattribute__", "is_shutdown"),
			does("AttributeError: 'Queue' object has no attribute 'mutex'", "__getattribute__", "mutex"),
			does("TypeError: attribute name must be string, not 'int'", "__getattribute__", 1),
			does("None", "put", 1), does("None", "put", 2), does("False", "full"),
			does("None", "__setattr__", "maxsize", int64(2)), does("True", "full"),
			does("queue.Full", "put_nowait", 3),
			does("None", "__setattr__", "maxsize", 2.5), does("None", "put_nowait", 3), does("queue.Full", "put_nowait", 4),
			does("TypeError: '>' not supported between instances of 'str' and 'int'", "__setattr__", "maxsize", "x"),
			does("2.5", "__getattribute__", "maxsize"),
			does("None", "__setattr__", "maxsize", int64(-7)), does("None", "put_nowait", 4),
			does("None", "__setattr__", "maxsize", new(big.Int).Lsh(big.NewInt(1), 70)), does("None", "put_nowait", 5),
			does("5", "__getattribute__", "unfinished_tasks"),
			does("None", "task_done"),
			does("None", "shutdown").with("immediate", true),
			does("True", "__getattribute__", "is_shutdown"), does("0", "qsize"),
			does("0", "__getattribute__", "unfinished_tasks"), does("None", "join"),
			does("queue.ShutDown", "get"),
		}},
		{"LifoQueue", nil, append(append([]syncCall{}, queueBasics...),
			does("'c'", "get"), does("'b'", "get"), does("None", "put", "d"), does("'d'", "get"), does("'a'", "get"))},
		{"PriorityQueue", nil, []syncCall{
			does("None", "put", int64(3)), does("None", "put", 1.5), does("None", "put", true),
			does("TypeError: '<' not supported between instances of 'str' and 'int'", "put", "x"),
			does("3", "qsize"), does("True", "get"), does("1.5", "get"), does("3", "get"),
			does("None", "put", pickle.Tuple{int64(2), "b"}), does("None", "put", pickle.Tuple{int64(2), "a"}),
			does("None", "put", pickle.Tuple{int64(1), "c"}),
			does("(1, 'c')", "get"), does("(2, 'a')", "get"), does("(2, 'b')", "get"),
			does("6", "__getattribute__", "unfinished_tasks"),
		}},
		{"SimpleQueue", nil, append(append([]syncCall{}, queueBasics...),
			does("'a'", "get"), does("'b'", "get_nowait"), does(notNegative, "get", true, -1.0), does("'c'", "get", true, 1e5),
			does("_queue.Empty", "get_nowait"))},
		{"FullLock", nil, []syncCall{
			does("False", "locked"), does("True", "acquire"), does("True", "locked"),
			does("False", "acquire", false), does("False", "acquire", true, 0.001), does("False", "acquire").with("timeout", int64(0)),
			does("False", "acquire", false, int64(-1)),
			does("ValueError: can't specify a timeout for a non-blocking call", "acquire", false, int64(1)),
			does("ValueError: timeout value must be a non-negative number", "acquire").with("timeout", int64(-100)),
			does(tooLarge, "acquire", true, 1e10), does(tooLarge, "acquire", true, new(big.Int).Lsh(big.NewInt(1), 70)),
			does("TypeError: 'str' object cannot be interpreted as an integer", "acquire", true, "x"),
			does("TypeError: acquire() takes at most 2 arguments (3 given)", "acquire", 1, 2, 3),
			does("None", "release"), does("RuntimeError: release unlocked lock", "release"),
			does("True", "acquire").with("blocking", false), does("None", "release"), does("True", "acquire", true, int64(-1)),
			does("TypeError: release() takes no arguments (1 given)", "release", 1),
		}},
		{"RLock", nil, []syncCall{
			does("RuntimeError: cannot release un-acquired lock", "release"),
			does("True", "acquire"), does("True", "acquire", false), does("True", "acquire", true, 5.0),
			does("ValueError: can't specify a timeout for a non-blocking call", "acquire", false, int64(1)),
			does("None", "release"), does("None", "release"), does("None", "release"),
			does("RuntimeError: cannot release un-acquired lock", "release"),
		}},
		{"Semaphore", []any{int64(2)}, []syncCall{
			does("True", "acquire"), does("True", "acquire", int64(1)), does("False", "acquire", false),
			does("False", "acquire", true, 0.001), does("False", "acquire", true, int64(-3)),
			does("ValueError: can't specify timeout for non-blocking acquire", "acquire", false, 1.0),
			does("ValueError: n must be one or more", "release", int64(0)),
			does("None", "release", int64(3)), does("None", "release"),
			does("True", "acquire"), does("True", "acquire"), does("True", "acquire"), does("True", "acquire"), does("False", "acquire", false),
		}},
		{"BoundedSemaphore", nil, []syncCall{
			does("ValueError: Semaphore released too many times", "release"),
			does("True", "acquire"), does("ValueError: Semaphore released too many times", "release").with("n", int64(2)),
			does("None", "release"),
		}},
		{"Event", nil, []syncCall{
			does("False", "is_set"), does("False", "wait", 0.001), does("False", "wait", int64(0)), does("False", "wait", int64(-1)),
			does("None", "set"), does("True", "is_set"), does("True", "wait"), does("True", "wait").with("timeout", nil),
			does("None", "clear"), does("False", "is_set"),
			does(tooLarge, "wait", 1e300),
		}},
		{"Condition", nil, []syncCall{
			does("RuntimeError: cannot wait on un-acquired lock", "wait"),
			does("RuntimeError: cannot notify on un-acquired lock", "notify"),
			does("RuntimeError: cannot notify on un-acquired lock", "notify_all"),
			does("RuntimeError: cannot release un-acquired lock", "release"),
			does("True", "acquire"), does("True", "acquire"), does("False", "wait", 0.001), does("False", "wait", int64(0)),
			does("None", "notify"), does("None", "notify", int64(3)), does("None", "notify_all"),
			does("None", "release"), does("None", "release"), does("RuntimeError: cannot release un-acquired lock", "release"),
		}},
		{"Barrier", []any{int64(1)}, []syncCall{
			does("1", "__getattribute__", "parties"), does("0", "__getattribute__", "n_waiting"), does("False", "__getattribute__", "broken"),
			does("AttributeError: 'Barrier' object has no attribute 'x'", "__getattribute__", "x"),
			does("0", "wait"), does("0", "wait"), does("None", "abort"), does("True", "__getattribute__", "broken"),
			does("threading.BrokenBarrierError", "wait"), does("None", "reset"), does("0", "wait"),
		}},
		{"Barrier", []any{int64(2), nil, 0.001}, []syncCall{
			does("threading.BrokenBarrierError", "wait"), does("True", "__getattribute__", "broken"), does("None", "reset"),
			does("threading.BrokenBarrierError", "wait").with("timeout", int64(0)),
		}},
	} {
		t.Run(fmt.Sprint(c.typeid, c.args), func(t *testing.T) {
			ident := syncCreate(t, s, c.typeid, c.args...)
			conn := syncServing(t, s)
			for i, call := range c.calls {
				if call.kwds == nil {
					call.kwds = pickle.NewDict()
				}
				req, err := pickle.Marshal(pickle.Tuple{ident, call.method, pickle.Tuple(call.args), call.kwds})
				if err != nil {
					t.Fatal(err)
				}
				if err := conn.WriteFrame(t.Context(), req); err != nil {
					t.Fatal(err)
				}
				if got := syncResult(conn.receive()); got != call.want {
					t.Errorf("call %d, %s%v %s: %s, not %s", i, call.method, call.args, pickle.Repr(call.kwds), got, call.want)
				}
			}
		})
	}
}

// TestSyncConstructors: what is wrong with their arguments arrives as text whose
// last line is the exception.
func TestSyncConstructors(t *testing.T) {
	s := syncServe(t, Config{})
	lock := syncCreate(t, s, "Lock")
	for _, c := range []struct {
		want, typeid string
		args         []any
	}{
		{"ValueError: semaphore initial value must be >= 0", "Semaphore", []any{int64(-1)}},
		{"TypeError: 'str' object cannot be interpreted as an integer", "Semaphore", []any{"x"}},
		{"ValueError: semaphore initial value must be >= 0", "BoundedSemaphore", []any{int64(-1)}},
		{"ValueError: parties must be > 0", "Barrier", []any{int64(0)}},
		{"TypeError: Barrier() missing required argument: 'parties'", "Barrier", nil},
		{"TypeError: 'str' object is not callable in a server in Go: see Types.Class", "Barrier", []any{int64(2), "f"}},
		{"TypeError: '>' not supported between instances of 'str' and 'int'", "Queue", []any{"x"}},
		{"AttributeError: 'str' object has no attribute 'acquire'", "Condition", []any{"x"}},
		{"TypeError: Lock() takes no arguments (1 given)", "Lock", []any{int64(1)}},
		{"TypeError: RLock() takes no arguments (1 given)", "RLock", []any{int64(1)}},
		{"TypeError: Event() takes no arguments (1 given)", "Event", []any{int64(1)}},
		{"TypeError: SimpleQueue() takes no arguments (1 given)", "SimpleQueue", []any{int64(1)}},
	} {
		conn := syncDial(t, s)
		kind, v := conn.call(nil, "create", append([]any{c.typeid}, c.args...)...)
		if text, _ := v.(string); kind != "#TRACEBACK" || lastLine(text) != c.want {
			t.Errorf("%s%v: %s %v", c.typeid, c.args, kind, v)
		}
		conn.Close()
	}
	if got := s.Objects(); got != 1 {
		t.Errorf("%d objects, of which %s is one", got, lock)
	}
}

// TestSyncReprs: they are parsed by CPython's tests.
func TestSyncReprs(t *testing.T) {
	s := syncServe(t, Config{})
	conn := syncServing(t, s)
	for _, c := range []struct {
		typeid string
		args   []any
		method string // called before
		want   string // %p is the address
	}{
		{"Queue", nil, "", "<queue.Queue object at %s>"},
		{"SimpleQueue", nil, "", "<_queue.SimpleQueue object at %s>"},
		{"Lock", nil, "", "<unlocked _thread.lock object at %s>"},
		{"Lock", nil, "acquire", "<locked _thread.lock object at %s>"},
		{"RLock", nil, "", "<unlocked _thread.RLock object owner=0 count=0 at %s>"},
		{"Event", nil, "", "<threading.Event at %s: unset>"},
		{"Event", nil, "set", "<threading.Event at %s: set>"},
		{"Semaphore", []any{int64(3)}, "acquire", "<threading.Semaphore at %s: value=2>"},
		{"BoundedSemaphore", []any{int64(3)}, "acquire", "<threading.BoundedSemaphore at %s: value=2/3>"},
		{"Barrier", []any{int64(3)}, "", "<threading.Barrier at %s: waiters=0/3>"},
		{"Barrier", []any{int64(3)}, "abort", "<threading.Barrier at %s: broken>"},
	} {
		ident := syncCreate(t, s, c.typeid, c.args...)
		if c.method != "" {
			conn.ok(ident, c.method)
		}
		want := fmt.Sprintf(c.want, address(s.objects.get(ident).self))
		for _, method := range []string{"__repr__", "__str__"} {
			if got := conn.ok(ident, method); got != want {
				t.Errorf("%s of %s%v: %v, not %s", method, c.typeid, c.args, got, want)
			}
		}
	}
}
