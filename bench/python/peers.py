"""What CPython's own pools do: one measurement, printed as one line of JSON.

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
