"""Addresses, keys and TLS: what connect() is given."""

import os
import socket
import ssl
from typing import Any, Optional, Tuple, Union

Address = Union[str, Tuple[str, int]]
"""("host", port), "host:port", "[::1]:port", "unix:/path", "/path" or "@abstract"."""

_FORMS = 'use ("host", port), "host:port", "[::1]:port", "unix:/path", "/path" or "@name"'


class Place:
    """Where a server is; value is as multiprocessing has it: a pair or a path."""

    def __init__(self, value: Address) -> None:
        self.value = value

    @property
    def host(self) -> Optional[str]:
        return None if isinstance(self.value, str) else self.value[0]

    def __str__(self) -> str:
        if isinstance(self.value, str):
            return self.value.replace("\0", "@", 1)
        host, port = self.value
        return ("[%s]:%d" if ":" in host else "%s:%d") % (host, port)

    def socket(self, timeout: Optional[float]) -> socket.socket:
        """Connects, or raises the OSError that says why not."""
        try:
            if not isinstance(self.value, str):
                sock = socket.create_connection(self.value, timeout)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return sock
            if not hasattr(socket, "AF_UNIX"):
                raise OSError("this Python has no unix sockets")
            sock = socket.socket(socket.AF_UNIX)
            try:
                sock.settimeout(timeout)
                sock.connect(self.value)
            except BaseException:
                sock.close()
                raise
            return sock
        except socket.timeout:
            raise TimeoutError("conex: no connection to %s within %g s" % (self, timeout or 0)) from None
        except OSError as err:
            # The class stays what it is: ConnectionRefusedError, FileNotFoundError …
            text = "conex: cannot connect to %s: %s" % (self, err.strerror or err)
            if err.errno is None or isinstance(err, socket.gaierror):
                raise OSError(text) from err
            raise OSError(err.errno, text) from err


def parse(address: Any) -> Place:
    """Understands all forms of an address."""
    if isinstance(address, (tuple, list)):
        if len(address) == 2 and isinstance(address[0], str) and isinstance(address[1], int):
            return Place((address[0] or "127.0.0.1", address[1]))
    elif isinstance(address, (str, os.PathLike)):
        text = os.fspath(address)
        if isinstance(text, str) and text:
            if text.startswith("unix:"):
                text = text[len("unix:"):]
                return Place("\0" + text[1:] if text.startswith("@") else text)
            if text[0] in "@\0":
                return Place("\0" + text[1:])
            if "/" in text:
                return Place(text)
            host, colon, port = text.rpartition(":")
            bracketed = host.startswith("[") and host.endswith("]")
            if colon and port.isdigit() and (bracketed or ":" not in host):
                return Place((host[1:-1] if bracketed else host or "127.0.0.1", int(port)))
    raise ValueError("conex: %r is not an address: %s" % (address, _FORMS))


def find_key(authkey: Union[bytes, str, None], authkey_file: Union[str, "os.PathLike[str]", None]) -> bytes:
    """The key from wherever it was given, without the white space around it if
    it is from a file or the environment."""
    if authkey is not None and authkey_file is not None:
        raise ValueError("conex: give authkey or authkey_file, not both")
    if authkey_file is not None:
        with open(authkey_file, "rb") as f:
            key = f.read().strip()
        if not key:
            raise ValueError("conex: the key file %s is empty" % os.fspath(authkey_file))
        return key
    if authkey is None:
        key = os.environ.get("CONEX_AUTHKEY", "").strip().encode()
        if not key:
            raise ValueError("conex: no authkey: give authkey or authkey_file, or set CONEX_AUTHKEY")
        return key
    if not isinstance(authkey, (bytes, str)):
        raise TypeError("conex: authkey is bytes or str, not %s" % type(authkey).__name__)
    if not authkey:
        raise ValueError("conex: the authkey is empty")
    return authkey.encode() if isinstance(authkey, str) else bytes(authkey)


def tls(
    ca: Union[str, "os.PathLike[str]", None] = None,
    cert: Union[str, "os.PathLike[str]", None] = None,
    key: Union[str, "os.PathLike[str]", None] = None,
) -> ssl.SSLContext:
    """Returns what connect(tls=...) needs, from files in PEM format.

    ca    the authority that signed the server's certificate; None means those
          that the system trusts
    cert  the certificate of this client, if the server wants one
    key   its private key; None means that it is in the file of cert

    The certificate of the server must be for the host that is connected to.
    """
    context = ssl.create_default_context(cafile=None if ca is None else os.fspath(ca))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if cert is not None:
        context.load_cert_chain(os.fspath(cert), None if key is None else os.fspath(key))
    elif key is not None:
        raise ValueError("conex: tls: key without cert")
    return context
