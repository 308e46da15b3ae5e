package sharedmemory_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/multiprocessing/sharedmemory"
)

// playEnv makes the test binary play another program.
const playEnv = "SHAREDMEMORY_TEST_PLAY"

// dirEnv is where it has its blocks, instead of /dev/shm.
const dirEnv = "SHAREDMEMORY_TEST_DIR"

var plays = map[string]func(){}

func TestMain(m *testing.M) {
	// What the race detector waits for at the end of a process is a second
	// for each child.
	if os.Getenv("GORACE") == "" {
		os.Setenv("GORACE", "atexit_sleep_ms=0")
	}
	if dir := os.Getenv(dirEnv); dir != "" {
		sharedmemory.SetDir(dir)
	}
	if name := os.Getenv(playEnv); name != "" && os.Getenv("CONEX_WORKER") == "" {
		plays[name]()
		os.Exit(0)
	}
	conex.Init()
	os.Exit(m.Run())
}

// A player is another program that talks over its standard streams.
type player struct {
	t     testing.TB
	cmd   *exec.Cmd
	lines *bufio.Reader
	in    io.WriteCloser
	ended bool
}

// play starts this binary as the other program of that name.
func play(t testing.TB, name string, env ...string) *player {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), append(env, playEnv+"="+name)...)
	return start(t, cmd)
}

func start(t testing.TB, cmd *exec.Cmd) *player {
	t.Helper()
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &player{t: t, cmd: cmd, lines: bufio.NewReader(out), in: in}
	t.Cleanup(func() { p.kill() })
	return p
}

// line returns the next line that the program says.
func (p *player) line() string {
	p.t.Helper()
	s, err := p.lines.ReadString('\n')
	if err != nil {
		p.t.Fatalf("the other program says nothing more: %v", err)
	}
	return strings.TrimSpace(s)
}

// tell sends it a line.
func (p *player) tell(words ...any) {
	p.t.Helper()
	if _, err := fmt.Fprintln(p.in, words...); err != nil {
		p.t.Fatal(err)
	}
}

// end closes its standard input, which it waits for, and waits for its end.
func (p *player) end() {
	p.t.Helper()
	p.in.Close()
	p.ended = true
	if err := p.cmd.Wait(); err != nil {
		p.t.Errorf("the other program: %v", err)
	}
}

func (p *player) kill() {
	if !p.ended {
		p.ended = true
		p.cmd.Process.Kill()
		p.cmd.Wait()
	}
}

// untilEnd is what a played program waits for.
func untilEnd() { bufio.NewReader(os.Stdin).ReadString(0) }

func say(a ...any) { fmt.Println(a...) }

// must is for played programs and examples.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// block returns a new block that is gone at the end of the test.
func block(t testing.TB, cfg sharedmemory.Config) *sharedmemory.SharedMemory {
	t.Helper()
	s, err := sharedmemory.Create(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Close()
		s.Unlink() // may be gone
	})
	return s
}

// list is block for lists.
func list(t testing.TB, items ...any) *sharedmemory.ShareableList {
	t.Helper()
	l, err := sharedmemory.NewShareableList(items...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		l.Close()
		l.Unlink()
	})
	return l
}

// ownDir gives the test a place of its own for blocks, where no other program
// sweeps, and returns the setting for programs that are to play there.
func ownDir(t *testing.T) (dir, env string) {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "test_")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	t.Cleanup(sharedmemory.SetDir(dir))
	return dir, dirEnv + "=" + dir
}

// in lists what is in a directory.
func in(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func exists(name string) bool {
	_, err := os.Lstat("/dev/shm/" + name)
	return err == nil
}

var ctx = context.Background()
