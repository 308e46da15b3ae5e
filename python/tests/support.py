"""What the tests of conex_client share: servers in Go, and a look at what is left.

go test ./python/pythontest runs them, and says by the environment which server
to start and how to connect to it.
"""

import contextlib
import faulthandler
import gc
import os
import shutil
import subprocess
import tempfile
import threading
import unittest

import conex_client

# A hang says where it hangs.
faulthandler.dump_traceback_later(float(os.environ.get("CONEX_TEST_LIMIT", "90")), exit=True)

SERVER = os.environ.get("CONEX_TEST_SERVER", "")
TRANSPORT = os.environ.get("CONEX_TEST_TRANSPORT", "tcp")
CERTS = os.environ.get("CONEX_TEST_CERTS", "")
KEY = os.environ.get("CONEX_TEST_KEY", "key")


def cert(name):
    return os.path.join(CERTS, name)


class Server:
    """A server in Go, in a process of its own."""

    def __init__(self, address=None, transport=TRANSPORT):
        self.dir = tempfile.mkdtemp()
        self.tls = None
        env = dict(os.environ)
        if address is None:
            address = "unix:" + os.path.join(self.dir, "s") if transport == "unix" else "127.0.0.1:0"
        env["CONEX_SERVE"] = address
        for name in "CONEX_CERTS", "CONEX_CLIENTS":
            env.pop(name, None)
        if transport in ("tls", "mtls"):
            env["CONEX_CERTS"] = CERTS
            self.tls = conex_client.tls(ca=cert("ca.pem"))
            if transport == "mtls":
                env["CONEX_CLIENTS"] = "require"
                self.tls = conex_client.tls(cert("ca.pem"), cert("client.pem"), cert("client.key"))
        self.process = subprocess.Popen(
            [SERVER], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, universal_newlines=True
        )
        self.address = self.process.stdout.readline().strip()
        if not self.address:
            raise RuntimeError("the server does not start")

    def connect(self, **options):
        options.setdefault("tls", self.tls)
        return conex_client.connect(self.address, KEY, **options)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(20)
        finally:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
            shutil.rmtree(self.dir)


def sockets():
    """The number of sockets that this process has, and of threads."""
    gc.collect()
    count = 0
    for fd in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            count += os.readlink("/proc/self/fd/" + fd).startswith("socket:")
    return count, threading.active_count()


class Case(unittest.TestCase):
    """Tests that share a server, and leave no socket and no thread."""

    def setUp(self):
        before = sockets()

        def check():
            self.assertEqual(sockets(), before, "sockets and threads that are left")

        self.addCleanup(check)

    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.close)

    def connect(self, **options):
        go = self.server.connect(**options)
        self.addCleanup(go.close)
        return go


    def begun(self, go, seconds, timeout=20):
        """Waits until a call of sleep has begun. Others that have are of tests
        that were over before."""
        while go.apply("begun", timeout=timeout) != seconds:
            pass

    def given_up(self, go, seconds):
        """Waits until the server has given a call of sleep up."""
        while go.apply("given_up", timeout=20) != seconds:
            pass
