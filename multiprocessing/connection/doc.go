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
// Between any programs, Python's too, a Connection goes over a socket: package
// [github.com/conexgo/conex/multiprocessing/connection/socket] listens and
// connects. It is a package of its own so that programs which need no sockets
// link none: the processes of a pool start in two thirds of the time.
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
//	made by               Pipe, OneWayPipe             socket.Listen and Dial
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
// them. They are at most [MaxMessage] bytes long; a socket's Config may say
// otherwise. Whatever can be sent as an argument to another process can be sent
// through a pipe, with the queues, locks, connections and shared memory in it: up
// to 250 or so different ones in a message.
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
// # When things die
//
// This is about pipes; see package socket for sockets. A process may be killed at any moment without harm to
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
// # Platforms
//
// Pipe and SendFile: Linux. Elsewhere they answer errors.ErrUnsupported.
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
//	Listener, Client, challenges  package socket
//	send_handle, recv_handle      SendFile, RecvFile
//	send(connection)              Connection.SendConnection
//	fileno                        Fd, SyscallConn
//	EOFError                      io.EOF
//	BrokenPipeError               ErrBrokenPipe, which is syscall.EPIPE too
//	BufferTooShort                BufferTooShortError
//	OSError "handle is closed"    ErrClosed
package connection
