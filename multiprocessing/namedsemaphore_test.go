//go:build linux

package multiprocessing_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/conexgo/conex/internal/leak"
	mp "github.com/conexgo/conex/multiprocessing"
)

// namedSemaphore is one of this test's own.
func namedSemaphore(t testing.TB, n int) *mp.NamedSemaphore {
	t.Helper()
	s, err := mp.CreateNamedSemaphore(semName(t), n)
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Unlink(); s.Close() })
	return s
}

func TestNamedSemaphoreNames(t *testing.T) {
	leak.Check(t)
	s := namedSemaphore(t, 2)
	if _, err := mp.CreateNamedSemaphore(s.Name(), 1); !errors.Is(err, fs.ErrExist) || !errors.Is(err, mp.ErrProcess) {
		t.Errorf("a name that is taken: %v", err)
	}
	same, err := mp.OpenNamedSemaphore(strings.TrimPrefix(s.Name(), "/"))
	if err != nil {
		t.Fatal(err)
	}
	if same.Name() != s.Name() || !try(t, same) || s.Value() != 1 {
		t.Errorf("%v is not %v", same, s)
	}
	if err := s.Unlink(); err != nil {
		t.Error(err)
	}
	if err := same.Unlink(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("unlinked twice: %v", err)
	}
	if _, err := mp.OpenNamedSemaphore(s.Name()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a name that is gone: %v", err)
	}
	if err := same.Release(); err != nil || s.Value() != 2 {
		t.Errorf("without its name it does not work: %v, %v", s, err)
	}
	for _, bad := range []string{"", "/", "/a/b", "//a", "a\x00b", strings.Repeat("x", 252)} {
		if _, err := mp.CreateNamedSemaphore(bad, 1); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("the name %q: %v", bad, err)
		}
		if _, err := mp.OpenNamedSemaphore(bad); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("the name %q: %v", bad, err)
		}
	}
	long, err := mp.CreateNamedSemaphore(semName(t)+strings.Repeat("x", 251-len(semName(t))), 1)
	if err != nil {
		t.Fatal(err)
	}
	long.Unlink()
}

// What other programs make of the file.
func TestNamedSemaphoreFile(t *testing.T) {
	namedSemaphore(t, 0)
	file := func(value, sleepers, private uint32, size int) []byte {
		b := binary.NativeEndian.AppendUint64(nil, uint64(sleepers)<<32|uint64(value))
		b = binary.NativeEndian.AppendUint32(b, private)
		return append(b, make([]byte, size-len(b))...)
	}
	cases := []struct {
		name string
		file []byte
		want error
	}{
		{"good", file(3, 0, 128, 32), nil},
		{"sleepers that died", file(3, 7, 128, 32), nil},
		{"musl, or private", file(3, 0, 0, 32), errors.ErrUnsupported},
		{"32 bits", file(3, 0, 128, 16), errors.ErrUnsupported},
		{"longer", file(3, 0, 128, 64), errors.ErrUnsupported},
		{"empty", nil, errors.ErrUnsupported},
		{"too many permits", file(1<<31, 0, 128, 32), mp.ErrCorrupt},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			name := semName(t)
			path := "/dev/shm/sem." + name[1:]
			if err := os.WriteFile(path, c.file, 0o600); err != nil {
				t.Fatal(err)
			}
			defer os.Remove(path)
			s, err := mp.OpenNamedSemaphore(name)
			if c.want != nil {
				if !errors.Is(err, c.want) {
					t.Errorf("%v, want %v", err, c.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if s.Value() != 3 || !try(t, s) || s.Release() != nil {
				t.Errorf("%v does not work", s)
			}
			// Nonsense, while it is open.
			f, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			f.WriteAt(file(1<<31+5, 0, 128, 32), 0)
			if _, err := s.TryAcquire(); !errors.Is(err, mp.ErrCorrupt) {
				t.Errorf("TryAcquire: %v", err)
			}
			if err := s.Release(); !errors.Is(err, mp.ErrCorrupt) {
				t.Errorf("Release: %v", err)
			}
			if err := s.Acquire(context.Background()); !errors.Is(err, mp.ErrCorrupt) {
				t.Errorf("Acquire: %v", err)
			}
			// And while somebody waits. A waiter that is not counted any more
			// says so, when it looks.
			f.WriteAt(file(0, 0, 128, 32), 0)
			errs := several(1, func() error { return s.Acquire(within(t, 10*time.Second)) })
			for sleepers(t, path) == 0 {
			}
			f.WriteAt(file(0, 0, 128, 32), 0)
			if err := <-errs; !errors.Is(err, mp.ErrCorrupt) {
				t.Errorf("Acquire: %v", err)
			}
		})
	}
}

// sleepers is how many wait for the semaphore in the kernel.
func sleepers(t testing.TB, path string) uint32 {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil || len(b) != 32 {
		t.Fatalf("%s: %d bytes, %v", path, len(b), err)
	}
	return uint32(binary.NativeEndian.Uint64(b) >> 32)
}

func semPath(s *mp.NamedSemaphore) string { return "/dev/shm/sem." + s.Name()[1:] }

func TestNamedSemaphoreClose(t *testing.T) {
	leak.Check(t)
	s := namedSemaphore(t, 0)
	errs := several(5, func() error { return s.Acquire(context.Background()) })
	for sleepers(t, semPath(s)) == 0 {
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	for range 5 {
		if err := <-errs; !errors.Is(err, mp.ErrClosed) {
			t.Errorf("who waited: %v", err)
		}
	}
	if err := s.Close(); err != nil {
		t.Errorf("closed twice: %v", err)
	}
	if err := s.Release(); !errors.Is(err, mp.ErrClosed) {
		t.Errorf("Release: %v", err)
	}
	if ok, err := s.TryAcquire(); ok || !errors.Is(err, mp.ErrClosed) {
		t.Errorf("TryAcquire: %v", err)
	}
	wantValue(t, s, 0)
	if n := sleepers(t, semPath(s)); n != 0 {
		t.Errorf("%d sleep still", n)
	}
}
