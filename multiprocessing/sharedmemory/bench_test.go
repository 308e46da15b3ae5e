package sharedmemory_test

import (
	"testing"

	"github.com/conexgo/conex/multiprocessing/sharedmemory"
)

// CPython 3.13: some 25 µs on a quiet machine.
func BenchmarkSharedMemory(b *testing.B) {
	for b.Loop() {
		s, err := sharedmemory.Create(sharedmemory.Config{Size: 4096})
		if err != nil {
			b.Fatal(err)
		}
		t, err := sharedmemory.Attach(s.Name())
		if err != nil {
			b.Fatal(err)
		}
		t.Close()
		s.Close()
		if err := s.Unlink(); err != nil {
			b.Fatal(err)
		}
	}
}

func newList(b *testing.B) *sharedmemory.ShareableList {
	items := make([]any, 16)
	for i := range items {
		items[i] = 1000 + i
	}
	l, err := sharedmemory.NewShareableList(items...)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { l.Close(); l.Unlink() })
	return l
}

// CPython 3.13: some 1.06 µs on a quiet machine.
func BenchmarkShareableList(b *testing.B) {
	l := newList(b)
	i := 1000
	for b.Loop() {
		i++
		if err := l.Set(3, i); err != nil {
			b.Fatal(err)
		}
		if v, err := sharedmemory.Get[int](l, 3); err != nil || v != i {
			b.Fatal(v, err)
		}
	}
}

func BenchmarkShareableListAny(b *testing.B) {
	l := newList(b)
	i := 1000
	for b.Loop() {
		i++
		if err := l.Set(3, i); err != nil {
			b.Fatal(err)
		}
		if v, err := l.At(3); err != nil || v != int64(i) {
			b.Fatal(v, err)
		}
	}
}

// The memory is taken when the block is made: time for each megabyte.
func BenchmarkLarge(b *testing.B) {
	const size = 64 << 20
	b.SetBytes(size)
	for b.Loop() {
		s, err := sharedmemory.Create(sharedmemory.Config{Size: size})
		if err != nil {
			b.Fatal(err)
		}
		s.Close()
		s.Unlink()
	}
}

// Starting and ending a janitor.
func BenchmarkOwner(b *testing.B) {
	for b.Loop() {
		o, err := sharedmemory.NewOwner()
		if err != nil {
			b.Fatal(err)
		}
		o.Close()
	}
}
