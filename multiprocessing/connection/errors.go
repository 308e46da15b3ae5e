package connection

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

// Errors to be tested with errors.Is. The end of what the other side has sent
// is io.EOF.
var (
	// ErrClosed says that this Connection was closed by this process. It
	// matches os.ErrClosed.
	ErrClosed error = &alias{"connection: closed by this process", []error{os.ErrClosed}}

	// ErrBrokenPipe says that nobody has the other side any more, so what is
	// sent would reach nobody. It matches io.ErrClosedPipe and syscall.EPIPE.
	ErrBrokenPipe error = &alias{"connection: broken pipe: nobody has the other side any more", []error{io.ErrClosedPipe, syscall.EPIPE}}

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
	// this package never writes there: another program has changed it.
	ErrCorrupt = errors.New("connection: corrupt shared memory: another program has written to it")

	// ErrTooManyHandles says that a value holds more queues, locks, connections
	// and pieces of shared memory than one message can carry: send several
	// messages.
	ErrTooManyHandles = fmt.Errorf("connection: more than %d descriptors in one message: send several messages", maxFiles)
)

// An alias is an error that other packages know under names of their own.
type alias struct {
	text string
	also []error
}

func (e *alias) Error() string { return e.text }

func (e *alias) Is(target error) bool {
	for _, err := range e.also {
		if err == target {
			return true
		}
	}
	return false
}

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
