package pickle

import (
	"io"
	"math"
	"reflect"
	"strconv"
)

// Protocol0 as Config.Protocol asks for protocol 0, as 0 stands for the
// default there.
const Protocol0 = -1

const (
	defaultProtocol = 4
	highestProtocol = 5

	defaultMaxBytes = 1 << 30
	defaultMaxDepth = 10_000
	defaultMaxMemo  = 1 << 26
	defaultMaxItems = 1 << 26

	// An encoder's depth is the depth of its goroutine's stack, which the
	// runtime bounds: at this depth it takes some 50 MB.
	highestMaxDepth = 100_000
)

// A Config says how pickles are written and what they may hold. The zero value
// is ready, and what the functions of the package use.
//
// Its methods do not change it, and are safe for concurrent use if nobody else
// changes it either.
type Config struct {
	// Protocol is what to write: 1 to 5, Protocol0, or 0 for the default, 4,
	// as CPython's. Everything that is at least Python 3.4 reads 4. Reading
	// takes all of them whatever this is.
	Protocol int

	// MaxBytes is the most that one pickle may take. The default is 1 GiB.
	MaxBytes int64

	// MaxDepth is how deep a value may be nested. The default is 10 000, ten
	// times what CPython itself can read or write; more than 100 000 means
	// 100 000. Where a value contains itself, or another one twice, what
	// counts is the depth at which it is met first.
	MaxDepth int

	// MaxMemo is how many values of a pickle may be marked for being
	// referred to again, and MaxItems how many values it may make: a byte of
	// a hostile pickle can stand for an empty dict of a hundred. The default
	// of both is 1<<26.
	MaxMemo  int
	MaxItems int

	// NoCopy lets the bytes in what Unmarshal returns share memory with its
	// data. Then data must not be changed as long as they are in use, and
	// even the shortest of them keeps all of data in memory.
	NoCopy bool

	// Classes knows more classes than the package does, and says which ones
	// are allowed. If nil, instances of all classes are carried: as an Object.
	Classes *Classes

	// PersistentID and PersistentLoad are for what stays outside of the pickle:
	// CPython's persistent_id of a Pickler, and persistent_load of an
	// Unpickler. Nil, and nothing does; an id that is read is an error then.
	//
	// PersistentID returns the id to be written instead of v, each time that v
	// comes. If ok is false v is written as always, and an error ends the
	// writing, inside a *MarshalerError. It gets a reflect.Value so that a look
	// at the type of one that has no id costs no copy of it. It is asked for pointers that are not
	// nil, for what they point to if they have no id, and for values of named
	// types; and never for the values of this package, except for an *Object.
	// An id can be any value, but in protocol 0 it must be a str or an int, which
	// is one line of ASCII, and is read as a str.
	//
	// PersistentLoad returns what an id stands for. It may be of any type: it is
	// stored as it is in variables that it can be assigned to, and in an any.
	// An error ends the reading, inside a *DecodeError.
	PersistentID   func(v reflect.Value) (id any, ok bool, err error)
	PersistentLoad func(id any) (v any, err error)
}

var zero Config

// Marshal returns the pickle of v, in protocol 4: see Config.Marshal.
func Marshal(v any) ([]byte, error) { return zero.Marshal(v) }

// Unmarshal reads the pickle at the beginning of data into the variable that v
// points to: see Config.Unmarshal.
func Unmarshal(data []byte, v any) error { return zero.Unmarshal(data, v) }

// Marshal returns the pickle of v: see Append.
func (c *Config) Marshal(v any) ([]byte, error) {
	e, err := newEncoder(c)
	if err != nil {
		return nil, err
	}
	out, err := e.marshal(v)
	e.free()
	return out, err
}

// Append appends the pickle of v to dst. If it fails, it returns dst as it was,
// and an *UnsupportedTypeError, an *UnsupportedValueError or a *LimitError.
//
// Nobody may change v meanwhile.
func (c *Config) Append(dst []byte, v any) ([]byte, error) {
	e, err := newEncoder(c)
	if err != nil {
		return dst, err
	}
	out, err := e.append(dst, v)
	e.free()
	return out, err
}

// Unmarshal reads the pickle at the beginning of data into the variable that v
// points to. Like Python's loads it does not look at what follows.
//
// An *any receives the value as it is, in the types of this package. It is
// given only if all of it can be read; otherwise the variable stays as it was,
// and the error is a *DecodeError, a *LimitError or a *ForbiddenError.
func (c *Config) Unmarshal(data []byte, v any) error {
	dst, err := target(v)
	if err != nil {
		return err
	}
	d := newDecoder(c)
	d.buf = data
	d.recycler.on = dst.IsValid() && isPure(dst.Type())
	value, err := d.decode()
	if err == nil {
		err = c.store(value, v, dst, d)
	}
	d.free()
	return err
}

// target checks what a value is to be stored into, before anything is read.
func target(v any) (reflect.Value, error) {
	if p, ok := v.(*any); ok && p != nil {
		return reflect.Value{}, nil
	}
	dst := reflect.ValueOf(v)
	if dst.Kind() != reflect.Pointer || dst.IsNil() {
		return dst, &UnmarshalTargetError{reflect.TypeOf(v)}
	}
	return dst.Elem(), nil
}

// store puts a value that has been read where target said.
func (c *Config) store(value, v any, dst reflect.Value, d *decoder) error {
	if p, ok := v.(*any); ok {
		*p = value
		return nil
	}
	return assign(assigner{cfg: c, shared: d.shared, persistent: d.persistent}, value, dst)
}

// NewDecoder returns a Decoder of the pickles in r.
func (c *Config) NewDecoder(r io.Reader) *Decoder { return &Decoder{cfg: c, r: r} }

// NewEncoder returns an Encoder that writes pickles to w.
func (c *Config) NewEncoder(w io.Writer) *Encoder { return &Encoder{cfg: c, w: w} }

// protocol returns the number to write: 0 in a Config is the default, so that the
// protocol 0 needs a name.
func (c *Config) protocol() (int, error) {
	switch p := c.Protocol; {
	case p == 0:
		return defaultProtocol, nil
	case p == Protocol0:
		return 0, nil
	case p >= 1 && p <= highestProtocol:
		return p, nil
	default:
		return 0, &UnsupportedValueError{Msg: "Config.Protocol is " + strconv.Itoa(p) +
			": it can be Protocol0, 1 to 5, or 0 for the default"}
	}
}

// The limits, or their defaults where they are 0 or less.

func (c *Config) maxBytes() int64 { return min(or(c.MaxBytes, defaultMaxBytes), math.MaxInt) }
func (c *Config) maxDepth() int   { return min(or(c.MaxDepth, defaultMaxDepth), highestMaxDepth) }
func (c *Config) maxMemo() int    { return or(c.MaxMemo, defaultMaxMemo) }
func (c *Config) maxItems() int   { return or(c.MaxItems, defaultMaxItems) }

func or[T int | int64](n, def T) T {
	if n <= 0 {
		return def
	}
	return n
}
