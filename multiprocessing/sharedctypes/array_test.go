package sharedctypes_test

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"strconv"
	"testing"

	"github.com/conexgo/conex/multiprocessing/sharedctypes"
)

func TestArrayBounds(t *testing.T) {
	ctx := t.Context()
	raw := must[*sharedctypes.RawArray[int16]](t)(sharedctypes.NewRawArrayFrom([]int16{0, 1, 2, 3, 4}))
	a := must[*sharedctypes.Array[int16]](t)(sharedctypes.SynchronizedArray(raw))
	for _, i := range []int{-1, -5, 5, math.MaxInt, math.MinInt} {
		var errs [6]error
		_, errs[0] = raw.At(i)
		errs[1] = raw.SetAt(i, 9)
		_, errs[2] = raw.Elem(i)
		_, errs[3] = a.At(ctx, i)
		errs[4] = a.SetAt(ctx, i, 9)
		_, errs[5] = a.Update(ctx, i, func(int16) int16 { t.Error("called"); return 9 })
		for k, err := range errs {
			if !errors.Is(err, sharedctypes.ErrIndex) {
				t.Errorf("%d at %d: %v", k, i, err)
			}
		}
	}
	for _, r := range [][2]int{{-1, 2}, {2, 1}, {0, 6}, {6, 6}, {5, 4}, {math.MinInt, math.MaxInt}, {math.MaxInt, math.MaxInt}} {
		if _, err := raw.Slice(r[0], r[1]); !errors.Is(err, sharedctypes.ErrIndex) {
			t.Errorf("%v: %v", r, err)
		}
		if _, err := a.Slice(ctx, r[0], r[1]); !errors.Is(err, sharedctypes.ErrIndex) {
			t.Errorf("%v: %v", r, err)
		}
	}
	for i, s := range map[int][]int16{-1: {1}, 6: nil, 4: {1, 2}, 0: {1, 2, 3, 4, 5, 6}, math.MaxInt: {1}, math.MinInt: {1}} {
		if err := raw.SetSlice(i, s); !errors.Is(err, sharedctypes.ErrIndex) {
			t.Errorf("%d: %v", i, err)
		}
		if err := a.SetSlice(ctx, i, s); !errors.Is(err, sharedctypes.ErrIndex) {
			t.Errorf("%d: %v", i, err)
		}
	}
	if s, err := raw.Slice(0, 5); !slices.Equal(s, []int16{0, 1, 2, 3, 4}) || err != nil {
		t.Errorf("mistakes have changed it: %v, %v", s, err)
	}
	if s, err := a.Slice(ctx, 5, 5); len(s) != 0 || err != nil {
		t.Errorf("nothing, at the end: %v, %v", s, err)
	}
	if err := errors.Join(a.SetSlice(ctx, 5, nil), a.SetSlice(ctx, 3, []int16{8, 9})); err != nil {
		t.Error(err)
	}
	if n, err := a.Update(ctx, 0, func(n int16) int16 { return n - 1 }); n != -1 || err != nil {
		t.Error(n, err)
	}
	var all, some []int16
	for x, err := range a.All(ctx) {
		if err != nil {
			t.Error(err)
		}
		all = append(all, x)
	}
	for i, x := range raw.All() {
		if i == 2 {
			break
		}
		some = append(some, x)
	}
	for range a.All(ctx) {
		break
	}
	if !slices.Equal(all, []int16{-1, 1, 2, 8, 9}) || !slices.Equal(some, all[:2]) {
		t.Error(all, some)
	}
	if a.Len() != 5 || raw.Len() != 5 || a.Size() != 10 || a.Obj() != raw {
		t.Error(a, raw)
	}
	if s := a.String(); s != "Array(RawArray[int16](5), Lock(free))" {
		t.Error(s)
	}
	c := must[*sharedctypes.RawArray[int16]](t)(sharedctypes.CopyArray(raw))
	c.SetAt(0, 77)
	if x, _ := raw.At(0); x != -1 {
		t.Error("a copy is the same memory")
	}
	if x, _ := c.At(4); x != 9 {
		t.Error("a copy lacks something")
	}
}

func TestArrayLengths(t *testing.T) {
	for _, n := range []int{-1, math.MinInt, math.MaxInt, math.MaxInt / 8, math.MaxInt/8 - 7} {
		if _, err := sharedctypes.NewRawArray[int64](n); !errors.Is(err, sharedctypes.ErrLength) {
			t.Errorf("%d: %v", n, err)
		}
		if _, err := sharedctypes.NewArray[int64](n); !errors.Is(err, sharedctypes.ErrLength) {
			t.Errorf("%d: %v", n, err)
		}
	}
	if _, err := sharedctypes.NewString(-1); !errors.Is(err, sharedctypes.ErrLength) {
		t.Error(err)
	}
	// More than the machine has is an error, too; 32 bits can count to less.
	if strconv.IntSize == 64 {
		for n := math.MaxInt - 400; n < math.MaxInt-200; n++ {
			if _, err := sharedctypes.NewRawArray[byte](n); err == nil {
				t.Errorf("got %d bytes", n)
			}
		}
	}
	l := newLocal(t)
	for _, n := range []int{0, 1, 3, 8, 100, 4096, 100_000} {
		a := must[*sharedctypes.RawArray[[3]byte]](t)(sharedctypes.NewRawArray[[3]byte](n))
		if n > 0 {
			a.SetAt(n-1, [3]byte{1, 2, 3})
		}
		b := send(l, a)
		if b.Len() != n || b.Size() != 3*n {
			t.Errorf("%d elements arrived as %d", n, b.Len())
		}
		if x, _ := b.At(n - 1); n > 0 && x != [3]byte{1, 2, 3} {
			t.Errorf("the last of %d is %v", n, x)
		}
	}
	// Memory that is used again is zero.
	for range 50 {
		a := must[*sharedctypes.RawArray[int32]](t)(sharedctypes.NewRawArray[int32](10))
		for i, x := range a.All() {
			if x != 0 {
				t.Fatalf("element %d is %d", i, x)
			}
		}
		a.Use(func(s []int32) {
			for i := range s {
				s[i] = -1
			}
		})
	}
}

func TestString(t *testing.T) {
	ctx := t.Context()
	s := must[*sharedctypes.String](t)(sharedctypes.NewStringFrom([]byte("hello world")))
	check := func(value, raw string) {
		t.Helper()
		v, err := s.Value(ctx)
		r, err2 := s.Raw(ctx)
		if string(v) != value || string(r) != raw || err != nil || err2 != nil {
			t.Errorf("%q %q, want %q %q; %v %v", v, r, value, raw, err, err2)
		}
		if !bytes.Equal(s.Obj().Value(), v) || !bytes.Equal(s.Obj().Raw(), r) {
			t.Error("the raw string is another one")
		}
	}
	check("hello world", "hello world")
	for _, c := range []struct {
		do         func() error
		value, raw string
	}{
		{func() error { return s.SetValue(ctx, []byte("bye")) }, "bye", "bye\x00o world"},
		{func() error { return s.SetRaw(ctx, []byte("HEL")) }, "HEL", "HEL\x00o world"},
		{func() error { return s.SetValue(ctx, []byte("exactly 11!")) }, "exactly 11!", "exactly 11!"},
		{func() error { return s.SetValue(ctx, nil) }, "", "\x00xactly 11!"},
		{func() error { return s.SetAt(ctx, 0, 'E') }, "Exactly 11!", "Exactly 11!"},
		{func() error { return s.SetRaw(ctx, []byte("a\x00b\x00c\x00d\x00e\x00f")) }, "a", "a\x00b\x00c\x00d\x00e\x00f"},
	} {
		if err := c.do(); err != nil {
			t.Error(err)
		}
		check(c.value, c.raw)
	}
	long := []byte("one too many")
	for _, err := range []error{s.SetValue(ctx, long), s.SetRaw(ctx, long), s.Obj().SetValue(long), s.Obj().SetRaw(long)} {
		if !errors.Is(err, sharedctypes.ErrTooLong) {
			t.Error(err)
		}
	}
	check("a", "a\x00b\x00c\x00d\x00e\x00f")
	if s.String() != `String(RawString("a"), Lock(free))` || s.Len() != 11 {
		t.Error(s)
	}
	c := must[*sharedctypes.RawString](t)(sharedctypes.CopyString(s.Obj()))
	c.SetValue([]byte("copy"))
	if string(c.Value()) != "copy" {
		t.Error(c)
	}
	check("a", "a\x00b\x00c\x00d\x00e\x00f")
	empty := must[*sharedctypes.RawString](t)(sharedctypes.NewRawString(0))
	if err := empty.SetValue(nil); err != nil || len(empty.Raw()) != 0 || len(empty.Value()) != 0 {
		t.Error(empty, err)
	}
}
