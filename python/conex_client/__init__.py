"""Calls functions of a Go program that uses Conex.

    import conex_client

    with conex_client.connect("127.0.0.1:5000", authkey=b"...") as go:
        print(go.call("square", 7))
        for r in go.map("square", range(10)):
            print(r)

The Go program registers its functions with managers.Function, and serves them
with managers.Listen. Arguments and results are plain values: numbers, str,
bytes, lists, dicts and so on. This package is pure Python, and needs nothing but
the standard library of 3.8 or later.
"""

from multiprocessing import AuthenticationError

from ._address import Address, tls
from ._client import Client, Function, connect
from ._errors import ConnectionClosed, FunctionNotFound, GoError, GoPanic, ProtocolError
from ._future import CallFuture
from ._manager import GoManager
from ._results import Results

__all__ = [
    "Address",
    "AuthenticationError",
    "CallFuture",
    "Client",
    "ConnectionClosed",
    "Function",
    "FunctionNotFound",
    "GoError",
    "GoManager",
    "GoPanic",
    "ProtocolError",
    "Results",
    "connect",
    "tls",
]

__version__ = "0.1.0"
