// Package socket has connections over sockets, between any programs: those of
// Go, and those of Python, whose multiprocessing.connection has the same
// protocol. What [Listen] and [Dial] make are the Connections of package
// connection.
//
// One program listens:
//
//	l, err := socket.Listen(ctx, "localhost:6000", socket.Config{AuthKey: key})
//	c, err := l.Accept(ctx)
//	err = c.Send(ctx, "hello")
//
// and the other one connects, by [Dial], or in Python:
//
//	c = multiprocessing.connection.Client(('localhost', 6000), authkey=key)
//	print(c.recv())
//
// # When to use it
//
// For a conversation between two programs, of which one may be Python's. Not
// between processes of one program, where the pipes of package connection are
// ten times as fast, and survive what sockets do not. Not for what several
// programs share, such as a dictionary or a queue: that is what managers are
// for, which speak over these connections.
//
// # Messages
//
// Python's send and recv are [connection.Send] and [connection.Recv], or the
// Connection's own Send and Recv for values of any type; values travel as
// pickles, or as Config.Codec makes them. SendBytes and RecvBytes are send_bytes
// and recv_bytes. What has been pickled can be received as bytes, and the other
// way round.
//
// # Listeners and keys
//
// A [Listener] lets nobody in who does not know its key, and who connects
// finds out whether it does: each side sends random bytes, and gets back their
// MAC under the key, by HMAC with SHA-256, or with MD5 for CPython up to 3.11.
// The key itself is not sent. That is all: neither is what follows encrypted nor
// can it be known whether somebody on the way has changed it. So the key is
// enough for one machine; between machines use TLS, too. Good keys are random:
// 32 bytes of crypto/rand. To let everybody in takes Config.NoAuth.
//
// Those who do not know the key can do little: a frame of the handshake has at
// most 256 bytes, it must be over in 10 seconds, there are at most
// Config.MaxPending of them at a time, and a limit of descriptors ends the
// oldest of them first.
//
// # TLS
//
// Config.TLS on both sides encrypts connections; with certificates for clients
// it also says who they are: see [TLS]. Python takes part with a class of its own
// and nothing but the ssl module:
//
//	class TLSConnection(Connection):
//	    def __init__(self, sock):
//	        super().__init__(sock.fileno())
//	        self._sock = sock
//
//	    def _send(self, buf, write=None):
//	        self._sock.sendall(buf)
//
//	    def _recv(self, size, read=None):
//	        buf = io.BytesIO()
//	        while buf.tell() < size:
//	            chunk = self._sock.recv(min(size - buf.tell(), 1 << 16))
//	            if not chunk:
//	                raise OSError('got end of file during message') if buf.tell() else EOFError
//	            buf.write(chunk)
//	        return buf
//
//	    def _poll(self, timeout):
//	        return self._sock.pending() > 0 or super()._poll(timeout)
//
//	    def _close(self, _close=None):
//	        self._sock.close()
//
//	def Client(address, context, authkey):
//	    sock = context.wrap_socket(socket.create_connection(address), server_hostname=address[0])
//	    conn = TLSConnection(sock)
//	    answer_challenge(conn, authkey)
//	    deliver_challenge(conn, authkey)
//	    return conn
//
// It is tested with CPython 3.8 to 3.13, in both roles, as
// testdata/tls_connection.py, which has the side that accepts, too.
//
// # The end
//
// The end is when the other side's process has closed its
// Connection or died, or its machine is not heard of for some minutes. If it
// died in the middle of a message, or left something unread over TCP, that is
// io.ErrUnexpectedEOF. What is sent may be lost without an error until the end
// is noticed here: ask for an answer.
//
// # Trust
//
// From a socket anything may come. A length that is announced takes no memory
// before the bytes are there, a pickle runs no code and names no function that
// would be called, and its limits and the classes it may name are those of
// Config.Codec. The worst that one who knows the key can do is to send very much
// that is allowed.
//
// # Costs
//
// A round trip between two goroutines takes 9 µs with AF_UNIX and 14 µs with TCP,
// nearly all of it in the system; a new connection with its handshake, 0.2 ms. The system is told to acknowledge at once where a CPython
// client would else wait for 40 ms: after each handshake, and in messages of more
// than 16 KiB. A connection that is idle has a buffer of 512 bytes.
//
// # Platforms
//
// TCP and socket files: everywhere. Abstract names, and connections and files
// that are sent over connections: Linux. Named pipes: Windows.
//
// # In Python
//
//	Listener, accept, close       Listen, Listener.Accept, Listener.Close
//	Client                        Dial
//	address=None, family=...      "", "AF_INET", "AF_UNIX"
//	authkey=None                  Config.NoAuth
//	families                      Families
//	deliver_, answer_challenge    DeliverChallenge, AnswerChallenge
//	rebuild_connection            Rebuild
//	AuthenticationError           ErrAuthentication
package socket
