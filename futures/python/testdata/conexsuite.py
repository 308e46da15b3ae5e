"""What the tests of package python call: the functions of futurestest, and
others that die, hang, fail or misbehave, each in one way.

Python 3.8 to 3.13, standard library only.
"""

import collections
import ctypes
import datetime
import itertools
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time


# --- The functions of futurestest: see its Funcs ---


class TaskError(Exception):
    """What fail_odd raises."""


def inc(x):
    return x + 1


def echo(x):
    return x


def invert(data):
    return bytes(data).translate(_INVERTED)


_INVERTED = bytes(255 - i for i in range(256))


def greet(name):
    return "hello, " + name


def fail_odd(x):
    if x % 2:
        raise TaskError("%d: it is odd" % x)
    return x // 2


def panic(x):
    if x < 0:
        raise RuntimeError("negative: %d" % x)
    return x


def leave(x):
    """Ends in the way that is neither a result nor an error."""
    if x < 0:
        sys.exit(3)
    return x


def gate(arg):
    """Passes the gate of a test: see GateArg of futurestest."""
    host, port = arg["Addr"].rsplit(":", 1)
    with socket.create_connection((host, int(port))) as conn:
        conn.sendall(arg["N"].to_bytes(8, "little", signed=True))
        try:
            conn.recv(1)
        except OSError:
            pass
    return arg["N"]


def until_done(_):
    while True:
        time.sleep(60)


def deadline(_):
    """The nanoseconds until the task's deadline, -1 without."""
    import conex_worker

    at = conex_worker.deadline()
    return -1 if at is None else int((at - time.time()) * 1e9)


def change(numbers):
    for i in range(len(numbers)):
        numbers[i] = -1
    return len(numbers)


def spin(us):
    end = time.perf_counter() + us / 1e6
    while time.perf_counter() < end:
        pass
    return us


def spin_and_fail(us):
    spin(us)
    raise TaskError("after %d microseconds" % us)


def unsendable(x):
    return "sent" if x == 0 else threading.Lock()


# --- Who and where ---


def pid():
    return os.getpid()


def version():
    return list(sys.version_info[:3])


def cwd():
    return os.getcwd()


_state = "unset"


def set_state(value):
    """An initialiser, or a task that leaves something behind."""
    global _state
    if value == "fail":
        raise TaskError("the initialiser fails as it was told to")
    _state = value
    return value


def get_state():
    return _state


def append(path):
    """Counts a run: one byte, in one write, at the end of the file."""
    return append_line(path, "x")


def append_line(path, text):
    fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(fd, text.encode())
    finally:
        os.close(fd)
    return text


def run_item(arg):
    """Item number n of a map: says that it has begun, takes a moment."""
    append_line(arg["Path"], "%d\n" % arg["N"])
    if arg["Us"]:
        spin(arg["Us"])
    return arg["N"] * 2


# --- Sleepers ---


def nap(seconds):
    time.sleep(seconds)
    return True


def busy(seconds):
    """Computes; notices interruptions between any two bytecodes."""
    end = time.monotonic() + seconds
    n = 0
    while time.monotonic() < end:
        n += 1
    return n


def polite(path):
    """Sleeps, and cleans up when it is interrupted."""
    try:
        time.sleep(3600)
    finally:
        append_line(path, "cleaned")


def who_interrupts():
    """Returns the classes of what interrupts it, instead of ending with it."""
    try:
        time.sleep(3600)
    except BaseException as exc:
        return [c.__name__ for c in type(exc).__mro__]


def deaf(path=None):
    """Swallows every interruption, from when it has written to the file on."""
    while True:
        try:
            if path:
                name, path = path, None
                append(name)
            while True:
                time.sleep(0.01)
        except BaseException:
            pass


def stuck_here():
    """Hangs in a function of its own, which a stack must show."""
    deaf()


def deaf_c():
    """Hangs in C, holds the GIL, and looks at no signals."""
    collections.deque(itertools.repeat(None), maxlen=0)


def blocked_c():
    """Hangs in C without the GIL, with all signals blocked."""
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, signal.NSIG))
    libc = ctypes.CDLL(None)
    while True:
        libc.sleep(3600)


def spawn(script):
    """Runs a shell, whose children may be disobedient."""
    return subprocess.call(["/bin/sh", "-c", script])


def leave_behind(seconds):
    """Starts a process that outlives the task. Returns its pid."""
    return subprocess.Popen(["sleep", str(seconds)], start_new_session=True).pid


# --- Ways to die ---


def die(code):
    os._exit(code)


def die_of(number):
    """A signal kills this process."""
    if number != signal.SIGKILL:
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    time.sleep(3600)


def segfault():
    ctypes.string_at(0)


def abort():
    os.abort()


def die_talking(text):
    os.write(2, text.encode())
    os._exit(4)


def die_in_thread():
    threading.Thread(target=os._exit, args=(5,)).start()
    time.sleep(3600)


def stop():
    os.kill(os.getpid(), signal.SIGSTOP)
    return True


# --- Output ---


def say(text):
    print("out:" + text)
    print("err:" + text, file=sys.stderr)
    return len(text)


def chatter():
    line = "x" * 1000
    while True:
        sys.stderr.write(line)
        sys.stderr.flush()


def flood(lines):
    for i in range(lines):
        print("line", i)
    return lines


def log(text):
    """A record of each level, and one with an exception."""
    logger = logging.getLogger("suite.log")
    logger.debug("debug:%s", text)
    logger.info("info:%s", text)
    logger.warning("warning:%s", text)
    logger.error("error:%s", text)
    logger.critical("critical:%s", text)
    logger.log(25, "between:%s", text)
    try:
        raise TaskError("in the log")
    except TaskError:
        logger.exception("exception:%s", text)
    return logging.getLogger().getEffectiveLevel()


def close_output():
    """Closes the standard streams, and the descriptor below one of them."""
    sys.stdout.close()
    sys.stderr.close()
    try:
        os.close(1)
    except OSError:
        pass  # the second time
    return True


# --- Memory ---


def grow(mib):
    """Takes that much memory, and gives it back."""
    data = bytearray(mib << 20)
    for i in range(0, len(data), 4096):
        data[i] = 1
    return len(data)


_kept = []


def keep(mib):
    _kept.append(b"x" * (mib << 20))
    return len(_kept)


# --- Values ---


def describe(x):
    """The type and the repr of what has arrived, and itself."""
    return {"type": type(x).__name__, "repr": repr(x), "value": x}


def size(x):
    return len(x)


def make_bytes(n):
    return bytes(n) if n < 256 else (bytes(range(256)) * (n // 256 + 1))[:n]


def make_list(n):
    return list(range(n))


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


def depth(value):
    n = 0
    while value:
        value = value[0]
        n += 1
    return n


def nothing():
    return None


# --- Errors ---


class CustomError(ValueError):
    def __init__(self, code, *, hint):
        super().__init__("code %d" % code)
        self.code = code
        self.hint = hint


class Stubborn(Exception):
    """Cannot be pickled: it has a lock."""

    def __init__(self, text):
        super().__init__(text)
        self.lock = threading.Lock()


class Mute(Exception):
    """Cannot say what it is."""

    def __str__(self):
        raise RuntimeError("no text")

    __repr__ = __str__


class Bottom(BaseException):
    """Is no Exception."""


def raise_named(name):
    """Raises what the name says."""
    raise {
        "custom": lambda: CustomError(7, hint="none"),
        "stubborn": lambda: Stubborn("has a lock"),
        "mute": lambda: Mute(),
        "bottom": lambda: Bottom("not an Exception"),
        "exit": lambda: SystemExit(2),
        "exit text": lambda: SystemExit("goodbye"),
        "interrupt": lambda: KeyboardInterrupt(),
        "generator": lambda: GeneratorExit(),
        "stop": lambda: StopIteration(5),
        "empty": lambda: ValueError(),
        "key": lambda: KeyError("k"),
        "index": lambda: IndexError("i"),
        "zero": lambda: ZeroDivisionError("division by zero"),
        "unicode": lambda: UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"),
        "lines": lambda: ValueError("first\nsecond"),
        "long": lambda: ValueError("x" * 300000),
        "surrogate": lambda: ValueError("half \ud800 of it"),
        "missing": lambda: FileNotFoundError(2, "No such file", "/nowhere"),
        "exists": lambda: FileExistsError(17, "File exists", "/somewhere"),
        "permission": lambda: PermissionError(13, "Permission denied"),
        "eof": lambda: EOFError("the end"),
        "unsupported": lambda: NotImplementedError("not yet"),
        "timeout": lambda: TimeoutError("too slow"),
        "pipe": lambda: BrokenPipeError(32, "Broken pipe"),
        "memory": lambda: MemoryError(),
    }[name]()


def open_missing():
    return open("/nowhere/at/all").read()


def with_cause():
    try:
        {}["k"]
    except KeyError as exc:
        raise TaskError("the effect") from exc


def with_context():
    try:
        {}["k"]
    except KeyError:
        raise TaskError("while handling")


def without_context():
    try:
        {}["k"]
    except KeyError:
        raise TaskError("alone") from None


def cause_cycle():
    a, b = TaskError("a"), TaskError("b")
    a.__cause__, b.__cause__ = b, a
    raise a


def long_chain(n):
    exc = None
    for i in range(n):
        new = TaskError(str(i))
        new.__cause__ = exc
        exc = new
    raise exc


def with_notes():
    exc = TaskError("noted")
    exc.add_note("first note")
    exc.add_note("second note")
    raise exc


def with_group():
    raise ExceptionGroup("several", [KeyError("k"), ExceptionGroup("inner", [TaskError("t")])])  # noqa: F821


def recurse(n):
    return recurse(n + 1) + 1


# --- Results and arguments that do not fit ---


class Plain:
    def __init__(self, x=1):
        self.x = x


class Refuses:
    def __reduce__(self):
        raise TaskError("not for pickling")


class Trap:
    """Does what the name says when it is pickled."""

    def __init__(self, how):
        self.how = how

    def __reduce__(self):
        return spring, (spring(self.how),)


def spring(how):
    """Raises, exits or dies; also the way to do so while unpickling."""
    if how == "error":
        raise TaskError("sprung")
    if how == "exit":
        sys.exit(8)
    if how == "die":
        os._exit(8)
    if how == "segfault":
        segfault()
    return how


def trap(how):
    return Trap(how)


def die_with(data):
    os._exit(len(data) % 100 + 1)


def result_of(name):
    """Returns something that cannot be sent."""
    return {
        "lock": threading.Lock,
        "lambda": lambda: lambda: None,
        "generator": lambda: (x for x in ()),
        "module": lambda: sys,
        "socket": socket.socket,
        "refuses": Refuses,
        "deep": lambda: nested(100000),
        "nested lock": lambda: {"a": [1, {"b": threading.Lock()}]},
    }[name]()


# --- Misbehaviour ---


def close_descriptors(first, last):
    os.closerange(first, last + 1)
    return True


def change_dir(path):
    os.chdir(path)
    return os.getcwd()


def fork_and_return():
    """The child returns from the function, as the parent does."""
    if os.fork() == 0:
        return "child"
    return "parent"


def fork_and_raise():
    if os.fork() == 0:
        raise TaskError("in the child")
    return "parent"


def fork_and_wait():
    """A fork as it should be: the child ends by _exit."""
    child = os.fork()
    if child == 0:
        os._exit(7)
    return os.waitpid(child, 0)[1] >> 8


def multiprocess(n):
    import multiprocessing

    ctx = multiprocessing.get_context("fork")
    with ctx.Pool(2) as pool:
        return pool.map(inc, range(n))


def start_thread(seconds):
    """Leaves a thread behind, which is no daemon."""
    threading.Thread(target=time.sleep, args=(seconds,)).start()
    return threading.active_count()


def thread_raises():
    """An error that nobody sees but the standard error."""
    thread = threading.Thread(target=raise_named, args=("key",))
    thread.start()
    thread.join()
    return True


def at_exit(path):
    import atexit

    atexit.register(append_line, path, "bye")
    return os.getpid()


def at_exit_hangs():
    import atexit

    atexit.register(time.sleep, 3600)
    return os.getpid()


def replace_stdio():
    import io

    sys.stdout = io.StringIO()
    sys.stderr = None
    sys.stdin = None
    print("nobody sees this")
    return True


def clear_modules():
    keep_names = ("sys", "builtins", "__main__")
    for name in list(sys.modules):
        if name not in keep_names:
            del sys.modules[name]
    return True


def take_signals():
    """Installs handlers of its own for all that can be caught."""
    for number in range(1, signal.NSIG):
        try:
            signal.signal(number, lambda *_: None)
        except (OSError, ValueError):
            pass
    return True


def alarm():
    """Uses SIGALRM for itself, as a library with timeouts does."""
    class Expired(Exception):
        pass

    def expired(*_):
        raise Expired

    old = signal.signal(signal.SIGALRM, expired)
    signal.setitimer(signal.ITIMER_REAL, 0.02)
    try:
        time.sleep(60)
        return "slept"
    except Expired:
        return "expired"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)


def trace():
    """A debugger is left on."""
    sys.settrace(lambda *_: None)
    sys.setprofile(lambda *_: None)
    return True


def set_recursion(n):
    sys.setrecursionlimit(n)
    return True


def default_encoding():
    return [sys.stdout.encoding, sys.getfilesystemencoding()]


def read_stdin():
    return sys.stdin.read()


def gc_off():
    import gc

    gc.disable()
    gc.set_threshold(1, 1, 1)
    return True


not_callable = 42


class Account:
    """Something with methods."""

    def __init__(self, balance=0):
        self.balance = balance

    @staticmethod
    def static(x):
        return x * 2

    @classmethod
    def of_class(cls, x):
        return cls.__name__ + str(x)


def today():
    return datetime.date(2024, 2, 29)
