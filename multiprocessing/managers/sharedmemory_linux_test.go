package managers_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/conexgo/conex/internal/cpython"
	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/multiprocessing/managers"
	"github.com/conexgo/conex/multiprocessing/sharedmemory"
	"github.com/conexgo/conex/pickle"
)

// segmentPythons are CPythons from 3.9 on: in 3.8 a SharedMemoryManager's server
// does not work.
func segmentPythons(t *testing.T) []string { return cpython.NeedAny(t, 9) }

func TestSegments(t *testing.T) {
	leak.Check(t)
	ctx := startWithin(t, 30*time.Second)
	srv, end := shareServer(t, managers.Config{}, nil)
	m := shareClient(t, srv)
	shm, err := managers.NewSharedMemory(ctx, m, 128)
	if err != nil {
		t.Fatal(err)
	}
	list, err := managers.NewShareableList(ctx, m, 1, "x", nil)
	if err != nil {
		t.Fatal(err)
	}
	names, err := managers.SharedMemoryNames(ctx, m)
	if want := []string{shm.Name(), list.Name()}; !slices.Equal(names, want) || err != nil {
		t.Errorf("names %q, %v; not %q", names, err, want)
	}
	if err := managers.ReleaseSharedMemory(ctx, m, shm.Name()); err != nil {
		t.Error(err)
	}
	if _, err := sharedmemory.Attach(shm.Name()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after its release: %v", err)
	}
	shm.Bytes()[0] = 1 // who has it open keeps it
	if err := managers.ReleaseSharedMemory(ctx, m, shm.Name()); !errors.Is(err, managers.ErrRemote) || !strings.Contains(err.Error(), "ValueError") {
		t.Errorf("released twice: %v", err)
	}
	m.Close()
	end()
	if _, err := sharedmemory.Attach(list.Name()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after the end of the server: %v", err)
	}
	if v, err := list.At(1); v != "x" || err != nil {
		t.Errorf("who has it open sees %v, %v", v, err)
	}
	list.Close()
	shm.Close()
}

// A block that has got the name since is not unlinked.
func TestSegmentsSpareOthers(t *testing.T) {
	leak.Check(t)
	ctx := startWithin(t, 30*time.Second)
	srv, end := shareServer(t, managers.Config{}, nil)
	m := shareClient(t, srv)
	shm, err := managers.NewSharedMemory(ctx, m, 128)
	if err != nil {
		t.Fatal(err)
	}
	if err := shm.Unlink(); err != nil {
		t.Fatal(err)
	}
	shm.Close()
	other, err := sharedmemory.Create(sharedmemory.Config{Name: shm.Name(), Size: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	m.Close()
	end()
	if err := other.Unlink(); err != nil {
		t.Errorf("the other one: %v", err)
	}
}

// Names are checked, whatever a client says.
func TestSegmentNames(t *testing.T) {
	leak.Check(t)
	ctx := startWithin(t, 30*time.Second)
	srv, _ := shareServer(t, managers.Config{}, nil)
	m := shareClient(t, srv)
	for _, name := range []string{"", "/", ".", "..", "../etc/passwd", "a/b", "//a", "/..", "a\x00b", `..\a`, strings.Repeat("x", 256)} {
		if err := managers.ReleaseSharedMemory(ctx, m, name); !errors.Is(err, managers.ErrRemote) || !strings.Contains(err.Error(), "is not the name of a segment") {
			t.Errorf("%q: %v", name, err)
		}
	}
	names, err := managers.SharedMemoryNames(ctx, m)
	if len(names) > 0 || err != nil {
		t.Errorf("kept %q, %v", names, err)
	}
}

// CPython's SharedMemoryManager makes blocks that our server keeps.
const segmentClient = `
import sys
from multiprocessing.managers import SharedMemoryManager
from multiprocessing import resource_tracker
m = SharedMemoryManager(sys.argv[1], b'the key of these tests')
m.connect()
shm = m.SharedMemory(128)
sl = m.ShareableList([1, 'x', None])
# Its tracker would unlink them at the end of this program.
for s in (shm, sl.shm):
    resource_tracker.unregister(s._name, 'shared_memory')
shm.buf[0] = 42
print(shm.name, sl.shm.name, flush=True)
sys.stdin.read()
`

func TestSegmentsOfPython(t *testing.T) {
	leak.Check(t)
	for _, python := range segmentPythons(t) {
		ctx := startWithin(t, 30*time.Second)
		dir := t.TempDir()
		srv, end := shareServer(t, managers.Config{Address: filepath.Join(dir, "s")}, nil)
		cmd := exec.CommandContext(ctx, python, "-c", segmentClient, srv.Address())
		cmd.Stderr = os.Stderr
		in, _ := cmd.StdinPipe()
		out, _ := cmd.StdoutPipe()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		line, _ := bufio.NewReader(out).ReadString('\n')
		names := strings.Fields(line)
		in.Close()
		if err := cmd.Wait(); err != nil || len(names) != 2 {
			t.Fatalf("%s: %q, %v", python, line, err)
		}
		m := shareClient(t, srv)
		if got, err := managers.SharedMemoryNames(ctx, m); !slices.Equal(got, names) || err != nil {
			t.Errorf("the server has %q, %v; not %q", got, err, names)
		}
		shm, err := sharedmemory.Attach(names[0])
		if err != nil {
			t.Fatal(err)
		}
		if shm.Bytes()[0] != 42 {
			t.Error("not what Python has written")
		}
		shm.Close()
		m.Close()
		end()
		for _, name := range names {
			if _, err := sharedmemory.Attach(name); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("%s after the end: %v", name, err)
			}
		}
	}
}

// A server of CPython's keeps blocks that we make.
const segmentServer = `
from multiprocessing.managers import SharedMemoryManager
if __name__ == '__main__':
    m = SharedMemoryManager(('127.0.0.1', 0), b'the key of these tests')
    m.start()
    print('%s:%d' % m.address, flush=True)
    input()
    m.shutdown()
`

func TestSegmentsAtPython(t *testing.T) {
	leak.Check(t)
	for _, python := range segmentPythons(t) {
		ctx := startWithin(t, 30*time.Second)
		script := filepath.Join(t.TempDir(), "server.py")
		if err := os.WriteFile(script, []byte(segmentServer), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(ctx, python, script)
		cmd.Stderr = os.Stderr
		in, _ := cmd.StdinPipe()
		out, _ := cmd.StdoutPipe()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		address, _ := bufio.NewReader(out).ReadString('\n')
		m, err := managers.Connect(ctx, strings.TrimSpace(address), managers.ClientConfig{AuthKey: shareKey})
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		shm, err := managers.NewSharedMemory(ctx, m, 128)
		if err != nil {
			t.Fatal(err)
		}
		list, err := managers.NewShareableList(ctx, m, 1, "x")
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, shm.Name(), list.Name())
		if got, err := managers.SharedMemoryNames(ctx, m); !slices.Equal(got, names) || err != nil {
			t.Errorf("the server has %q, %v; not %q", got, err, names)
		}
		shm.Close()
		list.Close()
		if err := managers.ReleaseSharedMemory(ctx, m, names[0]); err != nil {
			t.Error(err)
		}
		m.Close()
		fmt.Fprintln(in)
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
		for _, name := range names {
			if _, err := sharedmemory.Attach(name); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("%s after the end: %v", name, err)
			}
		}
	}
}

// Python's example of a SharedMemoryManager.
func ExampleNewShareableList() {
	ctx := context.Background()
	smm, err := managers.Start(ctx, managers.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	sl, err := managers.NewShareableList(ctx, smm, 0, 1, 2, 3)
	if err != nil {
		fmt.Println(err)
		return
	}
	raw, err := managers.NewSharedMemory(ctx, smm, 128)
	if err != nil {
		fmt.Println(err)
		return
	}
	another, err := managers.NewShareableList(ctx, smm, "a", "l", "p", "h", "a")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, l := range []*sharedmemory.ShareableList{sl, another} {
		items, _ := l.Items()
		fmt.Println(pickle.Repr(pickle.NewList(items...)))
	}
	fmt.Println(raw.Size())

	smm.Shutdown(ctx) // unlinks all three
	for _, name := range []string{sl.Name(), raw.Name(), another.Name()} {
		_, err := sharedmemory.Attach(name)
		fmt.Println(errors.Is(err, os.ErrNotExist))
	}
	// Output:
	// [0, 1, 2, 3]
	// ['a', 'l', 'p', 'h', 'a']
	// 128
	// true
	// true
	// true
}
