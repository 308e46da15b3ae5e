"""The CPython side of the tests: one conversation, a word a line."""
import struct
import sys
from multiprocessing import resource_tracker
from multiprocessing.shared_memory import ShareableList, SharedMemory


def untracked(name):
    """Attaches without making the resource tracker remove the block at the end."""
    if sys.version_info >= (3, 13):
        return SharedMemory(name, track=False)
    s = SharedMemory(name)
    resource_tracker.unregister(s._name, "shared_memory")
    return s


def forget(s):
    """The same for what was created, or attached to by a list."""
    resource_tracker.unregister(s._name, "shared_memory")


def say(*words):
    print(*words, flush=True)


def block(name):
    s = untracked(name)
    say(s.size, s.name, bytes(s.buf[:5]).decode())
    view = memoryview(s.buf).cast("q")
    view[1] += 1
    view[2] = -888
    s.buf[0:5] = b"HELLO"
    del view
    s.close()


def make(name):
    s = SharedMemory(name, create=True, size=1000)
    forget(s)
    struct.pack_into("qd", s.buf, 8, -5, 0.25)
    say("made")
    sys.stdin.readline()  # Go has written
    say(*struct.unpack_from("qd", s.buf, 8))
    s.close()  # Go unlinks


def read(name):
    l = ShareableList(name=name)
    forget(l.shm)
    say(repr(list(l)))
    say(l.format)
    l[0], l[2], l[4], l[-1] = "dry ice", 7, 0.5, False
    l.shm.close()


def write(name):
    l = ShareableList(["howdy", b"HoWdY", -273.154, 100, None, True, 42, "seven letters", "\u00fcml\u00e4ut"], name=name)
    forget(l.shm)
    say("made")
    sys.stdin.readline()
    say(repr(list(l)))
    l.shm.close()


def empty(name):
    l = ShareableList([], name=name)
    forget(l.shm)
    say(l.shm.size)
    l.shm.close()


def cut(name):
    l = ShareableList(["\u00fc" * 7, 1], name=name)
    forget(l.shm)
    say("made")
    l.shm.close()


def pitfall(name):
    s = SharedMemory(name)
    say(s.size)
    s.close()


def careful(name):
    untracked(name).close()
    say("closed")


for line in iter(sys.stdin.readline, ""):
    function, *words = line.split()
    globals()[function](*words)
    say("done")
