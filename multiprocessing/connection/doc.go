// Package connection has connections that carry messages between processes:
// bytes, or values. It is the counterpart of Python's
// multiprocessing.connection.
//
// Between processes of one Go program, [Pipe] makes two ends:
//
//	here, there, err := connection.Pipe()
//	…
//	p, err := multiprocessing.Go(ctx, Greet.Bind(there))
//	there.Close() // the other process has it now
//
//	connection.Send(ctx, here, "bob")
//	answer, err := connection.Recv[string](ctx, here)
//
// Between any programs, Python's too, one of them listens:
//
//	l, err := connection.Listen(ctx, "localhost:6000", connection.Config{AuthKey: key})
//	c, err := l.Accept(ctx)
//
// and the other one connects, by [Dial], or in Python:
//
//	c = multiprocessing.connection.Client(('localhost', 6000), authkey=key)
//
// # When to use it
//
// For a conversation between two processes: questions and answers, a stream one
// way, or giving away something that only processes can share, such as another
// Connection. Not for handing out work: that is what futures are for. Not for
// many producers and consumers: that is what queues are for, although several
// processes may have the same end of a pipe. Not within a process, where
// channels are better. Not for values that several programs share: that is what
// managers are for.
//
// # Pipes and sockets
//
// A Connection is one or the other, and most of what is said below holds for
// both. They differ in this:
//
//	                      pipe                         socket
//	made by               Pipe, OneWayPipe             Listen and Dial
//	between               processes of one program     any programs, Python's too
//	values travel as      the types that conex sends   pickles
//	a wrong type          stays: MismatchError         is received: an error of pickle
//	several at one end    any processes                goroutines of one process
//	sent by a process     whole or not at all          perhaps in part: io.ErrUnexpectedEOF
//	that is killed
//	ctx ends in a Send    nothing was sent             that, or the connection is closed
//	one way               OneWayPipe                   –
//	descriptors           within values                SendFile, SendConnection
//
// # Messages
//
// A message of a pipe is either bytes, sent by SendBytes and received by
// RecvBytes or RecvBytesInto; or a value of a type T, sent by [Send] and received
// by [Recv] for the same T; or a value of any registered type, sent by [Connection.Send]
// and received by [Connection.Recv]. Asking for something else than what comes
// next is a *[MismatchError], and the message stays for who asks rightly. A
// message of a socket is bytes, and a value is the bytes of its pickle: what
// Recv makes of them is what package pickle says for T, so that the sender's
// type and the receiver's need only be alike.
//
// Messages come whole, each once, and in the order in which one goroutine sent
// them. They are at most [MaxMessage] bytes long, or what Config.MaxMessage
// says. Whatever can be sent as an
// argument to another process can be sent through a pipe, with the queues, locks,
// connections and shared memory in it: up to 250 or so different ones in a
// message.
//
// # Who waits, and for how long
//
// Receiving waits while there is no message, sending while there is no room: a
// pipe has 256 KiB for each direction, and beyond that room for some large
// messages that do not fit in, 2 MiB of them and the one that goes over. Both
// wait until their context ends at most; then nothing was received, or sent. A
// context that has ended already lets pass what need not wait.
//
// Who waits polls for 40 µs first if there is more than one core, and if that
// was of use lately; then it sleeps. [Wait] waits for many things at once.
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
// it also says who they are: see [Connection.TLS]. Python's Connection takes part
// with a class of its own and nothing but the ssl module:
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
// When nobody has the other side any more, since all have closed it or died,
// those who receive get what was sent before, and then io.EOF; those who send
// get [ErrBrokenPipe]. The kernel keeps count of who has an end: processes to
// which it was sent, also those which do not know it yet. So close an end that
// you gave away, as in Python, or there will be no end for you to see. A killed
// process is noticed at once by who waits for it, and by who sends when the ring
// is full at the latest; a Close is noticed at once.
//
// A process that receives a Connection must close it, or end. It is not closed
// when it is forgotten.
//
// Over a socket, the end is when the other side's process has closed its
// Connection or died, or its machine is not heard of for some minutes. If it
// died in the middle of a message, or left something unread over TCP, that is
// io.ErrUnexpectedEOF. What is sent may be lost without an error until the end
// is noticed here: ask for an answer.
//
// # When things die
//
// This is about pipes. A process may be killed at any moment without harm to
// those who have the same end or the other one. If it was sending, the message
// is there as a whole or not at all. If it was receiving, the message is still
// there, for the next one at the same end, or was received as a whole and is lost
// with the process.
// There is nothing in between, however long the message is, and nobody waits
// for the dead. A process that was stopped holds up others at the same end only
// if that happened within a send or a receive, until it goes on, dies, or their
// contexts end.
//
// A program that writes to the shared memory what it should not makes calls fail
// with [ErrCorrupt] or return nonsense, but does not make them crash or run
// forever. Values from the other side are decoded, and so are only as well
// meant as it is: it is a process of your own program.
//
// From a socket anything may come. A length that is announced takes no memory
// before the bytes are there, a pickle runs no code and names no function that
// would be called, and its limits and the classes it may name are those of
// Config.Codec. The worst that one who knows the key can do is to send very much
// that is allowed.
//
// # Costs
//
// Between two processes, on two cores of a virtual machine, 64 bytes one way take
// 0.2 µs; a round trip takes 1 µs when both sides do nothing else, 5 µs with one
// core for both, and two wake-ups, some 50 µs, when both have slept. Large
// messages go at 3 GB/s and more into memory that is used again; into new memory
// of a process that has little else, at 1 to 2, since the collector then runs
// for every few messages. So use RecvBytesInto for many large ones.
//
// A pipe takes three descriptors, 512 KiB of address space, and as much memory
// as was used of it; a sender of messages of more than 128 KiB keeps up to 4 MiB
// for the next ones until it is closed. An end that has been waited at has a
// goroutine until it is closed.
//
// Over a socket, a round trip between two goroutines takes 9 µs with AF_UNIX and
// 14 µs with TCP, nearly all of it in the system; a new connection with its
// handshake, 0.2 ms. The system is told to acknowledge at once where a CPython
// client would else wait for 40 ms: after each handshake, and in messages of more
// than 16 KiB. A connection that is idle has a buffer of 512 bytes.
//
// # Platforms
//
// Pipe, SendFile and abstract names: Linux. Elsewhere they answer
// errors.ErrUnsupported. Sockets: everywhere. Named pipes: Windows.
//
// # In Python
//
//	Pipe(), Pipe(duplex=False)    Pipe, OneWayPipe
//	send, recv                    Send[T], Recv[T]; Connection.Send, Connection.Recv
//	send_bytes, recv_bytes        SendBytes, RecvBytes, RecvBytesMax
//	recv_bytes_into               RecvBytesInto
//	poll(), poll(None)            TryPoll, Poll
//	readable, writable, closed    Readable, Writable, Closed
//	wait(list, timeout)           Wait; Sentinel for what is no connection
//	Listener, accept, close       Listen, Listener.Accept, Listener.Close
//	Client                        Dial
//	address=None, family=...      "", "AF_INET", "AF_UNIX"
//	authkey=None                  Config.NoAuth
//	deliver_, answer_challenge    DeliverChallenge, AnswerChallenge
//	send_handle, recv_handle      SendFile, RecvFile
//	send(connection)              Connection.SendConnection; from Python Rebuild
//	fileno                        Fd, SyscallConn
//	AuthenticationError           ErrAuthentication
//	EOFError                      io.EOF
//	BrokenPipeError               ErrBrokenPipe, which is syscall.EPIPE too
//	BufferTooShort                BufferTooShortError
//	OSError "handle is closed"    ErrClosed
package connection
