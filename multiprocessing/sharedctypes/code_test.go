package sharedctypes_test

import (
	"errors"
	"reflect"
	"runtime"
	"strconv"
	"testing"

	"github.com/conexgo/conex/multiprocessing/sharedctypes"
)

// What each code stands for, and how many bytes that has: C's sizes.
func TestCodes(t *testing.T) {
	long, wchar := strconv.IntSize/8, 4
	if runtime.GOOS == "windows" {
		long, wchar = 4, 2
	}
	table := map[sharedctypes.Code]struct {
		size int
		typ  reflect.Type
	}{
		'c': {1, reflect.TypeFor[byte]()},
		'u': {wchar, reflect.TypeFor[sharedctypes.WChar]()},
		'b': {1, reflect.TypeFor[int8]()},
		'B': {1, reflect.TypeFor[uint8]()},
		'h': {2, reflect.TypeFor[int16]()},
		'H': {2, reflect.TypeFor[uint16]()},
		'i': {4, reflect.TypeFor[int32]()},
		'I': {4, reflect.TypeFor[uint32]()},
		'l': {long, reflect.TypeFor[sharedctypes.Long]()},
		'L': {long, reflect.TypeFor[sharedctypes.ULong]()},
		'q': {8, reflect.TypeFor[int64]()},
		'Q': {8, reflect.TypeFor[uint64]()},
		'f': {4, reflect.TypeFor[float32]()},
		'd': {8, reflect.TypeFor[float64]()},
	}
	for c, want := range table {
		if c.Size() != want.size || c.Type() != want.typ || int(want.typ.Size()) != want.size {
			t.Errorf("%v is %v, %d bytes", c, c.Type(), c.Size())
		}
		for name, got := range map[string]func() (sharedctypes.Object, error){
			"raw value": func() (sharedctypes.Object, error) { return sharedctypes.NewRawValueCode(c, 65) },
			"value":     func() (sharedctypes.Object, error) { return sharedctypes.NewValueCode(c, 65) },
			"raw array": func() (sharedctypes.Object, error) { return sharedctypes.NewRawArrayCode(c, 1) },
			"array":     func() (sharedctypes.Object, error) { return sharedctypes.NewArrayCode(c, []int{1}) },
		} {
			if o, err := got(); err != nil || o.Size() != want.size {
				t.Errorf("%s of %v: %v, %v", name, c, o, err)
			}
		}
	}
	if len(sharedctypes.Codes()) != len(table) {
		t.Errorf("%d codes", len(sharedctypes.Codes()))
	}
	for i := range 256 {
		c := sharedctypes.Code(i)
		if _, ok := table[c]; ok {
			continue
		}
		var errs [4]error
		_, errs[0] = sharedctypes.NewRawValueCode(c, 1)
		_, errs[1] = sharedctypes.NewValueCode(c, 1)
		_, errs[2] = sharedctypes.NewRawArrayCode(c, 1)
		_, errs[3] = sharedctypes.NewArrayCode(c, 1)
		for _, err := range errs {
			if !errors.Is(err, sharedctypes.ErrCode) {
				t.Errorf("%v: %v", c, err)
			}
		}
		if c.Size() != 0 || c.Type() != nil {
			t.Errorf("%v has a type", c)
		}
	}
}

// raw shows an Object of any kind without its lock.
func raw(o sharedctypes.Object) any {
	v := reflect.ValueOf(o)
	if m := v.MethodByName("Obj"); m.IsValid() {
		v = m.Call(nil)[0]
	}
	switch o := v.Interface().(type) {
	case *sharedctypes.RawString:
		return string(o.Raw())
	default:
		if m := v.MethodByName("Slice"); m.IsValid() {
			n := v.MethodByName("Len").Call(nil)[0]
			return m.Call([]reflect.Value{reflect.ValueOf(0), n})[0].Interface()
		}
		return v.MethodByName("Load").Call(nil)[0].Interface()
	}
}

// The table of Python's documentation, by code and by type, and what is
// converted how.
func TestByCode(t *testing.T) {
	for i, c := range []struct {
		code sharedctypes.Code
		init any
		want any
	}{
		{'d', 2.4, 2.4},
		{'h', 7, int16(7)},
		{'i', nil, int32(0)},
		{'q', int64(1) << 33, int64(1) << 33},
		{'b', 300, int8(44)}, // as C does, and ctypes
		{'B', -1, uint8(255)},
		{'H', uint64(1<<16 + 5), uint16(5)},
		{'L', -1, ^sharedctypes.ULong(0)},
		{'l', int8(-3), sharedctypes.Long(-3)},
		{'f', float32(1.5), float32(1.5)},
		{'d', 3, 3.0},
		{'c', "x", byte('x')},
		{'c', []byte("y"), byte('y')},
		{'c', 66, byte('B')},
		{'u', "語", sharedctypes.WChar('語')},
	} {
		for _, make := range []func() (sharedctypes.Object, error){
			func() (sharedctypes.Object, error) { return sharedctypes.NewRawValueCode(c.code, c.init) },
			func() (sharedctypes.Object, error) { return sharedctypes.NewValueCode(c.code, c.init) },
		} {
			if o, err := make(); err != nil || raw(o) != c.want {
				t.Errorf("%d: %v of %v: %v, %v", i, c.code, c.init, o, err)
			}
		}
	}
	for i, c := range []struct {
		code sharedctypes.Code
		init any
		want any
	}{
		{'h', 7, make([]int16, 7)},
		{'i', []int{9, 2, 8}, []int32{9, 2, 8}},
		{'i', []any{9, int8(2), uint64(8)}, []int32{9, 2, 8}},
		{'d', [2]float32{1.5, 2}, []float64{1.5, 2}},
		{'c', 3, "\x00\x00\x00"},
		{'c', []byte("hello"), "hello"},
		{'c', "hello", "hello"},
		{'u', "sp語", []sharedctypes.WChar{'s', 'p', '語'}},
		{'B', "", nil},
		{'Q', []int{}, []uint64{}},
	} {
		for _, make := range []func() (sharedctypes.Object, error){
			func() (sharedctypes.Object, error) { return sharedctypes.NewRawArrayCode(c.code, c.init) },
			func() (sharedctypes.Object, error) { return sharedctypes.NewArrayCode(c.code, c.init) },
		} {
			o, err := make()
			if c.want == nil {
				if !errors.Is(err, sharedctypes.ErrCode) || o != nil {
					t.Errorf("%d: %v of %v: %v, %v", i, c.code, c.init, o, err)
				}
				continue
			}
			if err != nil || !reflect.DeepEqual(raw(o), c.want) {
				t.Errorf("%d: %v of %v: %v, %v", i, c.code, c.init, o, err)
			}
		}
	}
	if _, err := sharedctypes.NewArrayCode('i', -1); !errors.Is(err, sharedctypes.ErrLength) {
		t.Error(err)
	}
	for i, c := range []struct {
		code sharedctypes.Code
		init any
	}{
		{'i', 2.5}, {'i', "2"}, {'d', "2"}, {'c', "xy"}, {'c', ""}, {'c', 1.5}, {'u', "ab"}, {'u', []byte{}}, {'i', uintptr(2)}, {'i', []int{1}}, {'d', 1i}, {'q', true},
	} {
		if o, err := sharedctypes.NewValueCode(c.code, c.init); !errors.Is(err, sharedctypes.ErrCode) || o != nil {
			t.Errorf("%d: %v of %v: %v, %v", i, c.code, c.init, o, err)
		}
		if o, err := sharedctypes.NewArrayCode(c.code, []any{1, c.init}); !errors.Is(err, sharedctypes.ErrCode) || o != nil {
			t.Errorf("%d: array of %v: %v, %v", i, c.code, o, err)
		}
	}
	if _, err := sharedctypes.NewValueCode('i', 1, sharedctypes.WithLock(nil)); !errors.Is(err, sharedctypes.ErrNoLock) {
		t.Error(err)
	}
}

// The same by types: MyStruct(4, 6) and its companions.
func TestByType(t *testing.T) {
	d := must[*sharedctypes.RawValue[float64]](t)(sharedctypes.NewRawValue(2.4))
	s := must[*sharedctypes.RawValue[struct{ X, Y int32 }]](t)(sharedctypes.NewRawValue(struct{ X, Y int32 }{4, 6}))
	h := must[*sharedctypes.RawArray[int16]](t)(sharedctypes.NewRawArray[int16](7))
	i := must[*sharedctypes.RawArray[int32]](t)(sharedctypes.NewRawArrayFrom([]int32{9, 2, 8}))
	if d.Load() != 2.4 || s.Load().X != 4 || s.Load().Y != 6 || h.Len() != 7 || i.Len() != 3 || s.Size() != 8 || h.Size() != 14 {
		t.Error(d, s, h, i)
	}
}
