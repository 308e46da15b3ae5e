package pickle

import (
	"encoding/binary"
	"math/big"
	"reflect"
	"slices"
	"strconv"
	"sync"
)

// An encoder writes one pickle into buf, the way CPython does: what has an
// identity is written once, and referred to from then on. It recurses as the
// value does, down to MaxDepth.
type encoder struct {
	cfg   *Config
	proto int
	buf   []byte
	begin int // where in buf the pickle begins
	frame int // where in buf the header of the frame is

	depth    int
	maxDepth int
	maxBytes int64
	memo     identMemo
	globals  map[Global]int // their entries in the memo
	scratch  []byte         // for those who bring no buffer

	persistentID func(reflect.Value) (any, bool, error) // the Config's; nil while an id is written
}

// encoders are kept with their memos and scratch.
var encoders = sync.Pool{New: func() any { return new(encoder) }}

// newEncoder returns an encoder for one pickle; free must follow.
func newEncoder(c *Config) (*encoder, error) {
	proto, err := c.protocol()
	if err != nil {
		return nil, err
	}
	e := encoders.Get().(*encoder)
	e.cfg, e.proto, e.persistentID = c, proto, c.PersistentID
	e.maxDepth, e.maxBytes = c.maxDepth(), c.maxBytes()
	return e, nil
}

// free gives e back, without what it has of the value.
func (e *encoder) free() {
	e.memo.reset()
	if len(e.globals) > 256 {
		e.globals = nil // clear takes as long as it was ever large
	} else if len(e.globals) > 0 {
		clear(e.globals)
	}
	e.cfg, e.buf, e.depth, e.persistentID = nil, nil, 0, nil
	encoders.Put(e)
}

// From protocol 4 on a pickle is a sequence of frames, so that a reader of a stream
// can ask for many bytes at once (PEP 3154). The sizes are CPython's, the
// _FRAME_SIZEs of its pickle.py.
const (
	frameHeader = 9        // FRAME, and the length in 8 bytes
	frameTarget = 64 << 10 // what CPython makes of a frame, and what it never puts into one
	frameMin    = 4        // what is shorter is written without a frame
)

// marshal returns the pickle of v, in memory of its own.
func (e *encoder) marshal(v any) ([]byte, error) {
	out, err := e.append(e.scratch[:0], v)
	switch {
	case err != nil:
		return nil, err
	case len(out) > 4096:
		return out, nil // scratch was outgrown: out is not it
	}
	e.scratch = out[:0]
	return slices.Clone(out), nil
}

// append appends the pickle of v to dst, and returns dst after an error.
func (e *encoder) append(dst []byte, v any) ([]byte, error) {
	e.buf, e.begin = dst, len(dst)
	if e.proto >= 2 {
		e.buf = append(e.buf, opProto, byte(e.proto))
	}
	e.beginFrame()
	if err := e.save(v); err != nil {
		return dst, err
	}
	e.buf = append(e.buf, opStop)
	e.endFrame()
	if err := e.fits(0); err != nil {
		return dst, err
	}
	return e.buf, nil
}

// beginFrame leaves room for the header of a frame: endFrame knows the length.
func (e *encoder) beginFrame() {
	e.frame = len(e.buf)
	if e.proto >= 4 {
		e.buf = append(e.buf, opFrame, 0, 0, 0, 0, 0, 0, 0, 0)
	}
}

// endFrame writes the length of the frame; one that is tiny is none.
func (e *encoder) endFrame() {
	if e.proto < 4 {
		return
	}
	n := len(e.buf) - e.frame - frameHeader
	if n >= frameMin {
		binary.LittleEndian.PutUint64(e.buf[e.frame+1:], uint64(n))
		return
	}
	copy(e.buf[e.frame:], e.buf[e.frame+frameHeader:])
	e.buf = e.buf[:e.frame+n]
}

// fits reports whether n more bytes are within MaxBytes.
func (e *encoder) fits(n int) error {
	if int64(len(e.buf)-e.begin)+int64(n) > e.maxBytes {
		return &LimitError{"MaxBytes", e.maxBytes, int64(len(e.buf) - e.begin)}
	}
	return nil
}

// enter goes one level down. The way up is e.depth--.
func (e *encoder) enter() error {
	if e.depth >= e.maxDepth {
		return &LimitError{"MaxDepth", int64(e.maxDepth), int64(len(e.buf) - e.begin)}
	}
	e.depth++
	// A frame must not end inside an opcode: here none is under way.
	if len(e.buf)-e.frame > frameTarget {
		e.endFrame()
		e.beginFrame()
		return e.fits(0)
	}
	return nil
}

// save writes a value. The types that most values are made of are here; other
// numbers, and what is written as a name or a call, are in saveOther; all that
// comes by pointer, and what is not of the model, in savePointer.
func (e *encoder) save(v any) error {
	switch v := v.(type) {
	case nil:
		e.buf = append(e.buf, opNone)
	case bool:
		e.bool(v)
	case int64:
		e.int(v)
	case int:
		e.int(int64(v))
	case float64:
		e.float(v)
	case string:
		return e.text(v)
	case []byte:
		return e.bytes(v)
	case Tuple:
		return e.tuple(v)
	case *List:
		if v != nil {
			return e.list(v)
		}
		e.buf = append(e.buf, opNone)
	case *Dict:
		if v != nil {
			return e.dict(v)
		}
		e.buf = append(e.buf, opNone)
	default:
		return e.saveOther(v)
	}
	return nil
}

// saveOther is save for the rarer types without an identity.
func (e *encoder) saveOther(v any) error {
	switch v := v.(type) {
	case int8:
		e.int(int64(v))
	case int16:
		e.int(int64(v))
	case int32:
		e.int(int64(v))
	case uint8:
		e.int(int64(v))
	case uint16:
		e.int(int64(v))
	case uint32:
		e.int(int64(v))
	case uint:
		return e.uint(uint64(v))
	case uint64:
		return e.uint(v)
	case uintptr:
		return e.uint(uint64(v))
	case float32:
		e.float(float64(v))
	case complex128:
		return e.complex(v)
	case complex64:
		return e.complex(complex128(v))
	case Slice:
		return e.slice(v)
	case Range:
		return e.rangeOf(v)
	case singleton:
		return e.global(Global{"builtins", string(v)})
	case Global:
		return e.global(v)
	default:
		if rv := reflect.ValueOf(v); rv.Kind() == reflect.Pointer && rv.IsNil() {
			e.buf = append(e.buf, opNone)
			return nil
		}
		return e.savePointer(v)
	}
	return nil
}

// savePointer is save for the rest. Values of Python's library go out as calls,
// any others of Go's by reflection.
func (e *encoder) savePointer(v any) error {
	switch v := v.(type) {
	case *big.Int:
		return e.bigInt(v)
	case *Set:
		return e.set(v)
	case *FrozenSet:
		return e.frozenSet(v)
	case *ByteArray:
		return e.byteArray(v)
	case *Object:
		if e.persistentID != nil {
			if done, err := e.persistent(reflect.ValueOf(v)); done || err != nil {
				return err
			}
		}
		return e.object(v)
	case *Exception:
		return e.exception(v)
	case *ExceptionClass:
		return e.global(v.global)
	}
	if err := e.enter(); err != nil {
		return err
	}
	defer func() { e.depth-- }()
	if g, args, ok := reduceKnown(v); ok {
		return e.call(g, args)
	}
	if err := invalid(v); err != nil {
		return &UnsupportedValueError{Msg: TypeName(v) + ": " + err.Error()}
	}
	return e.foreign(reflect.ValueOf(v))
}

// longestPath is how long the path in an error may be.
const longestPath = 200

// in adds where in a container it was to the path of an error.
func in(err error, where string) error {
	var path *string
	switch err := err.(type) {
	case *UnsupportedTypeError:
		path = &err.Path
	case *UnsupportedValueError:
		path = &err.Path
	case *UnmarshalTypeError:
		path = &err.Path
	default:
		return err
	}
	switch {
	case len(where) > longestPath:
		where = where[:longestPath] + "..."
	case len(*path) > longestPath:
		return err
	}
	*path = where + *path
	return err
}

func inItem(err error, i int) error { return in(err, "["+strconv.Itoa(i)+"]") }

// inKey is for the value at a key, or the key itself.
func inKey(err error, key any) error {
	switch key := key.(type) {
	case string:
		return in(err, "["+strconv.Quote(key)+"]")
	case int64:
		return in(err, "["+strconv.FormatInt(key, 10)+"]")
	}
	return in(err, "["+TypeName(key)+"]")
}
