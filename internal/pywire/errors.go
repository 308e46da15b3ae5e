package pywire

import (
	"errors"
	"fmt"
	"io"

	"github.com/conexgo/conex/internal/mperr"
)

// Errors to be tested with errors.Is. The end of the stream between frames is
// io.EOF, within one it is io.ErrUnexpectedEOF.
var (
	// ErrAuthentication says that the other side does not know the key, or does
	// not speak the protocol.
	ErrAuthentication = mperr.ErrAuthentication

	// ErrTooLong is matched by every *TooLongError.
	ErrTooLong = errors.New("pywire: frame too long")

	// ErrFrame says that what came is no frame.
	ErrFrame = errors.New("pywire: negative length: the other side does not speak multiprocessing.connection's protocol")

	// ErrBroken says that an earlier call was stopped in the middle of a frame,
	// so nothing can be sent any more.
	ErrBroken = fmt.Errorf("pywire: a frame was cut off by the end of its context: %w", io.ErrClosedPipe)

	// ErrEvicted is why a connection was refused that had not shown the key
	// when there were too many of its kind.
	ErrEvicted = errors.New("pywire: too many connections that have not shown the key: the oldest one was closed")

	// ErrNoKey says that neither a key was given nor that none is wanted.
	ErrNoKey = errors.New("pywire: no AuthKey: set the key that both sides share, or NoAuth for none at all")
)

// A TooLongError says that a frame's header announces more than is allowed.
// The frame was not read.
type TooLongError struct {
	Length uint64
	Most   int64
}

func (e *TooLongError) Error() string {
	return fmt.Sprintf("%v: %d bytes are announced, at most %d are wanted", ErrTooLong, e.Length, e.Most)
}

// Is reports whether target is ErrTooLong.
func (e *TooLongError) Is(target error) bool { return target == ErrTooLong }

// A refusal is an ErrAuthentication that says more.
type refusal struct {
	text string
	err  error // or nil
}

func refuse(format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	return &refusal{"pywire: " + err.Error(), errors.Unwrap(err)}
}

func (e *refusal) Error() string { return e.text }
func (e *refusal) Is(target error) bool {
	return ErrAuthentication == target || errors.Is(ErrAuthentication, target)
}
func (e *refusal) Unwrap() error { return e.err }
