package sharedmemory_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/multiprocessing/sharedmemory"
)

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
