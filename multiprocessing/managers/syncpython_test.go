package managers

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/conexgo/conex/internal/cpython"
)

// syncKey is the key of the servers in these tests.
const syncKey = "the key"

// syncServe serves until the end of the test.
func syncServe(t testing.TB, cfg Config) *Server {
	t.Helper()
	cfg.AuthKey = []byte(syncKey)
	if cfg.Types == nil {
		cfg.Types = syncTypes()
	}
	s, err := Listen(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(context.Background()) }()
	t.Cleanup(func() {
		s.Close()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return s
}

// syncTypes has everything under the names that the program below uses.
var syncTypes = sync.OnceValue(func() *Types {
	t := NewTypes("", SyncTypes)
	attrs := []string{
		"put", "get", "put_nowait", "get_nowait", "qsize", "empty", "full", "join", "task_done", "shutdown",
		"__getattribute__", "__setattr__",
	}
	t.Register("FullQueue", QueueType, Expose(attrs...))
	t.Register("LifoQueue", LifoQueueType, Expose(attrs...))
	t.Register("PriorityQueue", PriorityQueueType, Expose(attrs...))
	t.Register("SimpleQueue", SimpleQueueType)
	t.Register("FullLock", LockType, Expose("acquire", "release", "locked"))
	return t
})

// syncPrelude connects to the server: m is the manager.
const syncPrelude = `
import multiprocessing, os, queue, sys, threading, time
from multiprocessing.managers import SyncManager, BaseProxy
address, key = sys.argv[1], sys.argv[2].encode()
if not address.startswith('/'):
    host, _, port = address.rpartition(':')
    address = (host, int(port))
class M(SyncManager): pass
class P(BaseProxy):
    def do(self, name, *args, **kwds): return self._callmethod(name, args, kwds)
    def get(self, *a, **k): return self.do('get', *a, **k)
    def put(self, *a, **k): return self.do('put', *a, **k)
for name in 'FullQueue LifoQueue PriorityQueue SimpleQueue FullLock Num'.split():
    M.register(name, proxytype=P)
multiprocessing.current_process().authkey = key
m = M(address, key)
m.connect()
def raises(what, f, *args, **kwds):
    try:
        r = f(*args, **kwds)
    except BaseException as e:
        assert type(e) is what, repr(e)
        return e
    raise AssertionError('%r, not %r' % (r, what))
`

// syncRun runs a program in a CPython and returns what it prints.
func syncRun(t testing.TB, python, address, program string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, python, "-c", syncPrelude+program, address, syncKey)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", python, err, out, &stderr)
	}
	return strings.TrimSpace(string(out))
}

// TestSyncPython is a first look at everything from CPython's side.
func TestSyncPython(t *testing.T) {
	for _, python := range cpython.Need(t) {
		for _, address := range []string{"", "unix:" + filepath.Join(t.TempDir(), "s")} {
			s := syncServe(t, Config{Address: address})
			syncRun(t, python, strings.TrimPrefix(s.Address(), "unix:"), `
q = m.Queue(2)
q.put('a'); q.put({'b': [1, 2.5, None]})
raises(queue.Full, q.put, 1, False)
raises(queue.Full, q.put, 1, True, 0.01)
assert q.get() == 'a' and q.get(timeout=1) == {'b': [1, 2.5, None]}
raises(queue.Empty, q.get, block=0)
raises(queue.Empty, q.get, timeout=0.01)
e = raises(ValueError, q.get, timeout=-1)
assert str(e) == "'timeout' must be a non-negative number", e
q.task_done(); q.task_done(); q.join()
e = raises(ValueError, q.task_done)
assert str(e) == 'task_done() called too many times', e
assert str(q).startswith('<queue.Queue object at 0x'), str(q)

f = m.FullQueue(3)
assert f.do('__getattribute__', 'maxsize') == 3
f.put(1); f.do('__setattr__', 'maxsize', 1)
raises(queue.Full, f.put, 2, block=False)
assert f.do('__getattribute__', 'unfinished_tasks') == 1
f.do('shutdown', immediate=True)
assert f.do('__getattribute__', 'is_shutdown') is True and f.do('__getattribute__', 'unfinished_tasks') == 0
raises(getattr(queue, 'ShutDown', AttributeError), f.get)
p = m.PriorityQueue()
for i in (3, 1, 2): p.put(i)
raises(TypeError, p.put, 'x')
assert [p.get() for i in range(3)] == [1, 2, 3]
l = m.LifoQueue()
for i in (3, 1, 2): l.put(i)
assert [l.get() for i in range(3)] == [2, 1, 3]

lock = m.Lock()
assert lock.acquire() is True and lock.acquire(False) is False
assert str(lock).startswith('<locked _thread.lock object at 0x')
e = raises(ValueError, lock.acquire, False, 1)
assert str(e) == "can't specify a timeout for a non-blocking call", e
raises(ValueError, lock.acquire, timeout=-100)
raises(OverflowError, lock.acquire, timeout=1e100)
assert lock.acquire(True, 0.01) is False
lock.release()
e = raises(RuntimeError, lock.release)
assert str(e) == 'release unlocked lock', e

r = m.RLock()
assert r.acquire() and r.acquire()
def other():
    assert r.acquire(False) is False
    e = raises(RuntimeError, r.release)
    assert str(e) == 'cannot release un-acquired lock', e
    print('other', flush=True)
t = threading.Thread(target=other); t.start(); t.join()
r.release(); r.release(); raises(RuntimeError, r.release)

e = m.Event()
assert e.wait(0.01) is False and not e.is_set()
threading.Timer(0.01, e.set).start()
assert e.wait() is True and e.is_set()
assert str(e).endswith(': set>'), str(e)

s = m.Semaphore(2)
assert s.acquire() and s.acquire() and not s.acquire(False)
s.release(); s.release()
assert str(s).startswith('<threading.Semaphore at 0x') and str(s).endswith(': value=2>'), str(s)
b = m.BoundedSemaphore()
raises(ValueError, b.release)
assert str(b).endswith(': value=1/1>'), str(b)

for c in (m.Condition(), m.Condition(lock), m.Condition(r)):
    raises(RuntimeError, c.notify); raises(RuntimeError, c.wait)
    with c:
        assert c.wait(0.01) is False
    def notifier():
        with c: c.notify()
    with c:
        t = threading.Thread(target=notifier); t.start()
        assert c.wait(5) is True
        t.join() if c is None else None
    t.join()

bar = m.Barrier(2)
assert bar.parties == 2 and not bar.broken and bar.n_waiting == 0
got = []
t = threading.Thread(target=lambda: got.append(bar.wait())); t.start()
got.append(bar.wait()); t.join()
assert sorted(got) == [0, 1], got
raises(threading.BrokenBarrierError, bar.wait, 0.01)
assert bar.broken and str(bar).endswith(': broken>'), str(bar)
bar.reset(); assert not bar.broken
raises(multiprocessing.managers.RemoteError, m.Semaphore, -1)
`)
		}
	}
}
