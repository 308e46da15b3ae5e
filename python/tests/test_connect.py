"""Addresses, keys, TLS, other objects of the server, and the command line."""

import contextlib
import gc
import io
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest
import unittest.mock
import warnings

import conex_client
from conex_client import __main__ as command
from conex_client._address import parse

from .support import KEY, TRANSPORT, Case, cert


class TestConnect(Case):
    def test_address(self):
        for text, want in (
            ("127.0.0.1:50", ("127.0.0.1", 50)), (":50", ("127.0.0.1", 50)), ("[::1]:50", ("::1", 50)),
            (("h", 1), ("h", 1)), (["h", 1], ("h", 1)), ("/a/b", "/a/b"), ("unix:a", "a"), ("unix:@a", "\0a"), ("@a", "\0a"), ("./a", "./a"),
        ):
            self.assertEqual(parse(text).value, want)
        for bad in "", "host", "host:", "::1:5", "h:x", 5, None, ("h",), ("h", "5"), b"/a":
            with self.assertRaisesRegex(ValueError, "is not an address"):
                parse(bad)
        self.assertEqual(str(parse("[::1]:50")), "[::1]:50")
        self.assertEqual(str(parse("@a")), "@a")

    def test_key(self):
        with tempfile.NamedTemporaryFile() as f:
            f.write(KEY.encode() + b"\n")
            f.flush()
            conex_client.connect(self.server.address, authkey_file=f.name, tls=self.server.tls).close()
            with self.assertRaises(ValueError):
                conex_client.connect(self.server.address, "x", authkey_file=f.name)
        conex_client.connect(self.server.address, KEY.encode(), tls=self.server.tls).close()
        with unittest.mock.patch.dict(os.environ, CONEX_AUTHKEY=KEY):
            conex_client.connect(self.server.address, tls=self.server.tls).close()
        with unittest.mock.patch.dict(os.environ):
            os.environ.pop("CONEX_AUTHKEY", None)
            with self.assertRaisesRegex(ValueError, "CONEX_AUTHKEY"):
                conex_client.connect(self.server.address)
        for bad, error in ("", ValueError), (5, TypeError):
            with self.assertRaises(error):
                conex_client.connect(self.server.address, bad)

    def test_nobody(self):
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            address = sock.getsockname()
        with self.assertRaisesRegex(ConnectionRefusedError, "cannot connect to 127.0.0.1:%d" % address[1]):
            conex_client.connect(address, KEY)
        with self.assertRaisesRegex(FileNotFoundError, "cannot connect to /nowhere/s"):
            conex_client.connect("/nowhere/s", KEY)

    def listen(self, answer):
        """A server that is none: it sends something, and reads until the end."""
        sock = socket.create_server(("127.0.0.1", 0))

        def serve():
            conn, _ = sock.accept()
            with conn:
                conn.sendall(answer)
                if answer:
                    conn.shutdown(socket.SHUT_WR)
                with contextlib.suppress(OSError):
                    while conn.recv(1000):
                        pass

        thread = threading.Thread(target=serve)
        thread.start()
        self.addCleanup(sock.close)
        self.addCleanup(thread.join)
        return sock.getsockname()

    def test_no_manager(self):
        for answer in b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0\0\0\x05hello", b"\0", b"\xff\xff\xff\xff\0\0\0\0\0\0\1\0":
            with self.assertRaises((conex_client.ProtocolError, conex_client.AuthenticationError)):
                conex_client.connect(self.listen(answer), KEY)
        with self.assertRaisesRegex(TimeoutError, "does not answer"):
            conex_client.connect(self.listen(b""), KEY, connect_timeout=0.1)

    def test_cpython_manager(self):
        code = (
            "import sys; from multiprocessing.managers import SyncManager\n"
            "s = SyncManager(('127.0.0.1', 0), b'k').get_server()\n"
            "print(s.address[1], flush=True); s.serve_forever()"
        )
        process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
        try:
            port = int(process.stdout.readline())
            with self.assertRaisesRegex(conex_client.ProtocolError, "not one of Go's"):
                conex_client.connect(("127.0.0.1", port), b"k")
        finally:
            process.kill()
            process.wait()
            process.stdout.close()

    @unittest.skipUnless(TRANSPORT in ("tls", "mtls"), "for TLS")
    def test_tls(self):
        with self.assertRaises((TimeoutError, conex_client.ProtocolError)):
            self.server.connect(tls=None, connect_timeout=0.2)
        with self.assertRaisesRegex(ssl.SSLCertVerificationError, "not trusted"):
            self.server.connect(tls=conex_client.tls())
        if TRANSPORT == "mtls":
            with self.assertRaises((conex_client.ProtocolError, ssl.SSLError)):
                self.server.connect(tls=conex_client.tls(cert("ca.pem")))
        with self.assertRaises(ValueError):
            conex_client.tls(key=cert("client.key"))

    @unittest.skipIf(TRANSPORT in ("tls", "mtls"), "for servers without TLS")
    def test_no_tls(self):
        with self.assertRaisesRegex(conex_client.ProtocolError, "TLS"):
            self.server.connect(tls=conex_client.tls(cert("ca.pem")))


class TestManager(Case):
    def test_objects(self):
        with self.server.connect() as go:
            d = go.manager.dict(a=1)
            d["b"] = [1, 2]
            self.assertEqual(d.copy(), {"a": 1, "b": [1, 2]})
            q = go.manager.Queue()
            q.put("x")
            self.assertEqual(q.get(), "x")
            with go.manager.Lock():
                pass
            jobs = go.manager.create("jobs")
            jobs.put(5)
            with self.server.connect() as other:
                self.assertEqual(other.manager.create("jobs").get(), 5)
            del jobs
            # Proxies in values find their way, with the key of the connection.
            d["q"] = q
            d["q"].put("y")
            self.assertEqual(q.get(), "y")
            back = go.call("echo", {"q": q})["q"]
            back.put("z")
            self.assertEqual(q.get(), "z")
            del d, q, back
            gc.collect()

    def test_other_managers(self):
        # Those of multiprocessing itself connect as ever.
        from multiprocessing.managers import SyncManager

        with self.server.connect() as go:
            self.assertEqual(go.manager.list([1])[0], 1)
            plain = SyncManager()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                plain.start()
            try:
                self.assertEqual(plain.list([2])[0], 2)
            finally:
                plain.shutdown()
            gc.collect()


class TestCommand(Case):
    def run_command(self, *args):
        out, err = io.StringIO(), io.StringIO()
        options = []
        if self.server.tls:
            options = ["--ca", cert("ca.pem"), "--cert", cert("client.pem"), "--key", cert("client.key")]
        with unittest.mock.patch.dict(os.environ, CONEX_AUTHKEY=KEY):
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                status = command.main(options + [self.server.address] + list(args))
        return status, out.getvalue(), err.getvalue()

    def test_command(self):
        self.assertEqual(self.run_command("call", "square", "7"), (0, "49\n", ""))
        self.assertEqual(self.run_command("call", "upper", '"tea"'), (0, '"TEA"\n', ""))
        status, out, err = self.run_command("call", "error", '"oh"')
        self.assertEqual((status, out, err), (1, "", "GoError: oh\n"))
        status, out, err = self.run_command("functions")
        self.assertIn("square\n", out)
        with self.assertRaises(SystemExit):
            self.run_command("call", "upper", "tea")
