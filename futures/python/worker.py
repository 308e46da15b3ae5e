"""The Python side of a Conex worker: it runs what a Go program sends.

Go starts the interpreter with five descriptors and a bootstrap of one line, which
loads this file as the module ``conex_worker`` and calls :func:`main`:

    3  tasks and results: messages of at most 64 KiB
    4  control: a stream of frames, both ways
    5  the page: shared memory with a few words and the results of a unit
    6  this file
    7  where faulthandler writes the stacks of all threads, on a signal

A *unit* is a message with some items: calls of functions. Each item has a number.
The main thread runs one after the other, and puts each result into the page. At the
end of the unit they leave as one message: a call costs no system call of its own. A
second thread reads the control socket. When that ends, Go is gone, or wants us to
be: the worker ends, and everything that it has started with it.

Code that runs here may import this module, and use the names in ``__all__``.
"""

import _thread
import atexit
import base64
import builtins
import copyreg
import faulthandler
import fcntl
import gc
import io
import json
import linecache
import logging
import math
import mmap
import operator
import os
import pickle
import signal
import socket
import struct
import sys
import threading
import time
import traceback
import types

__all__ = ["Cancelled", "array", "cancelled", "deadline", "name", "ndarray", "worker_id"]

PROTOCOL = 1

# ---------------------------------------------------------------- for the user's code

name = ""  #: of this worker, as logs and statistics of the pool show it
worker_id = 0  #: its number in the pool, from 1 on


class Cancelled(BaseException):
    """Raised in a function whose caller in Go does not want its result any more.

    Like KeyboardInterrupt it is no Exception, so that ``except Exception`` lets it
    pass. What needs cleaning up belongs into ``finally``, and must be done before the
    pool's grace is over: then the process is killed.
    """


def cancelled() -> bool:
    """Report whether the caller has given up, for code that looks by itself."""
    return page[BEGUN] - 1 in cancels


def deadline():
    """Return the time, as of time.time(), when the caller gives up; None if never."""
    limits = [ns / 1e9 for ns in (state.deadline, state.time_limit) if ns]
    return min(limits) if limits else None


# ------------------------------------------------------------------------------- wire

HERE = __file__  # frames of this file are left out of tracebacks
LINUX = sys.platform.startswith("linux")

MESSAGE = 64 << 10  # the longest message
PAGE = 4096  # where the area for results begins
LARGE = 32 << 10  # results beyond go through memory of their own
PATIENCE = 0.001  # how long results wait for the rest of their unit, in seconds
PICKLE = 5  # the protocol of pickles that are sent

UNIT = struct.Struct("<BxHIQ")  # 'U', entries, items, number of the first item
ENTRY = struct.Struct("<HHIqqII")  # key, flags, items, deadline, timeout, window, 0
LENGTH = struct.Struct("<I")
ELSEWHERE = struct.Struct("<QQQ")  # a large argument: segment, offset, length
HEAD = struct.Struct("<BB6xQ")  # 'R', whether the unit ends, number of the first item
RESULT = struct.Struct("<II")  # status, length
TIME = struct.Struct("<IQ")  # items, nanoseconds
SEGMENT = struct.Struct("<QQ")  # number, length or size
CANCEL = struct.Struct("<QIB")  # first number, items, why
CREDIT = struct.Struct("<QI")  # number, items
FRAME = struct.Struct("<BI")  # type, length

# Flags of an entry.
F_LARGE, F_HANDLES, F_STREAM, F_TIMED, F_NORESULT = 1, 2, 4, 8, 16

# How an item ends, and what else a message of results can hold.
OK, RAISED, NOT_PICKLED, CANCELLED, OK_LARGE, ITEM, END, NOT_FOUND, OK_ARRAYS, TIMING, ITEM_LARGE = range(11)
ITEM_ARRAYS, OK_ARRAYS_LARGE, ITEM_ARRAYS_LARGE = 11, 12, 13
RAISED_LARGE, NOT_PICKLED_LARGE = 14, 15
LARGE_FORMS = {OK: OK_LARGE, ITEM: ITEM_LARGE, RAISED: RAISED_LARGE, NOT_PICKLED: NOT_PICKLED_LARGE}

# Frames of the control socket.
C_HELLO, C_CANCEL, C_SEGMENT, C_FORGET, C_CREDIT = 1, 2, 3, 4, 5
C_READY, C_FAULT, C_LOG = 10, 11, 12

# Words of the page.
BEGUN, USED, BEGUN_AT, TAKEN, EPOCH = range(5)

GUARDED = 3  # seconds that a worker has for its end: more than Go gives it

CLOSED = 2  # why a stream is cancelled if its reader has had enough

NONE = pickle.dumps(None, PICKLE)
Coroutine = types.CoroutineType


class State:
    """What the main thread and its signal handlers know of the current item."""

    __slots__ = ("deadline", "time_limit", "busy", "ending", "shield", "late", "task", "loop", "instance", "pulled")

    def __init__(self):
        self.deadline = 0  # of it, in ns; 0 is none
        self.time_limit = 0  # likewise, by the time one item may take
        self.busy = False  # a unit is being worked on
        self.ending = False  # the main thread is on its way out
        self.shield = 0  # nothing may be raised now
        self.late = False  # something would have been
        self.task = None  # what the event loop runs for the item
        self.loop = None  # the event loop, once there is one
        self.instance = None  # the object whose methods are called
        self.pulled = None  # of a stream: whether there is an item, and it


state = State()
cancels = {}  # number of an item that is cancelled: why
active = 0  # 1 + the number of the item in the user's code, or 0: there can be raised
forked = False  # this is a child that a task has made by os.fork

# ------------------------------------------------------------------ what can be called


class NotFound(Exception):
    """There is no such module, function or method."""


def resolve(key: bytes):
    """Return what to call for a key, with one argument: that of the item."""
    kind, mode, text = key[:1], key[1:2], key[2:].decode()
    if kind == b"e":
        return Expression(text, mode)
    if kind == b"f":
        target = find_function(text)
    elif kind == b"s":
        target = inline(*text.split("\0", 1))
    else:
        target = attribute(state.instance, text, "the object, a " + type_name(type(state.instance)) + ",")
    if not callable(target):
        raise TypeError("%s is a %s, which cannot be called" % (text.split("\0")[0], type_name(type(target))))
    if mode == b"1":
        return target
    if mode == b"*":
        return lambda args: target(*args)
    if mode == b"&":
        return lambda both: target(*both[0], **both[1])
    return lambda nothing: target()


def find_function(text: str):
    """Import what is before the colon, and return what is behind it in there."""
    module_name, _, path = text.partition(":")
    module = find_module(module_name)
    where = "module %r" % module_name
    if getattr(module, "__file__", None):
        where += " (%s)" % module.__file__
    return attribute(module, path, where)


def find_module(module_name: str):
    """Import a module. NotFound is that it is not there, not that it fails."""
    try:
        __import__(module_name)  # its frames are left out of tracebacks
    except ModuleNotFoundError as exc:
        if exc.name and (module_name + ".").startswith(exc.name + "."):
            raise NotFound("there is no module %r%s" % (module_name, suggest_module(module_name))) from None
        raise
    return sys.modules[module_name]


def attribute(obj, path: str, where: str):
    """Return obj.path, where path may have dots."""
    for part in path.split("."):
        try:
            obj = getattr(obj, part)
        except AttributeError:
            raise NotFound("%s has no %r%s" % (where, part, suggest(part, dir(obj)))) from None
        where = repr(part)
    return obj


def suggest(word: str, words) -> str:
    """Return what to add to a message if words has something like word."""
    import difflib

    near = difflib.get_close_matches(word, [str(w) for w in words], 3, 0.6)
    return ": did you mean %s?" % " or ".join(map(repr, near)) if near else ""


def suggest_module(module_name: str) -> str:
    """Likewise for a module, and where it was looked for."""
    import pkgutil

    parent, _, last = module_name.rpartition(".")
    found, path = "", sys.path
    try:
        if parent:
            path = list(find_module(parent).__path__)
        found = suggest(last, {m.name for m in pkgutil.iter_modules(path)} | set(sys.builtin_module_names))
    except Exception:
        pass  # it is a suggestion only
    return found + " (looked in %s)" % ", ".join(p or os.getcwd() for p in path)


def remember_source(filename: str, source: str) -> None:
    """Let tracebacks show lines of what is in no file."""
    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)


def inline(function: str, source: str):
    """Return a function that source defines."""
    import zlib

    # The module's name is that of its text, so that it is the same in all workers.
    module_name = "conex_inline_%08x" % zlib.crc32(source.encode())
    module = sys.modules.get(module_name)
    if module is None:
        filename = "<inline %s>" % function
        if filename in linecache.cache:
            filename = "<inline %s %s>" % (function, module_name[-8:])
        remember_source(filename, source)
        module = types.ModuleType(module_name)
        module.__file__ = filename
        code = compile(source, filename, "exec", dont_inherit=True)
        sys.modules[module_name] = module
        try:
            exec(code, module.__dict__)
        except BaseException:
            del sys.modules[module_name]
            raise
    return attribute(module, function, "the source")


class Expression:
    """An expression as a function. Its names are arguments, builtins or modules."""

    def __init__(self, text: str, mode: bytes):
        import ast

        filename = "<expression>"
        if filename in linecache.cache:
            filename = "<expression %d>" % len(linecache.cache)
        remember_source(filename, text)
        tree = ast.parse(text.strip(), filename, "eval")
        self.code = compile(tree, filename, "eval", dont_inherit=True)
        self.mode = mode
        self.names = {"__builtins__": builtins, "__name__": "conex_expression"}
        if state.instance is not None:
            self.names["self"] = state.instance
        names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
        self.open = names - set(dir(builtins)) - set(self.names)
        self.dotted = [d for d in map(dotted, ast.walk(tree)) if d]

    def __call__(self, arg):
        names = dict(self.names)
        if self.mode == b"1":
            names["x"] = arg
        elif self.mode == b"*":
            names["args"] = arg
        elif self.mode == b"&":
            names["args"] = arg[0]
            names.update(arg[1])
        if self.open:
            self.import_modules(names)
        return eval(self.code, names)

    def import_modules(self, names) -> None:
        """Take names that stand for nothing else for modules, the first time."""
        for module_name in self.open.difference(names):
            try:
                self.names[module_name] = names[module_name] = __import__(module_name)
            except ModuleNotFoundError:
                continue  # it may be a variable of a comprehension
            for path in self.dotted:
                if path.split(".")[0] == module_name:
                    self.import_submodules(names[module_name], path)
        self.open = frozenset()

    @staticmethod
    def import_submodules(module, path: str) -> None:
        """Import a.b for the expression a.b.c(x), if it is a module."""
        at = path.split(".")
        for n in range(1, len(at)):
            if not isinstance(module, types.ModuleType):
                return
            if not hasattr(module, at[n]):
                try:
                    __import__(".".join(at[: n + 1]))
                except ModuleNotFoundError:
                    return
            module = getattr(module, at[n], None)


def dotted(node) -> str:
    """Return the text of a node such as a.b.c, or nothing."""
    import ast

    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not parts or not isinstance(node, ast.Name):
        return ""
    return ".".join([node.id] + parts[::-1])


# ------------------------------------------------------------------------- exceptions

STDLIB = os.path.dirname(os.__file__) + os.sep
PACKAGES = ("site-packages", "dist-packages")
LONGEST = 4 << 20  # description of an exception
MOST_CAUSES = 30


def type_name(cls) -> str:
    """Return the name of a class with its module."""
    return "%s.%s" % (getattr(cls, "__module__", "?"), getattr(cls, "__qualname__", "?"))


def describe(exc: BaseException, longest: int = LONGEST) -> bytes:
    """Return the pickle of a dict that says everything about an exception.

    The user's code takes part in that: __str__ and __reduce__ may raise anything.
    """
    budget = longest
    while True:
        try:
            data = pickle.dumps(describe_one(exc, budget, set()), PICKLE)
            if len(data) <= longest:
                return data
        except BaseException as failed:
            if budget < 100:
                text = "the exception could not be described: " + type_name(type(failed))
                return pickle.dumps({"type": type_name(type(exc)), "message": text}, PICKLE)
        budget //= 4


def describe_one(exc: BaseException, budget: int, seen: set) -> dict:
    """Return the dict. budget bounds the length of the texts in it."""
    seen.add(id(exc))
    tb = skip_frames(exc.__traceback__)
    file, line, function = place(exc, tb)
    cause = exc.__cause__
    if cause is None and not exc.__suppress_context__:
        cause = exc.__context__
    described = {
        "type": type_name(type(exc)),
        "bases": [type_name(c) for c in type(exc).__mro__ if c is not object],
        "message": clip(safe_str(exc), budget),
        "traceback": clip(format_exception(exc, tb), budget),
        "file": file,
        "line": line,
        "function": function,
        "notes": notes_of(exc, budget),
        "errno": exc.errno if isinstance(exc, OSError) and isinstance(exc.errno, int) else None,
        "exc": pickled(exc, budget),
        "cause": None,
    }
    if cause is not None and id(cause) not in seen and len(seen) < MOST_CAUSES:
        described["cause"] = describe_one(cause, budget // 2, seen)
    group = getattr(exc, "exceptions", None)
    if isinstance(group, tuple) and sys.version_info >= (3, 11) and isinstance(exc, BaseExceptionGroup):
        described["group"] = [
            describe_one(e, budget // (2 * len(group)), seen)
            for e in group
            if id(e) not in seen and len(seen) < MOST_CAUSES
        ]
    return described


def safe_str(exc) -> str:
    try:
        return str.__str__(str(exc))
    except BaseException:
        return "<exception str() failed>"


def clip(text: str, most: int) -> str:
    """Cut something out of the middle of a long text."""
    if len(text) <= most:
        return text
    return text[: most // 2] + "\n...\n" + text[len(text) - most // 2 :]


def notes_of(exc, budget: int) -> list:
    try:
        return [clip(str(n), budget) for n in exc.__notes__[:50]]
    except BaseException:
        return []


def pickled(exc, budget: int):
    """Return the pickle of an exception, or None if it has none of a decent length."""
    try:
        data = pickle.dumps(exc, PICKLE)
    except BaseException:
        return None
    return data if len(data) <= budget // 4 else None


def skip_frames(tb):
    """Return tb without the frames that led from here to the user's code."""
    first = tb
    while tb is not None:
        filename = tb.tb_frame.f_code.co_filename
        if filename != HERE and not filename.startswith(STDLIB + "asyncio"):
            return tb
        tb = tb.tb_next
    # Raised here or by the library: that is what there is, without us.
    while first is not None and first.tb_frame.f_code.co_filename == HERE:
        first = first.tb_next
    return first


def format_exception(exc, tb) -> str:
    try:
        return "".join(traceback.format_exception(type(exc), exc, tb))
    except BaseException:
        pass  # of a cause, perhaps
    try:
        lines = ["Traceback (most recent call last):\n"] + traceback.format_tb(tb)
        return "".join(lines) + "%s: %s\n" % (type_name(type(exc)), safe_str(exc))
    except BaseException:
        return ""


def place(exc, tb):
    """Return file, line and function of the innermost frame of the user's code."""
    if isinstance(exc, SyntaxError) and exc.filename:
        return str(exc.filename), exc.lineno or 0, ""
    best = None
    while tb is not None:
        code = tb.tb_frame.f_code
        if best is None or is_users(code.co_filename):
            best = (code.co_filename, tb.tb_lineno or 0, getattr(code, "co_qualname", code.co_name))
        tb = tb.tb_next
    return best or ("", 0, "")


def is_users(filename: str) -> bool:
    """Report whether code is neither ours nor that of the standard library."""
    if filename == HERE or filename.startswith("<frozen "):
        return False
    return not filename.startswith(STDLIB) or any(p in filename for p in PACKAGES)


def failure(exc: BaseException, number: int, called: bool, value, key: bytes):
    """Return how an item ends that raised exc: status and payload."""
    if number in cancels and type(exc).__name__ in ("Cancelled", "CancelledError"):
        why = cancels.pop(number)
        return (END, NONE) if why == CLOSED else (CANCELLED, bytes([why]))
    if isinstance(exc, NotFound):
        return NOT_FOUND, str(exc).encode("utf-8", "replace")
    if called:
        return NOT_PICKLED, describe(not_pickled(exc, value, key))
    return RAISED, describe(exc)


def not_pickled(exc: BaseException, value, key: bytes) -> BaseException:
    """Return an exception that says whose result it was that cannot be pickled."""
    what = "a result of type %s cannot be pickled (%s)" % (type_name(type(value)), clip(safe_str(exc), 500))
    try:
        target = find_function(key[2:].decode()) if key[:1] == b"f" else None
        code = getattr(target, "__wrapped__", target).__code__
        what += ": it was returned by %s (%s:%d)" % (target.__qualname__, code.co_filename, code.co_firstlineno)
    except BaseException:
        pass  # no function of Python's own
    error = pickle.PicklingError(what)
    error.__cause__ = exc
    return error


# ------------------------------------------------------------------------------ async


def run_coroutine(coroutine):
    """Run a coroutine to its end, on the one event loop of this worker."""
    import asyncio

    loop = state.loop
    if loop is None:
        loop = state.loop = asyncio.new_event_loop()
    task = state.task = loop.create_task(coroutine)
    try:
        return loop.run_until_complete(task)
    except BaseException:
        if not task.done():  # a signal: the task must not go on
            task.cancel()
            loop.run_until_complete(asyncio.wait([task]))
        raise
    finally:
        state.task = None


def close_loop() -> None:
    """Do at the end what asyncio.run does."""
    import asyncio

    loop, state.loop = state.loop, None
    try:
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        if tasks:
            loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
        if hasattr(loop, "shutdown_default_executor"):
            loop.run_until_complete(loop.shutdown_default_executor())
    finally:
        loop.close()


def iterate_async(iterable):
    """Make a generator of an asynchronous one. To close the one closes the other."""
    iterator = iterable.__aiter__()

    async def step():
        return await iterator.__anext__()

    async def close():
        await iterator.aclose()

    try:
        while True:
            try:
                item = run_coroutine(step())
            except StopAsyncIteration:
                return
            yield item
    finally:
        if hasattr(iterator, "aclose"):
            run_coroutine(close())


# ----------------------------------------------------------------------------- memory


class Segments:
    """Memory that Go shares with us: large arguments, arrays."""

    def __init__(self):
        self.known = {}  # number: mmap
        self.changed = threading.Condition()

    def add(self, number: int, size: int, fd: int) -> None:
        memory = Memory(fd, size)  # has fd from now on
        with self.changed:
            self.known[number] = memory
            self.changed.notify_all()

    def forget(self, number: int) -> None:
        with self.changed:
            self.known.pop(number, None)  # unmapped once nobody looks at it

    def get(self, number: int) -> mmap.mmap:
        """Return a segment, which may be on its way."""
        while number not in self.known:
            with self.changed:
                self.changed.wait_for(lambda: number in self.known, 1)
        return self.known[number]


class LargeResults:
    """The memory through which large results go. It is used again once Go has read it."""

    def __init__(self):
        self.number = self.sent = self.size = 0
        self.memory = None

    def put(self, data):
        """Store data. Returns the number of the segment, and its fd if it is new."""
        if self.memory is not None and self.size >= len(data) and page[TAKEN] == self.sent:
            self.memory[: len(data)] = data
            self.sent += 1
            return self.number, -1
        size = max(1 << (len(data) - 1).bit_length(), 256 << 10)
        fd = new_memory(size)
        try:
            self.memory, self.size = mmap.mmap(fd, size), size
            self.memory[: len(data)] = data
        except BaseException:
            os.close(fd)
            self.memory = None
            raise
        self.number += 1
        self.sent += 1
        return self.number, fd


def new_memory(size: int) -> int:
    """Return a descriptor for memory without a name."""
    if hasattr(os, "memfd_create"):
        fd = os.memfd_create("conex-result", os.MFD_CLOEXEC)
    else:
        import tempfile

        fd, path = tempfile.mkstemp("conex")
        os.unlink(path)
    try:
        os.ftruncate(fd, size)
    except BaseException:
        os.close(fd)
        raise
    return fd


segments = Segments()
large_results = LargeResults()
page = None  # the words of the page
area = None  # where the results of a unit are collected

# ---------------------------------------------------------------------- arrays (begin)
#
# Numbers in memory that this process shares with the Go program. They stay outside of
# pickles, by persistent ids, and their memory travels beside them, as a descriptor. It
# lives as long as a view of it does: Go's is in segments until Go forgets it, too.


class Memory(mmap.mmap):
    """Shared memory without a name, gone with the last process that has it."""

    many = 100  # from which descriptor on to ask for more

    def __new__(cls, fd, size):
        try:
            if sys.version_info >= (3, 13):
                self = super().__new__(cls, fd, size, trackfd=False)
            else:
                self = super().__new__(cls, fd, size)
        except BaseException:
            os.close(fd)
            raise
        self.fd = fd  # to pass it on
        if fd > Memory.many:
            Memory.many = 1 << 30
            more_descriptors()
        return self

    def __del__(self, close=os.close):
        close(self.fd)

    @classmethod
    def create(cls, size):
        """New memory, all zero. Nobody can make it shorter, as that would kill those who read it."""
        size = max(size, 1)
        try:
            fd = os.memfd_create("conex-array", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        except (AttributeError, OSError):  # not Linux, or a container that does not like it
            import tempfile

            with tempfile.TemporaryFile(prefix="conex-") as file:
                fd = fcntl.fcntl(file, fcntl.F_DUPFD_CLOEXEC, 3)
            os.ftruncate(fd, size)
        else:
            os.ftruncate(fd, size)
            if hasattr(fcntl, "F_ADD_SEALS"):
                fcntl.fcntl(fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK)
        return cls(fd, size)

    def write_at(self, offset, data) -> None:
        """Copy bytes to where nothing was yet. By its descriptor, as the first touch of mapped memory takes longer."""
        data = memoryview(data)
        while data:
            n = os.pwrite(self.fd, data[: 1 << 30], offset)
            offset, data = offset + n, data[n:]


def more_descriptors() -> None:
    """Raise the limit of descriptors: an array takes one, and two before 3.13."""
    import resource

    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (OSError, ValueError):
        pass  # some systems allow less than they say


def array(format, shape):
    """A memoryview of new shared memory, all zero, which is not copied when a function returns it.

    format is that of the module struct, one of bhiqBHIQfd?; shape is a number or a
    tuple. For Go, array("d", (3, 4)) is an Array[float64].
    """
    if format not in SIZES or format in "FD":
        raise ValueError(f"no Array has the format {format!r}; it must be one of bhiqBHIQfd?")
    shape = shape_of(shape)
    return view_of(Memory.create(SIZES[format] * math.prod(shape)), format, shape, 0)


def ndarray(shape, dtype=float):
    """A numpy.ndarray over new shared memory, all zero, which is not copied when a function returns it."""
    import numpy

    dtype = numpy.dtype(dtype)
    if ndarray_format(dtype) is None:
        raise TypeError(f"no Array has the type {dtype!r}")
    dtype = dtype.newbyteorder("=")
    shape = shape_of(shape)
    return numpy.ndarray(shape, dtype, Memory.create(dtype.itemsize * math.prod(shape)))


SIZES = {"?": 1, "b": 1, "B": 1, "h": 2, "H": 2, "i": 4, "I": 4, "q": 8, "Q": 8, "f": 4, "d": 8, "F": 8, "D": 16}
FORMATS = {  # by kind and size of a dtype
    "b1": "?", "i1": "b", "u1": "B", "i2": "h", "u2": "H", "i4": "i", "u4": "I", "i8": "q", "u8": "Q",
    "f4": "f", "f8": "d", "c8": "F", "c16": "D",
}  # fmt: skip
DTYPES = {format: dtype for dtype, format in FORMATS.items()}


def shape_of(shape):
    shape = (shape,) if hasattr(shape, "__index__") else tuple(shape)
    shape = tuple(map(operator.index, shape))
    if any(n < 0 for n in shape):
        raise ValueError(f"negative dimensions in {shape}")
    return shape


def view_of(memory, format, shape, offset):
    """A memoryview of a part of memory. It has no complex numbers, but pairs, and no empty dimensions but one."""
    if format in "FD":
        format, shape = format.replace("F", "f").replace("D", "d"), shape + (2,)
    size = SIZES[format] * math.prod(shape)
    view = memoryview(memory)[offset : offset + size]
    return view.cast(format, shape) if size else view.cast(format)


def load_array(id):
    """The persistent_load of arguments."""
    if id is None:
        return None
    _, memory, format, shape, offset, kind = id
    memory = segments.get(memory)
    if kind == "view":
        return view_of(memory, format, shape, offset)
    import numpy

    return numpy.ndarray(shape, DTYPES[format], memory, offset)


class ArrayUnpickler(pickle.Unpickler):
    """Reads arguments with arrays."""

    persistent_load = staticmethod(load_array)


def load_handles(data):
    """Load a pickle with persistent ids."""
    return ArrayUnpickler(io.BytesIO(data)).load()


class ArrayFound(Exception):
    """There are arrays in a result, of numpy's."""


MAYBE_ARRAYS = ArrayFound, TypeError  # which a memoryview raises, among others


def array_found(_):
    raise ArrayFound


class Reducers(dict):
    """The table of a pickler that is to find arrays, as copyreg's else."""

    def __missing__(self, type):
        return copyreg.dispatch_table[type]


def dump_plain(value) -> bytes:
    """Return the pickle of a result, if it has no arrays in it. Else raise one of MAYBE_ARRAYS.

    Most results have none, and take hardly longer than with pickle.dumps.
    """
    numpy = sys.modules.get("numpy")
    if type(value) in PLAIN or not hasattr(numpy, "ndarray"):
        return pickle.dumps(value, PICKLE)
    out = io.BytesIO()
    pickler = pickle.Pickler(out, PICKLE)
    pickler.dispatch_table = Reducers({numpy.ndarray: array_found})
    pickler.dump(value)
    return out.getvalue()


PLAIN = frozenset({type(None), bool, int, float, str, bytes})


def dump_arrays(value):
    """Return the pickle of a result, and the memory of its arrays, whose descriptors travel beside it in that order."""
    out = io.BytesIO()
    pickler = ArrayPickler(out)
    pickler.dump(value)
    return out.getvalue(), pickler.all_memories()


class ArrayPickler(pickle.Pickler):
    """Pickles a result with arrays: those in shared memory are referred to, all others are copied into one."""

    MAX_MEMORIES = 200  # so many descriptors fit into one message, and one more

    def __init__(self, file):
        super().__init__(file, PICKLE)
        self.memories = {}  # by their identity: their number, and themselves
        self.copies = []
        self.copied = 0  # bytes
        self.seen = {}  # ids by arrays, which are kept meanwhile

    def all_memories(self):
        memories = [memory for _, memory in self.memories.values()]
        if self.copies:
            memories[memories.index(None)] = self.copy()
        return memories

    def persistent_id(self, obj):
        if type(obj) is not memoryview:
            numpy = sys.modules.get("numpy")
            if numpy is None or type(obj) is not numpy.ndarray:
                return None
        if id(obj) not in self.seen:
            self.seen[id(obj)] = obj, self.refer(obj)
        return self.seen[id(obj)][1]

    def refer(self, obj):
        """The id of an array, None if it can be none."""
        format = format_of(obj)
        if format is None:
            return None
        size = SIZES[format]
        memory = memory_of(obj)
        if memory is not None and (id(memory) in self.memories or len(self.memories) < self.MAX_MEMORIES):
            offset = address_of(obj) - address_of(memory)
            if 0 <= offset and offset + obj.nbytes <= len(memory) and offset % size == 0:
                number, _ = self.memories.setdefault(id(memory), (len(self.memories), memory))
                return "array", number, format, obj.shape, offset
        number, _ = self.memories.setdefault("copies", (len(self.memories), None))
        offset = self.copied
        self.copies.append((offset, format, obj))
        self.copied += -(-obj.nbytes // 64) * 64
        return "array", number, format, obj.shape, offset

    def copy(self):
        memory = Memory.create(self.copied)
        for offset, format, obj in self.copies:
            if type(obj) is memoryview:
                memory.write_at(offset, obj.cast("B") if obj.c_contiguous and obj.nbytes else obj.tobytes())
            elif obj.flags.c_contiguous and obj.dtype.isnative:
                memory.write_at(offset, obj.reshape(-1).view("u1"))
            else:
                numpy = sys.modules["numpy"]
                numpy.ndarray(obj.shape, DTYPES[format], memory, offset)[...] = obj
        return memory


def format_of(obj):
    """The format of an array, None if Go has no such type."""
    if type(obj) is not memoryview:
        return ndarray_format(obj.dtype)
    format = obj.format.lstrip("@" + ("<=" if sys.byteorder == "little" else ">="))
    if format in ("l", "L", "n", "N"):  # as many bytes as the machine likes
        return FORMATS.get(("i" if format in "ln" else "u") + str(obj.itemsize))
    if format == "c":
        return "B"
    return format if SIZES.get(format) == obj.itemsize else None


def ndarray_format(dtype):
    return FORMATS.get(dtype.kind + str(dtype.itemsize))


def memory_of(obj):
    """The shared memory that an array is a part of, and in one piece. Else None."""
    if type(obj) is memoryview:
        if not obj.c_contiguous:
            return None
        obj = obj.obj
    elif not obj.flags.c_contiguous or not obj.dtype.isnative:
        return None
    while obj is not None and type(obj) is not Memory:
        obj = obj.obj if type(obj) is memoryview else getattr(obj, "base", None)
    return obj


def address_of(obj):
    """Where a buffer is. Without ctypes nobody can tell: then arrays are copied."""
    if hasattr(obj, "__array_interface__"):
        return obj.__array_interface__["data"][0]
    try:
        import ctypes

        return ctypes.addressof((ctypes.c_char * 0).from_buffer(obj))
    except (ImportError, TypeError):  # or it cannot be written to
        return -1 if type(obj) is not Memory else 0


# ------------------------------------------------------------------------ arrays (end)

# ---------------------------------------------------------------------------- results


class Results:
    """Collects the results of a unit in the page, and sends them."""

    __slots__ = ("tasks", "number", "sent", "end", "due")

    def __init__(self, tasks: socket.socket):
        self.tasks = tasks
        self.number = 0  # of the first item that is not sent
        self.sent = self.end = 0  # of the area
        self.due = 0.0  # when to send what there is

    def begin(self, number: int) -> None:
        """Empty the area. The first thing in it is the number of its first item."""
        page[EPOCH] += 1  # whoever is reading it stops here
        page[USED] = 0
        HEAD.pack_into(area, 0, 0x52, 0, number)
        self.number = number
        self.sent = self.end = HEAD.size
        page[USED] = HEAD.size

    def flush(self, number: int, last: int = 0, descriptors=()) -> None:
        """Send what there is, of the items before number."""
        parts = [HEAD.pack(0x52, last, self.number), area[self.sent : self.end]]
        if descriptors:
            rights = struct.pack("%di" % len(descriptors), *descriptors)
            self.tasks.sendmsg(parts, [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
        else:
            self.tasks.sendmsg(parts)
        self.sent = self.end
        self.number = number
        self.due = time.monotonic() + PATIENCE

    def put(self, number: int, status: int, data) -> None:
        """Add what ends item number, or does not. There may be no room for it yet."""
        if len(data) > LARGE:
            try:
                self.put_large(number, data, status)
                return
            except OSError as exc:  # no memory, no descriptors
                status, data = NOT_PICKLED, describe(exc, LARGE)
        if self.end + RESULT.size + len(data) > len(area):
            self.flush(number)
            self.begin(number)
        end = self.end + RESULT.size + len(data)
        area[self.end : end] = RESULT.pack(status, len(data)) + data
        page[USED] = self.end = end

    def put_large(self, number: int, data, status: int) -> None:
        """Send a result, or an item of a stream, through memory of its own."""
        segment, fd = large_results.put(data)
        self.put(number, LARGE_FORMS[status], SEGMENT.pack(segment, len(data)))
        after = number + (status != ITEM)
        if fd < 0:
            self.flush(after)
            return
        try:
            self.flush(after, 0, (fd,))
        finally:
            os.close(fd)

    def put_arrays(self, number: int, data, memories) -> None:
        """Send a result with arrays: by itself, since its descriptors are numbered."""
        if self.end > self.sent:
            self.flush(number)
        self.send_arrays(number, (OK_ARRAYS, OK_ARRAYS_LARGE), data, memories)
        self.begin(number + 1)

    def send_arrays(self, number: int, statuses, data, memories) -> None:
        """Send a pickle, and the memory of its arrays. A large one is in memory itself, the last."""
        status = statuses[0]
        if len(data) > LARGE:
            memories = [*memories, Memory.create(len(data))]
            memories[-1].write_at(0, data)
            status, data = statuses[1], SEGMENT.pack(0, len(data))
        rights = struct.pack("%di" % len(memories), *[memory.fd for memory in memories])
        parts = [HEAD.pack(0x52, 0, number), RESULT.pack(status, len(data)), data]
        self.tasks.sendmsg(parts, [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])

    def send_item(self, number: int, data) -> None:
        """Send an item of a stream, at once: whoever takes it may be waiting."""
        if len(data) <= LARGE:
            self.tasks.sendmsg([HEAD.pack(0x52, 0, number), RESULT.pack(ITEM, len(data)), data])
        else:
            self.put_large(number, data, ITEM)


# --------------------------------------------------------------------------- the loop


def serve(tasks: socket.socket) -> None:
    """Run units until there are no more."""
    results = Results(tasks)
    known = {}  # key: what to call
    expected = 0
    read, fd = os.read, tasks.fileno()
    while True:
        unit = read(fd, MESSAGE)
        if not unit:
            return
        # Go takes units back by reading them from our end of the socket. If we get
        # one that came behind such a one, it is not to be run either.
        if UNIT.unpack_from(unit)[3] == expected:
            state.busy = True
            expected = run_unit(unit, results, known)
        unit = None


def run_unit(unit: bytes, results: Results, known: dict) -> int:
    """Run all items of a unit. Returns the number of the next one's first."""
    _, entries, _, number = UNIT.unpack_from(unit)
    for old in [n for n in cancels if n < number]:
        cancels.pop(old, None)
    results.due = time.monotonic() + PATIENCE
    results.begin(number)
    offset = UNIT.size
    for _ in range(entries):
        length, flags, items, limit, timeout, window, _ = ENTRY.unpack_from(unit, offset)
        offset += ENTRY.size + length
        key = unit[offset - length : offset]
        state.deadline = limit
        before = time.monotonic_ns()
        if flags & F_STREAM:
            offset = run_stream(unit, offset, number, key, flags, window, timeout, results, known)
        else:
            offset = run_items(unit, offset, number, items, key, flags, timeout, results, known)
        number += items
        results.put(number, TIMING, TIME.pack(items, time.monotonic_ns() - before))
    state.busy = False  # before Go knows it, and may end us
    results.flush(number, 1)
    return number


def run_items(unit, offset, number, items, key, flags, timeout, results, known) -> int:
    """Run the items of one entry. Returns where the next one begins.

    This is where the time goes: a trivial call takes a microsecond or two.
    """
    global active
    call = known.get(key)
    length, result, now = LENGTH.unpack_from, RESULT.pack, time.monotonic
    load, dump, words, room = pickle.loads, pickle.dumps, page, area
    most = len(room) - 8
    modules = sys.modules
    if flags & F_NORESULT:
        dump, modules = dump_none, ()
    if flags & F_HANDLES:
        load = load_handles
    for number in range(number, number + items):
        if timeout:
            words[BEGUN_AT] = at = time.time_ns()
            state.time_limit = at + timeout
        words[BEGUN] = number + 1
        if call is None:
            call = look_up(key, known)
        if flags & F_LARGE:
            stop = offset + ELSEWHERE.size
            data = large_argument(unit, offset)
        else:
            stop = offset + 4 + length(unit, offset)[0]
            data = unit[offset + 4 : stop]
        called, value, caught, status = False, None, None, OK
        active = number + 1
        try:
            try:
                if cancels:
                    check_cancelled(number)
                value = call(load(data))
                if type(value) is Coroutine:
                    value = run_coroutine(value)
                called = True
                data = dump_plain(value) if "numpy" in modules else dump(value, PICKLE)
                active = 0
            except BaseException as exc:
                active = 0
                caught = exc
        except Cancelled as exc:  # between the two lines before
            active = 0
            caught = exc
        if forked:
            leave_child(caught)
        offset = stop
        if caught is not None:
            if called and isinstance(caught, MAYBE_ARRAYS) and put_arrays(number, value, results):
                caught = None
                continue
            status, data = failure(caught, number, called, value, key)
            caught = None
        size = len(data)
        start = results.end
        if size > LARGE or start + size > most:
            results.put(number, status, data)
        else:
            end = start + 8 + size
            room[start:end] = result(status, size) + data
            words[USED] = results.end = end
        if now() > results.due:
            results.flush(number + 1)
    state.time_limit = 0
    return offset


def look_up(key: bytes, known: dict):
    """Return what to call for a key, or something that raises what is wrong with it.

    Nothing interrupts that: half an import leaves some modules unusable for ever.
    """
    try:
        known[key] = call = resolve(key)
        return call
    except BaseException as exc:
        caught = exc

    def fail(arg):
        raise caught

    return fail


def put_arrays(number: int, value, results: Results) -> bool:
    """Send a result that has arrays in it, if that is why it could not be pickled."""
    try:
        data, memories = dump_arrays(value)
    except BaseException:
        return False
    if memories:
        results.put_arrays(number, data, memories)
    else:
        results.put(number, OK, data)  # arrays of types that Go has not
    return True


def dump_none(value, protocol) -> bytes:
    """Take the place of dumps where nobody wants the result."""
    return NONE


def large_argument(unit, offset):
    """Return the pickle of an argument that is in a segment."""
    number, start, length = ELSEWHERE.unpack_from(unit, offset)
    return memoryview(segments.get(number))[start : start + length]


def check_cancelled(number: int) -> None:
    """Raise if an item was cancelled before it began."""
    if number in cancels:
        raise Cancelled


def run_stream(unit, offset, number, key, flags, window, timeout, results, known) -> int:
    """Run an item the result of which goes piece by piece."""
    global active
    stop = offset + (ELSEWHERE.size if flags & F_LARGE else 4 + LENGTH.unpack_from(unit, offset)[0])
    argument = large_argument(unit, offset) if flags & F_LARGE else unit[offset + 4 : stop]
    if timeout:
        page[BEGUN_AT] = at = time.time_ns()
        state.time_limit = at + timeout
    credits.open(number, window)
    source, caught, status, data = None, None, END, NONE
    page[BEGUN] = number + 1
    call = known.get(key) or look_up(key, known)
    state.pulled = False, None
    try:
        try:
            active = number + 1
            check_cancelled(number)
            source = call((load_handles if flags & F_HANDLES else pickle.loads)(argument))
            if type(source) is Coroutine:
                source = run_coroutine(source)
            source = iterate_async(source) if hasattr(source, "__aiter__") else iter(source)
            pull(source, number, flags, results)
            active = 0
        except BaseException as exc:
            active = 0
            caught = exc
    except Cancelled as exc:  # between the two lines before
        active = 0
        caught = exc
    if forked:
        leave_child(caught)
    if caught is not None:
        status, data = failure(caught, number, *state.pulled, key)
        caught = state.pulled = None
        close_source(source)
    credits.close(number)
    results.put(number, status, data)
    state.time_limit = 0
    return stop


def pull(source, number: int, flags: int, results: Results) -> None:
    """Send the items of a stream, as long as there is credit."""
    global active
    while True:
        active = 0
        credits.take(number)
        active = number + 1
        check_cancelled(number)
        state.pulled = False, None
        try:
            value = next(source)
        except StopIteration:
            return
        state.pulled = True, value
        memories = ()
        try:
            data = NONE if flags & F_NORESULT else dump_plain(value)
        except MAYBE_ARRAYS:
            data, memories = dump_arrays(value)
        active = 0
        if forked:
            leave_child(None)
        if memories:
            results.send_arrays(number, (ITEM_ARRAYS, ITEM_ARRAYS_LARGE), data, memories)
        else:
            results.send_item(number, data)


def close_source(source) -> None:
    """Close a generator that was not read to its end: its finally runs."""
    try:
        close = getattr(source, "close", None)
        if close is not None:
            close()
    except BaseException as exc:
        logging.getLogger("conex_worker").warning("closing a stream", exc_info=exc)


class Credits:
    """How many items of its stream the main thread may send."""

    def __init__(self):
        self.number, self.left = -1, 0
        self.changed = threading.Condition()

    def open(self, number: int, window: int) -> None:
        with self.changed:
            self.number, self.left = number, window

    def close(self, number: int) -> None:
        with self.changed:
            self.number = -1

    def add(self, number: int, items: int) -> None:
        with self.changed:
            if number == self.number:
                self.left += items
                self.changed.notify_all()

    def wake(self) -> None:
        with self.changed:
            self.changed.notify_all()

    def take(self, number: int) -> None:
        """Wait until one more item may be sent, or the stream is cancelled."""
        with self.changed:
            self.changed.wait_for(lambda: self.left > 0 or number in cancels)
            self.left -= 1


credits = Credits()

# ---------------------------------------------------------------------------- signals

# Private to this file, and out of the way of what programs use.
CANCEL_SIGNAL = getattr(signal, "SIGRTMAX", signal.SIGUSR2) - (7 if hasattr(signal, "SIGRTMAX") else 0)
DUMP_SIGNAL = getattr(signal, "SIGRTMAX", signal.SIGUSR1) - (6 if hasattr(signal, "SIGRTMAX") else 0)


def on_cancel(signum, frame) -> None:
    """End the current item if it is cancelled. Runs in the main thread."""
    global active
    if not active or active - 1 not in cancels:
        return
    if state.task is not None:
        state.loop.call_soon_threadsafe(state.task.cancel)
    elif state.shield:
        state.late = True
    else:
        active = 0  # once for an item
        raise Cancelled


def on_interrupt(signum, frame) -> None:
    """Raise KeyboardInterrupt in the user's code, and nowhere else."""
    global active
    if active and not state.shield:
        active = 0  # once for an item
        raise KeyboardInterrupt


def on_hangup(signum, frame) -> None:
    """Survive SIGHUP, which a stopped worker gets when Go dies: it must clean up."""


# ---------------------------------------------------------------------------- control


class Control:
    """The control socket."""

    def __init__(self, sock: socket.socket):
        self.sock = sock
        self.buffer = bytearray()
        self.descriptors = []
        self.lock = threading.Lock()

    def send(self, kind: int, value) -> None:
        """Send a frame. Nothing is raised in between, which would leave half of one."""
        data = json.dumps(value).encode()
        mine = threading.get_ident() == threading.main_thread().ident
        state.shield += mine
        try:
            with self.lock:
                self.sock.sendall(FRAME.pack(kind, len(data)) + data)
        finally:
            state.shield -= mine
        if mine and state.late:
            state.late = False
            on_cancel(0, None)

    def receive(self):
        """Return type and payload of the next frame. EOFError is the end."""
        while True:
            if len(self.buffer) >= FRAME.size:
                kind, length = FRAME.unpack_from(self.buffer)
                if len(self.buffer) >= FRAME.size + length:
                    data = bytes(self.buffer[FRAME.size : FRAME.size + length])
                    del self.buffer[: FRAME.size + length]
                    return kind, data
            data, rights, _, _ = self.sock.recvmsg(MESSAGE, socket.CMSG_SPACE(64), getattr(socket, "MSG_CMSG_CLOEXEC", 0))
            if not data:
                raise EOFError
            self.buffer += data
            for level, what, content in rights:
                if level == socket.SOL_SOCKET and what == socket.SCM_RIGHTS:
                    content = content[: len(content) // 4 * 4]
                    self.descriptors.extend(struct.unpack("%di" % (len(content) // 4), content))


def watch(control: Control) -> None:
    """Take in what comes by the control socket, until it ends. A thread of its own."""
    main_thread = threading.main_thread().ident
    try:
        while True:
            kind, data = control.receive()
            if kind == C_CANCEL:
                first, items, why = CANCEL.unpack(data)
                for number in range(first, first + items):
                    cancels[number] = why
                credits.wake()
                signal.pthread_kill(main_thread, CANCEL_SIGNAL)
            elif kind == C_CREDIT:
                credits.add(*CREDIT.unpack(data))
            elif kind == C_SEGMENT:
                segments.add(*SEGMENT.unpack(data), control.descriptors.pop(0))
            elif kind == C_FORGET:
                segments.forget(struct.unpack("<Q", data)[0])
    except (EOFError, OSError):
        pass
    finally:
        # Who has nothing to do ends by itself, and gets some time for it.
        if LINUX and (state.ending or not state.busy):
            time.sleep(2)
        abandon()


class Forwarder(logging.Handler):
    """Sends log records to Go."""

    def __init__(self, control: Control):
        super().__init__()
        self.control = control

    def emit(self, record) -> None:
        try:
            self.control.send(C_LOG, self.describe(record))
        except Exception:
            self.handleError(record)

    @staticmethod
    def describe(record) -> dict:
        described = {
            "time": record.created,
            "level": record.levelno,
            "logger": record.name,
            "message": record.getMessage(),
            "file": record.pathname,
            "line": record.lineno,
            "func": record.funcName or "",
            "thread": record.threadName or "",
        }
        if record.exc_info and record.exc_info[1] is not None:
            exc = record.exc_info[1]
            described["exception"] = format_exception(exc, skip_frames(exc.__traceback__))
        return described


# ------------------------------------------------------------------------ how it ends


def descendants() -> list:
    """Return the processes below this one, of those that have not ended."""
    children = {}
    for entry in os.listdir("/proc") if LINUX else ():
        if entry.isdigit():
            try:
                with open("/proc/%s/stat" % entry, "rb") as stat:
                    status, parent = stat.read().rpartition(b")")[2].split()[:2]
            except OSError:
                continue  # it has ended meanwhile
            if status not in b"ZX":
                children.setdefault(int(parent), []).append(int(entry))
    found, look_at = [], [os.getpid()]
    while look_at:
        below = children.get(look_at.pop(), [])
        found += below
        look_at += below
    return found


def kill_descendants() -> None:
    """Kill them, and those that they start meanwhile."""
    if forked:
        return
    for _ in range(100):
        found = descendants()
        if not found:
            return
        for pid in found:
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass
        time.sleep(0.001)


def flush_streams() -> None:
    for stream in {sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__} - {None}:
        try:
            stream.flush()
        except Exception:
            pass  # nobody reads it


def abandon() -> None:
    """End at once, with everything that was started here."""
    try:
        kill_descendants()
        flush_streams()
        if os.getpgrp() == os.getpid():
            os.killpg(0, signal.SIGKILL)
    finally:
        os._exit(0)


def leave_child(exc) -> None:
    """End a child that a task has made by os.fork, and let return from the task."""
    code = 0
    if isinstance(exc, SystemExit):
        code = exc.code if isinstance(exc.code, int) else int(exc.code is not None)
    elif exc is not None:
        sys.stderr.write(format_exception(exc, skip_frames(exc.__traceback__)))
        code = 1
    flush_streams()
    os._exit(code & 0xFF)


def leave_guard(control_fd: int) -> None:
    """Leave a process that ends this one if Go is gone and this one does not notice.

    For it cannot while C code holds the interpreter's lock. The guard is in our process
    group, so it ends with us at the latest; it is nobody's child here, so that code which
    waits for its children does not meet it.
    """
    if not LINUX or os.getppid() == 1 or os.getpgrp() != os.getpid():
        return  # all processes end with number 1
    try:
        child = os.fork()
        if child:
            os.waitpid(child, 0)
            return
    except OSError:
        return  # no more processes: then there is no guard
    try:
        if os.fork() == 0:
            guard(control_fd)
    finally:
        os._exit(0)


def guard(control_fd: int) -> None:
    """Wait until the control socket is closed, and then some time for the worker to end."""
    import select

    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(ignored, signal.SIG_IGN)
    with open("/proc/self/comm", "w") as comm:
        comm.write("conex-guard")
    os.dup2(control_fd, 0)
    for fd in [int(name) for name in os.listdir("/proc/self/fd")]:
        if fd:
            try:
                os.close(fd)
            except OSError:
                pass  # that of the directory
    closed = select.poll()
    closed.register(0, 0)  # its end is always told
    closed.poll()
    time.sleep(GUARDED)
    os.killpg(0, signal.SIGKILL)


# ---------------------------------------------------------------------- how it begins


def move(fd: int) -> int:
    """Give a descriptor a number out of the way of the user's code."""
    import resource

    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if not 64 < limit < 1024:
        limit = 1024 if limit > 64 or limit < 0 else 40
    moved = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, limit - 32)
    os.close(fd)
    return moved


def prepare(control: Control, tasks, dump_fd: int) -> None:
    """Set up what the whole process has only once: signals, streams, its title."""
    signal.signal(CANCEL_SIGNAL, on_cancel)
    signal.signal(signal.SIGINT, on_interrupt)
    signal.signal(signal.SIGHUP, on_hangup)
    faulthandler.enable()
    faulthandler.register(DUMP_SIGNAL, file=dump_fd, all_threads=True)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)  # what is printed survives a crash
    atexit.register(kill_descendants)

    def after_fork() -> None:
        global forked
        forked = True
        logging.getLogger().removeHandler(forwarder)
        control.sock.close()
        tasks.close()

    forwarder = Forwarder(control)
    logging.getLogger().addHandler(forwarder)
    os.register_at_fork(after_in_child=after_fork)
    if LINUX:
        become_subreaper()


def become_subreaper() -> None:
    """Let orphans among our descendants come back to us, so that we can kill them."""
    try:
        import ctypes

        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
    except Exception:
        pass  # built without libffi, perhaps: then orphans that leave the group stay


def settle(hello: dict) -> None:
    """Do what the hello says, before any code of the user's runs."""
    global name, worker_id
    name, worker_id = hello["name"], hello["id"]
    if LINUX:
        try:
            with open("/proc/self/comm", "w") as comm:
                comm.write(name)
        except OSError:
            pass
    sys.path[:0] = [p for p in hello.get("path") or [] if p not in sys.path]
    logging.getLogger().setLevel(hello.get("log", logging.WARNING))
    limit = hello.get("max_memory")
    if limit:
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (limit, resource.getrlimit(resource.RLIMIT_DATA)[1]))


class Fault(Exception):
    """Why the worker cannot serve: kind and text."""


def warm_up(hello: dict) -> None:
    """Run what the user wants to have run before the first task."""
    for module in hello.get("preload") or []:
        attempt("preload", "preload of module %s failed" % module, find_module, module)
    gc.collect()
    gc.freeze()  # what is there now stays: the collector need not look at it
    if hello.get("init"):
        attempt("init", "the initialiser failed", run_bound, hello["init"])
    if hello.get("object"):
        state.instance = attempt("object", "the object could not be made", run_bound, hello["object"])


def attempt(kind: str, text: str, function, argument):
    try:
        return function(argument)
    except BaseException as exc:
        raise Fault(kind, text) from exc


def run_bound(bound: dict):
    """Run a call that came with the hello."""
    global active
    arg = base64.b64decode(bound["arg"])
    handles = bound.get("handles")
    active = 1  # SIGINT counts
    try:
        value = resolve(base64.b64decode(bound["key"]))((load_handles if handles else pickle.loads)(arg))
        return run_coroutine(value) if type(value) is Coroutine else value
    finally:
        active = 0


def main() -> None:
    """Serve, from the first frame to the last message."""
    global page, area
    tasks_fd, control_fd, page_fd, dump_fd = move(3), move(4), move(5), move(7)
    os.close(6)
    leave_guard(control_fd)
    memory = memoryview(mmap.mmap(page_fd, PAGE + MESSAGE))
    os.close(page_fd)
    page, area = memory[:PAGE].cast("Q"), memory[PAGE:]
    tasks = socket.socket(fileno=tasks_fd)
    control = Control(socket.socket(fileno=control_fd))
    try:
        _, data = control.receive()
        hello = json.loads(data)
        prepare(control, tasks, dump_fd)
        _thread.start_new_thread(watch, (control,))
        introduce(control, hello)
        serve(tasks)
    except (EOFError, OSError):
        pass  # Go is gone
    finally:
        state.ending = True
        if state.loop is not None and not forked:
            close_loop()


def introduce(control: Control, hello: dict) -> None:
    """Get ready, and say so, or say what is wrong."""
    try:
        if hello["protocol"] != PROTOCOL:
            raise Fault("hello", "this file speaks protocol %d, not %d" % (PROTOCOL, hello["protocol"]))
        settle(hello)
        warm_up(hello)
    except Fault as fault:
        if forked:
            leave_child(fault.__cause__)
        kind, text = fault.args
        cause = fault.__cause__
        described = {"kind": kind, "text": text}
        if isinstance(cause, NotFound):
            described["missing"] = str(cause)
        elif cause is not None:
            described["exception"] = base64.b64encode(describe(cause)).decode()
        control.send(C_FAULT, described)
        raise EOFError from None
    if forked:
        leave_child(None)
    control.send(
        C_READY,
        {
            "protocol": PROTOCOL,
            "version": "%d.%d.%d" % sys.version_info[:3],
            "implementation": sys.implementation.name,
            "executable": sys.executable,
            "pid": os.getpid(),
            "dump": int(DUMP_SIGNAL),
        },
    )
