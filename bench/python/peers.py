"""What CPython's own modules do: one measurement, printed as one line of JSON.

    python peers.py -case process/submit -peer ProcessPoolExecutor -place free -n 20000 -budget 1 -arg 0

The protocol is that of package meter (bench/internal/meter). Standard library only, CPython 3.8 and later. Modules are
imported where they are used: spawned and fork-server children import this file again, and would pay for them.
"""
import os
import sys
from time import perf_counter


def inc(i):
    return i + 1


def same(x):
    return x


def nothing():
    pass


def sum_inc(n):
    return n * (n + 1) // 2


class Spec:
    def __init__(self, args):
        given = dict(zip(args[::2], args[1::2]))
        self.case, self.peer = given["-case"], given["-peer"]
        self.place = given.get("-place", "free")
        self.n = int(given.get("-n", "1"))
        self.budget = float(given.get("-budget", "0").rstrip("s"))


# ---- placement: at "2core" the caller has the first core, its worker processes have the second

def settle_caller(place):
    """before the pool is made: its threads inherit the caller's core"""
    if place == "2core":
        first, _ = two_cores()
        os.sched_setaffinity(0, {first})


def two_cores():
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise SystemExit("two sides cannot have a core each: this process may use one only")
    return cores[0], cores[1]


def settle_worker(core):
    """the initializer of workers"""
    if core is not None:
        os.sched_setaffinity(0, {core})


def worker_core(place):
    return two_cores()[1] if place == "2core" else None


# ---- timing, as package meter does it

def bulk(n, one_pass):
    for k in (max(1, n // 10), n):
        t = perf_counter()
        results = one_pass(k)
        took = perf_counter() - t
        assert sum(results) == sum_inc(k), "wrong results"
    return {"value": took / n * 1e9, "n": n}


def tally(n, want, one_pass):
    """as bulk, for a pass that answers its sum itself; a pass may time itself, and then answers both"""
    for k in (max(1, n // 10), n):
        t = perf_counter()
        total = one_pass(k)
        took = perf_counter() - t
        if isinstance(total, tuple):
            total, took = total
        assert total == want(k), "wrong results: %r, want %r" % (total, want(k))
    return {"value": took / n * 1e9, "n": n}


def count(n):
    return n


def together(k, n, body):
    """body in k threads at the same time, each over its share of range(n); the sum of what they answer"""
    from threading import Thread
    answers = []
    threads = [Thread(target=lambda lo, hi: answers.append(body(lo, hi)), args=(i * n // k, (i + 1) * n // k))
               for i in range(k)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return sum(answers)


def calls(spec, warm, op):
    spent = []
    for i in range(warm + spec.n):
        if i == warm:
            start = perf_counter()
        if i > warm and spec.budget and perf_counter() - start > spec.budget:
            break
        took = op(i)
        if i >= warm:
            spent.append(took)
    spent.sort()
    n = len(spent)
    return {"value": spent[min(n - 1, int(n * .5))] * 1e9, "p99": spent[min(n - 1, int(n * .99))] * 1e9, "n": n}


# ---- the pools

def executor(spec):
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor
    core = worker_core(spec.place)
    settle_caller(spec.place)
    ex = ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork"),
                             initializer=settle_worker, initargs=(core,))
    for f in [ex.submit(inc, i) for i in range(100)]:  # all workers are up
        f.result()
    return ex


def pool(spec):
    import multiprocessing
    p = multiprocessing.get_context("fork").Pool(2)
    p.map(inc, range(100))
    return p


def thread_executor(spec):
    from concurrent.futures import ThreadPoolExecutor
    return ThreadPoolExecutor(4)


def submit(spec, make):
    def one_pass(n):
        return [f.result() for f in [ex.submit(inc, i) for i in range(n)]]
    with make(spec) as ex:
        return bulk(spec.n, one_pass)


def call(spec, make, idle=0.0):
    from time import sleep

    def op(i):
        if idle:
            sleep(idle)
        t = perf_counter()
        r = ex.submit(inc, i).result()
        took = perf_counter() - t
        assert r == i + 1, "wrong result"
        return took
    with make(spec) as ex:
        return calls(spec, 1 if idle else max(1, spec.n // 10), op)


def pool_map(spec):
    with pool(spec) as p:
        return bulk(spec.n, lambda n: p.map(inc, range(n)))


def executor_map(spec):
    with thread_executor(spec) as ex:
        return bulk(spec.n, lambda n: ex.map(inc, range(n)))


def pool_bytes(spec):
    """n pieces of 1 MiB there and back; the figure is bytes per second, both ways counted"""
    piece = bytes(1 << 20)
    with pool(spec) as p:
        p.map(same, [piece] * 8, chunksize=1)
        t = perf_counter()
        back = p.map(same, [piece] * spec.n, chunksize=1)
        took = perf_counter() - t
    assert all(len(b) == len(piece) for b in back), "wrong results"
    return {"value": 2 * spec.n * len(piece) / took, "n": spec.n}


def pool_start(spec, method):
    import multiprocessing
    ctx = multiprocessing.get_context(method)

    def op(i):
        t = perf_counter()
        p = ctx.Pool(2)
        r = p.apply(inc, (i,))
        p.close()
        p.join()
        took = perf_counter() - t
        assert r == i + 1, "wrong result"
        return took
    return calls(spec, 1, op)


def process_start(spec, method):
    import multiprocessing
    ctx = multiprocessing.get_context(method)

    def op(i):
        t = perf_counter()
        p = ctx.Process(target=nothing)
        p.start()
        p.join()
        took = perf_counter() - t
        assert p.exitcode == 0, "the child failed"
        return took
    return calls(spec, 1, op)  # the first one starts the fork server


def cpu_time(pid):
    """nanoseconds of processor time, from the clock the kernel keeps for the process"""
    from time import clock_gettime_ns
    return clock_gettime_ns(~pid << 3 | 2)


def idle_cpu(spec):
    """processor time of the executor and its workers over the budget, in percent of one core"""
    from time import sleep
    with executor(spec) as ex:
        pids = [os.getpid()] + list(ex._processes)
        sleep(.3)
        t, before = perf_counter(), sum(map(cpu_time, pids))
        sleep(spec.budget)
        used, took = sum(map(cpu_time, pids)) - before, perf_counter() - t
    return {"value": used / took / 1e7, "n": 1}


# ---- threading, queue, sched and contextvars: the same loops as this program's Go neighbours have

def lock(spec, kind, players=1):
    """count under a lock; kind names a class of threading"""
    import threading
    guard = getattr(threading, kind)()
    total = 0

    def body(lo, hi):
        nonlocal total
        acquire, release = guard.acquire, guard.release
        for _ in range(hi - lo):
            acquire()
            total += 1
            release()
        return 0

    def one_pass(n):
        nonlocal total
        total = 0
        if players == 1:
            body(0, n)
        else:
            together(players, n, body)
        return total
    return tally(spec.n, count, one_pass)


def event_pingpong(spec):
    """both players add 1 to the ball in every round"""
    from threading import Event
    mine, theirs = Event(), Event()
    ball = 0

    def play(me, n):
        nonlocal ball
        for _ in range(n):
            if me == 0:
                ball += 1
                theirs.set()
                mine.wait()
                mine.clear()
            else:
                theirs.wait()
                theirs.clear()
                ball += 1
                mine.set()
        return 0

    def one_pass(n):
        nonlocal ball
        ball = 0
        together(2, 2, lambda me, _: play(me, n))
        return ball
    return tally(spec.n, lambda n: 2 * n, one_pass)


def condition_pingpong(spec):
    from threading import Condition, Lock
    c = Condition(Lock())
    ball = turn = 0

    def play(me, n):
        nonlocal ball, turn
        for _ in range(n):
            with c:
                while turn != me:
                    c.wait()
                ball += 1
                turn = 1 - me
                c.notify()
        return 0

    def one_pass(n):
        nonlocal ball, turn
        ball = turn = 0
        together(2, 2, lambda me, _: play(me, n))
        return ball
    return tally(spec.n, lambda n: 2 * n, one_pass)


def thread_start(spec):
    from threading import Thread
    ran = 0

    def body():
        nonlocal ran
        ran += 1

    def one_pass(n):
        nonlocal ran
        ran = 0
        for _ in range(n):
            t = Thread(target=body)
            t.start()
            t.join()
        return ran
    return tally(spec.n, count, one_pass)


def timer(spec):
    """start and cancel; the thread that a cancelled timer still is ends outside of the figure"""
    from threading import Timer

    def one_pass(n):
        spent = 0.0
        for _ in range(n):
            begin = perf_counter()
            t = Timer(60, nothing)
            t.start()
            t.cancel()
            spent += perf_counter() - begin
            t.join()
        return n, spent
    return tally(spec.n, count, one_pass)


def move(spec, k, make):
    """numbers from k producers to k consumers"""
    from threading import Thread
    q = make()

    def produce(lo, hi):
        put = q.put
        for i in range(lo, hi):
            put(i)
        return 0

    def consume(lo, hi):
        get, total = q.get, 0
        for _ in range(hi - lo):
            total += get() + 1
        return total

    def one_pass(n):
        producers = Thread(target=together, args=(k, n, produce))
        producers.start()
        total = together(k, n, consume)
        producers.join()
        return total
    return tally(spec.n, sum_inc, one_pass)


def queue_move(spec, k):
    from queue import Queue
    return move(spec, k, lambda: Queue(128))


def simple_move(spec, k):
    from queue import SimpleQueue
    return move(spec, k, SimpleQueue)


def priority(spec):
    """100,000 jobs put in, then taken out, as often as it takes"""
    from queue import PriorityQueue
    from random import Random
    batch = 100000
    size = min(spec.n, batch)
    random = Random(1)
    due = [random.randrange(1 << 30) for _ in range(size)]
    q = PriorityQueue()

    def one_pass(n):
        total = 0
        for lo in range(0, n, batch):
            hi = min(lo + batch, n)
            for i in range(lo, hi):
                q.put((due[i - lo], i))
            last = (-1, -1)
            for _ in range(hi - lo):
                job = q.get()
                assert job > last, "jobs in the wrong order"
                last = job
                total += job[1] + 1
        return total
    return tally(spec.n, sum_inc, one_pass)


def sched_run(spec):
    """n events entered, then run, by a clock that a delay moves at once"""
    import sched
    now = 0

    def delay(d):
        nonlocal now
        now += d

    def one_pass(n):
        nonlocal now
        now, ran = 0, []
        s = sched.scheduler(lambda: now, delay)
        begin = perf_counter()
        for i in range(n):
            s.enter(i * 7919 % n, 0, ran.append, (i,))
        s.run()
        took = perf_counter() - begin
        assert now == max(i * 7919 % n for i in range(n)), "the clock is wrong"
        assert all(i * 7919 % n <= j * 7919 % n for i, j in zip(ran, ran[1:])), "events in the wrong order"
        return sum(ran) + len(ran), took
    return tally(spec.n, sum_inc, one_pass)


def sched_cancel(spec):
    """an event entered and cancelled among 1,000 others"""
    import sched
    s = sched.scheduler()
    for i in range(1000):
        s.enter(3600 + i, 0, nothing)

    def one_pass(n):
        for i in range(n):
            s.cancel(s.enter(3600 + i % 1000, 0, nothing))
        return n + len(s.queue) - 1000
    return tally(spec.n, count, one_pass)


def variable_get(spec, variables):
    """one of so many variables, read from a context in which all are set"""
    from contextvars import ContextVar
    vars = [ContextVar("v%d" % i) for i in range(variables)]
    for v in vars:
        v.set(1)
    get = vars[variables // 2].get

    def one_pass(n):
        total = 0
        for _ in range(n):
            total += get()
        return total
    return tally(spec.n, count, one_pass)


def variable_set(spec):
    from contextvars import ContextVar
    v = ContextVar("v")

    def one_pass(n):
        total = 0
        for lo in range(0, n, 128):
            for i in range(min(128, n - lo)):
                v.set(i)
            total += v.get() + 1
        return total
    return tally(spec.n, count, one_pass)


# ---- multiprocessing: this process and others that it has forked

def attend(conn, core, body, args):
    """what the others do: for each number that comes, body(n), and its answer goes back"""
    settle_worker(core)
    while True:
        n = conn.recv()
        if n is None:
            return
        conn.send(body(n, *args))


class Partners:
    """as many processes as there are bodies, each (body, args), waiting to be told how much to do"""
    def __init__(self, spec, *bodies):
        import multiprocessing
        ctx = multiprocessing.get_context("fork")
        core = worker_core(spec.place)
        self.conns = []
        for body, args in bodies:
            mine, theirs = ctx.Pipe()
            p = ctx.Process(target=attend, args=(theirs, core, body, args), daemon=True)
            p.start()
            theirs.close()
            self.conns.append(mine)
        settle_caller(spec.place)

    def start(self, n):
        for c in self.conns:
            c.send(n)

    def answer(self):
        return sum(c.recv() for c in self.conns)


def put_ints(n, q):
    put = q.put
    for i in range(n):
        put(i)
    return 0


def get_ints(n, q):
    get, total = q.get, 0
    for _ in range(n):
        total += get() + 1
    return total


def get_blocks(n, q, size):
    get, whole = q.get, 0
    for _ in range(n):
        whole += len(get()) == size
    return whole


def mp_queue(kind):
    import multiprocessing
    return getattr(multiprocessing.get_context("fork"), kind)()


def mp_queue_ints(spec, kind, k=1):
    """numbers from k producing processes to k consuming ones; one producer is this process"""
    q = mp_queue(kind)
    others = Partners(spec, *[(get_ints, (q,))] * k, *[(put_ints, (q,))] * (k - 1))

    def one_pass(n):
        others.start(n)
        put_ints(n, q)
        return others.answer()
    # A pass of k producers with n items each is one of k * n items.
    figure = tally(max(1, spec.n // k), lambda n: k * sum_inc(n), one_pass)
    figure["value"] /= k
    return figure


def mp_queue_blocks(spec, kind, size):
    q = mp_queue(kind)
    block = bytes(size)
    others = Partners(spec, (get_blocks, (q, size)))

    def one_pass(n):
        others.start(n)
        put = q.put
        for _ in range(n):
            put(block)
        return others.answer()
    return tally(spec.n, count, one_pass)


def mp_queue_self(spec):
    q = mp_queue("Queue")

    def op(i):
        t = perf_counter()
        q.put(i)
        r = q.get()
        took = perf_counter() - t
        assert r == i, "wrong result"
        return took
    return calls(spec, max(1, spec.n // 10), op)


def echo(n, conn):
    recv, send = conn.recv, conn.send
    for _ in range(n):
        send(recv() + 1)
    return n


def mp_pipe(spec, idle=0.0):
    """a number there and the next one back"""
    import multiprocessing
    from time import sleep
    mine, theirs = multiprocessing.get_context("fork").Pipe()
    warm = 1 if idle else max(1, spec.n // 10)
    Partners(spec, (echo, (theirs,))).start(warm + spec.n)

    def op(i):
        if idle:
            sleep(idle)
        t = perf_counter()
        mine.send(i)
        r = mine.recv()
        took = perf_counter() - t
        assert r == i + 1, "wrong result"
        return took
    return calls(spec, warm, op)


def read_blocks(n, conn, size):
    recv, whole = conn.recv_bytes, 0
    for _ in range(n):
        whole += len(recv()) == size
    return whole


def mp_pipe_blocks(spec, size):
    import multiprocessing
    reader, writer = multiprocessing.get_context("fork").Pipe(duplex=False)
    others = Partners(spec, (read_blocks, (reader, size)))
    block = bytes(size)

    def one_pass(n):
        others.start(n)
        send = writer.send_bytes
        for _ in range(n):
            send(block)
        return others.answer()
    return tally(spec.n, count, one_pass)


def through(n, guard, value):
    """so many times through the guard, adding 1"""
    acquire, release = guard.acquire, guard.release
    for _ in range(n):
        acquire()
        value.value += 1
        release()
    return 0


class Local:
    value = 0


def mp_lock(spec, kind):
    import multiprocessing
    guard = getattr(multiprocessing.get_context("fork"), kind)()

    def one_pass(n):
        local = Local()
        through(n, guard, local)
        return local.value
    return tally(spec.n, count, one_pass)


def mp_lock_contended(spec):
    """two processes, half of the times each; what is counted up is shared"""
    import multiprocessing
    ctx = multiprocessing.get_context("fork")
    guard, value = ctx.Lock(), ctx.RawValue("q", 0)
    others = Partners(spec, (through, (guard, value)))

    def one_pass(n):
        value.value = 0
        others.start(n - n // 2)
        through(n // 2, guard, value)
        others.answer()
        return value.value
    return tally(spec.n, count, one_pass)


def mp_value(spec):
    import multiprocessing
    value = multiprocessing.get_context("fork").Value("q", 0)

    def one_pass(n):
        value.value = 0
        for _ in range(n):
            with value.get_lock():
                value.value += 1
        return value.value
    return tally(spec.n, count, one_pass)


def bounce(n, mine, theirs):
    for _ in range(n):
        mine.wait()
        mine.clear()
        theirs.set()
    return n


def mp_event(spec):
    import multiprocessing
    ctx = multiprocessing.get_context("fork")
    here, there = ctx.Event(), ctx.Event()
    others = Partners(spec, (bounce, (there, here)))

    def one_pass(n):
        others.start(n)
        for _ in range(n):
            there.set()
            here.wait()
            here.clear()
        return others.answer()
    return tally(spec.n, count, one_pass)


def meet(n, barrier):
    for _ in range(n):
        barrier.wait()
    return n


def mp_barrier(spec):
    import multiprocessing
    barrier = multiprocessing.get_context("fork").Barrier(2)
    others = Partners(spec, (meet, (barrier,)))

    def one_pass(n):
        others.start(n)
        meet(n, barrier)
        return others.answer()
    return tally(spec.n, count, one_pass)


def mp_heap(spec):
    """start and join by fork, with 2 GiB in use"""
    heap = bytearray(2 << 30)
    heap[::4096] = b"x" * (len(heap) // 4096)
    return process_start(spec, "fork")


def mp_shm(spec):
    from multiprocessing.shared_memory import SharedMemory

    def one_pass(n):
        for i in range(n):
            a = SharedMemory(create=True, size=4096)
            b = SharedMemory(a.name)
            a.buf[0] = i & 255
            assert b.buf[0] == i & 255, "other memory"
            b.close()
            a.close()
            a.unlink()
        return n
    return tally(spec.n, count, one_pass)


def mp_shareablelist(spec):
    from multiprocessing.shared_memory import ShareableList
    items = ShareableList([0, 1.5, "text", None])

    def one_pass(n):
        items[0] = 0
        for _ in range(n):
            items[0] = items[0] + 1
        return items[0]
    try:
        return tally(spec.n, count, one_pass)
    finally:
        items.shm.close()
        items.shm.unlink()


def mp_pool_map(spec, chunksize=None):
    with pool(spec) as p:
        return bulk(spec.n, lambda n: p.map(inc, range(n), chunksize))


def mp_pool_apply(spec):
    import multiprocessing
    core = worker_core(spec.place)
    settle_caller(spec.place)

    def op(i):
        t = perf_counter()
        r = p.apply(inc, (i,))
        took = perf_counter() - t
        assert r == i + 1, "wrong result"
        return took
    with multiprocessing.get_context("fork").Pool(2, settle_worker, (core,)) as p:
        return calls(spec, max(1, spec.n // 10), op)


# ---- managers: objects in a server process, CPython's own or another's at CONEX_BENCH_MANAGER

def manager_rounds(n, d, q, key):
    """four calls a round: set, get, put, get"""
    total = 0
    for i in range(n):
        d[key] = i
        total += d[key] - i
        q.put(i)
        total += q.get() + 1
    return total


def manager_started(address=None):
    from multiprocessing.managers import SyncManager
    import multiprocessing
    m = SyncManager(address=address, ctx=multiprocessing.get_context("fork"))
    m.start()
    return m


def manager_connected():
    import multiprocessing
    from multiprocessing.managers import SyncManager
    where, key = os.environ["CONEX_BENCH_MANAGER"], os.environ["CONEX_BENCH_KEY"].encode()
    if not where.startswith("/"):
        host, _, port = where.rpartition(":")
        where = (host, int(port))
    multiprocessing.current_process().authkey = key
    m = SyncManager(where, key)
    m.connect()
    return m


def manager_body(n, d, q, key):
    return manager_rounds(n, d, q, key)


def manager_calls(spec, make, clients):
    m = make()
    d, q = m.dict(), m.Queue()
    if clients == 1:
        figure = tally(spec.n, sum_inc, lambda n: manager_rounds(n, d, q, 0))
    else:
        others = Partners(spec, *[(manager_body, (d, q, k)) for k in range(clients)])

        def one_pass(n):
            others.start(n)
            return others.answer()
        figure = tally(max(1, spec.n // clients), lambda n: clients * sum_inc(n), one_pass)
        figure["value"] /= clients
    figure["value"] /= 4
    return figure


def manager_connect(spec, make):
    """a client's connect and its first proxy; the server is there"""
    m = make()
    address, key = m.address, bytes(m._authkey)
    from multiprocessing.managers import SyncManager

    def op(i):
        t = perf_counter()
        c = SyncManager(address, key)
        c.connect()
        d = c.dict()
        took = perf_counter() - t
        d[1] = i
        assert d[1] == i
        return took
    return calls(spec, 1, op)


def resident(pid):
    with open("/proc/%d/statm" % pid) as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def manager_idle(spec):
    """memory of the server for a connection that waits for requests"""
    from multiprocessing.connection import Client
    from multiprocessing.managers import dispatch
    m = manager_started()
    pid = m._process.pid

    def serving():
        c = Client(m.address, authkey=bytes(m._authkey))
        dispatch(c, None, "accept_connection", ("idle",))
        return c
    first = [serving() for _ in range(20)]
    before = resident(pid)
    more = [serving() for _ in range(spec.n)]
    import time
    time.sleep(.2)
    value = (resident(pid) - before) / len(more)
    for c in first + more:
        c.close()
    return {"value": value, "n": spec.n}


def pickled(spec, request, answer):
    """a request read and an answer written"""
    import pickle
    data = pickle.dumps(request)
    loads, dumps = pickle.loads, pickle.dumps
    assert loads(data) == request
    for k in (max(1, spec.n // 10), spec.n):
        t = perf_counter()
        for _ in range(k):
            loads(data)
            dumps(answer)
        took = perf_counter() - t
    return {"value": took / spec.n * 1e9, "n": spec.n}


REQUEST = ("7f022fd046d0", "put", (1,), {})
BLOCK = ("#RETURN", bytes(range(256)) * 256)


# ---- other programs

def run_true():
    import subprocess
    subprocess.run(["/bin/true"], check=True)


def subprocess_true(spec):
    def op(_):
        t = perf_counter()
        run_true()
        return perf_counter() - t
    return calls(spec, 20, op)


def subprocess_true_2(spec):
    def body(lo, hi):
        for _ in range(hi - lo):
            run_true()
        return hi - lo
    return tally(spec.n, count, lambda n: together(2, n, body))


BIG = 64 << 20


def subprocess_output(spec):
    import subprocess

    def op(_):
        t = perf_counter()
        out = subprocess.check_output(["head", "-c", str(BIG), "/dev/zero"])
        took = perf_counter() - t
        assert len(out) == BIG
        return took
    return calls(spec, 1, op)


def subprocess_communicate(spec):
    import subprocess
    data = bytes(BIG)

    def op(_):
        t = perf_counter()
        p = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        out, _ = p.communicate(data)
        took = perf_counter() - t
        assert len(out) == BIG
        return took
    return calls(spec, 1, op)


def subprocess_lines(spec):
    import subprocess
    import tempfile
    f = tempfile.NamedTemporaryFile()
    f.write(b"a line of thirty-two characters\n" * 1000000)
    f.flush()

    def op(_):
        t = perf_counter()
        n = total = 0
        with subprocess.Popen(["cat", f.name], stdout=subprocess.PIPE) as p:
            for line in p.stdout:
                n += 1
                total += len(line)
        took = perf_counter() - t
        assert (n, total) == (1000000, 32000000)
        return took
    return calls(spec, 1, op)


# ---- the executor and pipes that package futures/python stands beside, and functions that its workers run

ARRAY = 100 << 20  # bytes


def floats(n):
    """numpy's array of so many, or array's where there is no numpy"""
    try:
        from numpy import zeros
        return zeros(n)
    except ImportError:
        from array import array
        return array("d", bytes(8 * n))


def touch(a):
    """a function of an array that costs nothing: it reads at one end and writes at the other"""
    a[len(a) - 1] = a[0] + 1


def copied(a):
    """an array that was made here, by a worker of futures/python"""
    import conex_worker
    new = conex_worker.array("d", (len(a),))
    new[:] = a
    new[len(a) - 1] = a[0] + 1
    return new


def touch_arrays(n, conn):
    for _ in range(n):
        a = conn.recv()
        touch(a)
        conn.send(a)
        del a  # as the next one comes
    return n


def pipe_array(spec):
    """float64 pickled through a Pipe to a process and back; the figure is bytes per second, both ways counted"""
    import multiprocessing
    mine, theirs = multiprocessing.get_context("fork").Pipe()
    warm = 1
    Partners(spec, (touch_arrays, (theirs,))).start(warm + spec.n)
    a = floats(ARRAY // 8)
    spent = 0.0
    for i in range(warm + spec.n):
        a[0] = i
        t = perf_counter()
        mine.send(a)
        b = mine.recv()
        took = perf_counter() - t
        assert len(b) == len(a) and b[len(b) - 1] == i + 1, "wrong results"
        del b
        if i >= warm:
            spent += took
    return {"value": 2 * spec.n * ARRAY / spent, "n": spec.n}


def executor_echo(spec, size):
    """a block there and back, one after the other"""
    block = bytes(size)

    def op(_):
        t = perf_counter()
        r = ex.submit(same, block).result()
        took = perf_counter() - t
        assert len(r) == size, "wrong result"
        return took
    with executor(spec) as ex:
        return calls(spec, max(1, spec.n // 10), op)


def executor_start(spec, method):
    """an executor made and its first result; its end is not in the figure"""
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor
    ctx = multiprocessing.get_context(method)

    def op(i):
        t = perf_counter()
        ex = ProcessPoolExecutor(2, mp_context=ctx)
        r = ex.submit(inc, i).result()
        took = perf_counter() - t
        ex.shutdown()
        assert r == i + 1, "wrong result"
        return took
    return calls(spec, 1, op)


def answer(conn, i):
    conn.send(inc(i))


def process_answer(spec, method):
    """a process started and its first result; the fork server is there"""
    import multiprocessing
    ctx = multiprocessing.get_context(method)

    def op(i):
        mine, theirs = ctx.Pipe()
        p = ctx.Process(target=answer, args=(theirs, i))
        t = perf_counter()
        p.start()
        r = mine.recv()
        took = perf_counter() - t
        p.join()
        mine.close()
        theirs.close()
        assert r == i + 1, "wrong result"
        return took
    return calls(spec, 1, op)


PARTIES = {
    "process/submit": {"ProcessPoolExecutor": lambda s: submit(s, executor)},
    "process/map": {"Pool.map": pool_map},
    "process/call-hot": {"ProcessPoolExecutor": lambda s: call(s, executor)},
    "process/call-idle": {"ProcessPoolExecutor": lambda s: call(s, executor, 1.0)},
    "process/idle-cpu": {"ProcessPoolExecutor": idle_cpu},
    "process/pool-start": {"Pool-fork": lambda s: pool_start(s, "fork"), "Pool-spawn": lambda s: pool_start(s, "spawn")},
    "process/spare": {"forkserver-Process": lambda s: process_start(s, "forkserver")},
    "process/bytes-100MiB": {"Pool.map-1MiB": pool_bytes},
    "thread/submit": {"ThreadPoolExecutor": lambda s: submit(s, thread_executor)},
    "thread/call": {"ThreadPoolExecutor": lambda s: call(s, thread_executor)},
    "thread/map": {"ThreadPoolExecutor": executor_map},
    "threading/lock": {"CPython": lambda s: lock(s, "Lock")},
    "threading/lock-contended": {"CPython": lambda s: lock(s, "Lock", 2)},
    "threading/semaphore": {"CPython": lambda s: lock(s, "Semaphore")},
    "threading/semaphore-contended": {"CPython": lambda s: lock(s, "Semaphore", 2)},
    "threading/event-pingpong": {"CPython": event_pingpong},
    "threading/condition-pingpong": {"CPython": condition_pingpong},
    "threading/thread": {"CPython": thread_start},
    "threading/timer": {"CPython": timer},
    "queue/1p1c": {"CPython": lambda s: queue_move(s, 1)},
    "queue/4p4c": {"CPython": lambda s: queue_move(s, 4)},
    "queue/simple-1p1c": {"CPython": lambda s: simple_move(s, 1)},
    "queue/simple-4p4c": {"CPython": lambda s: simple_move(s, 4)},
    "queue/priority": {"CPython": priority},
    "sched/run": {"CPython": sched_run},
    "sched/cancel": {"CPython": sched_cancel},
    "contextvars/get-1": {"CPython": lambda s: variable_get(s, 1)},
    "contextvars/get-1000": {"CPython": lambda s: variable_get(s, 1000)},
    "contextvars/set": {"CPython": variable_set},
    "mp/spawn": {"CPython-spawn": lambda s: process_start(s, "spawn"), "CPython-fork": lambda s: process_start(s, "fork")},
    "mp/warm": {"CPython-forkserver": lambda s: process_start(s, "forkserver"),
                "CPython-fork": lambda s: process_start(s, "fork")},
    "mp/spawn-2GiB": {"CPython-fork": mp_heap},
    "mp/queue-int": {"CPython": lambda s: mp_queue_ints(s, "Queue")},
    "mp/queue-int-2p2c": {"CPython": lambda s: mp_queue_ints(s, "Queue", 2)},
    "mp/queue-1KiB": {"CPython": lambda s: mp_queue_blocks(s, "Queue", 1 << 10)},
    "mp/queue-1MiB": {"CPython": lambda s: mp_queue_blocks(s, "Queue", 1 << 20)},
    "mp/simplequeue-int": {"CPython": lambda s: mp_queue_ints(s, "SimpleQueue")},
    "mp/simplequeue-int-2p2c": {"CPython": lambda s: mp_queue_ints(s, "SimpleQueue", 2)},
    "mp/simplequeue-1KiB": {"CPython": lambda s: mp_queue_blocks(s, "SimpleQueue", 1 << 10)},
    "mp/simplequeue-1MiB": {"CPython": lambda s: mp_queue_blocks(s, "SimpleQueue", 1 << 20)},
    "mp/queue-self": {"CPython": mp_queue_self},
    "mp/pipe-hot": {"CPython": mp_pipe},
    "mp/pipe-idle": {"CPython": lambda s: mp_pipe(s, 1.0)},
    "mp/pipe-64B": {"CPython": lambda s: mp_pipe_blocks(s, 64)},
    "mp/pipe-64KiB": {"CPython": lambda s: mp_pipe_blocks(s, 64 << 10)},
    "mp/pipe-1MiB": {"CPython": lambda s: mp_pipe_blocks(s, 1 << 20)},
    "mp/lock": {"CPython": lambda s: mp_lock(s, "Lock")},
    "mp/rlock": {"CPython": lambda s: mp_lock(s, "RLock")},
    "mp/semaphore": {"CPython": lambda s: mp_lock(s, "Semaphore")},
    "mp/lock-contended": {"CPython": mp_lock_contended},
    "mp/event": {"CPython": mp_event},
    "mp/barrier": {"CPython": mp_barrier},
    "mp/value": {"CPython": mp_value},
    "mp/shm": {"CPython": mp_shm},
    "mp/shareablelist": {"CPython": mp_shareablelist},
    "mp/pool-map": {"CPython": mp_pool_map},
    "mp/pool-map-1": {"CPython": lambda s: mp_pool_map(s, 1)},
    "mp/pool-apply": {"CPython": mp_pool_apply},
    "manager/calls": {"CPython": lambda s: manager_calls(s, manager_started, 1),
                      "client": lambda s: manager_calls(s, manager_connected, 1)},
    "manager/calls-4": {"CPython": lambda s: manager_calls(s, manager_started, 4),
                        "client": lambda s: manager_calls(s, manager_connected, 4)},
    "manager/calls-16": {"CPython": lambda s: manager_calls(s, manager_started, 16)},
    "manager/connect": {"CPython": lambda s: manager_connect(s, lambda: manager_started(("127.0.0.1", 0))),
                        "client": lambda s: manager_connect(s, manager_connected)},
    "manager/idle-connection": {"CPython": manager_idle},
    "pickle/request": {"CPython": lambda s: pickled(s, REQUEST, ("#RETURN", None))},
    "pickle/64KiB": {"CPython": lambda s: pickled(s, BLOCK, BLOCK)},
    "subprocess/true": {"CPython": subprocess_true},
    "subprocess/true-2": {"CPython": subprocess_true_2},
    "subprocess/output-64MiB": {"CPython": subprocess_output},
    "subprocess/communicate-64MiB": {"CPython": subprocess_communicate},
    "subprocess/lines": {"CPython": subprocess_lines},
    "python/call": {"ProcessPoolExecutor": lambda s: call(s, executor)},
    "python/submit": {"ProcessPoolExecutor": lambda s: submit(s, executor), "Pool.map-1": lambda s: mp_pool_map(s, 1)},
    "python/map": {"Pool.map": mp_pool_map},
    "python/echo-1MiB": {"ProcessPoolExecutor": lambda s: executor_echo(s, 1 << 20)},
    "python/array-100MiB": {"Pipe": pipe_array},
    "python/array-new-100MiB": {"Pipe": pipe_array},
    "python/start": {"ProcessPoolExecutor-spawn": lambda s: executor_start(s, "spawn"),
                     "ProcessPoolExecutor-fork": lambda s: executor_start(s, "fork")},
    "python/spare": {"forkserver-Process": lambda s: process_answer(s, "forkserver")},
}


def main():
    spec = Spec(sys.argv[1:])
    party = PARTIES.get(spec.case, {}).get(spec.peer)
    if party is None:
        raise SystemExit("%s by %s: not known to this program" % (spec.case, spec.peer))
    figure = party(spec)
    import json
    print(json.dumps(figure), flush=True)


if __name__ == "__main__":
    main()
