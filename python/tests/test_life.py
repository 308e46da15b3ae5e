"""What happens when things die, fork or end."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import warnings

import conex_client

from .support import KEY, TRANSPORT, Case, Server, cert


class TestServerDies(Case):
    def setUp(self):
        super().setUp()
        self.server = Server()
        self.addCleanup(self.server.close)

    def test_killed_in_a_call(self):
        go = self.connect(workers=4)
        future = go.submit("sleep", 1300.0)
        self.begun(go, 1300.0)
        results = go.map("sleep", [0.0, 1301.0])
        self.assertEqual(next(results), 0.0)
        self.begun(go, 1301.0)
        def kill():
            with contextlib.suppress(OSError):
                self.begun(other, 1302.0)
            self.server.kill()

        other = self.server.connect()
        self.addCleanup(other.close)
        killer = threading.Thread(target=kill)
        killer.start()
        with self.assertRaisesRegex(conex_client.ConnectionClosed, "unknown"):
            go.call("sleep", 1302.0)
        killer.join()
        other.close()
        with self.assertRaises(conex_client.ConnectionClosed):
            future.result(20)
        with self.assertRaises(conex_client.ConnectionClosed):
            next(results)
        self.assertEqual(list(results), [])
        for _ in range(2):  # nobody is there
            with self.assertRaises(OSError):
                go.call("square", 1)

    def test_restarted(self):
        go = self.connect()
        self.assertEqual(go.call("square", 3), 9)
        list(go.map("square", range(10)))
        self.server.kill()
        if TRANSPORT == "unix":
            os.unlink(self.server.address)
        again = Server(self.server.address)
        try:
            self.assertEqual(again.address, self.server.address)
            self.assertEqual(go.call("square", 4), 16)
            self.assertEqual(go.submit("square", 5).result(20), 25)
            self.assertEqual(list(go.map("square", range(3))), [0, 1, 4])
            with self.assertRaises(conex_client.FunctionNotFound):
                go.call("nope")
        finally:
            again.close()

    def test_stopped(self):
        # A server that does not answer is found out by time.
        go = self.connect(timeout=0.2)
        self.server.process.send_signal(signal.SIGSTOP)
        try:
            with self.assertRaises(TimeoutError):
                go.call("square", 1)
            with self.assertRaises(TimeoutError):
                self.server.connect(connect_timeout=0.2)
        finally:
            self.server.process.send_signal(signal.SIGCONT)
        self.assertEqual(go.apply("square", (2,), timeout=20), 4)


class TestFork(Case):
    def fork(self, child):
        """Runs a function in a fork, and returns what it returns."""
        r, w = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                os.write(w, json.dumps(child()).encode())
            finally:
                os._exit(0)
        os.close(w)
        with open(r) as f:
            out = f.read()
        os.waitpid(pid, 0)
        return json.loads(out)

    def test_fork(self):
        go = self.connect()
        self.assertEqual(go.submit("square", 2).result(20), 4)
        results = go.map("square", range(200))
        self.assertEqual(next(results), 0)

        def child():
            got = [go.call("square", 5), go.submit("square", 6).result(20), list(go.map("square", [7]))]
            go.close()
            return got

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # 3.12 warns of forks with threads
            for _ in range(3):
                self.assertEqual(self.fork(child), [25, 36, [49]])
        # The parent's connections are as they were.
        self.assertEqual(list(results), [n * n for n in range(1, 200)])
        self.assertEqual(go.call("square", 9), 81)


class TestExit(Case):
    def test_exit(self):
        # A program that closes nothing ends all the same, with a call under way.
        code = (
            "import sys, conex_client\n"
            "t = conex_client.tls(*sys.argv[3:]) if sys.argv[3:] else None\n"
            "go = conex_client.connect(sys.argv[1], sys.argv[2], tls=t, workers=2)\n"
            "f = go.submit('sleep', 1400.0)\n"
            "assert go.call('begun') == 1400.0\n"
            "it = go.map('square', range(100)); next(it)\n"
            "print('end', flush=True)\n"
        )
        args = [sys.executable, "-W", "error", "-c", code, self.server.address, KEY]
        if self.server.tls:
            args += [cert("ca.pem"), cert("client.pem"), cert("client.key")]
        done = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, b"end\n", b""))
        with self.server.connect() as go:
            self.given_up(go, 1400.0)
