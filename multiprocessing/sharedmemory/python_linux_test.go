package sharedmemory_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/conexgo/conex/internal/cpython"
	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/multiprocessing/sharedmemory"
)

// A python is a CPython that pyenv has installed.
type python struct {
	path    string
	version string
	minor   int
}

// pythons finds those from 3.8 on. All of them, since the layout of lists has
// changed between them.
func pythons(t *testing.T) (all []python) {
	for _, path := range cpython.Versions(8, 99) {
		all = append(all, python{path: path, version: cpython.Name(path), minor: cpython.Minor(path)})
	}
	if len(all) == 0 {
		t.Skip("no CPython from 3.8 on is installed by pyenv")
	}
	return all
}

// TestPython has blocks and lists with a CPython on the other side, one process
// of each version for all cases.
func TestPython(t *testing.T) {
	for _, py := range pythons(t) {
		t.Run(py.version, func(t *testing.T) {
			leak.Check(t)
			p := start(t, exec.Command(py.path, "testdata/peer.py"))
			for name, test := range map[string]func(*testing.T, python, *player){
				"ReadsBlock": pythonReadsBlock,
				"MakesBlock": pythonMakesBlock,
				"ReadsList":  pythonReadsList,
				"MakesList":  pythonMakesList,
				"EmptyList":  pythonEmptyList,
				"CutList":    pythonCutList,
			} {
				t.Run(name, func(t *testing.T) { p.t = t; test(t, py, p) })
			}
			p.t = t
		})
	}
}

func testName(kind string) string { return fmt.Sprintf("test_%s%d", kind, os.Getpid()) }

// done waits until Python has done what it was told.
func (p *player) done() {
	p.t.Helper()
	if got := p.line(); got != "done" {
		p.t.Fatalf("Python says %q instead of done", got)
	}
}

// cleanUp removes what Python made.
func cleanUp(t *testing.T, name string) {
	t.Cleanup(func() { os.Remove("/dev/shm/" + name) })
}

func pythonReadsBlock(t *testing.T, py python, p *player) {
	s := block(t, sharedmemory.Config{Size: 1 << 12})
	numbers := must(sharedmemory.Slice[int64](s))
	numbers[1] = 41
	copy(s.Bytes(), "howdy")
	p.tell("block", s.Name())
	if got, want := p.line(), fmt.Sprintf("4096 %s howdy", s.Name()); got != want {
		t.Errorf("Python says %q, want %q", got, want)
	}
	p.done()
	if numbers[1] != 42 || numbers[2] != -888 || string(s.Bytes()[:5]) != "HELLO" {
		t.Errorf("Python's writing has come as %v, %q", numbers[:3], s.Bytes()[:5])
	}
	if !exists(s.Name()) {
		t.Error("Python has unlinked it")
	}
}

func pythonMakesBlock(t *testing.T, py python, p *player) {
	name := testName("py")
	cleanUp(t, name)
	p.tell("make", name)
	p.line()
	s := must(sharedmemory.Attach(name))
	defer s.Close()
	if s.Size() != 1000 {
		t.Errorf("size %d", s.Size())
	}
	type pair struct {
		N int64
		F float64
	}
	pairs := must(sharedmemory.SliceAt[pair](s, 8, 1))
	if pairs[0] != (pair{-5, 0.25}) {
		t.Errorf("got %v", pairs[0])
	}
	pairs[0] = pair{1 << 40, -0.5}
	must(0, s.Unlink()) // Python keeps its memory
	p.tell()
	if got := p.line(); got != "1099511627776 -0.5" {
		t.Errorf("Python sees %q", got)
	}
	p.done()
}

func pythonReadsList(t *testing.T, py python, p *player) {
	l := list(t, "howdy", []byte("HoWdY"), -273.154, 100, nil, true, 42, strings.Repeat("ü", 7), 0)
	if py.minor < 9 {
		t.Skip("CPython 3.8 cannot read the lists of later versions, CPython's own or ours")
	}
	format := l.Format()
	p.tell("read", l.Name())
	if got, want := p.line(), `['howdy', b'HoWdY', -273.154, 100, None, True, 42, 'üüüüüüü', 0]`; got != want {
		t.Errorf("Python reads %s\nwant %s", got, want)
	}
	if got := p.line(); got != format {
		t.Errorf("format %q, here %q", got, format)
	}
	p.done()
	wantItems(t, l, "dry ice", []byte("HoWdY"), int64(7), int64(100), 0.5, true, int64(42), "üüüüüüü", false)
}

func pythonMakesList(t *testing.T, py python, p *player) {
	name := testName("pylist")
	cleanUp(t, name)
	p.tell("write", name)
	p.line()
	l := must(sharedmemory.AttachShareableList(name))
	defer l.Close()
	items := []any{"howdy", []byte("HoWdY"), -273.154, int64(100), nil, true, int64(42), "seven letters", "ümläut"}
	wantItems(t, l, items...)

	// Python's bytes and ours are the same, but for the layout of 3.8.
	ours := list(t, items...)
	same := bytes.Equal(ours.SharedMemory().Bytes(), l.SharedMemory().Bytes())
	if same == (py.minor == 8) {
		t.Errorf("byte for byte the same: %t\nPython %q\nhere   %q", same, l.SharedMemory().Bytes(), ours.SharedMemory().Bytes())
	}

	for i, v := range []any{nil, "x", []byte("y"), 1.5, "zwölf", false, -1, 0, "ende"} {
		must(0, l.Set(i, v))
	}
	p.tell()
	if got, want := p.line(), `[None, 'x', b'y', 1.5, 'zwölf', False, -1, 0, 'ende']`; got != want {
		t.Errorf("Python reads %s\nwant %s", got, want)
	}
	p.done()
}

func pythonEmptyList(t *testing.T, py python, p *player) {
	name := testName("pyempty")
	cleanUp(t, name)
	p.tell("empty", name)
	want := "16"
	if py.minor == 8 {
		want = "8"
	}
	if got := p.line(); got != want {
		t.Errorf("an empty list has %s bytes, want %s", got, want)
	}
	p.done()
	l := must(sharedmemory.AttachShareableList(name))
	if l.Len() != 0 {
		t.Error(l)
	}
	l.Close()
}

// CPython cuts texts that are not ASCII: what is left is read, if it is text.
// Here 7 letters of 2 bytes have a slot of 8.
func pythonCutList(t *testing.T, py python, p *player) {
	name := testName("pycut")
	cleanUp(t, name)
	p.tell("cut", name)
	p.line()
	p.done()
	l := must(sharedmemory.AttachShareableList(name))
	defer l.Close()
	wantItems(t, l, "üüüü", int64(1))
}

// A Python program that attaches in the ordinary way takes the block along when
// it ends, up to 3.12 and also in 3.13, unless it is told not to. What the
// documentation of this package says of it is checked here.
func TestPythonTrackerPitfall(t *testing.T) {
	for _, py := range pythons(t) {
		leak.Check(t)
		s := block(t, sharedmemory.Config{Size: 64})
		p := start(t, exec.Command(py.path, "testdata/peer.py"))
		p.tell("careful", s.Name())
		p.line()
		p.end()
		if !exists(s.Name()) {
			t.Error("a Python that does not track has unlinked the block")
		}

		cmd := exec.Command(py.path, "testdata/peer.py")
		cmd.Stdin = strings.NewReader("pitfall " + s.Name() + "\n")
		out, err := cmd.CombinedOutput() // waits for the tracker, which has stderr
		if err != nil || !strings.Contains(string(out), "leaked shared_memory") {
			t.Errorf("%v: %s", err, out)
		}
		if exists(s.Name()) {
			t.Error("a Python that tracks has left the block: the documentation says otherwise")
		}
		s.Bytes()[0] = 1 // the memory stays with who has it
	}
}
