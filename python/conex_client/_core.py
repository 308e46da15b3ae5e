"""The part of a client that threads share, which does not refer to the client:
so that one which is forgotten is closed."""

import os
import threading
import time
import weakref
from typing import Any, Callable, List, Optional, Tuple

from ._errors import ConnectionClosed, FunctionNotFound, GoError, GoPanic
from ._future import CallFuture, Threads
from ._pickle import request
from ._session import Config, Session, Stale, last_line
from ._wire import Wire

_TRIES = 3  # to find a server that stays for the length of a request


def _unbound(wire: Optional[Wire]) -> None:
    """For calls that nobody cancels."""


class Job:
    """A call that a thread is to make."""

    def __init__(self, future: CallFuture, call: Callable[..., Any]) -> None:
        self.future, self.call = future, call

    def __call__(self) -> None:
        future, call = self.future, self.call
        del self.future, self.call  # the result is the caller's alone
        future._run(call)


class Core:
    def __init__(self, config: Config, parallel: int) -> None:
        self.config = config
        self.parallel = parallel
        self.lock = threading.RLock()
        self.closed = False
        self.threads = Threads(parallel)
        self.session: Optional[Session] = Session(config)
        self.ends: List[Callable[[], None]] = []  # what else ends with it
        _cores.add(self)

    def current(self, deadline: Optional[float] = None) -> Session:
        """Returns the session, or begins another one if the server has gone."""
        with self.lock:
            if self.closed:
                raise ConnectionClosed("conex: this client is closed")
            if self.session is None:
                self.session = Session(self.config, deadline)
            return self.session

    def retire(self, session: Session) -> None:
        """Ends a session whose server is gone."""
        with self.lock:
            if self.session is session:
                self.session = None
        session.close()

    def call(
        self, make: Callable[[str], bytes], deadline: Optional[float] = None,
        bind: Callable[[Optional[Wire]], None] = _unbound, keep: bool = False,
    ) -> Tuple[str, Any, Wire, Session]:
        """Sends the request that make gives for a pool, and waits for the answer."""
        for _ in range(_TRIES):
            session = self.current(deadline)
            try:
                kind, value, wire = session.call(make, deadline, bind, keep)
            except Stale:
                self.retire(session)
                continue
            if kind == "#TRACEBACK" and last_line(value) == "KeyError: '%s'" % session.pool:
                self.retire(session)  # the pool is gone, so nothing has run
                continue
            return kind, value, wire, session
        raise ConnectionClosed("conex: %s ends each connection before it can be used" % self.config.place)

    def apply(
        self, name: str, args: Tuple[Any, ...], kwargs: Any, timeout: Optional[float],
        bind: Callable[[Optional[Wire]], None] = _unbound,
    ) -> Any:
        """Calls a function."""
        deadline = None if timeout is None else time.monotonic() + timeout
        kind, value, _, _ = self.call(lambda pool: request(pool, "apply", (name, args, kwargs)), deadline, bind)
        if kind == "#RETURN":
            return value
        raise self.error(name, kind, value)

    def error(self, name: str, kind: str, value: Any) -> BaseException:
        """Returns what an answer raises."""
        if kind == "#ERROR" and isinstance(value, BaseException):
            go_type = getattr(value, "go_type", None)
            if type(value) is RuntimeError and isinstance(go_type, str):
                cls = GoPanic if go_type == "panic" else GoError
                return cls(str(value), go_type, name)
            if type(value) is AttributeError:
                names = self.names_or_none()
                if names is not None and name not in names:
                    return FunctionNotFound(name, names)
            raised: BaseException = value
            return raised
        if kind == "#UNSERIALIZABLE":
            return GoError("what it returned cannot be pickled: %s" % value, "server", name)
        return GoError(last_line(value), "server", name)

    def names_or_none(self) -> Optional[List[str]]:
        try:
            return self.names()
        except (GoError, OSError):
            return None

    def names(self) -> List[str]:
        kind, value, _, _ = self.call(lambda pool: request(None, "#functions", ()))
        if kind != "#RETURN":
            raise GoError("the server cannot tell its functions: it is older than conex_client", "server")
        return list(value)

    def later(self, task: Callable[[], None]) -> None:
        """Runs a task in a thread, if that is still possible."""
        try:
            self.threads.run(task)
        except RuntimeError:  # no threads at the end of the interpreter
            pass

    def close(self, wait: bool = True) -> None:
        with self.lock:
            session, self.session = self.session, None
            self.closed = True
            threads = self.threads
            ends, self.ends = self.ends, []
        left = threads.drain()
        if session is not None:
            session.close()
        for task in left:
            if isinstance(task, Job):
                future = task.future
                future.cancel()
                future.set_running_or_notify_cancel()
        for end in ends:
            end()
        if wait:
            threads.join()

    def forked(self) -> None:
        """In the child of a fork nothing is left but the addresses."""
        self.lock = threading.RLock()
        self.threads = Threads(self.parallel)
        session, self.session = self.session, None
        if session is not None:
            session.abandon()


_cores: "weakref.WeakSet[Core]" = weakref.WeakSet()


def _forked() -> None:
    for core in list(_cores):
        core.forked()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
