"""The other end of the tests of arrays: runs expressions on what it is sent.

Usage: array_peer.py FILE FD: FILE is worker.py, FD is a socket.
Messages to here: b"S" id size, with a descriptor; b"F" id; b"X" length expression
pickle. Back: b"R" pickle, with descriptors, or b"E" text.
"""

import importlib.util
import os
import socket
import struct
import sys
import threading
import traceback

spec = importlib.util.spec_from_file_location("conex_worker", sys.argv[1])
worker = sys.modules["conex_worker"] = importlib.util.module_from_spec(spec)
sys.dont_write_bytecode = True
spec.loader.exec_module(worker)
from conex_worker import array, ndarray

peer = socket.socket(fileno=int(sys.argv[2]))


def usage():
    """Descriptors, mappings of arrays, and memories known."""
    with open("/proc/self/maps") as maps:
        mapped = sum("memfd:conex" in line or "/conex-" in line for line in maps)
    return len(os.listdir("/proc/self/fd")), mapped, len(worker.segments.known)


def run(message):
    (n,) = struct.unpack_from("<I", message, 1)
    x = worker.load_handles(message[5 + n :])
    try:
        return eval(message[5 : 5 + n].decode(), globals(), {"x": x})
    except SyntaxError:
        names = {"x": x}
        exec(message[5 : 5 + n].decode(), globals(), names)
        return names.get("y")


def answer(message):
    try:
        value, memories = run(message), ()
        try:
            data = worker.dump_plain(value)
        except worker.MAYBE_ARRAYS:
            data, memories = worker.dump_arrays(value)
    except BaseException:
        peer.send(b"E" + traceback.format_exc().encode())
    else:
        fds = struct.pack(f"{len(memories)}i", *[m.fd for m in memories])
        peer.sendmsg([b"R" + data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)] if fds else [])


while True:
    message, control, _, _ = peer.recvmsg(1 << 17, socket.CMSG_SPACE(4))
    if not message:
        break
    if message[:1] == b"S":
        (fd,) = struct.unpack("i", control[0][2])
        worker.segments.add(*struct.unpack("<QQ", message[1:]), fd)
    elif message[:1] == b"F":
        worker.segments.forget(*struct.unpack("<Q", message[1:]))
    else:
        answer(message)
        del message
