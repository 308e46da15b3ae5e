"""Frames on a socket, and the proof of the key: what comes before pickles.

A frame is its length in 4 bytes, big endian, and the bytes; -1 and 8 bytes of
length for what is longer than 2 GiB. It is multiprocessing.connection's, whose
own functions prove the key here, too.
"""

import select
import socket
import ssl
import struct
import threading
import time
from multiprocessing import AuthenticationError, connection
from typing import Any, Optional

from ._address import Place
from ._errors import ProtocolError

_READ = 1 << 13
_READ_MORE = 1 << 18  # of a message that is long
_JOIN = 1 << 14  # up to this a frame is sent at once, header and all


class Wire:
    """A connection that one thread uses at a time; abort is for all."""

    __slots__ = ("_sock", "_lock", "_buf", "_pos", "_poll", "_timed", "deadline")

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._lock = threading.RLock()  # of abort and close; reentrant for finalizers
        self._buf = b""
        self._pos = 0
        self._timed = True  # the socket has a timeout
        self.deadline: Optional[float] = None  # by time.monotonic; then socket.timeout is raised
        self._poll: Any = None
        if hasattr(select, "poll"):
            self._poll = select.poll()
            self._poll.register(sock, select.POLLIN)

    def _limit(self) -> None:
        """Has the next operation end at the deadline."""
        if self.deadline is not None:
            left = self.deadline - time.monotonic()
            if left <= 0:
                raise socket.timeout("timed out")
            self._sock.settimeout(left)
            self._timed = True
        elif self._timed:
            self._sock.settimeout(None)
            self._timed = False

    def send_bytes(self, data: bytes) -> None:
        n = len(data)
        head = struct.pack("!i", n) if n <= 0x7FFFFFFF else struct.pack("!iQ", -1, n)
        self._limit()
        if n <= _JOIN:
            self._sock.sendall(head + data)
        else:
            self._sock.sendall(head)
            self._limit()
            self._sock.sendall(data)

    def send_frames(self, frames: bytes) -> None:
        """Sends what has its headers already."""
        self._limit()
        self._sock.sendall(frames)

    def recv_bytes(self, maxlength: Optional[int] = None) -> bytes:
        """Returns the next frame; EOFError says that there is none."""
        head = self._need(4)
        (n,) = struct.unpack("!i", head)
        if n == -1:
            (n,) = struct.unpack("!Q", self._need(8))
        if n < 0 or maxlength is not None and n > maxlength:
            raise ProtocolError("conex: a message of %d bytes" % n)
        if len(self._buf) - self._pos >= n:
            return self._need(n)
        parts, have = [self._buf[self._pos:]], len(self._buf) - self._pos
        self._buf, self._pos = b"", 0
        while have < n:
            self._limit()
            part = self._sock.recv(min(n - have, _READ_MORE))
            if not part:
                raise EOFError("the connection ended within a message")
            parts.append(part)
            have += len(part)
        return b"".join(parts)

    def _need(self, n: int) -> bytes:
        """Takes n bytes out of the buffer, which it fills first."""
        buf, pos = self._buf, self._pos
        while len(buf) - pos < n:
            self._limit()
            more = self._sock.recv(_READ)
            if not more:
                raise EOFError("the connection ended")
            buf, pos = (buf[pos:] + more if pos < len(buf) else more), 0
            self._buf, self._pos = buf, pos
        self._pos = pos + n
        return buf[pos:pos + n]

    def dead(self) -> bool:
        """Tells of an idle connection whether the server has closed it: nothing
        else can have arrived."""
        try:
            if self._poll is not None:
                return bool(self._poll.poll(0))
            return bool(select.select([self._sock], [], [], 0)[0])
        except (OSError, ValueError):
            return True

    def peer(self) -> Any:
        try:
            return self._sock.getpeername()
        except OSError:
            return None

    def abort(self) -> None:
        """Has the thread that waits find the end; the thread closes."""
        with self._lock:
            try:
                # Not SSLSocket's: that one takes the TLS away from under who waits.
                socket.socket.shutdown(self._sock, socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self) -> None:
        with self._lock:
            self._sock.close()


def dial(place: Place, key: bytes, context: Optional[ssl.SSLContext], timeout: Optional[float]) -> Wire:
    """Connects, and proves that both sides know the key."""
    deadline = None if timeout is None else time.monotonic() + timeout
    sock = place.socket(timeout)
    try:
        if context is not None:
            sock = _encrypt(sock, place, context)
        wire = Wire(sock)
        wire.deadline = deadline
        _prove(wire, place, key)
        wire.deadline = None
        return wire
    except BaseException:
        sock.close()
        raise


def _encrypt(sock: socket.socket, place: Place, context: ssl.SSLContext) -> socket.socket:
    name = place.host or ("localhost" if context.check_hostname else None)
    try:
        return context.wrap_socket(sock, server_hostname=name)
    except ssl.SSLCertVerificationError as err:
        err.strerror = "conex: the certificate of %s is not trusted: %s" % (place, err.verify_message)
        raise
    except socket.timeout:
        raise TimeoutError("conex: %s does not answer: does it speak TLS?" % place) from None
    except ssl.SSLError as err:
        raise ProtocolError("conex: no TLS with %s: %s" % (place, err)) from err
    except OSError as err:
        raise ProtocolError("conex: %s ended the connection instead of TLS: %s" % (place, err)) from err


def _prove(wire: Wire, place: Place, key: bytes) -> None:
    conn: Any = wire  # all that these two need are send_bytes and recv_bytes
    proven = False
    try:
        connection.answer_challenge(conn, key)
        proven = True
        connection.deliver_challenge(conn, key)
    except AuthenticationError as err:
        who = "this is not the server's" if not proven else "the server does not know it"
        raise AuthenticationError("conex: %s: wrong authkey: %s (%s)" % (place, who, err)) from err
    except socket.timeout:
        raise TimeoutError("conex: %s does not answer: is it a manager, and does it want TLS?" % place) from None
    except (EOFError, ConnectionError, AssertionError, ValueError, ssl.SSLError) as err:
        if isinstance(err, ssl.SSLError):
            # TLS 1.3 tells of a missing certificate when the first bytes are read.
            raise ProtocolError("conex: %s ended TLS: %s: does it want a certificate?" % (place, err)) from err
        raise ProtocolError(
            "conex: what answers at %s is no manager, or wants TLS, or is ending (%s)" % (place, err)
        ) from err
