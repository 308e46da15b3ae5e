# The other side of the tests of named semaphores. It is told what to do line by
# line, and answers each line with one of its own.
import _multiprocessing
import mmap
import multiprocessing
import sys
import threading
import time

SEMAPHORE = 1
held = {}


def opened(name):
    if name not in held:
        held[name] = _multiprocessing.SemLock._rebuild(0, SEMAPHORE, 2**31 - 1, name)
    return held[name]


def do(word, name, *args):
    if word == "make":  # as multiprocessing.synchronize does
        held[name] = _multiprocessing.SemLock(SEMAPHORE, int(args[0]), 2**31 - 1, name, False)
        return "made"
    if word == "semaphore":  # a whole one, of a spawn context
        held["object"] = multiprocessing.get_context("spawn").Semaphore(int(name))
        return held["object"]._semlock.name
    if word == "value":
        return opened(name)._get_value()
    if word == "acquire":  # for so long at most
        start = time.monotonic()
        got = opened(name).acquire(True, float(args[0]))
        return "%s %.3f" % (got, time.monotonic() - start)
    if word == "try":
        return opened(name).acquire(False)
    if word == "release":
        opened(name).release()
        return "released"
    if word == "unlink":
        _multiprocessing.sem_unlink(name)
        return "unlinked"
    if word == "count":  # a number in the first bytes of a file, so many times
        sem = opened(name)
        with open(args[0], "r+b") as f:
            m = mmap.mmap(f.fileno(), 8)
        number = memoryview(m).cast("q")

        def run(times):
            for _ in range(times):
                with sem:
                    number[0] += 1
        threads = [threading.Thread(target=run, args=(int(args[1]) // 2,)) for _ in range(2)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        return "counted"
    return "what?"


for line in sys.stdin:
    try:
        print(do(*line.split()), flush=True)
    except Exception as e:
        print(type(e).__name__, e, flush=True)
