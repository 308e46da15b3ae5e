package sharedmemory_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/multiprocessing/sharedmemory"
)

func TestSharedMemory(t *testing.T) {
	leak.Check(t)
	name := fmt.Sprintf("test01_tsmb%d", os.Getpid())
	s := block(t, sharedmemory.Config{Name: name, Size: 512})
	if s.Name() != name || s.Size() != 512 || len(s.Bytes()) != 512 || cap(s.Bytes()) != 512 {
		t.Errorf("got %v, %d bytes", s, len(s.Bytes()))
	}
	if got := s.String(); !strings.Contains(got, name) || !strings.Contains(got, "512") {
		t.Errorf("String: %s", got)
	}
	s.Bytes()[0] = 42

	other, err := sharedmemory.Attach(name)
	if err != nil {
		t.Fatal(err)
	}
	if other.Bytes()[0] != 42 {
		t.Error("the other attachment does not see the byte")
	}
	if err := other.Close(); err != nil {
		t.Error(err)
	}
	if other.Bytes() != nil || other.Name() != name || other.Size() != 512 {
		t.Errorf("after Close: %d bytes, %v", len(other.Bytes()), other)
	}
	if err := other.Close(); err != nil {
		t.Error("closing again:", err)
	}
	if s.Bytes()[0] != 42 {
		t.Error("closing one attachment did something to the other")
	}

	if _, err := sharedmemory.Create(sharedmemory.Config{Name: name, Size: 1}); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a name that is taken: %v", err)
	}
	if s.Bytes()[0] != 42 {
		t.Error("the refused creation did something")
	}
	fi, err := os.Stat("/dev/shm/" + name)
	if err != nil || fi.Mode().Perm() != 0o600 || fi.Size() != 512 {
		t.Errorf("the file: %v, %v", fi, err)
	}

	if err := s.Unlink(); err != nil {
		t.Error(err)
	}
	s.Bytes()[0] = 43 // still attached
	if err := s.Unlink(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("unlinking again: %v", err)
	}
	if _, err := sharedmemory.Attach(name); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("attaching to an unlinked name: %v", err)
	}
	if exists(name) {
		t.Error("the file is still there")
	}
}

func TestGeneratedName(t *testing.T) {
	leak.Check(t)
	for _, untracked := range []bool{false, true} {
		s := block(t, sharedmemory.Config{Size: 1, Untracked: untracked})
		var n uint32
		if _, err := fmt.Sscanf(s.Name(), "psm_%08x", &n); err != nil || len(s.Name()) != len("psm_")+8 {
			t.Errorf("name %q", s.Name())
		}
		fi, err := os.Stat("/dev/shm/" + s.Name())
		if err != nil || fi.Mode().Perm() != 0o600 || fi.Size() != 1 {
			t.Errorf("%v, %v", fi.Mode(), err)
		}
		if marked := fi.Mode()&fs.ModeSticky != 0; marked == untracked {
			t.Errorf("untracked %t: mode %v", untracked, fi.Mode())
		}
	}
}

// A new name that is taken already is passed over.
func TestNewNameTaken(t *testing.T) {
	leak.Check(t)
	a, b := testName("fn1"), testName("fn2")
	defer sharedmemory.SetNames(a, a, b)()
	if s := block(t, sharedmemory.Config{Size: 1}); s.Name() != a {
		t.Error(s)
	}
	if s := block(t, sharedmemory.Config{Size: 1}); s.Name() != b {
		t.Error(s)
	}
	if s, err := sharedmemory.Create(sharedmemory.Config{Size: 1}); !errors.Is(err, fs.ErrExist) {
		t.Error("all names are taken:", s, err)
	}
}

func TestBadConfig(t *testing.T) {
	leak.Check(t)
	for _, c := range []struct {
		cfg  sharedmemory.Config
		want error
	}{
		{sharedmemory.Config{}, sharedmemory.ErrSize},
		{sharedmemory.Config{Size: -1}, sharedmemory.ErrSize},
		{sharedmemory.Config{Size: int(^uint(0) >> 1)}, sharedmemory.ErrSize},
		{sharedmemory.Config{Size: 1, Name: "/"}, sharedmemory.ErrName},
		{sharedmemory.Config{Size: 1, Name: "."}, sharedmemory.ErrName},
		{sharedmemory.Config{Size: 1, Name: ".."}, sharedmemory.ErrName},
		{sharedmemory.Config{Size: 1, Name: "a/b"}, sharedmemory.ErrName},
		{sharedmemory.Config{Size: 1, Name: "a\x00b"}, sharedmemory.ErrName},
		{sharedmemory.Config{Size: 1, Name: strings.Repeat("a", 256)}, sharedmemory.ErrName},
	} {
		s, err := sharedmemory.Create(c.cfg)
		if !errors.Is(err, c.want) || s != nil {
			t.Errorf("%+v: %v, %v", c.cfg, s, err)
		}
		if c.want == sharedmemory.ErrName {
			if s, err := sharedmemory.Attach(c.cfg.Name); !errors.Is(err, c.want) || s != nil {
				t.Errorf("Attach(%q): %v, %v", c.cfg.Name, s, err)
			}
		}
	}
	if _, err := sharedmemory.Attach(""); !errors.Is(err, sharedmemory.ErrName) {
		t.Errorf("no name: %v", err)
	}
}

// A leading slash is what C programs write.
func TestLeadingSlash(t *testing.T) {
	leak.Check(t)
	name := fmt.Sprintf("test_slash%d", os.Getpid())
	s := block(t, sharedmemory.Config{Name: "/" + name, Size: 8})
	if s.Name() != name {
		t.Errorf("name %q", s.Name())
	}
	other, err := sharedmemory.Attach("/" + name)
	if err != nil {
		t.Fatal(err)
	}
	other.Close()
}

func TestZeroValue(t *testing.T) {
	var s sharedmemory.SharedMemory
	if s.Bytes() != nil || s.Name() != "" || s.Size() != 0 || s.Close() != nil {
		t.Error("a zero SharedMemory is not a closed one")
	}
	if err := s.Unlink(); err != sharedmemory.ErrClosed {
		t.Error(err)
	}
	if _, err := sharedmemory.Slice[int64](&s); err != sharedmemory.ErrClosed {
		t.Error(err)
	}
	if _, err := sharedmemory.NewView[int64](&s); err != sharedmemory.ErrClosed {
		t.Error(err)
	}
}

// What lies under a name may be anything.
func TestAttachToOthers(t *testing.T) {
	leak.Check(t)
	base := fmt.Sprintf("test_other%d_", os.Getpid())
	path := func(kind string) string { return "/dev/shm/" + base + kind }
	must(0, os.WriteFile(path("empty"), nil, 0o600))
	must(0, os.Mkdir(path("dir"), 0o700))
	must(0, os.Symlink("/etc/passwd", path("link")))
	must(0, syscall.Mkfifo(path("fifo"), 0o600))
	for kind, want := range map[string]error{
		"empty": sharedmemory.ErrTooShort,
		"dir":   syscall.EISDIR,
		"link":  sharedmemory.ErrName,
		"fifo":  sharedmemory.ErrName,
		"none":  fs.ErrNotExist,
	} {
		s, err := sharedmemory.Attach(base + kind)
		if !errors.Is(err, want) || s != nil {
			t.Errorf("%s: %v, %v", kind, s, err)
		}
		if kind != "none" {
			if err := os.Remove(path(kind)); err != nil {
				t.Error(err) // attaching took it away
			}
		}
	}
}

// A name that has gone to another block is not unlinked by the first one's.
func TestUnlinkAnother(t *testing.T) {
	leak.Check(t)
	for _, untracked := range []bool{false, true} {
		cfg := sharedmemory.Config{Name: fmt.Sprintf("test_another%d", os.Getpid()), Size: 8, Untracked: untracked}
		first := block(t, cfg)
		must(0, os.Remove("/dev/shm/"+cfg.Name))
		second := block(t, cfg)
		second.Bytes()[0] = 2
		if err := first.Unlink(); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("unlinking another block: %v", err)
		}
		other, err := sharedmemory.Attach(cfg.Name)
		if err != nil {
			t.Fatal(err)
		}
		if other.Bytes()[0] != 2 || first.Bytes()[0] != 0 {
			t.Error("attached to the wrong block")
		}
		other.Close()
		first.Close()
		second.Close()
		if err := second.Unlink(); err != nil {
			t.Error(err)
		}
	}
}

// Attachments of one process share what they can, and count right.
func TestManyAttachments(t *testing.T) {
	leak.Check(t)
	s := block(t, sharedmemory.Config{Size: 100})
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for range 100 {
				o, err := sharedmemory.Attach(s.Name())
				if err != nil {
					t.Error(err)
					return
				}
				o.Bytes()[g]++
				o.Close()
			}
		})
	}
	wg.Wait()
	for g := range 8 {
		if s.Bytes()[g] != 100 {
			t.Errorf("byte %d is %d", g, s.Bytes()[g])
		}
	}
	s.Close()
	o, err := sharedmemory.Attach(s.Name()) // closed everywhere, but tracked
	if err != nil {
		t.Fatal(err)
	}
	if o.Bytes()[3] != 100 {
		t.Error("the memory is not what it was")
	}
	o.Close()
}

// Closing while others use: each gets its bytes or the word that it is closed.
func TestCloseWhileUsed(t *testing.T) {
	leak.Check(t)
	for range 50 {
		l := list(t, 1, "two")
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for {
					v, err := l.At(0)
					if err == sharedmemory.ErrClosed {
						return
					}
					if err != nil || v != int64(1) {
						t.Errorf("%v, %v", v, err)
						return
					}
					if err := l.Set(1, "2"); err != nil && err != sharedmemory.ErrClosed {
						t.Error(err)
					}
				}
			})
		}
		runtime.Gosched()
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		wg.Wait()
		l.Unlink()
	}
}

// A block that was closed here and unlinked by another program is forgotten:
// its descriptor, which alone keeps its memory, is closed by and by.
func TestIdleUnlinkedElsewhere(t *testing.T) {
	leak.Check(t)
	for range 20 {
		s := block(t, sharedmemory.Config{Size: 1 << 16})
		s.Close()
		must(0, os.Remove("/dev/shm/"+s.Name()))
	}
	for range 40 {
		s := block(t, sharedmemory.Config{Size: 1})
		s.Close()
		s.Unlink()
	}
	// leak.Check finds the descriptors otherwise.
}
