package sharedmemory_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/multiprocessing/sharedmemory"
)

func init() {
	plays["owner"] = func() {
		conex.Init()
		o := must(sharedmemory.NewOwner())
		must(o.Create(sharedmemory.Config{Name: "block", Size: 100}))
		must(o.Create(sharedmemory.Config{Size: 100})).Close()
		must(o.CreateList(sharedmemory.Config{}, 1, 2, 3))
		must(o.Create(sharedmemory.Config{Name: "gone", Size: 1})).Unlink()
		say(sharedmemory.JanitorPID(o))
		untilEnd()
	}
	plays["second life"] = func() {
		conex.Init()
		o := must(sharedmemory.NewOwner())
		must(o.Create(sharedmemory.Config{Name: "first", Size: 1}))
		sharedmemory.KillJanitor(o)
		must(o.Create(sharedmemory.Config{Name: "second", Size: 1}))
		say("created")
		untilEnd()
	}
	plays["no init"] = func() {
		_, err := sharedmemory.NewOwner()
		say(err)
	}
}

func newOwner(t *testing.T) *sharedmemory.Owner {
	t.Helper()
	o, err := sharedmemory.NewOwner()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { o.Close() })
	return o
}

func TestOwner(t *testing.T) {
	leak.Check(t)
	ownDir(t)
	o := newOwner(t)
	s := must(o.Create(sharedmemory.Config{Name: "block", Size: 100}))
	l := must(o.CreateList(sharedmemory.Config{Name: "list"}, 1, "two"))
	gone := must(o.Create(sharedmemory.Config{Name: "gone", Size: 1}))
	elsewhere := must(o.Create(sharedmemory.Config{Name: "elsewhere", Size: 1}))
	if got := o.Names(); !slices.Equal(got, []string{"block", "elsewhere", "gone", "list"}) {
		t.Errorf("names %v", got)
	}
	must(0, gone.Unlink())
	other := must(sharedmemory.Attach("elsewhere"))
	elsewhere.Close()
	must(0, other.Unlink())
	other.Close()
	if got := o.Names(); !slices.Equal(got, []string{"block", "list"}) {
		t.Errorf("names %v", got)
	}
	if _, err := o.Create(sharedmemory.Config{Name: "block", Size: 1}); !errors.Is(err, fs.ErrExist) {
		t.Error(err)
	}
	if _, err := o.Create(sharedmemory.Config{Size: 1, Untracked: true}); err == nil {
		t.Error("an untracked block was taken")
	}
	if _, err := o.CreateList(sharedmemory.Config{}, struct{}{}); !errors.Is(err, sharedmemory.ErrType) {
		t.Error(err)
	}

	if err := o.Close(); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"block", "list"} {
		if _, err := sharedmemory.Attach(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s after Close: %v", name, err)
		}
	}
	s.Bytes()[0] = 1 // still attached
	wantItems(t, l, int64(1), "two")
	if err := s.Unlink(); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	s.Close()
	l.Close()
	gone.Close()
	if err := o.Close(); err != nil || o.Names() != nil {
		t.Error("closing again:", err)
	}
	if _, err := o.Create(sharedmemory.Config{Size: 1}); err != sharedmemory.ErrClosed {
		t.Error(err)
	}
}

// The name of one of its blocks that has gone to somebody else stays.
func TestOwnerSparesOthers(t *testing.T) {
	leak.Check(t)
	dir, _ := ownDir(t)
	o := newOwner(t)
	s := must(o.Create(sharedmemory.Config{Name: "block", Size: 1}))
	must(0, os.Remove(dir+"/block"))
	mine := block(t, sharedmemory.Config{Name: "block", Size: 2})
	if err := o.Close(); err != nil {
		t.Error(err)
	}
	if err := mine.Unlink(); err != nil {
		t.Error("the Owner has unlinked somebody else's block:", err)
	}
	s.Close()
}

func TestOwnerKilled(t *testing.T) {
	leak.Check(t)
	for range 10 {
		dir, env := ownDir(t)
		p := play(t, "owner", env)
		p.line()
		if got := in(t, dir); len(got) != 3 {
			t.Errorf("blocks %v", got)
		}
		p.kill()
		eventually(t, "the janitor cleans up", func() bool { return len(in(t, dir)) == 0 })
	}
}

// The janitor is not ended by what ends a program, but by its program's end.
func TestJanitorAndSignals(t *testing.T) {
	leak.Check(t)
	dir, env := ownDir(t)
	p := play(t, "owner", env)
	pid, err := strconv.Atoi(p.line())
	if err != nil {
		t.Fatal(err)
	}
	// It ignores signals from the moment it runs, which the owner need not wait for.
	eventually(t, "the janitor ignores signals", func() bool {
		status, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
		if err != nil {
			t.Fatal("no janitor:", err)
		}
		return ignores(status, syscall.SIGTERM) && ignores(status, syscall.SIGINT) && ignores(status, syscall.SIGHUP)
	})
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		must(0, syscall.Kill(pid, sig))
	}
	p.kill()
	eventually(t, "the janitor cleans up", func() bool { return len(in(t, dir)) == 0 })
	eventually(t, "the janitor ends", func() bool {
		// Its parent is dead: who reaps it is not our matter.
		stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		return err != nil || bytes.Contains(stat, []byte(") Z "))
	})
}

func ignores(status []byte, sig syscall.Signal) bool {
	_, rest, _ := strings.Cut(string(status), "SigIgn:\t")
	mask, _ := strconv.ParseUint(strings.Fields(rest)[0], 16, 64)
	return mask&(1<<(sig-1)) != 0
}

// A killed janitor has a successor that knows of the older blocks.
func TestJanitorKilled(t *testing.T) {
	leak.Check(t)
	dir, env := ownDir(t)
	p := play(t, "second life", env)
	p.line()
	if got := in(t, dir); len(got) != 2 {
		t.Errorf("blocks %v", got)
	}
	p.kill()
	eventually(t, "the second janitor cleans up", func() bool { return len(in(t, dir)) == 0 })
}

// A janitor that is stopped is replaced, and does no harm when it goes on.
func TestJanitorStopped(t *testing.T) {
	leak.Check(t)
	dir, _ := ownDir(t)
	o := newOwner(t)
	s := must(o.Create(sharedmemory.Config{Name: "block", Size: 1}))
	defer s.Close()
	must(0, syscall.Kill(sharedmemory.JanitorPID(o), syscall.SIGSTOP))
	if err := o.Close(); err != nil { // takes its second
		t.Error(err)
	}
	if got := in(t, dir); len(got) != 0 {
		t.Errorf("left: %v", got)
	}
}

func TestOwnerWithoutInit(t *testing.T) {
	leak.Check(t)
	p := play(t, "no init")
	if got := p.line(); !strings.Contains(got, "conex.Main") {
		t.Errorf("the error is %q", got)
	}
	p.end()
}
