"""The client: what connect() returns."""

import asyncio
import math
import os
import ssl
import time
import weakref
from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional, Tuple, Union

from . import _manager
from ._address import Address, find_key, parse
from ._core import Core, Job
from ._future import CallFuture
from ._pickle import Loads, request
from ._results import Results
from ._session import Config

_Path = Union[str, "os.PathLike[str]"]


def connect(
    address: Union[Address, "os.PathLike[str]"],
    authkey: Union[bytes, str, None] = None,
    *,
    authkey_file: Optional[_Path] = None,
    tls: Optional[ssl.SSLContext] = None,
    timeout: Optional[float] = None,
    connect_timeout: Optional[float] = 10.0,
    workers: Optional[int] = None,
    parallel: int = 32,
    pool: str = "Pool",
    allow: Iterable[str] = (),
) -> "Client":
    """Connects to a program in Go that serves functions, and returns a Client.

    address          ("host", port), "host:port", "[::1]:port", "unix:/path",
                     "/path", or "@name" for an abstract unix socket
    authkey          the key that the server has, as bytes or str
    authkey_file     a file with the key; white space around it does not count
                     (without both the environment's CONEX_AUTHKEY is the key)
    tls              an ssl.SSLContext, such as conex_client.tls(ca="ca.pem")
    timeout          how many seconds a call may take that does not say so itself
    connect_timeout  how many seconds a connection may take
    workers          how many calls of this client the server runs at a time:
                     None leaves it to the server, which takes its number of CPUs
    parallel         how many calls of submit, or acall, are under way at a time
    pool             the typeid that the server has registered its Pool under
    allow            classes that may be in answers, beside plain values and
                     exceptions: "mymodule.Point", "mymodule.*", "*" for everything

    It raises OSError if nobody can be reached, TimeoutError if nobody answers,
    multiprocessing.AuthenticationError if the keys are not the same,
    ssl.SSLError if there is no trust, ProtocolError if the server is none of Go,
    and GoError if it has no Pool.
    """
    place = parse(address)
    key = find_key(authkey, authkey_file)
    if parallel < 1:
        raise ValueError("conex: parallel must be at least 1")
    # TLS contexts that check names are of no use over unix sockets, but work.
    clients: List["weakref.ref[Client]"] = []

    def rebuild(kind: Any, token: Any, serializer: Any = "", kwargs: Mapping[str, Any] = {}) -> Any:
        client = clients[0]() if clients else None
        if client is not None:
            client._route()
        return _manager.rebuild(config, kind, token, kwargs)

    config = Config(place, key, tls, _limit(connect_timeout), pool, workers, Loads(allow, rebuild))
    client = Client(Core(config, parallel), _limit(timeout))
    clients.append(weakref.ref(client))
    return client


def _limit(timeout: Optional[float]) -> Optional[float]:
    """math.inf is no limit, too: where None means that of connect."""
    if timeout is None:
        return None
    if timeout != timeout or timeout < 0:
        raise ValueError("conex: a timeout of %r seconds" % timeout)
    return None if timeout == math.inf else timeout


class Client:
    """A connection to a server of Go functions. connect() makes it.

    It is safe for use by several threads: each call that is under way has a
    connection to itself, and some are kept for later calls. In the child of a
    fork it connects anew.

    When the server ends, the calls that wait for it raise ConnectionClosed, and
    later calls connect again. No call is ever sent twice.

    Use it in a with statement, or call close().
    """

    def __init__(self, core: Core, timeout: Optional[float]) -> None:
        self._core = core
        self._timeout = timeout
        self._manager: Optional[_manager.GoManager] = None
        self._routed = False
        self._finalizer = weakref.finalize(self, core.close, False)

    def call(self, name: str, /, *args: Any, **kwargs: Any) -> Any:
        """Calls the Go function of this name, and returns what it returns.

        It raises what the function returned as its error: a GoError, or the
        exception of Python's that it chose; GoPanic if it panicked;
        FunctionNotFound if there is none; TypeError if it does not take these
        arguments; TimeoutError after the timeout of connect; ConnectionClosed.
        A call that is given up, by time or by KeyboardInterrupt, ends the context
        of the Go function.
        """
        return self._core.apply(name, args, kwargs, self._timeout)

    def apply(
        self, name: str, args: Iterable[Any] = (), kwargs: Optional[Mapping[str, Any]] = None,
        *, timeout: Optional[float] = None,
    ) -> Any:
        """Is call with the arguments in a sequence and a mapping, and a timeout of
        its own: None is that of connect, math.inf none."""
        return self._core.apply(name, tuple(args), dict(kwargs or {}), self._within(timeout))

    def submit(self, name: str, /, *args: Any, **kwargs: Any) -> CallFuture:
        """Begins a call, and returns its Future at once.

        It works with concurrent.futures' wait and as_completed, and
        asyncio.wrap_future. Its cancel() also ends a call that runs.
        """
        return self._submit(name, args, kwargs, self._timeout)

    async def acall(self, name: str, /, *args: Any, **kwargs: Any) -> Any:
        """Is call for asyncio. Cancelling the task ends the context of the Go
        function."""
        return await asyncio.wrap_future(self.submit(name, *args, **kwargs))

    def map(
        self, name: str, iterable: Iterable[Any], *, timeout: Optional[float] = None, chunksize: int = 1
    ) -> Results:
        """Calls the function with each item, and returns an iterator over the
        results, in order, each as soon as it is there.

        All items are read and sent at once, and the server goes on whether or not
        results are taken. chunksize is how many items a worker takes at a time.
        timeout is counted from here, for all of it; None means no limit.
        """
        return self._map("imap", name, iterable, timeout, chunksize)

    def imap_unordered(
        self, name: str, iterable: Iterable[Any], *, timeout: Optional[float] = None, chunksize: int = 1
    ) -> Results:
        """Is map with the results in the order in which they are there."""
        return self._map("imap_unordered", name, iterable, timeout, chunksize)

    def starmap(
        self, name: str, iterable: Iterable[Iterable[Any]], *, timeout: Optional[float] = None,
        chunksize: Optional[int] = None,
    ) -> List[Any]:
        """Calls the function with the arguments that are in each item, and returns
        the list of all results. The first call that fails makes it raise."""
        items = [tuple(args) for args in iterable]
        limit = self._within(timeout)
        deadline = None if limit is None else time.monotonic() + limit
        kind, value, _, _ = self._core.call(lambda pool: request(pool, "starmap", (name, items, chunksize)), deadline)
        if kind != "#RETURN":
            raise self._core.error(name, kind, value)
        return list(value)

    def function(self, name: str, *, timeout: Optional[float] = None) -> "Function":
        """Returns the Go function as a callable. It need not exist yet."""
        _limit(timeout)
        return Function(self, name, timeout)

    def functions(self) -> List[str]:
        """Returns the names of all functions that the server has."""
        return self._core.names()

    def ping(self) -> None:
        """Returns if the server is there, connecting anew if need be."""
        self.functions()

    @property
    def manager(self) -> _manager.GoManager:
        """A SyncManager that is connected to the same server, with the same key
        and TLS: for Queue(), dict(), Lock() and the others, and create(typeid).
        Its proxies are of no use when the client is closed."""
        with self._core.lock:
            if self._manager is None:
                self._core.current()
                self._route()
                self._manager = _manager.connected(self._core.config)
            return self._manager

    def close(self) -> None:
        """Ends the connections, and all threads of this client. Calls that are
        under way end with ConnectionClosed, those that have not begun are
        cancelled. Closing again does nothing."""
        self._manager = None
        self._finalizer.detach()
        self._core.close()

    @property
    def closed(self) -> bool:
        """Whether close() was called."""
        return self._core.closed

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *exc: Any) -> None:
        self.close()

    def __repr__(self) -> str:
        return "<conex_client.Client of %s%s>" % (self._core.config.place, " closed" if self.closed else "")

    def _within(self, timeout: Optional[float]) -> Optional[float]:
        return self._timeout if timeout is None else _limit(timeout)

    def _submit(
        self, name: str, args: Tuple[Any, ...], kwargs: Dict[str, Any], timeout: Optional[float]
    ) -> CallFuture:
        future = CallFuture()

        def call(bind: Callable[[Any], None]) -> Any:
            return self._core.apply(name, args, kwargs, timeout, bind)

        if not self._core.threads.run(Job(future, call)):
            self._core.current()  # which raises
        return future

    def _map(self, method: str, name: str, iterable: Iterable[Any], timeout: Optional[float], chunksize: int) -> Results:
        if chunksize < 1:
            raise ValueError("conex: chunksize must be at least 1")
        items = iterable if isinstance(iterable, (list, tuple, range)) else list(iterable)
        return Results(self._core, method, name, items, chunksize, _limit(timeout))

    def _route(self) -> None:
        """Lets multiprocessing's proxies find the way to the server."""
        with self._core.lock:
            session = self._core.session
            if not self._routed and session is not None:
                self._core.ends.append(_manager.route(self._core.config, session.home.peer()))
                self._routed = True


class Function:
    """A Go function as a callable: square = go.function("square"); square(7)."""

    def __init__(self, client: Client, name: str, timeout: Optional[float]) -> None:
        self._client, self._timeout = client, timeout
        self.__name__ = self.__qualname__ = name

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        """Is Client.call."""
        return self._client.apply(self.__name__, args, kwargs, timeout=self._timeout)

    def submit(self, /, *args: Any, **kwargs: Any) -> CallFuture:
        """Is Client.submit."""
        return self._client._submit(self.__name__, args, kwargs, self._client._within(self._timeout))

    async def acall(self, /, *args: Any, **kwargs: Any) -> Any:
        """Is Client.acall."""
        return await asyncio.wrap_future(self.submit(*args, **kwargs))

    def map(self, iterable: Iterable[Any], *, timeout: Optional[float] = None, chunksize: int = 1) -> Results:
        """Is Client.map."""
        return self._client.map(self.__name__, iterable, timeout=timeout, chunksize=chunksize)

    def __repr__(self) -> str:
        return "<function %s of %r>" % (self.__name__, self._client)
