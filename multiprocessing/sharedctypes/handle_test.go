package sharedctypes_test

import (
	"encoding/binary"
	"errors"
	"testing"

	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/shm"
	mp "github.com/conexgo/conex/multiprocessing"
	"github.com/conexgo/conex/multiprocessing/sharedctypes"
)

// A local plays the other process: what is sent arrives through memory that is
// mapped a second time.
type local struct{ t testing.TB }

func newLocal(t testing.TB) local { return local{t} }

type sendable[O any] interface {
	*O
	codec.Handle
}

// send returns what arrives.
func send[O any, P sendable[O]](l local, o P) P {
	l.t.Helper()
	var e codec.Encoder
	if err := o.AppendHandle(&e); err != nil {
		l.t.Fatal(err)
	}
	got := P(new(O))
	d := l.decoder(&e)
	if err := got.ReadHandle(d); err != nil {
		l.t.Fatal(err)
	}
	if len(d.Buf) != 0 {
		l.t.Errorf("%d bytes are left", len(d.Buf))
	}
	return got
}

func (l local) decoder(e *codec.Encoder) *codec.Decoder {
	return &codec.Decoder{Buf: e.Buf, Handles: func(i uint64) (any, error) {
		if i >= uint64(len(e.Handles)) {
			return nil, errors.New("no such handle")
		}
		h := e.Handles[i].(*shm.Shared)
		f, err := h.Dup()
		if err != nil {
			return nil, err
		}
		other, err := shm.OpenShared(h.ID^1, f, h.Size)
		if err == nil {
			l.t.Cleanup(other.Release)
		}
		return other, err
	}}
}

// Every kind of object arrives as the same memory, with its lock.
func TestSend(t *testing.T) {
	l, ctx := newLocal(t), t.Context()
	rv := must[*sharedctypes.RawValue[int16]](t)(sharedctypes.NewRawValue[int16](5))
	send(l, rv).Store(6)
	ra := must[*sharedctypes.RawArray[point]](t)(sharedctypes.NewRawArray[point](3))
	send(l, ra).SetAt(2, point{1, 2})
	re := must[*sharedctypes.RawValue[point]](t)(ra.Elem(1))
	send(l, re).Store(point{3, 4})
	rs := must[*sharedctypes.RawString](t)(sharedctypes.NewRawString(4))
	send(l, rs).SetValue([]byte("ab"))
	if p, err := ra.At(1); rv.Load() != 6 || re.Load() != (point{3, 4}) || p != re.Load() || err != nil || string(rs.Value()) != "ab" {
		t.Errorf("%v %v %v %v", rv, re, p, rs)
	}
	if p, _ := ra.At(2); p != (point{1, 2}) {
		t.Errorf("%v", p)
	}

	lock := must[*mp.Lock](t)(mp.NewLock())
	v := must[*sharedctypes.Value[int64]](t)(sharedctypes.NewValue[int64](5))
	a := must[*sharedctypes.Array[uint8]](t)(sharedctypes.NewArray[uint8](5, sharedctypes.WithLock(lock)))
	s := must[*sharedctypes.String](t)(sharedctypes.NewString(8, sharedctypes.WithLock(lock)))
	v2, a2, s2 := send(l, v), send(l, a), send(l, s)
	if _, err := v2.Update(ctx, func(n int64) int64 { return n + 2 }); err != nil || v.Load() != 7 {
		t.Errorf("%v, %v", v, err)
	}
	if err := errors.Join(a2.SetAt(ctx, 4, 9), s2.SetValue(ctx, []byte("there"))); err != nil {
		t.Error(err)
	}
	if x, err := a.At(ctx, 4); x != 9 || err != nil {
		t.Errorf("%v, %v", x, err)
	}
	if b, err := s.Value(ctx); string(b) != "there" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	// The lock of one is the lock of the other.
	if err := v.Acquire(ctx); err != nil {
		t.Fatal(err)
	}
	if ok, _ := v2.Lock().(*mp.Lock).TryAcquire(); ok {
		t.Error("two have the lock")
	}
	if err := v2.Release(ctx); err != nil { // anybody may
		t.Error(err)
	}
	if err := lock.Acquire(ctx); err != nil {
		t.Fatal(err)
	}
	for _, l := range []sharedctypes.Locker{a2.Lock(), s2.Lock()} {
		if ok, _ := l.(*mp.Lock).TryAcquire(); ok {
			t.Error("two have the lock")
		}
	}
	lock.Release()

	rl := must[*mp.RLock](t)(mp.NewRLock())
	vr := must[*sharedctypes.Value[int64]](t)(sharedctypes.NewValue[int64](5, sharedctypes.WithRLock(rl)))
	if _, ok := send(l, vr).Lock().(*mp.RLock); !ok {
		t.Error("an RLock arrived as something else")
	}
}

// What arrives as another type is refused, and both types are named.
func TestMismatch(t *testing.T) {
	l := newLocal(t)
	var e codec.Encoder
	if err := must[*sharedctypes.Value[int32]](t)(sharedctypes.NewValue[int32](5)).AppendHandle(&e); err != nil {
		t.Fatal(err)
	}
	var raw codec.Encoder
	type same struct{ X, Y float64 }
	if err := must[*sharedctypes.RawArray[point]](t)(sharedctypes.NewRawArray[point](5)).AppendHandle(&raw); err != nil {
		t.Fatal(err)
	}
	for i, c := range []struct {
		from *codec.Encoder
		into codec.Handle
	}{
		{&e, new(sharedctypes.Value[uint32])},
		{&e, new(sharedctypes.Value[float32])},
		{&e, new(sharedctypes.Array[int32])},
		{&e, new(sharedctypes.RawValue[int32])},
		{&e, new(sharedctypes.String)},
		{&raw, new(sharedctypes.RawArray[same])},
		{&raw, new(sharedctypes.RawValue[point])},
		{&raw, new(sharedctypes.RawString)},
		{&raw, new(sharedctypes.Array[point])},
	} {
		if err := c.into.ReadHandle(l.decoder(c.from)); !errors.Is(err, sharedctypes.ErrMismatch) {
			t.Errorf("%d, %T: %v", i, c.into, err)
		}
	}
	if err := new(sharedctypes.RawArray[string]).ReadHandle(l.decoder(&raw)); !errors.Is(err, sharedctypes.ErrNotFixed) {
		t.Errorf("strings: %v", err)
	}
}

// Objects that were never made cannot be sent, or be given a lock.
func TestNoObject(t *testing.T) {
	var e codec.Encoder
	for _, o := range []codec.Handle{new(sharedctypes.RawValue[int]), new(sharedctypes.RawArray[int]), new(sharedctypes.RawString),
		new(sharedctypes.Value[int]), new(sharedctypes.Array[int]), new(sharedctypes.String)} {
		if err := o.AppendHandle(&e); !errors.Is(err, sharedctypes.ErrNoObject) {
			t.Errorf("%T: %v", o, err)
		}
	}
	var errs [9]error
	_, errs[0] = sharedctypes.Synchronized[int](nil)
	_, errs[1] = sharedctypes.Synchronized(new(sharedctypes.RawValue[int]))
	_, errs[2] = sharedctypes.SynchronizedArray[int](nil)
	_, errs[3] = sharedctypes.SynchronizedArray(new(sharedctypes.RawArray[int]))
	_, errs[4] = sharedctypes.SynchronizedString(nil)
	_, errs[5] = sharedctypes.SynchronizedString(new(sharedctypes.RawString))
	_, errs[6] = sharedctypes.Copy[int](nil)
	_, errs[7] = sharedctypes.CopyArray[int](nil)
	_, errs[8] = sharedctypes.CopyString(nil)
	for i, err := range errs {
		if !errors.Is(err, sharedctypes.ErrNoObject) {
			t.Errorf("%d: %v", i, err)
		}
	}
	for _, s := range []interface{ String() string }{(*sharedctypes.RawValue[int])(nil), (*sharedctypes.RawArray[int])(nil), (*sharedctypes.RawString)(nil),
		(*sharedctypes.Value[int])(nil), (*sharedctypes.Array[int])(nil), (*sharedctypes.String)(nil), new(sharedctypes.String)} {
		if s.String() == "" {
			t.Errorf("%T is called nothing", s)
		}
	}
}

// Bytes that make no sense are an error, and no more.
func FuzzReadHandle(f *testing.F) {
	v, err := sharedctypes.NewValue(point{1, 2})
	if err != nil {
		f.Fatal(err)
	}
	a, err := sharedctypes.NewArray[point](5)
	if err != nil {
		f.Fatal(err)
	}
	s, err := sharedctypes.NewString(7)
	if err != nil {
		f.Fatal(err)
	}
	elem, err := a.Obj().Elem(3)
	if err != nil {
		f.Fatal(err)
	}
	var e codec.Encoder
	for _, o := range []codec.Handle{v, v.Obj(), a, a.Obj(), s, s.Obj(), elem} {
		at := len(e.Buf)
		if err := o.AppendHandle(&e); err != nil {
			f.Fatal(err)
		}
		f.Add(e.Buf[at:])
		for i := range e.Buf[at:] {
			b := append([]byte(nil), e.Buf[at:]...)
			b[i] ^= 0x41
			f.Add(b)
			f.Add(b[:i])
		}
	}
	huge := append([]byte(nil), e.Buf...)
	f.Add(binary.AppendUvarint(huge, 1<<63))
	f.Fuzz(func(t *testing.T, in []byte) {
		for _, o := range []codec.Handle{new(sharedctypes.Value[point]), new(sharedctypes.RawValue[point]), new(sharedctypes.Array[point]),
			new(sharedctypes.RawArray[point]), new(sharedctypes.String), new(sharedctypes.RawString)} {
			d := &codec.Decoder{Buf: in, Handles: func(i uint64) (any, error) {
				if i >= uint64(len(e.Handles)) {
					return nil, errors.New("no such handle")
				}
				return e.Handles[i], nil
			}}
			if err := o.ReadHandle(d); err != nil {
				continue
			}
			// What has been accepted lies within the memory.
			switch o := o.(type) {
			case *sharedctypes.RawValue[point]:
				o.Load()
			case *sharedctypes.Value[point]:
				o.Load()
			case *sharedctypes.RawArray[point]:
				o.Slice(0, o.Len())
			case *sharedctypes.Array[point]:
				o.Obj().Slice(0, o.Len())
			case *sharedctypes.String:
				o.Obj().Raw()
			case *sharedctypes.RawString:
				o.Raw()
			}
		}
	})
}
