package conex

import (
	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/remote"
)

// RegisterError gives an error value a name, so that errors.Is finds it in errors that a function returned in another
// process. Call it where the error is declared, in every program that shares it; a process and its workers are one
// program, so a package-level call is enough:
//
//	var ErrNoSeats = errors.New("no seats left")
//
//	func init() { conex.RegisterError("flights.ErrNoSeats", ErrNoSeats) }
//
// The sentinel errors of io, io/fs, os, context, errors, strconv and bufio are built in, and so are all system error
// numbers (syscall.Errno). For errors that carry data, so that errors.As finds them, see [RegisterType].
//
// RegisterError panics when the name is empty or taken, and when err is nil or not comparable. It is safe for
// concurrent use.
func RegisterError(name string, err error) { remote.Register(name, err) }

// RemoteError is an error that a function returned in another process. It has the original's text and the name of its
// type, and it matches what the original matched:
//
//   - errors.Is finds the errors given to [RegisterError], the built-in ones and system error numbers, wherever in the
//     original they were, and also when the original matched them by a method Is;
//   - errors.As finds values of types given to [RegisterType].
//
// An error that was itself one of these comes back as what it was, not as a RemoteError. Everything else about the
// original stays in its process. Texts are cut at 64 KiB.
//
// A RemoteError is immutable and safe for concurrent use.
type RemoteError struct {
	Type string // the dynamic type of the original, such as "*fs.PathError"
	Msg  string // the original's text

	causes []error
}

// Error returns the original's text.
func (e *RemoteError) Error() string { return e.Msg }

// Unwrap returns everything the original matched that has a counterpart in this process. The caller must not change
// the slice.
func (e *RemoteError) Unwrap() []error { return e.causes }

// Errors inside values and errors of whole calls take the same way; the packages below cannot know this one.
var _ = func() struct{} {
	remote.New = func(f remote.Fields) error {
		return &RemoteError{Type: f.Type, Msg: f.Msg, causes: f.Causes}
	}
	remote.Open = func(err error) (remote.Fields, bool) {
		if e, ok := err.(*RemoteError); ok && e != nil {
			return remote.Fields{Type: e.Type, Msg: e.Msg, Causes: e.causes}, true
		}
		return remote.Fields{}, false
	}
	codec.Errors = codec.ErrorFuncs{Append: remote.Encode, Read: remote.Decode}
	return struct{}{}
}()
