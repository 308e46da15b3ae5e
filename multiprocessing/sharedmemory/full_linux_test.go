package sharedmemory_test

import (
	"errors"
	"math"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/multiprocessing/sharedmemory"
)

func init() {
	plays["out of descriptors"] = func() {
		s := must(sharedmemory.Create(sharedmemory.Config{Name: "there", Size: 8, Untracked: true}))
		s.Close()
		must(0, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 64, Max: 64}))
		var all []*sharedmemory.SharedMemory
		for {
			s, err := sharedmemory.Create(sharedmemory.Config{Size: 8})
			if err != nil {
				say(len(all) > 30 && len(all) < 64, errors.Is(err, sharedmemory.ErrNoDescriptor), errors.Is(err, syscall.EMFILE), err)
				break
			}
			all = append(all, s)
		}
		_, err := sharedmemory.Create(sharedmemory.Config{Name: "new", Size: 8})
		say(errors.Is(err, sharedmemory.ErrNoDescriptor), err)
		_, err = sharedmemory.Attach("there")
		say(errors.Is(err, sharedmemory.ErrNoDescriptor), err)
		for _, s := range all {
			s.Close()
			must(0, s.Unlink())
		}
		s = must(sharedmemory.Attach("there")) // all is well again
		must(0, s.Unlink())
	}
}

func TestNoDescriptors(t *testing.T) {
	leak.Check(t)
	dir, env := ownDir(t)
	p := play(t, "out of descriptors", env)
	for _, want := range []string{"true true true ", "true ", "true "} {
		if got := p.line(); !strings.HasPrefix(got, want) || !strings.Contains(got, "ulimit -n") {
			t.Errorf("got %q", got)
		}
	}
	p.end()
	if got := in(t, dir); len(got) > 0 {
		t.Errorf("left: %v", got)
	}
}

// More than the file system has in all.
func TestTooLarge(t *testing.T) {
	leak.Check(t)
	if math.MaxInt == math.MaxInt32 {
		t.Skip("a 32-bit program cannot ask for more than there may be")
	}
	for _, name := range []string{"", testName("large")} {
		_, err := sharedmemory.Create(sharedmemory.Config{Name: name, Size: math.MaxInt >> 17})
		if !errors.Is(err, sharedmemory.ErrNoSpace) || !strings.Contains(err.Error(), "df /dev/shm") {
			t.Errorf("%v", err)
		}
	}
	// leak.Check sees what is left in /dev/shm.
}

// A full /dev/shm is an error when the block is made, and leaves nothing.
func TestFull(t *testing.T) {
	leak.Check(t)
	dir, _ := ownDir(t)
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=256k"); err != nil {
		t.Skip("a small /dev/shm needs the right to mount:", err)
	}
	defer func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	}()
	a, err := sharedmemory.Create(sharedmemory.Config{Size: 200 << 10})
	if err != nil {
		t.Fatal(err)
	}
	for _, cfg := range []sharedmemory.Config{
		{Size: 100 << 10},
		{Size: 100 << 10, Untracked: true},
		{Size: 100 << 10, Name: "named"},
		{Size: 100 << 10, Name: "named", Untracked: true},
		{Size: 100 << 20},
	} {
		s, err := sharedmemory.Create(cfg)
		if !errors.Is(err, sharedmemory.ErrNoSpace) || !errors.Is(err, syscall.ENOSPC) || s != nil {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
	if _, err := sharedmemory.NewShareableList(strings.Repeat("x", 100<<10)); !errors.Is(err, sharedmemory.ErrNoSpace) {
		t.Error(err)
	}
	if got := in(t, dir); len(got) != 1 {
		t.Errorf("left: %v", got)
	}
	// What there is can be used to the last byte.
	clear(a.Bytes())
	b, err := sharedmemory.Create(sharedmemory.Config{Size: 40 << 10})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*sharedmemory.SharedMemory{a, b} {
		s.Close()
		must(0, s.Unlink())
	}
	c, err := sharedmemory.Create(sharedmemory.Config{Size: 200 << 10, Name: "named"})
	if err != nil {
		t.Fatal("the memory has not come back:", err)
	}
	c.Close()
	must(0, c.Unlink())
}

func TestNoDir(t *testing.T) {
	leak.Check(t)
	dir, _ := ownDir(t)
	must(0, os.Remove(dir))
	for _, name := range []string{"", "named"} {
		if _, err := sharedmemory.Create(sharedmemory.Config{Name: name, Size: 1}); !errors.Is(err, errors.ErrUnsupported) {
			t.Error(err)
		}
	}
	if _, err := sharedmemory.Attach("named"); !errors.Is(err, errors.ErrUnsupported) {
		t.Error(err)
	}
	must(0, os.Mkdir(dir, 0o700))
}

// Sparse blocks take no memory until they are touched.
func TestSparse(t *testing.T) {
	leak.Check(t)
	for _, sparse := range []bool{false, true} {
		s := block(t, sharedmemory.Config{Size: 9 << 20, Sparse: sparse})
		var st syscall.Stat_t
		must(0, syscall.Stat("/dev/shm/"+s.Name(), &st))
		if st.Size != 9<<20 || (st.Blocks == 0) != sparse || !sparse && st.Blocks*512 < 9<<20 {
			t.Errorf("sparse %t: %d bytes, %d blocks", sparse, st.Size, st.Blocks)
		}
		s.Bytes()[9<<20-1] = 1
	}
}
