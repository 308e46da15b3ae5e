package codec

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// ErrDeep is matched by errors about values that are nested too deep, which cyclic ones always are.
var ErrDeep = fmt.Errorf("nested more than %d levels deep (a cyclic value?)", maxDepth)

// ErrCorrupt is matched by every decoding error that the bytes themselves caused.
var ErrCorrupt = errors.New("corrupt data")

var (
	errTruncated = fmt.Errorf("%w: unexpected end", ErrCorrupt)
	errLength    = fmt.Errorf("%w: announced length exceeds the data", ErrCorrupt)
	errVarint    = fmt.Errorf("%w: bad length", ErrCorrupt)
	errBool      = fmt.Errorf("%w: bool is neither 0 nor 1", ErrCorrupt)
	errPresence  = fmt.Errorf("%w: presence byte is neither 0 nor 1", ErrCorrupt)
	errTime      = fmt.Errorf("%w: bad time", ErrCorrupt)
	errKey       = fmt.Errorf("%w: map key cannot be hashed", ErrCorrupt)
)

// TypeError says that values of a type cannot be encoded, and which part of the type is the reason. It is found when
// the type is first looked at, before any value is.
type TypeError struct {
	Type   reflect.Type // the type that was to be encoded
	Path   string       // the part at fault, such as ".Field[].X"; empty for Type itself
	Part   reflect.Type // the type of that part
	Reason string       // why, and what to do about it
}

func (e *TypeError) Error() string {
	if e.Path == "" {
		return fmt.Sprintf("conex: cannot encode %v: %s", e.Type, e.Reason)
	}
	return fmt.Sprintf("conex: cannot encode %v: %s has type %v: %s", e.Type, place(e.Type, e.Path), e.Part, e.Reason)
}

// ValueError says that one value could not be encoded or decoded, and where in it the reason lies.
type ValueError struct {
	Type     reflect.Type // the type that was to be encoded or decoded
	Path     string       // the part at fault, such as ".Field[3].X"; empty for the value itself
	Decoding bool         // whether it happened on the way back
	Err      error        // the reason
}

func (e *ValueError) Error() string {
	verb := "encode"
	if e.Decoding {
		verb = "decode"
	}
	// A reason that is itself one of ours starts with the same prefix: once is enough.
	reason := strings.TrimPrefix(e.Err.Error(), "conex: ")
	if e.Path == "" {
		return fmt.Sprintf("conex: cannot %s %v: %s", verb, e.Type, reason)
	}
	return fmt.Sprintf("conex: cannot %s %v: %s: %s", verb, e.Type, place(e.Type, e.Path), reason)
}

// Unwrap returns the reason.
func (e *ValueError) Unwrap() error { return e.Err }

// place names a part of a type the way its author would: Job.Done for a field of a named type.
func place(t reflect.Type, path string) string {
	if t.Name() == "" {
		return "part " + path
	}
	if strings.HasPrefix(path, ".") {
		return "field " + t.Name() + path
	}
	return "part " + t.Name() + path
}

// partError gathers the path of a run-time error from the inside out. The path is only put together at the root:
// building a string at each of 10,000 levels would cost quadratic time.
type partError struct {
	segs []string // innermost first
	err  error
}

func (e *partError) Error() string { return e.err.Error() }
func (e *partError) Unwrap() error { return e.err }

// in adds one step to an error's path.
func in(err error, seg string) error {
	pe, ok := err.(*partError)
	if !ok {
		pe = &partError{err: err}
	}
	pe.segs = append(pe.segs, seg)
	return pe
}

func inIndex(err error, i int) error { return in(err, "["+strconv.Itoa(i)+"]") }

// Steps kept at either end of a path that is too long to read.
const (
	pathHead = 12
	pathTail = 4
)

// valueError makes the error that callers see.
func valueError(t reflect.Type, decoding bool, err error) error {
	ve := &ValueError{Type: t, Decoding: decoding, Err: err}
	pe, ok := err.(*partError)
	if !ok {
		return ve
	}
	ve.Err = pe.err
	var b strings.Builder
	last := len(pe.segs) - 1
	for i := last; i >= 0; i-- {
		if last-i == pathHead && i > pathTail {
			b.WriteString("…")
			i = pathTail
			continue
		}
		b.WriteString(pe.segs[i])
	}
	ve.Path = b.String()
	return ve
}
