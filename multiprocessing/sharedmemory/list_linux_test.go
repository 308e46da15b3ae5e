package sharedmemory_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/multiprocessing/sharedmemory"
)

// wantItems is DeepEqual with a message.
func wantItems(t *testing.T, l *sharedmemory.ShareableList, want ...any) {
	t.Helper()
	got, err := l.Items()
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("items %#v, %v\nwant %#v", got, err, want)
	}
}

func TestShareableList(t *testing.T) {
	leak.Check(t)
	l := list(t, "howdy", []byte("HoWdY"), -273.154, 100, nil, true, 42)
	wantItems(t, l, "howdy", []byte("HoWdY"), -273.154, int64(100), nil, true, int64(42))
	if l.Len() != 7 || l.Format() != "8s8sdqxxxxxx?xxxxxxxx?q" {
		t.Error(l.Len(), l.Format())
	}
	want := `ShareableList(["howdy", []byte("HoWdY"), -273.154, 100, <nil>, true, 42], name="` + l.Name() + `")`
	if l.String() != want {
		t.Errorf("%s\nwant %s", l, want)
	}
	for _, i := range []int{7, -8, math.MaxInt, math.MinInt} {
		if _, err := l.At(i); !errors.Is(err, sharedmemory.ErrIndex) {
			t.Error(err)
		}
		if err := l.Set(i, 2); !errors.Is(err, sharedmemory.ErrIndex) {
			t.Error(err)
		}
		if _, err := sharedmemory.Get[int](l, i); !errors.Is(err, sharedmemory.ErrIndex) {
			t.Error(err)
		}
	}
	if i, err := l.Index(100); i != 3 || err != nil {
		t.Error(i, err)
	}
	if i, err := l.Index("100"); i != -1 || !errors.Is(err, sharedmemory.ErrNotFound) {
		t.Error(i, err)
	}
	if v, err := l.At(-2); v != true || err != nil {
		t.Error(v, err)
	}

	set := func(i int, v any) {
		t.Helper()
		if err := l.Set(i, v); err != nil {
			t.Error(err)
		}
	}
	refused := func(i int, v any, want error) {
		t.Helper()
		before := bytes.Clone(l.SharedMemory().Bytes())
		if err := l.Set(i, v); !errors.Is(err, want) {
			t.Errorf("%v: %v", v, err)
		}
		if !bytes.Equal(before, l.SharedMemory().Bytes()) {
			t.Errorf("refusing %v changed the list", v)
		}
	}
	set(3, 42)
	set(4, "some")
	if l.Format() != "8s8sdq8sxxxxxxx?q" {
		t.Error(l.Format())
	}
	refused(4, "far too many", sharedmemory.ErrNoRoom)
	set(0, "encodés") // exactly 8 bytes
	refused(0, "encodées", sharedmemory.ErrNoRoom)
	refused(1, []byte("123456789"), sharedmemory.ErrNoRoom)
	refused(1, struct{}{}, sharedmemory.ErrType)
	refused(1, []any{1}, sharedmemory.ErrType)
	refused(1, uint64(1<<63), sharedmemory.ErrOverflow)
	refused(1, uint64(math.MaxUint64), sharedmemory.ErrOverflow)
	wantItems(t, l, "encodés", []byte("HoWdY"), -273.154, int64(42), "some", true, int64(42))
	for v, n := range map[any]int{42: 2, int8(42): 2, uint64(42): 2, 42.0: 0, true: 1, 1: 0, nil: 0, "some": 1, 'a': 0} {
		if got, err := l.Count(v); got != n || err != nil {
			t.Errorf("Count(%v) = %d, %v", v, got, err)
		}
	}
	for s, n := range map[string]int{"HoWdY": 1, "adios": 0} {
		if got, err := l.Count([]byte(s)); got != n || err != nil {
			t.Errorf("Count(%s) = %d, %v", s, got, err)
		}
	}
	if n, err := l.Count([]string{"x"}); n != 0 || err != nil {
		t.Error(n, err)
	}

	// A copy under another name, and a second attachment of the first.
	items := must(l.Items())
	name := fmt.Sprintf("test03_duplicate%d", os.Getpid())
	dup, err := sharedmemory.CreateShareableList(sharedmemory.Config{Name: name}, items...)
	if err != nil {
		t.Fatal(err)
	}
	defer dup.Unlink()
	defer dup.Close()
	if dup.Name() != name || dup.Format() != l.Format() {
		t.Error(dup.Name(), dup.Format())
	}
	must(0, dup.Set(-1, 77))
	tethered, err := sharedmemory.AttachShareableList(l.Name())
	if err != nil {
		t.Fatal(err)
	}
	must(0, tethered.Set(-1, 880))
	wantItems(t, l, "encodés", []byte("HoWdY"), -273.154, int64(42), "some", true, int64(880))
	tethered.Close()
	if _, err := tethered.At(0); err != sharedmemory.ErrClosed {
		t.Error(err)
	}
	if err := tethered.Set(0, 1); err != sharedmemory.ErrClosed {
		t.Error(err)
	}
	if _, err := tethered.Count(0); err != sharedmemory.ErrClosed {
		t.Error(err)
	}
	if _, err := tethered.Items(); err != sharedmemory.ErrClosed {
		t.Error(err)
	}
	if tethered.Format() != "" || tethered.Len() != 7 {
		t.Error(tethered.Format(), tethered.Len())
	}
}

func TestEmptyList(t *testing.T) {
	leak.Check(t)
	l := list(t)
	if l.Len() != 0 || l.Format() != "" || l.SharedMemory().Size() != 16 {
		t.Error(l.Len(), l.Format(), l.SharedMemory().Size())
	}
	if n, err := l.Count("any"); n != 0 || err != nil {
		t.Error(n, err)
	}
	if _, err := l.Index(nil); !errors.Is(err, sharedmemory.ErrNotFound) {
		t.Error(err)
	}
	if _, err := l.At(0); !errors.Is(err, sharedmemory.ErrIndex) {
		t.Error(err)
	}
	other, err := sharedmemory.AttachShareableList(l.Name())
	if err != nil || other.Len() != 0 {
		t.Fatal(other, err)
	}
	other.Close()
}

func TestZeroList(t *testing.T) {
	var l sharedmemory.ShareableList
	if l.Len() != 0 || l.Name() != "" || l.Format() != "" || l.Close() != nil || l.SharedMemory() != nil {
		t.Error("a zero list is not a closed one")
	}
	if _, err := l.At(0); err != sharedmemory.ErrClosed {
		t.Error(err)
	}
	if _, err := l.Items(); err != sharedmemory.ErrClosed {
		t.Error(err)
	}
	if err := l.Unlink(); err != sharedmemory.ErrClosed {
		t.Error(err)
	}
	if l.String() != `ShareableList([], name="")` {
		t.Error(l.String())
	}
}

func TestGet(t *testing.T) {
	leak.Check(t)
	l := list(t, 1, 2.5, true, "four", []byte("five"), nil)
	if v, err := sharedmemory.Get[int](l, 0); v != 1 || err != nil {
		t.Error(v, err)
	}
	if v, err := sharedmemory.Get[int64](l, -6); v != 1 || err != nil {
		t.Error(v, err)
	}
	if v, err := sharedmemory.Get[float64](l, 1); v != 2.5 || err != nil {
		t.Error(v, err)
	}
	if v, err := sharedmemory.Get[bool](l, 2); !v || err != nil {
		t.Error(v, err)
	}
	if v, err := sharedmemory.Get[string](l, 3); v != "four" || err != nil {
		t.Error(v, err)
	}
	if v, err := sharedmemory.Get[[]byte](l, 4); string(v) != "five" || err != nil {
		t.Error(v, err)
	}
	for i, err := range []error{
		second(sharedmemory.Get[float64](l, 0)),
		second(sharedmemory.Get[int](l, 1)),
		second(sharedmemory.Get[string](l, 2)),
		second(sharedmemory.Get[[]byte](l, 3)),
		second(sharedmemory.Get[bool](l, 4)),
		second(sharedmemory.Get[string](l, 5)),
	} {
		if !errors.Is(err, sharedmemory.ErrType) {
			t.Errorf("item %d: %v", i, err)
		}
	}
	if err := second(sharedmemory.Get[float64](l, 0)); !strings.Contains(err.Error(), "item 0 is a whole number, no float64") {
		t.Error(err)
	}
}

// Values at the edges go in and come out.
func TestListValues(t *testing.T) {
	leak.Check(t)
	for _, c := range []struct{ in, out any }{
		{math.MaxInt64, int64(math.MaxInt64)},
		{math.MinInt64, int64(math.MinInt64)},
		{uint64(math.MaxInt64), int64(math.MaxInt64)},
		{int8(-1), int64(-1)},
		{uint32(math.MaxUint32), int64(math.MaxUint32)},
		{float32(0.5), 0.5},
		{math.Inf(-1), math.Inf(-1)},
		{math.MaxFloat64, math.MaxFloat64},
		{false, false},
		{"", ""},
		{"1234567", "1234567"},
		{"12345678", "12345678"},
		{strings.Repeat("ü", 7), strings.Repeat("ü", 7)}, // CPython cuts it
		{strings.Repeat("x", 100_000), strings.Repeat("x", 100_000)},
		{[]byte{}, []byte{}},
		{[]byte{0, 1}, []byte{0, 1}},
		// Trailing zeros are lost: gh-106939.
		{"\x03\x02\x01\x00\x00\x00", "\x03\x02\x01"},
		{[]byte{3, 2, 1, 0, 0, 0}, []byte{3, 2, 1}},
		{[]byte{0, 0}, []byte{}},
	} {
		l := list(t, "before", c.in, "after")
		wantItems(t, l, "before", c.out, "after")
		must(0, l.Set(1, nil))
		wantItems(t, l, "before", nil, "after")
		must(0, l.Set(1, c.in))
		wantItems(t, l, "before", c.out, "after")
		l.Close()
		l.Unlink()
	}
}

func TestListBadItems(t *testing.T) {
	leak.Check(t)
	for _, c := range []struct {
		item any
		want error
	}{
		{struct{}{}, sharedmemory.ErrType},
		{1i, sharedmemory.ErrType},
		{[]int{1}, sharedmemory.ErrType},
		{map[string]int{}, sharedmemory.ErrType},
		{new(int), sharedmemory.ErrType},
		{uint64(math.MaxUint64), sharedmemory.ErrOverflow},
		{strings.Repeat("x", 9_999_992), sharedmemory.ErrSize},
	} {
		if l, err := sharedmemory.NewShareableList(1, c.item); !errors.Is(err, c.want) || l != nil || !strings.Contains(err.Error(), "item 1") {
			t.Errorf("%T: %v", c.item, err)
		}
	}
	l := list(t, strings.Repeat("x", 9_999_991)) // one less
	if l.Format() != "9999992s" {
		t.Error(l.Format())
	}
	if _, err := sharedmemory.CreateShareableList(sharedmemory.Config{Size: 9}, 1); !errors.Is(err, sharedmemory.ErrSize) {
		t.Error(err)
	}
}

// rawList writes a list the way other programs might.
func rawList(t *testing.T, words []uint64, rest string) *sharedmemory.SharedMemory {
	var b []byte
	for _, w := range words {
		b = binary.NativeEndian.AppendUint64(b, w)
	}
	b = append(b, rest...)
	s := block(t, sharedmemory.Config{Size: max(len(b), 1)})
	copy(s.Bytes(), b)
	return s
}

func TestOldLayout(t *testing.T) {
	leak.Check(t)
	// Python 3.8: n, n sizes, data, formats, kinds.
	s := rawList(t, []uint64{2, 8, 16, 7}, "hello, world\x00\x00\x00\x00"+"q\x00\x00\x00\x00\x00\x00\x0016s\x00\x00\x00\x00\x00"+"\x00\x01")
	l, err := sharedmemory.AttachShareableList(s.Name())
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	wantItems(t, l, int64(7), "hello, world")
	must(0, l.Set(1, "sixteen letters!"))
	must(0, l.Set(0, "eight ch"))
	wantItems(t, l, "eight ch", "sixteen letters!")
	if err := l.Set(1, "seventeen letters"); !errors.Is(err, sharedmemory.ErrNoRoom) {
		t.Error(err)
	}
	empty := rawList(t, []uint64{0}, "")
	e, err := sharedmemory.AttachShareableList(empty.Name())
	if err != nil || e.Len() != 0 {
		t.Fatal(err)
	}
	e.Close()
}

func TestCorruptList(t *testing.T) {
	leak.Check(t)
	q := "q\x00\x00\x00\x00\x00\x00\x00\x00"
	for name, s := range map[string]*sharedmemory.SharedMemory{
		"nothing":        rawList(t, nil, "abc"),
		"many":           rawList(t, []uint64{1 << 60, 0, 8, 1}, q),
		"negative":       rawList(t, []uint64{math.MaxUint64, 0, 8, 1}, q),
		"one too many":   rawList(t, []uint64{2, 0, 8, 1}, q),
		"far":            rawList(t, []uint64{1, 0, 800, 1}, q),
		"down":           rawList(t, []uint64{2, 0, 16, 8, 1, 1}, q+q),
		"odd":            rawList(t, []uint64{1, 0, 7, 1}, q),
		"nothing inside": rawList(t, []uint64{1, 0, 0, 1}, q),
		"wraps":          rawList(t, []uint64{2, 0, 1 << 63, 16, 1, 1}, q+q),
		"no formats":     rawList(t, []uint64{1, 0, 8, 1}, ""),
		"no kinds":       rawList(t, []uint64{1, 0, 8, 1}, q[:8]),
		"old, far":       rawList(t, []uint64{1, 800, 1}, q),
		"old, wraps":     rawList(t, []uint64{2, math.MaxUint64 - 7, 16, 1, 1}, q+q),
	} {
		if l, err := sharedmemory.AttachShareableList(s.Name()); !errors.Is(err, sharedmemory.ErrCorrupt) {
			t.Errorf("%s: %v, %v", name, l, err)
		}
	}
	for name, rest := range map[string]string{
		"kind":          "q\x00\x00\x00\x00\x00\x00\x00\x04",
		"negative kind": "q\x00\x00\x00\x00\x00\x00\x00\xff",
		"format":        "Q\x00\x00\x00\x00\x00\x00\x00\x00",
		"no format":     "\x00\x00\x00\x00\x00\x00\x00\x00\x00",
		"not bytes":     "8s\x00\x00\x00\x00\x00\x00\x00",
		"no number":     "s\x00\x00\x00\x00\x00\x00\x00\x01",
		"long":          "9s\x00\x00\x00\x00\x00\x00\x01",
		"very long":     "9999999s\x02",
		"more":          "8ss\x00\x00\x00\x00\x00\x02",
		"no UTF-8":      "8s\x00\x00\x00\x00\x00\x00\x01",
	} {
		s := rawList(t, []uint64{1, 0, 8, math.MaxUint64}, rest)
		l, err := sharedmemory.AttachShareableList(s.Name())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if v, err := l.At(0); !errors.Is(err, sharedmemory.ErrCorrupt) {
			t.Errorf("%s: %v, %v", name, v, err)
		}
		if _, err := l.Items(); !errors.Is(err, sharedmemory.ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
		if !strings.Contains(l.String(), "[?]") {
			t.Errorf("%s: %v", name, l)
		}
		must(0, l.Set(0, "mended")) // the item can be written
		wantItems(t, l, "mended")
		l.Close()
	}
}

// A program that cuts the file makes touching it an error, not the end.
func TestCutFile(t *testing.T) {
	leak.Check(t)
	l := list(t, strings.Repeat("x", 10_000), 1)
	must(0, os.Truncate("/dev/shm/"+l.Name(), 100))
	if v, err := l.At(1); !errors.Is(err, sharedmemory.ErrTooShort) {
		t.Error(v, err)
	}
	if _, err := sharedmemory.Get[int](l, 1); !errors.Is(err, sharedmemory.ErrTooShort) {
		t.Error(err)
	}
	if err := l.Set(1, 2); !errors.Is(err, sharedmemory.ErrTooShort) {
		t.Error(err)
	}
	if _, err := l.Index(2); !errors.Is(err, sharedmemory.ErrTooShort) {
		t.Error(err)
	}
	if s := l.String(); !strings.Contains(s, "?") {
		t.Error(s)
	}
	if _, err := sharedmemory.AttachShareableList(l.Name()); !errors.Is(err, sharedmemory.ErrCorrupt) {
		t.Error(err)
	}
	must(0, os.Truncate("/dev/shm/"+l.Name(), 0))
	if _, err := sharedmemory.AttachShareableList(l.Name()); !errors.Is(err, sharedmemory.ErrTooShort) {
		t.Error(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

// Whatever lies in a block: calls return, and what was set can be read.
func FuzzList(f *testing.F) {
	seed := func(items ...any) {
		l, err := sharedmemory.NewShareableList(items...)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(bytes.Clone(l.SharedMemory().Bytes()), 0, "text")
		l.Close()
		l.Unlink()
	}
	seed()
	seed("howdy", []byte("HoWdY"), -273.154, 100, nil, true, 42)
	seed(strings.Repeat("ü", 9), 1)
	f.Add([]byte{}, 3, "")
	f.Add(binary.NativeEndian.AppendUint64(nil, 1<<59), -1, "x")
	f.Fuzz(func(t *testing.T, mem []byte, i int, text string) {
		if len(mem) == 0 || len(mem) > 1<<20 {
			return
		}
		s, err := sharedmemory.Create(sharedmemory.Config{Size: len(mem)})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Unlink()
		defer s.Close()
		copy(s.Bytes(), mem)
		l, err := sharedmemory.AttachShareableList(s.Name())
		if err != nil {
			if !errors.Is(err, sharedmemory.ErrCorrupt) {
				t.Fatal(err)
			}
			return
		}
		defer l.Close()
		if l.Len() > len(mem)/25 {
			t.Fatalf("%d items in %d bytes", l.Len(), len(mem))
		}
		for _, err := range l.All() {
			if err != nil && !errors.Is(err, sharedmemory.ErrCorrupt) {
				t.Fatal(err)
			}
		}
		_ = l.String()
		l.Format()
		l.Index(text)
		for _, v := range []any{text, []byte(text), i, 0.5, true, nil} {
			if err := l.Set(i, v); err != nil {
				continue
			}
			// Slots do not overlap, so it is what comes out.
			got, err := l.At(i)
			if s, ok := v.(string); ok {
				v = strings.TrimRight(s, "\x00")
				if errors.Is(err, sharedmemory.ErrCorrupt) && strings.ToValidUTF8(text, "") != text {
					continue
				}
			}
			if b, ok := v.([]byte); ok {
				v = bytes.TrimRight(b, "\x00")
				got, v = string(got.([]byte)), string(v.([]byte))
			}
			if n, ok := v.(int); ok {
				v = int64(n)
			}
			if err != nil || got != v {
				t.Fatalf("set %#v, got %#v, %v", v, got, err)
			}
		}
	})
}
