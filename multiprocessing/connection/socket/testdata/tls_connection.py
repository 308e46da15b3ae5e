"""CPython's connections over TLS: only the ssl module is needed.

Client and accept take an ssl.SSLContext; what they return is a Connection. For
managers: multiprocessing.managers.listener_client['pickle'] =
(Listener, lambda address, authkey=None: Client(address, context, authkey)).
"""
import io
import socket

from multiprocessing.connection import Connection, answer_challenge, deliver_challenge


class TLSConnection(Connection):
    def __init__(self, sock):
        super().__init__(sock.fileno())
        self._sock = sock

    def _send(self, buf, write=None):
        self._sock.sendall(buf)

    def _recv(self, size, read=None):
        buf = io.BytesIO()
        while buf.tell() < size:
            chunk = self._sock.recv(min(size - buf.tell(), 1 << 16))
            if not chunk:
                raise OSError('got end of file during message') if buf.tell() else EOFError
            buf.write(chunk)
        return buf

    def _poll(self, timeout):
        return self._sock.pending() > 0 or super()._poll(timeout)

    def _close(self, _close=None):
        self._sock.close()


def Client(address, context, authkey=None):
    sock = context.wrap_socket(socket.create_connection(address), server_hostname=address[0])
    conn = TLSConnection(sock)
    if authkey is not None:
        answer_challenge(conn, authkey)
        deliver_challenge(conn, authkey)
    return conn


def accept(sock, context, authkey=None):
    """sock is a socket that listens."""
    conn = TLSConnection(context.wrap_socket(sock.accept()[0], server_side=True))
    if authkey is not None:
        deliver_challenge(conn, authkey)
        answer_challenge(conn, authkey)
    return conn
