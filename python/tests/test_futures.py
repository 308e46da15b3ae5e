"""Futures, maps and asyncio, and what gives calls up."""

import asyncio
import math
import queue
import signal
import threading
from concurrent import futures

import conex_client

from .support import Case


class TestTimeouts(Case):
    def test_timeout(self):
        go = self.connect(workers=4, timeout=0.05)
        for n, late in enumerate((
            lambda s: go.call("sleep", s),
            lambda s: go.apply("sleep", (s,), timeout=0.02),
            lambda s: go.function("sleep", timeout=0.02)(s),
            lambda s: go.submit("sleep", s).result(),
            lambda s: next(go.map("sleep", [s], timeout=0.05)),
            lambda s: go.starmap("sleep", [(s,)], timeout=0.05),
        )):
            with self.subTest(n):
                while True:
                    with self.assertRaises(TimeoutError):
                        late(1000.0 + n)
                    try:
                        self.begun(go, 1000.0 + n, 1)
                        break
                    except TimeoutError:
                        pass  # this machine is so slow that it was over before it began
                self.given_up(go, 1000.0 + n)
        self.assertEqual(go.apply("square", (2,), timeout=20), 4)
        for bad in -1, math.nan:
            with self.assertRaises(ValueError):
                go.apply("square", (2,), timeout=bad)

    def test_result_timeout(self):
        go = self.connect(workers=4)
        future = go.submit("sleep", 500.0)
        self.begun(go, 500.0)
        with self.assertRaises(futures.TimeoutError):
            future.result(0.01)
        self.assertTrue(future.running())
        self.assertTrue(future.cancel())
        self.assertTrue(future.cancelled())
        self.assertFalse(future.running())
        self.given_up(go, 500.0)
        with self.assertRaises(futures.CancelledError):
            future.result(20)

    def test_cancel_queued(self):
        go = self.connect(workers=4, parallel=1)
        first, second, third = go.submit("sleep", 600.0), go.submit("square", 2), go.submit("square", 3)
        self.begun(go, 600.0)
        self.assertFalse(second.running())
        self.assertTrue(second.cancel())
        self.assertTrue(first.cancel())
        done, _ = futures.wait([first, second, third], 20)
        self.assertEqual(len(done), 3)
        self.assertEqual(third.result(), 9)
        self.assertFalse(third.cancel())
        self.given_up(go, 600.0)

    def test_close(self):
        go = self.server.connect(workers=4, parallel=1)
        running, waiting = go.submit("sleep", 700.0), go.submit("square", 2)
        with self.server.connect() as other:
            self.begun(other, 700.0)
            go.close()
            self.given_up(other, 700.0)
        with self.assertRaisesRegex(conex_client.ConnectionClosed, "close"):
            running.result(20)
        self.assertTrue(waiting.cancelled())

    def test_close_in_callback(self):
        go = self.server.connect()
        over = threading.Event()
        future = go.submit("square", 2)
        future.add_done_callback(lambda f: (go.close(), over.set()))
        self.assertTrue(over.wait(20))
        go.close()

    def test_interrupt(self):
        go = self.connect(workers=4)
        with self.server.connect() as other:
            def interrupt():
                self.begun(other, 800.0)
                signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

            helper = threading.Thread(target=interrupt)
            helper.start()
            with self.assertRaises(KeyboardInterrupt):
                go.call("sleep", 800.0)
            helper.join()
            self.given_up(other, 800.0)
        self.assertEqual(go.call("square", 2), 4)


class TestFutures(Case):
    def test_as_completed(self):
        go = self.connect()
        pending = {go.submit("square", n): n for n in range(100)}
        for future in futures.as_completed(pending, 20):
            self.assertEqual(future.result(), pending[future] ** 2)

    def test_wait_first_exception(self):
        go = self.connect(workers=2)
        slow = go.submit("sleep", 900.0)
        self.begun(go, 900.0)
        bad = go.submit("even", 3)
        done, left = futures.wait([slow, bad], 20, futures.FIRST_EXCEPTION)
        self.assertEqual((done, left), ({bad}, {slow}))
        self.assertIsInstance(bad.exception(), conex_client.GoError)
        slow.cancel()
        self.given_up(go, 900.0)

    def test_callback(self):
        go = self.connect()
        got = queue.Queue()
        go.submit("square", 5).add_done_callback(lambda f: got.put(f.result()))
        self.assertEqual(got.get(timeout=20), 25)

    def test_many(self):
        go = self.connect(parallel=4)
        self.assertEqual([f.result(20) for f in [go.submit("square", n) for n in range(500)]], [n * n for n in range(500)])
        self.assertLessEqual(sum(t.name.startswith("conex_client-") for t in threading.enumerate()), 4)

    def test_cancel_storm(self):
        # A cancelled call must not take the connection from under another one.
        go = self.connect(workers=4, parallel=8)
        for i in range(300):
            future = go.submit("square", i)
            if i % 3:
                future.cancel()
            self.assertEqual(go.call("square", i), i * i)
            if not future.cancelled():
                self.assertEqual(future.result(20), i * i)


class TestMap(Case):
    def test_order(self):
        go = self.connect()
        want = [n * n for n in range(1000)]
        self.assertEqual(list(go.map("square", range(1000))), want)
        self.assertEqual(list(go.map("square", iter(range(1000)), chunksize=50)), want)
        self.assertEqual(sorted(go.imap_unordered("square", range(1000))), want)
        self.assertEqual(list(go.map("square", ())), [])
        self.assertEqual(go.starmap("sum", [(1, 2), [3]]), [3, 3])
        with self.assertRaises(ValueError):
            go.map("square", [1], chunksize=0)

    def test_streamed(self):
        go = self.connect(workers=1)
        with go.map("sleep", [0.0, 1100.0]) as results:
            self.assertEqual(next(results), 0.0)
            with self.server.connect() as other:
                self.begun(other, 1100.0)
        self.given_up(go, 1100.0)
        self.assertEqual(list(results), [])

    def test_errors(self):
        go = self.connect()
        results, got = go.map("even", range(6)), []
        while True:
            try:
                got.append(next(results))
            except StopIteration:
                break
            except conex_client.GoError as err:
                got.append(err.message)
        self.assertEqual(got, [0, "1 is odd", 2, "3 is odd", 4, "5 is odd"])
        results = go.map("square", [2, "x", 3])  # as in Pool.imap, nothing comes behind a misfit
        self.assertEqual(next(results), 4)
        with self.assertRaises(TypeError):
            next(results)
        self.assertEqual(list(results), [])
        with self.assertRaisesRegex(conex_client.GoError, "odd"):
            go.starmap("even", [(1,)])

    def test_break(self):
        go = self.connect(workers=2)
        for method in go.map, go.imap_unordered:
            for result in method("square", range(100000)):
                break
        self.assertEqual(go.call("square", 3), 9)

    def test_two_at_once(self):
        go = self.connect()
        self.assertEqual(
            list(zip(go.map("square", range(300)), go.map("square", range(300)))), [(n * n, n * n) for n in range(300)]
        )


class TestAsyncio(Case):
    def run_async(self, coroutine):
        return asyncio.run(coroutine)

    def test_gather(self):
        go = self.connect()

        async def main():
            return await asyncio.gather(*(go.acall("square", n) for n in range(100)))

        self.assertEqual(self.run_async(main()), [n * n for n in range(100)])

    def test_error(self):
        go = self.connect()

        async def main():
            with self.assertRaises(conex_client.GoError):
                await go.function("even").acall(1)
            return await go.acall("square", 2)

        self.assertEqual(self.run_async(main()), 4)

    def test_cancel(self):
        go = self.connect(workers=4)

        async def main():
            with self.assertRaises(asyncio.TimeoutError):
                await asyncio.wait_for(go.acall("sleep", 1200.0), 0.05)
            # The call may have been cancelled before it was sent; this one is not.
            task = asyncio.ensure_future(go.acall("sleep", 1201.0))
            while await go.acall("begun") != 1201.0:
                pass
            task.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await task
            while await go.acall("given_up") != 1201.0:
                pass

        self.run_async(main())
