package sharedmemory_test

import (
	"bytes"
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
		{int64(math.MaxInt64), int64(math.MaxInt64)},
		{int64(math.MinInt64), int64(math.MinInt64)},
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
