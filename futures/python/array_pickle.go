package python

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"sync"

	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/shm"
	"github.com/conexgo/conex/pickle"
)

// An Array lies outside of the pickles that it is in: they have a persistent id in
// its place, and the memory travels beside them. To Python the id is
//
//	("array", segment, format, shape, offset, "view" or "numpy")
//
// where segment is the identity of the memory, a number that is the same wherever
// the memory goes; and from Python
//
//	("array", memory, format, shape, offset)
//
// where memory counts the descriptors that came with the result.

// arrayID is the first item of an id.
const arrayID = "array"

// argument is what Arrays and NDArrays are, of all types.
type argument interface {
	argument() (m *memory, kind string)
}

// argumentTypes has them: there are not many.
var argumentTypes = map[reflect.Type]struct{}{}

var errNoHandles = errors.New("python: an Array can only be sent as an argument of a call, or a part of one")

// An arrayWriter writes one pickle. It is kept for the next one with its Config.
type arrayWriter struct {
	cfg pickle.Config
	e   *codec.Encoder
}

var arrayWriters = sync.Pool{New: func() any {
	w := &arrayWriter{cfg: config}
	w.cfg.PersistentID = w.id
	return w
}}

// appendPickle appends the pickle of v to e.Buf, and the memory of its Arrays to
// e.Handles, each with a reference for the engine. After an error e is as before.
func appendPickle(e *codec.Encoder, v any) error {
	w := arrayWriters.Get().(*arrayWriter)
	w.e = e
	had := len(e.Handles)
	out, err := w.cfg.Append(e.Buf, v)
	w.e = nil
	arrayWriters.Put(w)
	if err != nil {
		for _, h := range e.Handles[had:] {
			h.(*shm.Shared).Release()
		}
		clear(e.Handles[had:])
		e.Handles = e.Handles[:had]
		return err
	}
	e.Buf = out
	return nil
}

// id is the PersistentID of an arrayWriter.
func (w *arrayWriter) id(v reflect.Value) (any, bool, error) {
	if _, ok := argumentTypes[v.Type()]; !ok {
		return nil, false, nil
	}
	m, kind := v.Interface().(argument).argument()
	if m == nil {
		if kind == "numpy" { // a nil *Array is None; here it is inside a struct
			return nil, true, nil
		}
		return nil, false, errClosedArray
	}
	if w.e.NoHandles {
		return nil, false, errNoHandles
	}
	s, err := m.retain()
	if err != nil {
		return nil, false, err
	}
	if w.has(s) {
		s.Release()
	} else {
		w.e.Handles = append(w.e.Handles, s)
	}
	shape := make(pickle.Tuple, len(m.shape))
	for i, x := range m.shape {
		shape[i] = int64(x)
	}
	return pickle.Tuple{arrayID, s.ID, m.format.code, shape, int64(m.off), kind}, true, nil
}

// has looks for memory among the last that were written: to write it twice is a
// waste, no more.
func (w *arrayWriter) has(s *shm.Shared) bool {
	last := w.e.Handles[max(0, len(w.e.Handles)-16):]
	for _, h := range last {
		if h == any(s) {
			return true
		}
	}
	return false
}

// An arrayReader reads one pickle.
type arrayReader struct {
	cfg  pickle.Config
	d    *codec.Decoder
	made map[string]any // the Arrays by their ids
	mem  []*memory      // theirs
}

var arrayReaders = sync.Pool{New: func() any {
	r := &arrayReader{cfg: config}
	r.cfg.PersistentLoad = r.load
	return r
}}

// readPickle reads the pickle in d.Buf into the variable that v points to, as
// pickle.Unmarshal does. d.Handles knows the memory of its Arrays: it returns a
// *shm.Shared, to which each Array has a reference of its own then. After an
// error there is none.
func readPickle(d *codec.Decoder, v any) error {
	r := arrayReaders.Get().(*arrayReader)
	b := d.Buf
	r.d, r.cfg.NoCopy, d.Buf = d, d.Owned, nil
	err := r.cfg.Unmarshal(b, v)
	if err != nil {
		for _, m := range r.mem {
			m.close()
		}
	}
	r.d, r.made, r.mem = nil, nil, nil
	arrayReaders.Put(r)
	return err
}

// load is the PersistentLoad of an arrayReader.
func (r *arrayReader) load(id any) (any, error) {
	key := pickle.ReprMax(id, 1000)
	if a := r.made[key]; a != nil {
		return a, nil
	}
	t, ok := id.(pickle.Tuple)
	if !ok || len(t) != 5 || t[0] != any(arrayID) {
		return nil, fmt.Errorf("%w: %s", errCorruptArray, key)
	}
	index, ok1 := t[1].(int64)
	code, ok2 := t[2].(string)
	shape, ok3 := ints(t[3])
	off, ok4 := t[4].(int64)
	if !ok1 || !ok2 || !ok3 || !ok4 || index < 0 || off > math.MaxInt {
		return nil, fmt.Errorf("%w: %s", errCorruptArray, key)
	}
	if r.d.Handles == nil {
		return nil, fmt.Errorf("%w: it came without its memory", errCorruptArray)
	}
	h, err := r.d.Handles(uint64(index))
	if err != nil {
		return nil, err
	}
	s, ok := h.(*shm.Shared)
	if !ok {
		return nil, fmt.Errorf("%w: it came with %T instead of its memory", errCorruptArray, h)
	}
	m, err := part(s, code, shape, int(off))
	if err != nil {
		return nil, err
	}
	a := m.format.of(m)
	if r.made == nil {
		r.made = make(map[string]any)
	}
	r.made[key] = a
	r.mem = append(r.mem, m)
	return a, nil
}

// ints reads a shape.
func ints(v any) ([]int, bool) {
	t, ok := v.(pickle.Tuple)
	if !ok || len(t) > maxDims {
		return nil, false
	}
	out := make([]int, len(t))
	for i, x := range t {
		n, ok := x.(int64)
		if !ok || n > math.MaxInt {
			return nil, false
		}
		out[i] = int(n)
	}
	return out, true
}
