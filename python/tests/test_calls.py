"""Calls, their values, and what they raise."""

import datetime
import gc
import math
import os
import pickle
import threading

import conex_client

from .support import Case


class TestCall(Case):
    def test_call(self):
        with self.server.connect() as go:
            self.assertEqual(go.call("square", 7), 49)
            self.assertEqual(go.call("upper", "grün"), "GRÜN")
            self.assertIsNone(go.call("nothing"))
            self.assertEqual(go.call("sum", 1, 2, 3), 6)
            self.assertEqual(go.call("sum", [1, 2, 3]), 6)
            self.assertEqual(go.call("point", 1, 2), '1 2 ""')
            self.assertEqual(go.call("point", 1, y=2, name="n"), '1 2 "n"')
            # Names of parameters do not collide with those of arguments.
            self.assertEqual(go.call("args", 1, name=2, self=3), ((1,), {"name": 2, "self": 3}))

    def test_apply(self):
        go = self.connect()
        self.assertEqual(go.apply("square", [7]), 49)
        self.assertEqual(go.apply("point", (), {"x": 1, "y": 2}), '1 2 ""')
        self.assertEqual(go.apply("square", (3,), timeout=math.inf), 9)

    def test_function(self):
        go = self.connect()
        square = go.function("square", timeout=20)
        self.assertEqual((square(7), square.__name__), (49, "square"))
        self.assertEqual(square.submit(8).result(20), 64)
        self.assertEqual(list(square.map([1, 2])), [1, 4])
        self.assertIn("square", repr(square))

    def test_values(self):
        go = self.connect()
        now = datetime.datetime(2024, 2, 29, 1, 2, 3, tzinfo=datetime.timezone.utc)
        for value in (
            None, True, -1, 1 << 200, 1.5, math.inf, 2j, "x\udc80é\0", b"\0\xff", bytearray(b"x"), (), (1, (2,)), [1, [2]],
            {"a": {1: None}}, {1, 2}, frozenset("ab"), range(3), now, datetime.timedelta(1, 2, 3), ...,
        ):
            if value is ...:
                continue
            with self.subTest(value=value):
                got = go.call("echo", value)
                self.assertEqual((type(got), got), (type(value), value))

    def test_big(self):
        go = self.connect()
        data = os.urandom(1 << 20) * 20
        self.assertEqual(go.call("length", data), len(data))
        self.assertEqual(go.call("echo", data), data)
        self.assertEqual(go.call("zeros", 30 << 20), bytes(30 << 20))
        with self.assertRaisesRegex(conex_client.ConnectionClosed, "MaxMessage|server is gone"):
            go.call("length", bytes(65 << 20))
        self.assertEqual(go.call("square", 3), 9)

    def test_threads(self):
        go = self.connect(workers=8)
        wrong = []

        def work(k):
            for i in range(200):
                n = 1000 * k + i
                if go.call("square", n) != n * n:
                    wrong.append(n)

        threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(wrong, [])

    def test_functions(self):
        go = self.connect()
        self.assertIn("square", go.functions())
        go.ping()

    def test_objects(self):
        # Nothing is left in the server: the one object is this client's pool.
        with self.server.connect() as go:
            list(go.map("square", range(10)))
            go.submit("square", 2).result()
            iterator = go.map("square", range(1000))
            next(iterator)
            iterator.close()
            go.imap_unordered("square", range(1000))  # and is forgotten
        with self.server.connect() as go:
            while go.call("objects") > 1:
                pass


class TestErrors(Case):
    def test_error(self):
        go = self.connect()
        with self.assertRaises(conex_client.GoError) as caught:
            go.call("open", "x")
        err = caught.exception
        text = "reading: open x: file does not exist"
        self.assertEqual((str(err), err.message, err.type, err.function), (text, text, "*fs.PathError", "open"))
        self.assertNotIsInstance(err, conex_client.GoPanic)
        copy = pickle.loads(pickle.dumps(err))
        self.assertEqual((str(copy), copy.type, copy.function), (text, err.type, err.function))
        with self.assertRaisesRegex(RuntimeError, "^oh$"):
            go.call("error", "oh")

    def test_panic(self):
        go = self.connect()
        with self.assertRaisesRegex(conex_client.GoPanic, "panic in panic: ouch"):
            go.call("panic", "ouch")
        self.assertEqual(go.call("square", 2), 4)

    def test_exception(self):
        go = self.connect()
        with self.assertRaisesRegex(ValueError, "^no$"):
            go.call("value_error", "no")
        with self.assertRaises(TimeoutError):
            go.call("deadline")
        with self.assertRaisesRegex(AttributeError, "^mine$"):
            go.call("attribute_error", "mine")

    def test_arguments(self):
        go = self.connect()
        with self.assertRaises(TypeError):
            go.call("square", "x")
        with self.assertRaises(TypeError):
            go.call("square")
        with self.assertRaisesRegex(TypeError, "keyword"):
            go.call("square", n=1)
        with self.assertRaises((TypeError, AttributeError, pickle.PicklingError)):
            go.call("echo", lambda: None)
        self.assertEqual(go.call("square", 2), 4)

    def test_unknown(self):
        go = self.connect()
        with self.assertRaises(conex_client.FunctionNotFound) as caught:
            go.call("sqare", 1)
        self.assertIn("did you mean 'square'", str(caught.exception))
        self.assertIn("square", caught.exception.functions)
        with self.assertRaises(LookupError):
            go.submit("nope").result(20)
        with self.assertRaises(conex_client.FunctionNotFound):
            go.map("nope", [1])
        with self.assertRaises(conex_client.FunctionNotFound):
            go.starmap("nope", [(1,)])
        copy = pickle.loads(pickle.dumps(caught.exception))
        self.assertEqual(str(copy), str(caught.exception))

    def test_unpicklable_result(self):
        go = self.connect()
        with self.assertRaisesRegex(conex_client.GoError, "pickle"):
            go.call("function")
        self.assertEqual(go.call("square", 2), 4)

    def test_allow(self):
        go = self.connect()
        for name in "os:system", "builtins:eval", "builtins:getattr", "builtins:ValueError.mro", "os.path:join":
            with self.assertRaisesRegex(pickle.UnpicklingError, "allow="):
                go.call("class", name)
        self.assertIs(go.call("class", "builtins:KeyError"), KeyError)
        for allow in ["string.*"], ["string.Template"], "*":
            with self.server.connect(allow=allow) as open_go:
                import string

                self.assertIs(open_go.call("class", "string:Template"), string.Template)
                if allow != "*":
                    with self.assertRaises(pickle.UnpicklingError):
                        open_go.call("class", "os:system")
        with self.assertRaisesRegex(ValueError, "allow"):
            self.server.connect(allow=["Template"])

    def test_wrong_key(self):
        with self.assertRaisesRegex(conex_client.AuthenticationError, "wrong authkey"):
            conex_client.connect(self.server.address, b"wrong", tls=self.server.tls)

    def test_wrong_pool(self):
        with self.assertRaisesRegex(conex_client.GoError, "no typeid 'Pond'"):
            self.server.connect(pool="Pond")
        with self.assertRaisesRegex(conex_client.GoError, "at least 1"):
            self.server.connect(workers=0)

    def test_closed(self):
        go = self.server.connect()
        go.close()
        go.close()
        self.assertTrue(go.closed)
        self.assertIn("closed", repr(go))
        for use in (
            lambda: go.call("square", 1), lambda: go.submit("square", 1), lambda: go.map("square", [1]),
            lambda: go.manager, go.functions,
        ):
            with self.assertRaisesRegex(conex_client.ConnectionClosed, "closed"):
                use()

    def test_forgotten(self):
        go = self.server.connect()
        go.submit("square", 1).result()
        threads = [t for t in threading.enumerate() if t.name.startswith("conex_client-")]
        del go
        gc.collect()
        for t in threads:
            t.join(20)
        self.assertFalse([t for t in threads if t.is_alive()])
