package wire

import (
	"context"
	"encoding/binary"
	"fmt"
	"reflect"
	"sync/atomic"
	"unsafe"

	"github.com/conexgo/conex/internal/codec"
)

// A Custom codec replaces the default one; see conex.Codec.
type Custom interface {
	Append(dst []byte, v any) ([]byte, error)
	Decode(src []byte, v any) error
}

// A Func is the typed side of an Entry: what the caller's process needs to
// turn arguments into bytes and bytes into results.
type Func[A, R any] struct {
	Entry
	arg, res *codec.Plan
	custom   Custom
	foreign  *Coding[A, R]
}

// New prepares fn under name without registering it. Types that cannot be
// encoded are not an error here, since goroutines need no encoding: they are
// kept in Err.
func New[A, R any](name string, fn func(context.Context, A) (R, error), custom Custom) *Func[A, R] {
	at, rt := reflect.TypeFor[A](), reflect.TypeFor[R]()
	f := &Func[A, R]{custom: custom}
	f.Name = name
	f.Sig = at.String() + " → " + rt.String()
	if custom == nil {
		var err error
		if f.arg, err = codec.For(at); err != nil {
			f.Err = fmt.Errorf("argument of %q: %w", name, err)
		}
		if f.res, err = codec.For(rt); err != nil && f.Err == nil {
			f.Err = fmt.Errorf("result of %q: %w", name, err)
		}
	}
	f.RunOne = func(ctx context.Context, d *codec.Decoder, e *codec.Encoder) (error, bool) {
		var a A
		if err := f.ReadArg(d, &a); err != nil {
			return err, true
		}
		r, err := fn(ctx, a)
		if err != nil {
			return err, false
		}
		return f.AppendResult(e, &r), true
	}
	f.Read = reader(f, fn)
	if f.Err == nil && custom == nil && f.arg.Flat() > 0 && f.res.Flat() > 0 {
		f.ArgFlat, f.ResFlat = f.arg.Flat(), f.res.Flat()
		f.RunFlat = runFlat(fn)
	}
	return f
}

// runFlat is the innermost loop of a Map over plain numbers: a load, a call
// and two stores an item.
func runFlat[A, R any](fn func(context.Context, A) (R, error)) func(context.Context, []byte, []byte, int, *Meter) (int, error) {
	return func(ctx context.Context, args, results []byte, n int, m *Meter) (int, error) {
		if n == 0 {
			return 0, nil
		}
		as := unsafe.Slice((*A)(unsafe.Pointer(&args[0])), n)
		rs := unsafe.Slice((*R)(unsafe.Pointer(&results[0])), n)
		next := m.Vars.Reuse(ctx)
		for i := range as {
			if next != nil {
				ctx = next()
			}
			storeRelease(m.Progress, m.Base+uint64(i))
			r, err := fn(ctx, as[i])
			if err != nil {
				return i, err
			}
			rs[i] = r
			if atomic.LoadUint32(&m.Stop) != 0 {
				return i + 1, nil
			}
		}
		return n, nil
	}
}

// ArgSizeHint guesses the encoded size of a: exact for large plain values.
func (f *Func[A, R]) ArgSizeHint(a *A) int {
	switch {
	case f.custom != nil || f.Err != nil:
		return 0
	case f.foreign != nil:
		return f.foreign.sizeHint(a)
	}
	return f.arg.SizeHint(unsafe.Pointer(a))
}

// AppendArg encodes *a so that its end can be told from its bytes alone.
func (f *Func[A, R]) AppendArg(e *codec.Encoder, a *A) error {
	if f.custom != nil {
		return appendCustom(f.custom, e, *a)
	}
	if f.Err != nil {
		return f.Err
	}
	if f.foreign != nil {
		return f.foreign.AppendArg(e, a)
	}
	return f.arg.Encode(e, unsafe.Pointer(a))
}

// ReadArg decodes one argument from the front of d.
func (f *Func[A, R]) ReadArg(d *codec.Decoder, a *A) error {
	if f.custom != nil {
		return readCustom(f.custom, d, a)
	}
	if f.Err != nil || f.foreign != nil {
		return f.Check("")
	}
	return f.arg.Decode(d, unsafe.Pointer(a))
}

// AppendResult encodes *r.
func (f *Func[A, R]) AppendResult(e *codec.Encoder, r *R) error {
	if f.custom != nil {
		return appendCustom(f.custom, e, *r)
	}
	if f.Err != nil || f.foreign != nil {
		return f.Check("")
	}
	if e.TailMin > 0 {
		if block, ok := f.res.Tail(e, unsafe.Pointer(r), e.TailMin); ok {
			e.Tail = block
			return nil
		}
	}
	return f.res.Encode(e, unsafe.Pointer(r))
}

// ReadResult decodes one result from the front of d.
func (f *Func[A, R]) ReadResult(d *codec.Decoder, r *R) error {
	if f.custom != nil {
		return readCustom(f.custom, d, r)
	}
	if f.Err != nil {
		return f.Err
	}
	if f.foreign != nil {
		return f.foreign.ReadResult(d, r)
	}
	return f.res.Decode(d, unsafe.Pointer(r))
}

// ReadResults decodes len(rs) flat results at once.
func (f *Func[A, R]) ReadResults(src []byte, rs []R) {
	if len(rs) == 0 {
		return
	}
	copy(unsafe.Slice((*byte)(unsafe.Pointer(&rs[0])), len(rs)*f.ResFlat), src)
}

// AppendArgs encodes flat arguments at once.
func (f *Func[A, R]) AppendArgs(dst []byte, as []A) []byte {
	if len(as) == 0 {
		return dst
	}
	return append(dst, unsafe.Slice((*byte)(unsafe.Pointer(&as[0])), len(as)*f.ArgFlat)...)
}

// A custom codec's bytes need not say where they end: put the length before
// them.
func appendCustom(c Custom, e *codec.Encoder, v any) error {
	start := len(e.Buf)
	buf := append(e.Buf, 0, 0, 0, 0, 0, 0, 0, 0)
	buf, err := c.Append(buf, v)
	if err != nil {
		return fmt.Errorf("conex: codec for %T: %w", v, err)
	}
	if len(buf) < start+8 {
		return fmt.Errorf("conex: codec for %T: Append returned less than it was given", v)
	}
	binary.LittleEndian.PutUint64(buf[start:], uint64(len(buf)-start-8))
	e.Buf = buf
	return nil
}

func readCustom(c Custom, d *codec.Decoder, v any) error {
	if len(d.Buf) < 8 {
		return fmt.Errorf("conex: codec for %T: truncated", v)
	}
	n := binary.LittleEndian.Uint64(d.Buf)
	if n > uint64(len(d.Buf)-8) {
		return fmt.Errorf("conex: codec for %T: truncated", v)
	}
	src := d.Buf[8 : 8+n]
	d.Buf = d.Buf[8+n:]
	if err := c.Decode(src, v); err != nil {
		return fmt.Errorf("conex: codec for %T: %w", v, err)
	}
	return nil
}
