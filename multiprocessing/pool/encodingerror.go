package pool

import (
	"errors"
	"fmt"
	"strings"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/multiprocessing"
)

// An EncodingError says that a call succeeded but its result cannot leave the
// worker. Only that call fails; the worker goes on. It is Python's
// MaybeEncodingError.
//
// It matches futures.ErrNotEncodable and multiprocessing.ErrProcess.
type EncodingError struct {
	Func string // the name of the function that was called
	Err  error  // what about its result cannot be encoded: the type, the field, the reason
}

// Error names the function and the reason.
func (e *EncodingError) Error() string {
	reason := strings.TrimPrefix(e.Err.Error(), futures.ErrNotEncodable.Error()+": ")
	reason = strings.TrimPrefix(reason, fmt.Sprintf("result of %q: ", e.Func))
	return fmt.Sprintf("multiprocessing/pool: the result of %q cannot be sent back: %s", e.Func, reason)
}

// Unwrap returns Err.
func (e *EncodingError) Unwrap() error { return e.Err }

// Is makes every EncodingError match futures.ErrNotEncodable and
// multiprocessing.ErrProcess.
func (e *EncodingError) Is(target error) bool {
	return target == futures.ErrNotEncodable || target == multiprocessing.ErrProcess
}

// resultError recognises in err what an engine says of a result of fn that
// cannot be encoded, and returns nil for everything else. The function itself
// may return an error matching futures.ErrNotEncodable, of a pool of its own
// perhaps: that one speaks of an argument or of a function, or has another
// beginning.
func resultError(fn string, err error) error {
	if !errors.Is(err, futures.ErrNotEncodable) {
		return nil
	}
	var remote *conex.RemoteError
	text := err.Error()
	rest, ok := strings.CutPrefix(text, futures.ErrNotEncodable.Error()+": ")
	switch {
	case !ok:
		return nil
	case strings.HasPrefix(rest, fmt.Sprintf("result of %q: ", fn)): // within this process
	case errors.As(err, &remote) && !strings.HasPrefix(rest, "argument of ") && !strings.HasPrefix(rest, "result of "):
	default:
		return nil
	}
	return &EncodingError{Func: fn, Err: err}
}
