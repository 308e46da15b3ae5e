package connection

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"github.com/conexgo/conex/internal/mperr"
)

// Errors to be tested with errors.Is. The end of what the other side has sent
// is io.EOF.
var (
	// ErrClosed says that this Connection was closed by this process. It
	// matches os.ErrClosed, and multiprocessing.ErrClosed.
	ErrClosed = mperr.New("connection: closed by this process", os.ErrClosed, mperr.ErrClosed)

	// ErrBrokenPipe says that nobody has the other side any more, so what is
	// sent would reach nobody. It matches io.ErrClosedPipe and syscall.EPIPE.
	ErrBrokenPipe = mperr.New("connection: broken pipe: nobody has the other side any more", io.ErrClosedPipe, syscall.EPIPE)

	// ErrReadOnly says that this end can only receive.
	ErrReadOnly = errors.New("connection: this end can only receive")

	// ErrWriteOnly says that this end can only send.
	ErrWriteOnly = errors.New("connection: this end can only send")

	// ErrTooLarge says that a message is longer than MaxMessage, or than the
	// caller of RecvBytesMax wants: then it stays where it is.
	ErrTooLarge = errors.New("connection: message too large")

	// ErrBufferTooShort is matched by every *BufferTooShortError.
	ErrBufferTooShort = errors.New("connection: buffer too short for the message")

	// ErrMismatch is matched by every *MismatchError.
	ErrMismatch = errors.New("connection: the next message has another type")

	// ErrCorrupt says that the memory shared with the other side holds what
	// this package never writes there: another program has changed it. It
	// matches multiprocessing.ErrCorrupt.
	ErrCorrupt = mperr.New("connection: corrupt shared memory: another program has written to it", mperr.ErrCorrupt)

	// ErrNoFile says that RecvFile was called where a message comes next, which
	// stays.
	ErrNoFile = errors.New("connection: what comes next is a message: receive it first")

	// ErrUnread says that a Connection cannot be handed to another process
	// because a part of a message has arrived: receive it first.
	ErrUnread = errors.New("connection: it has received what nobody has asked for: receive that first")

	// ErrInUse says that a Connection over a socket cannot be sent as a value
	// while it receives or sends.
	ErrInUse = errors.New("connection: it cannot be sent while it is in use")

	// ErrTooManyHandles says that a value holds more queues, locks, connections
	// and pieces of shared memory than one message can carry: send several
	// messages.
	ErrTooManyHandles = fmt.Errorf("connection: more than %d descriptors in one message: send several messages", maxFiles)
)

// A BufferTooShortError says that a message did not fit into the buffer given
// to RecvBytesInto. The message was received: it is here.
type BufferTooShortError struct {
	Message []byte
}

func (e *BufferTooShortError) Error() string {
	return fmt.Sprintf("%v: it has %d bytes, and is in the error's Message", ErrBufferTooShort, len(e.Message))
}

// Is reports whether target is ErrBufferTooShort.
func (e *BufferTooShortError) Is(target error) bool { return target == ErrBufferTooShort }

// A MismatchError says that the next message was sent as another type than the
// receiver asked for. Nothing was received: the message is there for a call
// that asks for the right type. Only where Recv was asked for a type, and the
// message was sent by [Connection.Send], which says what it holds only when it
// is decoded, was it received: then Value has it.
type MismatchError struct {
	Sent     string // what the message is, as far as this process knows the type
	Asked    string // what the receiver wanted
	Received bool   // whether it was received all the same
	Value    any    // what was received
}

func (e *MismatchError) Error() string {
	if e.Received {
		return fmt.Sprintf("connection: received a value of type %s where %s was asked for: it is in the error's Value", e.Sent, e.Asked)
	}
	return fmt.Sprintf("%v: it was sent as %s and asked for as %s; it has not been received", ErrMismatch, e.Sent, e.Asked)
}

// Is reports whether target is ErrMismatch.
func (e *MismatchError) Is(target error) bool { return target == ErrMismatch }
