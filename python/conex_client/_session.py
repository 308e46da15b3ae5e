"""Connections to one server, and the pool there that runs the functions.

A Go server has sessions: one for each connection, which is a loop of requests
and answers. They share what they refer to with the first one, home, which is
used for nothing else: when it ends, however the program ended, the server
forgets the pool and all that was asked of it.
"""

import os
import socket
import threading
import time
from typing import Any, Callable, List, Optional, Set, Tuple

from . import _wire
from ._address import Place
from ._errors import ConnectionClosed, GoError, ProtocolError
from ._pickle import Loads, request
from ._wire import Wire

_SPARE = 8  # connections that are kept for later calls


class Config:
    """What connect was given."""

    def __init__(
        self, place: Place, key: bytes, tls: Any, connect_timeout: Optional[float],
        pool: str, workers: Optional[int], loads: Loads,
    ) -> None:
        self.place, self.key, self.tls, self.connect_timeout = place, key, tls, connect_timeout
        self.pool, self.workers, self.loads = pool, workers, loads

    def limit(self, deadline: Optional[float]) -> Optional[float]:
        """Returns how long a connection may take for a call with this deadline."""
        if deadline is None:
            return self.connect_timeout
        left = max(deadline - time.monotonic(), 1e-6)
        return left if self.connect_timeout is None else min(left, self.connect_timeout)

    def dial(self, deadline: Optional[float] = None) -> Wire:
        return _wire.dial(self.place, self.key, self.tls, self.limit(deadline))


class Stale(Exception):
    """The session ended before a request was sent: another one may send it."""


class Session:
    """All connections to one run of the server."""

    def __init__(self, config: Config, deadline: Optional[float] = None) -> None:
        self.config = config
        self.lock = threading.RLock()  # a finalizer may come at any time
        self.closed = False
        self.idle: List[Wire] = []
        self.all: Set[Wire] = set()
        self.home, self.number = self._greet(None, deadline)
        try:
            self.pool: str = self._make_pool()
        except BaseException:
            self.close()
            raise

    def _greet(self, first: Optional[int], deadline: Optional[float]) -> Tuple[Wire, int]:
        """Dials, and makes the connection a session, together with the first."""
        wire = self.config.dial(deadline)
        try:
            limit = self.config.limit(deadline)
            if limit is not None:
                wire.deadline = time.monotonic() + limit
            name = "conex_client|%d|%s" % (os.getpid(), threading.current_thread().name)
            wire.send_bytes(request(None, "accept_connection", (name[:200],)))
            wire.send_bytes(request(None, "#conex", () if first is None else (first,)))
            kind, value = self._answer(wire)
            if kind == "#RETURN":
                kind, value = self._answer(wire)
            if kind != "#RETURN":
                if first is not None:
                    raise Stale()
                raise ProtocolError(
                    "conex: %s is a manager, but not one of Go's: it has no functions (%s)"
                    % (self.config.place, last_line(value))
                )
            if not (isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], int)):
                raise ProtocolError("conex: %s is of a version that conex_client does not know" % self.config.place)
            wire.deadline = None
            return wire, value[0]
        except socket.timeout:
            wire.close()
            raise TimeoutError("conex: %s does not answer" % self.config.place) from None
        except (EOFError, OSError) as err:
            wire.close()
            if isinstance(err, ProtocolError):
                raise
            if first is not None:
                raise Stale() from err
            # In TLS 1.3 a client learns only now that it was not let in.
            raise ProtocolError("conex: %s ended the connection: %s" % (self.config.place, err)) from err
        except BaseException:
            wire.close()
            raise

    def _answer(self, wire: Wire) -> Tuple[str, Any]:
        kind, value = self.config.loads(wire.recv_bytes())
        return kind, value

    def _make_pool(self) -> str:
        kind, value = self.exchange(self.home, request(None, "create", (self.config.pool, self.config.workers)))
        if kind != "#RETURN":
            text = last_line(value)
            if text.startswith("KeyError"):
                text = "it has no typeid %r, which runs functions: add managers.PoolType to its Types" % self.config.pool
            raise GoError("conex: %s: %s" % (self.config.place, text), "server")
        return str(value[0])

    def exchange(self, wire: Wire, frame: bytes, timeout: Optional[float] = None) -> Tuple[str, Any]:
        """Sends a request and waits for the answer, without any recovery."""
        if timeout is None:
            timeout = self.config.connect_timeout
        wire.deadline = None if timeout is None else time.monotonic() + timeout
        try:
            wire.send_bytes(frame)
            return self._answer(wire)
        finally:
            wire.deadline = None

    def gone(self) -> bool:
        """Reports whether the server is."""
        with self.lock:
            return self.closed or self.home.dead()

    def take(self, deadline: Optional[float] = None) -> Wire:
        """Returns a connection for one request: one that is idle, or a new one."""
        while True:
            with self.lock:
                if self.closed:
                    raise Stale()
                wire = self.idle.pop() if self.idle else None
            if wire is None:
                break
            if not wire.dead():
                return wire
            self.drop(wire)
        if self.gone():
            raise Stale()
        wire, _ = self._greet(self.number, deadline)
        with self.lock:
            # The number could be another client's by now if the server is another.
            if not self.gone():
                self.all.add(wire)
                return wire
        wire.close()
        raise Stale()

    def give(self, wire: Wire) -> None:
        """Takes back a connection that is between requests."""
        wire.deadline = None
        with self.lock:
            if not self.closed and len(self.idle) < _SPARE:
                self.idle.append(wire)
                return
        self.drop(wire)

    def drop(self, wire: Wire) -> None:
        """Ends a connection. What it waits for is given up."""
        with self.lock:
            self.all.discard(wire)
        wire.close()

    def call(
        self, make: Callable[[str], bytes], deadline: Optional[float], bind: Callable[[Optional[Wire]], None],
        keep: bool = False,
    ) -> Tuple[str, Any, Wire]:
        """Sends the request that make gives for the pool, and returns the answer.

        bind is told the connection while the answer is waited for. With keep
        the connection stays the caller's. Stale says that nothing was sent.
        """
        frame = make(self.pool)
        while True:
            wire = self.take(deadline)
            bind(wire)
            wire.deadline = deadline
            try:
                try:
                    wire.send_bytes(frame)
                except socket.timeout:
                    raise
                except (OSError, ValueError) as err:
                    # What was cut off is no request, so it may be sent again. But a
                    # connection that was good a moment ago breaks if the server does
                    # not like what it gets, too.
                    if self.gone():
                        raise Stale() from err
                    raise ConnectionClosed(
                        "conex: %s ended the connection while a request of %d bytes was sent: "
                        "is that more than the server's MaxMessage? (%s)" % (self.config.place, len(frame), err)
                    ) from err
                data = wire.recv_bytes()
            except socket.timeout:
                self._unbind(wire, bind)
                raise TimeoutError("conex: no answer from %s in time; the call was given up" % self.config.place) from None
            except (EOFError, OSError) as err:
                self._unbind(wire, bind)
                if isinstance(err, (ConnectionClosed, ProtocolError)):
                    raise
                why = "close() was called" if self.closed else "the server is gone, or has ended the connection"
                raise ConnectionClosed(
                    "conex: %s: %s; whether the function has run is unknown (%s)" % (self.config.place, why, err or "end of file")
                ) from err
            except BaseException:  # Stale, KeyboardInterrupt
                self._unbind(wire, bind)
                raise
            bind(None)
            # The server keeps what the answer refers to until the next request comes
            # by this connection: so it is read before that.
            try:
                kind, value = self.config.loads(data)
            finally:
                if not keep:
                    self.give(wire)
            return kind, value, wire

    def _unbind(self, wire: Wire, bind: Callable[[Optional[Wire]], None]) -> None:
        bind(None)
        self.drop(wire)

    def close(self) -> None:
        """Ends all connections. Who waits on one finds its end."""
        with self.lock:
            self.closed = True
            idle, self.idle = self.idle, []
            busy = self.all.difference(idle)
            self.all = set()
        for wire in idle:
            wire.close()
        for wire in busy:
            wire.abort()
        self.home.close()

    def abandon(self) -> None:
        """After a fork: closes what is the parent's, and says nothing to the server."""
        for wire in self.all | {self.home}:
            try:
                wire._sock.close()
            except OSError:
                pass


def last_line(text: Any) -> str:
    """What a traceback ends with."""
    lines = str(text).strip().splitlines()
    return lines[-1] if lines else ""
