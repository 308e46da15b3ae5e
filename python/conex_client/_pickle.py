"""Pickles: of requests as usual, of answers with a list of what may be in them.

A pickle can name any function of any module, and have it called. A Go server
runs nothing that is in one, but may hand on what another client has sent. So
answers are made of plain values, exceptions, and what connect(allow=) names.
"""

import io
import pickle
import re
from typing import Any, Callable, Dict, FrozenSet, Iterable, Optional, Tuple

# What Go writes, in the modules that define it.
_PLAIN: Dict[str, FrozenSet[str]] = {
    module: frozenset(names.split())
    for module, names in {
        "builtins": "bool bytearray bytes complex dict float frozenset int list object range set slice str tuple",
        "collections": "Counter OrderedDict defaultdict deque",
        "datetime": "date datetime time timedelta timezone",
        "decimal": "Decimal",
        "fractions": "Fraction",
        "uuid": "UUID SafeUUID",
        "array": "array _array_reconstructor",
        "_queue": "Empty",
        "queue": "Empty Full ShutDown",
        "threading": "BrokenBarrierError",
        "concurrent.futures": "BrokenExecutor CancelledError InvalidStateError TimeoutError",
        "multiprocessing.context": "AuthenticationError BufferTooShort ProcessError TimeoutError",
        "multiprocessing.managers": "RemoteError Token",
        "multiprocessing.pool": "MaybeEncodingError",
    }.items()
}

# Without any of these bytes there is no opcode that could name something. To make
# an Unpickler takes longer than to see that for most answers.
_NAMES = re.compile(b"[ci\x82-\x84\x93]").search
_SHORT = 256

_PROXIES = "multiprocessing.managers"


class ProxyName:
    """The name of a kind of proxy, for rebuild."""

    def __init__(self, name: str) -> None:
        self.name = name


class Loads:
    """A function that reads answers, with what they may contain.

    allow names more: "mymodule.Point", "mymodule.*", or "*" for everything, as
    multiprocessing has it. rebuild makes the proxies that are in answers.
    """

    def __init__(self, allow: Iterable[str], rebuild: Callable[..., Any]) -> None:
        if isinstance(allow, str):
            allow = (allow,)
        names, modules = set(), set()
        self.everything = False
        for pattern in allow:
            module, dot, name = pattern.rpartition(".")
            if pattern == "*":
                self.everything = True
            elif not dot or not name:
                raise ValueError('conex: allow: %r is not like "module.Name" or "module.*"' % pattern)
            elif name == "*":
                modules.add(module)
            else:
                names.add(pattern)
        self.names, self.modules, self.rebuild = names, modules, rebuild

    def __call__(self, data: bytes) -> Any:
        if len(data) < _SHORT and not _NAMES(data):
            return pickle.loads(data)
        return _Unpickler(data, self).load()

    def permits(self, module: str, name: str) -> bool:
        return (
            self.everything
            or name in _PLAIN.get(module, ())
            or module + "." + name in self.names
            or module in self.modules and "." not in name
        )


class _Unpickler(pickle.Unpickler):
    def __init__(self, data: bytes, rules: Loads) -> None:
        super().__init__(io.BytesIO(data))
        self.rules = rules

    def find_class(self, module: str, name: str) -> Any:
        if module == _PROXIES:
            if name == "RebuildProxy":
                return self.rules.rebuild
            if name.endswith("Proxy") and "." not in name:
                return ProxyName(name)  # not the thing itself: a pickle could call that
        if self.rules.permits(module, name):
            return super().find_class(module, name)
        if module == "builtins" and "." not in name:
            found = super().find_class(module, name)
            if isinstance(found, type) and issubclass(found, BaseException):
                return found
        raise pickle.UnpicklingError(
            "conex: the answer contains %s.%s, which is neither a plain value nor allowed: "
            "connect(..., allow=[%r]) lets it in, if its module may run" % (module, name, module + "." + name)
        )


def request(ident: Optional[str], method: str, args: Tuple[Any, ...]) -> bytes:
    """A request of multiprocessing.managers."""
    return pickle.dumps((ident, method, args, {}), 4)
