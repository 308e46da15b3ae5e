//go:build linux

package multiprocessing_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/conexgo/conex/internal/cpython"
	"github.com/conexgo/conex/internal/leak"
	mp "github.com/conexgo/conex/multiprocessing"
)

// A snake is a Python that runs testdata/semlock.py.
type snake struct {
	t     *testing.T
	in    io.WriteCloser
	lines *bufio.Reader
}

func newSnake(t *testing.T, path string) *snake {
	t.Helper()
	cmd := exec.Command(path, "testdata/semlock.py")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil && !t.Failed() {
			t.Errorf("Python: %v", err)
		}
	})
	return &snake{t, in, bufio.NewReader(out)}
}

// tell tells it to do something, and hear is what it answers.
func (s *snake) tell(words ...any) {
	s.t.Helper()
	if _, err := fmt.Fprintln(s.in, words...); err != nil {
		s.t.Fatal(err)
	}
}

func (s *snake) hear() string {
	s.t.Helper()
	line, err := s.lines.ReadString('\n')
	if err != nil {
		s.t.Fatalf("Python says nothing more: %v", err)
	}
	return strings.TrimSpace(line)
}

// want tells it to do something that has one good answer.
func (s *snake) want(answer string, words ...any) {
	s.t.Helper()
	s.tell(words...)
	if got := s.hear(); got != answer {
		s.t.Errorf("Python answers %q to %v, not %q", got, words, answer)
	}
}

// TestPythonSemaphore has one semaphore here and in CPython.
func TestPythonSemaphore(t *testing.T) {
	cases := []struct {
		name string
		test func(*testing.T, *snake, *mp.NamedSemaphore)
	}{
		{"Counts", pythonCounts},
		{"TimesOut", pythonTimesOut},
		{"Wakes", pythonWakes},
		{"Increments", pythonIncrements},
	}
	namedSemaphore(t, 0) // or skip
	for _, path := range cpython.Need(t) {
		t.Run(cpython.Name(path), func(t *testing.T) {
			leak.Check(t)
			py := newSnake(t, path)
			for _, c := range cases {
				t.Run(c.name+"/made here", func(t *testing.T) {
					py.t = t
					c.test(t, py, namedSemaphore(t, 1))
				})
				t.Run(c.name+"/made in Python", func(t *testing.T) {
					py.t = t
					name := semName(t)
					t.Cleanup(func() { os.Remove("/dev/shm/sem." + name[1:]) }) // if it fails
					py.want("made", "make", name, 1)
					s, err := mp.OpenNamedSemaphore(name)
					if err != nil {
						t.Fatal(err)
					}
					c.test(t, py, s)
					py.want("unlinked", "unlink", name)
					if err := s.Unlink(); !errors.Is(err, fs.ErrNotExist) {
						t.Errorf("unlinked by Python, and then: %v", err)
					}
				})
			}
			t.Run("Object", func(t *testing.T) { // its finalizer unlinks it
				py.t = t
				py.tell("semaphore", 5)
				s, err := mp.OpenNamedSemaphore(py.hear())
				if err != nil {
					t.Fatal(err)
				}
				wantValue(t, s, 5)
			})
			py.t = t
		})
	}
}

func pythonCounts(t *testing.T, py *snake, s *mp.NamedSemaphore) {
	py.want("1", "value", s.Name())
	py.want("True", "try", s.Name())
	if try(t, s) {
		t.Error("Python's permit was free")
	}
	py.want("released", "release", s.Name())
	if !try(t, s) {
		t.Error("the permit that Python released is not there")
	}
	py.want("False", "try", s.Name())
	s.Release()
	s.Release()
	py.want("2", "value", s.Name())
	py.want("True", "try", s.Name())
	wantValue(t, s, 1)
}

func pythonTimesOut(t *testing.T, py *snake, s *mp.NamedSemaphore) {
	try(t, s)
	py.tell("acquire", s.Name(), 0.05)
	if got := py.hear(); !strings.HasPrefix(got, "False 0.") {
		t.Errorf("Python waits, and answers %q", got)
	}
	s.Release()
	py.want("True", "try", s.Name())
	if err := s.Acquire(within(t, 50*time.Millisecond)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Acquire of Python's permit: %v", err)
	}
	if n := sleepers(t, semPath(s)); n != 0 {
		t.Errorf("%d sleepers are left", n)
	}
	py.want("released", "release", s.Name())
	wantValue(t, s, 1)
}

func pythonWakes(t *testing.T, py *snake, s *mp.NamedSemaphore) {
	path := semPath(s)
	try(t, s)
	py.tell("acquire", s.Name(), 20)
	eventually(t, "Python sleeps", func() bool { return sleepers(t, path) == 1 })
	s.Release()
	if got := py.hear(); !strings.HasPrefix(got, "True") {
		t.Errorf("Python was to be woken, and answers %q", got)
	}
	// Three goroutines are one sleeper.
	errs := several(3, func() error { return s.Acquire(within(t, 20*time.Second)) })
	for range 3 {
		eventually(t, "we sleep", func() bool { return sleepers(t, path) == 1 })
		py.want("released", "release", s.Name())
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	wantValue(t, s, 0)
	if n := sleepers(t, path); n != 0 {
		t.Errorf("%d sleepers are left", n)
	}
	s.Release()
}

// pythonIncrements has two threads of each side count in shared memory under the
// semaphore, to 300,000 at least: we begin when Python has begun, and do not end
// before it.
func pythonIncrements(t *testing.T, py *snake, s *mp.NamedSemaphore) {
	const atLeast, theirs = 150_000, 150_000
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	f.Truncate(8)
	mem, err := syscall.Mmap(int(f.Fd()), 0, 8, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Munmap(mem)
	number := (*int64)(unsafe.Pointer(&mem[0]))
	py.tell("count", s.Name(), f.Name(), theirs)
	eventually(t, "Python counts", func() bool { return atomic.LoadInt64(number) > 0 })
	var over atomic.Bool
	var ours atomic.Int64
	ctx := within(t, time.Minute)
	errs := several(2, func() error {
		for n := 0; n < atLeast/2 || !over.Load(); n++ {
			if err := s.Acquire(ctx); err != nil {
				return err
			}
			*number++
			if err := s.Release(); err != nil {
				return err
			}
			ours.Add(1)
		}
		return nil
	})
	if got := py.hear(); got != "counted" {
		t.Errorf("Python says %q", got)
	}
	over.Store(true)
	if err := errors.Join(<-errs, <-errs); err != nil {
		t.Fatal(err)
	}
	if n := ours.Load() + theirs; *number != n {
		t.Errorf("%d increments of %d", *number, n)
	}
	t.Log(*number, "increments")
	wantValue(t, s, 1)
	if n := sleepers(t, semPath(s)); n != 0 {
		t.Errorf("%d sleepers are left", n)
	}
}
