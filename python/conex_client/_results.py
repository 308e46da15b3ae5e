"""Results of a map, as they come."""

import socket
import struct
import time
from typing import Any, Iterator, Optional

from ._core import Core
from ._errors import ConnectionClosed
from ._pickle import request

_AHEAD = 64  # requests for results that are on their way at a time


class Results(Iterator[Any]):
    """The results of map or imap_unordered: an iterator to be used by one thread
    at a time.

    An item whose call failed raises in its place; the next ones still come.
    close(), the end of a with block, or forgetting the iterator gives up what has
    not been computed. After a TimeoutError, or when the connection is gone, it is
    at its end.
    """

    def __init__(
        self, core: Core, method: str, name: str, items: Any, chunksize: int, timeout: Optional[float]
    ) -> None:
        self._done = True  # until there is something to end
        self._core, self._name = core, name
        self._deadline = None if timeout is None else time.monotonic() + timeout
        kind, value, self._wire, self._session = core.call(
            lambda pool: request(pool, method, (name, items, chunksize)), self._deadline, keep=True
        )
        if kind != "#PROXY":
            self._session.give(self._wire)
            raise core.error(name, kind, value)
        self._ident: str = value[1].id
        self._done = False
        body = request(self._ident, "__next__", ())
        self._frame = struct.pack("!i", len(body)) + body
        self._left = len(items)  # results that have not been asked for
        self._asked = 0  # answers that are on their way

    def __iter__(self) -> "Results":
        return self

    def __next__(self) -> Any:
        if self._done:
            raise StopIteration
        try:
            if not self._left and not self._asked:
                self.close()
                raise StopIteration
            self._wire.deadline = self._deadline
            if self._left and self._asked <= _AHEAD // 2:
                # One request for each result would wait a whole way there and back.
                n = min(self._left, _AHEAD - self._asked)
                self._left -= n
                self._asked += n
                self._wire.send_frames(self._frame * n)
            data = self._wire.recv_bytes()
        except StopIteration:
            raise
        except socket.timeout:
            self._break()
            raise TimeoutError("conex: no result of %s in time; the rest was given up" % self._name) from None
        except (EOFError, OSError, ValueError) as err:
            self._break()
            raise ConnectionClosed(
                "conex: %s: the connection ended before all results of %s had come (%s)"
                % (self._core.config.place, self._name, err or "end of file")
            ) from err
        except BaseException:
            self._break()
            raise
        self._asked -= 1
        kind, value = self._core.config.loads(data)
        if kind == "#RETURN":
            return value
        if kind == "#ERROR" and isinstance(value, StopIteration):
            self.close()
            raise StopIteration
        raise self._core.error(self._name, kind, value)

    def close(self) -> None:
        """Gives up what has not been computed. Closing again does nothing."""
        if self._done:
            return
        self._done = True
        if self._asked:
            self._session.drop(self._wire)
            self._forget()
            return
        try:
            self._session.exchange(self._wire, self._decref())
        except BaseException:
            self._session.drop(self._wire)
            raise
        self._session.give(self._wire)

    def _decref(self) -> bytes:
        return request(None, "decref", (self._ident,))

    def _break(self) -> None:
        """Ends without waiting for anything."""
        if not self._done:
            self._done = True
            self._session.drop(self._wire)
            self._core.later(self._forget)

    def _forget(self) -> None:
        """Tells the server by another connection."""
        try:
            wire = self._session.take()
            try:
                self._session.exchange(wire, self._decref())
            except BaseException:
                self._session.drop(wire)
                raise
            self._session.give(wire)
        except Exception:
            pass  # the reference ends with the session, then

    def __enter__(self) -> "Results":
        return self

    def __exit__(self, *exc: Any) -> None:
        self.close()

    def __del__(self) -> None:
        self._break()
