"""The other objects of the server: an ordinary SyncManager, which connects as
the client does."""

import pickle
import threading
from multiprocessing import managers
from multiprocessing.reduction import ForkingPickler
from typing import Any, Callable, Dict, List, Optional, Tuple

from . import _wire
from ._address import Address
from ._pickle import ProxyName
from ._session import Config

_managers: Any = managers  # some of what is used is not in its type stubs


class GoManager(managers.SyncManager):
    """A SyncManager that is connected: Queue(), dict(), Lock() and the rest make
    objects in the server, and their proxies.

    Its proxies are multiprocessing's own. They have a connection for each thread
    that uses them, no timeouts, and unpickle whatever they get: allow does not
    hold for them.
    """

    def create(self, typeid: str, *args: Any, **kwargs: Any) -> Any:
        """Has the server make an object of any typeid that is registered there,
        with or without register() here, and returns a proxy."""
        make: Any = self
        token, exposed = make._create(typeid, *args, **kwargs)
        registered = make._registry.get(typeid)
        kind = registered[-1] if registered else _managers.AutoProxy
        proxy = kind(token, make._serializer, manager=self, authkey=make._authkey, exposed=exposed)
        conn = make._Client(token.address, authkey=make._authkey)
        try:
            _managers.dispatch(conn, None, "decref", (token.id,))
        finally:
            conn.close()
        return proxy


class _Connection:
    """What proxies use of multiprocessing.connection.Connection."""

    def __init__(self, wire: _wire.Wire) -> None:
        self._wire = wire

    def send(self, value: Any) -> None:
        self._wire.send_bytes(bytes(ForkingPickler.dumps(value)))

    def recv(self) -> Any:
        return pickle.loads(self._wire.recv_bytes())

    def close(self) -> None:
        self._wire.close()

    def __del__(self) -> None:
        self.close()  # proxies forget connections without closing them

    def __enter__(self) -> "_Connection":
        return self

    def __exit__(self, *exc: Any) -> None:
        self.close()


# Proxies connect by a function that multiprocessing.managers has in a table, and
# gives it nothing but an address. So that is how their key and TLS are found.
_routes: Dict[Any, List[Config]] = {}
_lock = threading.RLock()
_before: Optional[Tuple[Any, Any]] = None


def _client(address: Any, *args: Any, **kwargs: Any) -> Any:
    with _lock:
        configs = _routes.get(address)
        config = configs[-1] if configs else None
    if config is not None:
        return _Connection(config.dial())
    assert _before is not None
    return _before[1](address, *args, **kwargs)


def route(config: Config, peer: Any) -> Callable[[], None]:
    """Has proxies for this server connect as config says, until what it returns
    is called. All other proxies connect as ever."""
    global _before
    addresses = {config.place.value}
    if isinstance(peer, tuple):
        addresses.add(tuple(peer[:2]))  # type: ignore[arg-type]
    with _lock:
        table = _managers.listener_client
        if _before is None:
            _before = table["pickle"]
            table["pickle"] = (_before[0], _client)
        for address in addresses:
            _routes.setdefault(address, []).append(config)

    def end() -> None:
        with _lock:
            for address in addresses:
                _routes[address].remove(config)
                if not _routes[address]:
                    del _routes[address]

    return end


def connected(config: Config) -> GoManager:
    """Returns a manager. route must have been called."""
    manager = GoManager(config.place.value, config.key)
    manager.connect()
    return manager


def rebuild(config: Config, kind: Any, token: Any, kwargs: Any) -> Any:
    """Makes a proxy that is in an answer."""
    address: Address = token.address
    with _lock:
        known = address in _routes
    name = kind.name if isinstance(kind, ProxyName) else ""
    make = getattr(_managers, name, None)
    if not known or make is None:
        raise pickle.UnpicklingError("conex: the answer has a proxy (%s) for a server elsewhere, at %r" % (name, address))
    kwargs = {k: v for k, v in dict(kwargs).items() if k in ("exposed",)}
    if name != "AutoProxy":
        kwargs.pop("exposed", None)
    return make(token, "pickle", authkey=config.key, **kwargs)
