package sharedmemory_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/multiprocessing/sharedmemory"
)

func init() {
	plays["creator"] = func() {
		must(sharedmemory.Create(sharedmemory.Config{Name: "named", Size: 1})).Bytes()[0] = 7
		must(sharedmemory.Create(sharedmemory.Config{Name: "sparse", Size: 1 << 20, Sparse: true}))
		must(sharedmemory.Create(sharedmemory.Config{Name: "closed", Size: 1})).Close()
		must(sharedmemory.Create(sharedmemory.Config{Name: "unlinked", Size: 1})).Unlink()
		must(sharedmemory.Create(sharedmemory.Config{Name: "untracked", Size: 1, Untracked: true}))
		must(sharedmemory.CreateShareableList(sharedmemory.Config{Name: "list"}, 1, 2, 3))
		say("created")
		untilEnd()
	}
	plays["attacher"] = func() {
		s := must(sharedmemory.Attach("named"))
		say("attached")
		untilEnd()
		s.Close()
	}
	plays["first"] = func() {
		must(sharedmemory.Create(sharedmemory.Config{Size: 1})).Unlink()
	}
	plays["main"] = func() {
		conex.Main(func(context.Context) error {
			must(sharedmemory.Create(sharedmemory.Config{Size: 1}))
			must(sharedmemory.Create(sharedmemory.Config{Size: 1})).Close()
			must(sharedmemory.Create(sharedmemory.Config{Name: "kept", Size: 1, Untracked: true}))
			return nil
		})
	}
}

var tracked = []string{"closed", "list", "named", "sparse"}

func TestLeftovers(t *testing.T) {
	leak.Check(t)
	dir, env := ownDir(t)
	none := func(when string) {
		t.Helper()
		if left, err := sharedmemory.Leftovers(); len(left) > 0 || err != nil {
			t.Errorf("%s: leftovers %v, %v", when, left, err)
		}
		if left, err := sharedmemory.Sweep(); len(left) > 0 || err != nil {
			t.Errorf("%s: swept %v, %v", when, left, err)
		}
	}
	none("empty")
	p := play(t, "creator", env)
	p.line()
	none("the creator lives")
	for _, name := range append(tracked, "untracked") {
		s, err := sharedmemory.Attach(name)
		if err != nil {
			t.Fatal(err)
		}
		s.Close()
	}
	none("attached and closed")
	p.kill()

	left, err := sharedmemory.Leftovers()
	slices.Sort(left)
	if !slices.Equal(left, tracked) || err != nil {
		t.Errorf("leftovers %v, %v", left, err)
	}
	if got := in(t, dir); len(got) != 5 {
		t.Errorf("looking for leftovers changed something: %v", got)
	}

	// Who attaches keeps it.
	s, err := sharedmemory.Attach("named")
	if err != nil {
		t.Fatal(err)
	}
	again, err := sharedmemory.Attach("named")
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
	swept, err := sharedmemory.Sweep()
	slices.Sort(swept)
	if !slices.Equal(swept, []string{"closed", "list", "sparse"}) || err != nil {
		t.Errorf("swept %v, %v", swept, err)
	}
	if s.Bytes()[0] != 7 {
		t.Error("lost the byte")
	}
	if got := in(t, dir); !slices.Equal(got, []string{"named", "untracked"}) {
		t.Errorf("after the sweep: %v", got)
	}
	s.Close()
	if swept, err := sharedmemory.Sweep(); !slices.Equal(swept, []string{"named"}) || err != nil {
		t.Errorf("swept %v, %v", swept, err)
	}
	if got := in(t, dir); !slices.Equal(got, []string{"untracked"}) {
		t.Errorf("at the end: %v", got)
	}
}

// Another process that has it open keeps it as well.
func TestLeftoverInUse(t *testing.T) {
	leak.Check(t)
	_, env := ownDir(t)
	creator := play(t, "creator", env)
	creator.line()
	attacher := play(t, "attacher", env)
	attacher.line()
	creator.kill()
	sharedmemory.Sweep()
	s, err := sharedmemory.Attach("named")
	if err != nil {
		t.Fatal("swept away under the one who uses it:", err)
	}
	s.Close()
	attacher.end()
	if swept, err := sharedmemory.Sweep(); !slices.Equal(swept, []string{"named"}) || err != nil {
		t.Errorf("swept %v, %v", swept, err)
	}
}

func TestCreateOverLeftover(t *testing.T) {
	leak.Check(t)
	dir, env := ownDir(t)
	p := play(t, "creator", env)
	p.line()
	cfg := sharedmemory.Config{Name: "named", Size: 2}
	if _, err := sharedmemory.Create(cfg); !errors.Is(err, fs.ErrExist) {
		t.Error("over a living one:", err)
	}
	p.kill()
	s := block(t, cfg)
	if s.Size() != 2 || s.Bytes()[0] != 0 {
		t.Errorf("%v: %v", s, s.Bytes())
	}
	if _, err := sharedmemory.Create(sharedmemory.Config{Name: "untracked", Size: 2}); !errors.Is(err, fs.ErrExist) {
		t.Error("over an untracked one:", err)
	}
	sharedmemory.Sweep()
	if got := in(t, dir); !slices.Equal(got, []string{"named", "untracked"}) {
		t.Errorf("left: %v", got)
	}
}

// A program's first tracked block sweeps what others have left.
func TestFirstCreationSweeps(t *testing.T) {
	leak.Check(t)
	dir, env := ownDir(t)
	p := play(t, "creator", env)
	p.line()
	p.kill()
	play(t, "first", env).end()
	if got := in(t, dir); !slices.Equal(got, []string{"untracked"}) {
		t.Errorf("left: %v", got)
	}
}

// The end of conex.Main removes what the program forgot, and sweeps.
func TestMainRemoves(t *testing.T) {
	leak.Check(t)
	dir, env := ownDir(t)
	p := play(t, "creator", env)
	p.line()
	p.kill()
	play(t, "main", env).end()
	if got := in(t, dir); !slices.Equal(got, []string{"kept", "untracked"}) {
		t.Errorf("left: %v", got)
	}
}

// Files that only look like blocks stay.
func TestSweepSpares(t *testing.T) {
	leak.Check(t)
	dir, _ := ownDir(t)
	for name, mode := range map[string]fs.FileMode{
		"plain":   0o600,
		"sticky":  0o644 | fs.ModeSticky,
		"exec":    0o700 | fs.ModeSticky,
		"setuid":  0o600 | fs.ModeSticky | fs.ModeSetuid,
		"another": 0o600,
	} {
		must(0, os.WriteFile(dir+"/"+name, nil, 0o600))
		must(0, os.Chmod(dir+"/"+name, mode))
	}
	must(0, os.Mkdir(dir+"/dir", 0o700))
	must(0, os.Chmod(dir+"/dir", 0o600|fs.ModeSticky))
	must(0, os.Symlink("plain", dir+"/link"))
	if swept, err := sharedmemory.Sweep(); len(swept) > 0 || err != nil {
		t.Errorf("swept %v, %v", swept, err)
	}
	if got := in(t, dir); len(got) != 7 {
		t.Errorf("left: %v", got)
	}
}

// Sweepers at full speed never take a block that lives, however it is made.
func TestSweepWhileCreating(t *testing.T) {
	for name, set := range map[string]func() func(){
		"default":  func() func() { return func() {} },
		"in place": sharedmemory.SetInPlace,
		"by proc":  sharedmemory.SetByProc,
	} {
		t.Run(name, func(t *testing.T) {
			leak.Check(t)
			dir, _ := ownDir(t)
			defer set()()
			var stop atomic.Bool
			var sweepers, creators sync.WaitGroup
			for range 2 {
				sweepers.Go(func() {
					for !stop.Load() {
						if _, err := sharedmemory.Sweep(); err != nil {
							t.Error(err)
							return
						}
					}
				})
			}
			for g := range 3 {
				creators.Go(func() {
					for i := range 200 {
						cfg := sharedmemory.Config{Size: 8}
						if i%2 == 0 {
							cfg.Name = "named" + string(rune('a'+g))
						}
						s, err := sharedmemory.Create(cfg)
						if err != nil {
							t.Error(err)
							return
						}
						o, err := sharedmemory.Attach(s.Name())
						if err != nil {
							t.Error("swept while it lives:", err)
							return
						}
						o.Close()
						s.Close() // still this process's
						if err := s.Unlink(); err != nil {
							t.Error("swept while it lives:", err)
							return
						}
					}
				})
			}
			creators.Wait()
			stop.Store(true)
			sweepers.Wait()
			if got := in(t, dir); len(got) > 0 {
				t.Errorf("left: %v", got)
			}
		})
	}
}

// eventually waits for what other processes do.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("in vain: ", what)
		}
	}
}
