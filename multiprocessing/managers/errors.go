package managers

import (
	"context"
	"errors"
	"fmt"

	"github.com/conexgo/conex/pickle"
	"github.com/conexgo/conex/queue"
	"github.com/conexgo/conex/threading"
)

// Errors to be tested with errors.Is.
var (
	// ErrRemote is matched by every *RemoteError.
	ErrRemote = errors.New("managers: trouble in the server")

	// ErrClosed says that this Server, Manager or Proxy was closed here.
	ErrClosed = errors.New("managers: closed")

	// ErrNoAuthKey says that a server was to listen without a key.
	ErrNoAuthKey = errors.New("managers: no authkey: set Config.AuthKey, or that of the process")

	// ErrTooMany says that a limit of the server's Config is reached.
	ErrTooMany = errors.New("managers: too many")
)

// A RemoteError is trouble in the server that is not an error of the method
// that was called: an object that is gone, a method that is not exposed, a
// request or an answer that cannot be pickled.
type RemoteError struct {
	Kind string // "#TRACEBACK" or "#UNSERIALIZABLE"
	Text string // what the server says: from CPython a traceback
}

func (e *RemoteError) Error() string {
	return fmt.Sprintf("%v: %s", ErrRemote, lastLine(e.Text))
}

// Is reports whether target is ErrRemote.
func (e *RemoteError) Is(target error) bool { return target == ErrRemote }

func lastLine(text string) string {
	end := len(text)
	for end > 0 && (text[end-1] == '\n' || text[end-1] == ' ') {
		end--
	}
	for i := end - 1; i >= 0; i-- {
		if text[i] == '\n' {
			return text[i+1 : end]
		}
	}
	return text[:end]
}

// known says which exception of Python's an error of Go's is. Each is sent
// under the name of the module that defines it, as CPython does.
var known = []struct {
	err   error
	class pickle.Global
}{
	{queue.ErrEmpty, pickle.Global{Module: "_queue", Name: "Empty"}},
	{queue.ErrFull, pickle.Global{Module: "queue", Name: "Full"}},
	{queue.ErrShutDown, pickle.Global{Module: "queue", Name: "ShutDown"}},
	{queue.ErrTooManyDone, builtin("ValueError")},
	{threading.ErrBrokenBarrier, pickle.Global{Module: "threading", Name: "BrokenBarrierError"}},
	{threading.ErrThread, builtin("RuntimeError")},
	{context.DeadlineExceeded, builtin("TimeoutError")},
	{errors.ErrUnsupported, builtin("NotImplementedError")},
}

func builtin(name string) pickle.Global { return pickle.Global{Module: "builtins", Name: name} }

// exception returns err as an exception of Python's.
func exception(err error) *pickle.Exception {
	var e *pickle.Exception
	if errors.As(err, &e) {
		return e
	}
	for _, k := range known {
		if errors.Is(err, k.err) {
			e := &pickle.Exception{Class: k.class}
			if k.class.Module == "builtins" { // the others have none in Python
				e.Args = pickle.Tuple{err.Error()}
			}
			return e
		}
	}
	return &pickle.Exception{
		Class: builtin("RuntimeError"), Args: pickle.Tuple{err.Error()},
		State: goType(typeOfError(err)),
	}
}

// goType is what makes an exception's attribute go_type: the type that the error
// has in Go, or "panic". Python programs which look for it can tell errors of
// Go's from exceptions.
func goType(name string) *pickle.Dict {
	return pickle.NewDict(pickle.Pair{Key: "go_type", Value: name})
}

// typeOfError returns the type of err, or of what it wraps if err is there for
// no more than that.
func typeOfError(err error) string {
	for e := err; ; {
		name := fmt.Sprintf("%T", e)
		w, ok := e.(interface{ Unwrap() error })
		if name != "*fmt.wrapError" || !ok {
			return name
		}
		e = w.Unwrap()
	}
}
