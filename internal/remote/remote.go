// Package remote is how errors cross a process border.
//
// An error is a tree of values that mostly cannot be encoded: unexported fields, types nobody registered. What callers
// on the other side need of it is small: the message, the type's name, and that errors.Is and errors.As still answer
// as they did. So an error travels as
//
//   - its dynamic type's name and its text, at most [MaxText] bytes;
//   - the names of the registered errors that it matches by errors.Is, Is methods included;
//   - every syscall.Errno in it, by number;
//   - every value in it whose concrete type is registered with codec.RegisterType, whole.
//
// An error that is itself a registered error, or a syscall.Errno, comes back identical. One that is itself of a
// registered type comes back as that type. All others come back as what [New] makes of the above, which for programs
// is a *conex.RemoteError.
//
// Nothing here blocks, and nothing panics because an error's methods do.
package remote

import (
	"errors"
	"fmt"
	"reflect"
	"syscall"
	"unicode/utf8"

	"github.com/conexgo/conex/internal/codec"
)

const (
	// MaxText is the longest error text that travels; longer ones are cut.
	MaxText = 64 << 10
	// maxType bounds the type's name: those of generic types can be as long as one likes.
	maxType = 1 << 10
	// maxNodes and maxLevels bound how much of an error tree is looked at. A chain that leads back to itself ends
	// here, where errors.Is would go round for ever.
	maxNodes  = 1 << 16
	maxLevels = 1 << 10
)

// Fields are what is known about an error of another process.
type Fields struct {
	Type   string  // its dynamic type
	Msg    string  // its text
	Causes []error // what it matches by errors.Is and errors.As
}

// New makes the error that callers see, and Open looks into one of those, so that an error which crosses a second
// border stays what it was. Package conex sets both while it is initialised; until then a plain error is used.
var (
	New  = func(f Fields) error { return &plain{f} }
	Open = func(err error) (Fields, bool) {
		if p, ok := err.(*plain); ok {
			return p.f, true
		}
		return Fields{}, false
	}
)

type plain struct{ f Fields }

func (p *plain) Error() string   { return p.f.Msg }
func (p *plain) Unwrap() []error { return p.f.Causes }

// The first byte of an error.
const (
	kindNil   = iota
	kindNamed // a registered error: its name
	kindErrno // a syscall.Errno: its number
	kindTree  // all of Fields
)

var errKind = fmt.Errorf("%w: bad kind of error", codec.ErrCorrupt)

// Append appends err to dst; nil is allowed. What cannot be encoded is left out, so it does not fail. Registered types
// that hold handles are left out too, since there is nothing here to send them with: see Encode.
func Append(dst []byte, err error) []byte {
	e := codec.Encoder{Buf: dst, NoHandles: true}
	_ = encode(&e, err, true)
	return e.Buf
}

// Read reads what Append wrote. err is the error that was sent, failed says why it could not be read.
func Read(src []byte) (err error, rest []byte, failed error) {
	d := codec.Decoder{Buf: src}
	err, failed = Decode(&d)
	if failed != nil {
		return nil, src, failed
	}
	return err, d.Buf, nil
}

// Encode appends err to an encoder that is in the middle of a value; handles inside registered types are welcome. It
// fails only when the error is nested too deep, as one that holds itself is: codec.ErrDeep.
func Encode(e *codec.Encoder, err error) error { return encode(e, err, false) }

// encode does it. With outermost, a value that is nested too deep is left out like any other that fails, and the
// result is nil. Further in it must end the whole attempt: an error that holds itself twice would otherwise be tried
// twice at each of ten thousand levels.
func encode(e *codec.Encoder, err error, outermost bool) error {
	if err == nil {
		e.Buf = append(e.Buf, kindNil)
		return nil
	}
	if name, ok := nameOf(err); ok {
		e.Buf = append(e.Buf, kindNamed)
		e.AppendString(name)
		return nil
	}
	if errno, ok := err.(syscall.Errno); ok {
		e.Buf = append(e.Buf, kindErrno)
		e.Uvarint(uint64(errno))
		return nil
	}
	t := look(err)
	f := describe(err)
	e.Buf = append(e.Buf, kindTree)
	e.AppendString(f.Type)
	e.AppendString(f.Msg)
	names := t.matches()
	e.Uvarint(uint64(len(names)))
	for _, name := range names {
		e.AppendString(name)
	}
	e.Uvarint(uint64(len(t.errnos)))
	for _, errno := range t.errnos {
		e.Uvarint(uint64(errno))
	}
	// Each whole value goes with its length before it, and the list ends with an empty one. A value that fails is
	// skipped on either side without harm to the rest.
	for i, x := range t.whole {
		failed := e.Prefixed(func() error {
			root := byte(0)
			if i == 0 && t.rootWhole {
				root = 1
			}
			e.Buf = append(e.Buf, root)
			return e.Any(x)
		})
		if !outermost && errors.Is(failed, codec.ErrDeep) {
			return failed
		}
	}
	e.Buf = append(e.Buf, 0)
	return nil
}

// describe gives an error's type and text as they shall travel.
func describe(err error) Fields {
	f, ok := Open(err)
	if !ok {
		f = Fields{Type: fmt.Sprintf("%T", err), Msg: text(err)}
	}
	f.Type = limit(f.Type, maxType)
	f.Msg = limit(f.Msg, MaxText)
	return f
}

// text calls Error, whatever that does.
func text(err error) (s string) {
	defer func() {
		if r := recover(); r != nil {
			s = fmt.Sprintf("(the Error method of %T panicked: %v)", err, panicText(r))
		}
	}()
	return err.Error()
}

// panicText shows a panic's value without calling methods of it: those may panic in turn, or be the culprit again.
func panicText(r any) string {
	switch r := r.(type) {
	case string:
		return r
	case interface{ RuntimeError() }:
		return r.(error).Error()
	}
	return fmt.Sprintf("%T", r)
}

// limit cuts a text between two characters and says so.
func limit(s string, n int) string {
	if len(s) <= n {
		return s
	}
	const mark = " … (cut)"
	cut := n - len(mark)
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + mark
}

// Decode reads what Encode wrote.
func Decode(d *codec.Decoder) (err error, failed error) {
	kind, failed := d.Take(1)
	if failed != nil {
		return nil, failed
	}
	switch kind[0] {
	case kindNil:
		return nil, nil
	case kindNamed:
		name, failed := d.ReadString()
		if failed != nil {
			return nil, failed
		}
		if err := byName(name); err != nil {
			return err, nil
		}
		// Registered over there and not here: the name is all there is.
		return New(Fields{Type: "error", Msg: name}), nil
	case kindErrno:
		n, failed := d.Uvarint()
		return syscall.Errno(n), failed
	case kindTree:
		return decodeTree(d)
	}
	return nil, errKind
}

func decodeTree(d *codec.Decoder) (err error, failed error) {
	var f Fields
	if f.Type, failed = d.ReadString(); failed != nil {
		return nil, failed
	}
	if f.Msg, failed = d.ReadString(); failed != nil {
		return nil, failed
	}
	names, failed := d.Uvarint()
	if failed != nil {
		return nil, failed
	}
	for range names {
		name, failed := d.Bytes()
		if failed != nil {
			return nil, failed
		}
		if s := byName(string(name)); s != nil {
			f.Causes = append(f.Causes, s)
		}
	}
	errnos, failed := d.Uvarint()
	if failed != nil {
		return nil, failed
	}
	for range errnos {
		n, failed := d.Uvarint()
		if failed != nil {
			return nil, failed
		}
		f.Causes = append(f.Causes, syscall.Errno(n))
	}
	plainCauses := len(f.Causes)
	var root error
	for {
		b, failed := d.Bytes()
		if failed != nil {
			return nil, failed
		}
		if len(b) == 0 {
			break
		}
		rest := d.Buf
		d.Buf = b[1:]
		x, failed := d.Any()
		d.Buf = rest
		whole, ok := x.(error)
		if failed != nil || !ok {
			continue
		}
		if b[0] == 1 {
			root = whole
		}
		f.Causes = append(f.Causes, whole)
	}
	// The registered type itself is better than a stand-in, unless it left something behind that the original
	// matched, such as a cause in a field that does not travel.
	if root != nil && look(root).matchesAll(f.Causes[:plainCauses]) {
		return root, nil
	}
	return New(f), nil
}

// isComparable reports whether err may be compared with == without a panic.
func isComparable(err error) bool {
	return err != nil && reflect.ValueOf(err).Comparable()
}

// errNotComparable and its like are the reasons Register panics for.
var (
	errNil           = errors.New("the error is nil")
	errEmpty         = errors.New("the name is empty")
	errTwice         = errors.New("the name is registered already")
	errNotComparable = errors.New("errors of this type cannot be compared, so errors.Is cannot find them; register a pointer")
)
