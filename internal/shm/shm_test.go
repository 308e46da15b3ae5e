//go:build unix

package shm

import (
	"os"
	"testing"
)

func TestSegment(t *testing.T) {
	s, err := New(100_000)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range s.Mem {
		if b != 0 {
			t.Fatal("new memory is not zero")
		}
	}
	// A second mapping, as another process would have it.
	f, err := os.OpenFile("/dev/fd/"+itoa(int(s.File().Fd())), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	other, err := Map(f, 100_000)
	if err != nil {
		t.Fatal(err)
	}
	s.Mem[99_999] = 7
	if other.Mem[99_999] != 7 {
		t.Error("the two mappings are not the same memory")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil || s.Mem != nil {
		t.Errorf("closing again: %v", err)
	}
	if other.Mem[99_999] != 7 {
		t.Error("the memory went with its first holder")
	}
	if err := other.Close(); err != nil {
		t.Error(err)
	}
	for _, n := range []int{0, -1} {
		if _, err := New(n); err == nil {
			t.Errorf("New(%d) succeeded", n)
		}
	}
	closed, _ := os.Open(os.DevNull)
	closed.Close()
	if _, err := Map(closed, 4096); err == nil {
		t.Error("Map of a closed file succeeded")
	}
}

func itoa(n int) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoa(n/10) + itoa(n%10)
}

func TestShared(t *testing.T) {
	a, err := NewShared(10)
	if err != nil {
		t.Fatal(err)
	}
	b, err := NewShared(10)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Release()
	if a.ID == b.ID || a.ID < 1<<32 || len(a.Mem()) != 10 || cap(a.Mem()) != 10 {
		t.Errorf("ids %x and %x, %d bytes", a.ID, b.ID, len(a.Mem()))
	}
	if !a.Retain() {
		t.Error("Retain")
	}
	a.Release()
	if a.Mem() == nil {
		t.Error("gone with a reference left")
	}
	a.Release()
	if a.Mem() != nil || a.Retain() {
		t.Error("still there without a reference")
	}
	v := View(b.ID, b.seg, true)
	v.Mem()[0] = 3
	v.Expire()
	if v.Mem() != nil || v.Retain() || b.Mem()[0] != 3 {
		t.Error("an expired view")
	}
	v.Release()
	if b.Mem()[0] != 3 {
		t.Error("the memory went with a view of it")
	}
}
