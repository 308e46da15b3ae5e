package codec_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
	"unsafe"

	"github.com/conexgo/conex/internal/codec"
)

type Job struct {
	Name string
	Done chan int
}

type wrapsJob struct {
	Jobs []map[string]*Job
}

type box[T any] struct{ V T }

type badTag struct {
	A int `conex:"name"`
}

type badKey struct{ M map[[2]chan int]int }

// The text form is for a type that can do no better; inside it the recursion must not confuse the compiler.
type textual struct {
	self  *textual //lint:ignore U1000 makes the type recursive
	value string
}

func (t textual) MarshalText() ([]byte, error) { return []byte(t.value), nil }
func (t *textual) UnmarshalText(b []byte) error {
	t.value = string(b)
	return nil
}

type Texts struct {
	Next *Texts
	T    *textual
}

func TestTypeErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		typ  reflect.Type
		path string
		want string
	}{
		{reflect.TypeFor[Job](), ".Done", "conex: cannot encode codec_test.Job: field Job.Done has type chan int: channels cannot leave the process"},
		{reflect.TypeFor[*Job](), ".Done", "cannot encode *codec_test.Job: part .Done has type chan int"},
		{reflect.TypeFor[wrapsJob](), ".Jobs[][].Done", "field wrapsJob.Jobs[][].Done has type chan int"},
		{reflect.TypeFor[chan int](), "", "conex: cannot encode chan int: channels cannot leave the process"},
		{reflect.TypeFor[box[func()]](), ".V", "has type func(): functions cannot"},
		{reflect.TypeFor[unsafe.Pointer](), "", "pointers without a type"},
		{reflect.TypeFor[box[uintptr]](), ".V", "has type uintptr"},
		{reflect.TypeFor[badTag](), ".A", `unknown tag`},
		{reflect.TypeFor[badKey](), ".M[key][]", "has type chan int"},
		{reflect.TypeFor[sync.Mutex](), "._", "unexported"},
		{reflect.TypeFor[box[*sync.Mutex]](), ".V._", "tag it `conex:\"-\"`, or give the type MarshalBinary and UnmarshalBinary"},
	} {
		for range 2 { // found out and cached
			p, err := codec.For(c.typ)
			var te *codec.TypeError
			if !errors.As(err, &te) {
				t.Fatalf("%v: plan %v, error %v", c.typ, p, err)
			}
			if te.Type != c.typ || c.path != "._" && te.Path != c.path && c.path != ".V._" {
				t.Errorf("%v: type %v, path %q, want %q", c.typ, te.Type, te.Path, c.path)
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v: %q does not contain %q", c.typ, err, c.want)
			}
		}
	}
	if _, err := codec.For(nil); err == nil {
		t.Error("a plan for no type")
	}
	if _, err := codec.Append(nil, new(Job)); err == nil {
		t.Error("Append encodes a channel")
	}
	if _, err := codec.Read(nil, new(Job)); err == nil {
		t.Error("Read decodes a channel")
	}
}

func TestTextIsTheLastResort(t *testing.T) {
	t.Parallel()
	out := roundTrip(t, Texts{Next: &Texts{}, T: &textual{value: "hello"}})
	if out.T.value != "hello" || out.Next == nil {
		t.Errorf("got %+v", out)
	}
}

func TestValueErrors(t *testing.T) {
	t.Parallel()
	type deep struct {
		Items []map[string]any
	}
	for _, c := range []struct {
		in   any
		path string
		want string
	}{
		{deep{[]map[string]any{nil, {"k": inner{}}}}, `.Items[1]["k"]`, "type codec_test.inner is inside an interface and not registered: call conex.RegisterType[codec_test.inner](name)"},
		{map[int8]any{3: inner{}}, `[3]`, "not registered"},
		{map[any]int{inner{}: 1}, `[key ]`, "not registered"},
		{[1]any{&inner{}}, `[0]`, "type *codec_test.inner"},
		{box[error]{errors.New("x")}, ".V", "errors cannot be sent"},
		{box[failing]{}, ".V", errFailing.Error()},
		{box[shape]{&square{}}, ".V", "type *codec_test.square"},
	} {
		p, err := codec.For(reflect.TypeOf(c.in))
		if err != nil {
			t.Fatal(err)
		}
		v := reflect.New(reflect.TypeOf(c.in))
		v.Elem().Set(reflect.ValueOf(c.in))
		e := codec.Encoder{Buf: []byte("kept")}
		err = p.Encode(&e, v.UnsafePointer())
		var ve *codec.ValueError
		if !errors.As(err, &ve) {
			t.Fatalf("%T: error %v", c.in, err)
		}
		if ve.Path != c.path || ve.Type != p.Type() || ve.Decoding || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%T: path %q, error %v", c.in, ve.Path, err)
		}
		if string(e.Buf) != "kept" {
			t.Errorf("%T: the buffer is %q", c.in, e.Buf)
		}
	}
	if _, err := codec.Append(nil, &box[failing]{}); !errors.Is(err, errFailing) {
		t.Errorf("the method's own error is lost: %v", err)
	}
}

func TestCyclesEnd(t *testing.T) {
	t.Parallel()
	l := &list{V: 1}
	l.Next = l
	_, err := codec.Append(nil, l)
	var ve *codec.ValueError
	if !errors.As(err, &ve) || !strings.Contains(err.Error(), "cyclic") {
		t.Fatalf("cyclic list: %v", err)
	}
	if len(ve.Path) > 200 || !strings.Contains(ve.Path, "…") {
		t.Errorf("path of %d bytes: %q", len(ve.Path), ve.Path)
	}
	a := []any{nil}
	a[0] = a
	if _, err := codec.Append(nil, &a); err == nil {
		t.Error("a slice inside itself was encoded")
	}
	m := map[string]any{}
	m["m"] = m
	if _, err := codec.Append(nil, &m); err == nil {
		t.Error("a map inside itself was encoded")
	}

	// Long is not cyclic: the limit is for the other kind.
	var long *list
	for i := range 9_000 {
		long = &list{i, long}
	}
	data, err := codec.Append(nil, &long)
	if err != nil {
		t.Fatal(err)
	}
	var out *list
	if _, err := codec.Read(data, &out); err != nil {
		t.Fatal(err)
	}
	n := 0
	for ; out != nil; out = out.Next {
		n++
	}
	if n != 9_000 {
		t.Errorf("%d elements came back", n)
	}

	// A list that only a hostile sender makes.
	hostile := bytes.Repeat(append(make([]byte, unsafe.Sizeof(0)), 1), 50_000)
	if _, err := codec.Read(hostile, new(list)); err == nil || !strings.Contains(err.Error(), "levels deep") {
		t.Errorf("a list of 50,000: %v", err)
	}
}

// TestErrorLeavesNoDepth sees that a failed value does not make the next one fail.
func TestErrorLeavesNoDepth(t *testing.T) {
	t.Parallel()
	p, err := codec.For(reflect.TypeFor[list]())
	if err != nil {
		t.Fatal(err)
	}
	l := &list{V: 1}
	l.Next = l
	var e codec.Encoder
	if err := p.Encode(&e, unsafe.Pointer(l)); err == nil {
		t.Fatal("a cyclic list was encoded")
	}
	fine := &list{1, &list{2, nil}}
	if err := p.Encode(&e, unsafe.Pointer(fine)); err != nil {
		t.Error(err)
	}
	d := codec.Decoder{Buf: append(make([]byte, unsafe.Sizeof(0)), 1)}
	if err := p.Decode(&d, unsafe.Pointer(new(list))); err == nil {
		t.Fatal("half a list was decoded")
	}
	d.Buf = e.Buf
	if err := p.Decode(&d, unsafe.Pointer(new(list))); err != nil || len(d.Buf) != 0 {
		t.Error(err, d.Buf)
	}
}

func hostile[T any](t *testing.T, what string, data []byte) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := codec.Read(data, new(T))
	runtime.ReadMemStats(&after)
	if !errors.Is(err, codec.ErrCorrupt) {
		t.Errorf("%s: %v", what, err)
	}
	var ve *codec.ValueError
	if !errors.As(err, &ve) || !ve.Decoding || !strings.Contains(err.Error(), "cannot decode") {
		t.Errorf("%s: error %v", what, err)
	}
	if got := after.TotalAlloc - before.TotalAlloc; got > 1<<20+64*uint64(len(data)) {
		t.Errorf("%s: %d bytes allocated for %d of input", what, got, len(data))
	}
}

// TestHostileLengths is not parallel: it counts allocations.
func TestHostileLengths(t *testing.T) {
	type huge struct {
		A [1 << 20]byte `conex:"-"`
		B byte
	}
	type hugeNothing struct {
		A [1 << 20]byte `conex:"-"`
	}
	for _, n := range []uint64{100, 1 << 20, 1 << 31, 1 << 40, math.MaxInt64, math.MaxUint64} {
		v := binary.AppendUvarint(nil, n)
		wide := binary.LittleEndian.AppendUint64(nil, n)
		hostile[string](t, "string", v)
		hostile[[]byte](t, "[]byte", v)
		hostile[[]int](t, "[]int", wide)
		hostile[struct{ S []int }](t, "[]int inside", v)
		hostile[[]string](t, "[]string", v)
		hostile[[]bool](t, "[]bool", v)
		hostile[[]any](t, "[]any", v)
		hostile[[]list](t, "[]list", v)
		hostile[map[string]int](t, "map", v)
		hostile[map[string]any](t, "map of any", v)
		hostile[map[inner]inner](t, "other map", v)
		hostile[map[struct{}]struct{}](t, "map of nothing", v)
		hostile[[]huge](t, "[]huge", v)
		hostile[[]hugeNothing](t, "[]hugeNothing", v)
		hostile[custom](t, "MarshalBinary", v)
	}
	hostile[[]struct{}](t, "[]struct{}", binary.AppendUvarint(nil, math.MaxUint64))
	// Twenty bytes that announce twenty big elements and do not hold the second.
	hostile[[]struct {
		A [1 << 16]byte `conex:"-"`
		S string
	}](t, "big elements", append([]byte{20, 0, 200}, make([]byte, 20)...))
}

func TestCorrupt(t *testing.T) {
	hostile[bool](t, "bool 2", []byte{2})
	hostile[struct {
		A int8
		B bool
	}](t, "bool field", []byte{1, 2})
	hostile[[]bool](t, "bool in a slice", append([]byte{11}, 0, 1, 0, 1, 0, 1, 0, 2, 0, 1))
	hostile[[]bool](t, "last bool", append([]byte{11}, 0, 1, 0, 1, 0, 1, 0, 1, 0, 3))
	hostile[*int](t, "pointer", []byte{2})
	hostile[map[string]bool](t, "bool in a map", []byte{2, 1, 'k', 7})
	hostile[any](t, "unknown tag", []byte{100})
	hostile[shape](t, "type without the methods", []byte{3, 1, 2, 3, 4, 5, 6, 7, 8})
	hostile[string](t, "endless varint", bytes.Repeat([]byte{0xff}, 20))
	hostile[time.Time](t, "nanoseconds", append(make([]byte, 8), 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0))
	// A map key that cannot be hashed: []any{}.
	data, err := codec.Append(nil, ptr([]any{[]any{}}))
	if err != nil {
		t.Fatal(err)
	}
	hostile[map[any]struct{}](t, "unhashable key", data)
	hostile[map[[1]any]struct{}](t, "unhashable key in an array", data)
	if _, err := codec.Read([]byte{1, 3, 'w', 'h', 'o'}, new(any)); err == nil || !strings.Contains(err.Error(), `"who"`) {
		t.Errorf("unregistered name: %v", err)
	}
}

func TestRegisterTypePanics(t *testing.T) {
	t.Parallel()
	type a struct{ X int }
	type b struct{ X int }
	codec.RegisterType("test.a", reflect.TypeFor[a]())
	codec.RegisterType("test.a", reflect.TypeFor[a]()) // again: nothing
	for what, f := range map[string]func(){
		"name of another":  func() { codec.RegisterType("test.a", reflect.TypeFor[b]()) },
		"second name":      func() { codec.RegisterType("test.a2", reflect.TypeFor[a]()) },
		"built-in name":    func() { codec.RegisterType("int", reflect.TypeFor[b]()) },
		"built-in type":    func() { codec.RegisterType("test.int", reflect.TypeFor[int]()) },
		"no name":          func() { codec.RegisterType("", reflect.TypeFor[b]()) },
		"no type":          func() { codec.RegisterType("test.nil", nil) },
		"interface":        func() { codec.RegisterType("test.any", reflect.TypeFor[any]()) },
		"handle twice":     func() { registerTicket() },
		"handle too late":  func() { codec.RegisterHandle(reflect.TypeFor[inner](), encTicket, decTicket) },
		"handle, nil func": func() { codec.RegisterHandle(reflect.TypeFor[b](), nil, nil) },
	} {
		if what == "handle too late" {
			same(t, inner{1, 2})
		}
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", what)
				}
			}()
			f()
		}()
	}
}
