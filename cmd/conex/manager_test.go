package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/multiprocessing/managers"
)

// A served is a conex manager that runs in this process.
type served struct {
	address string
	out     *lines
	err     *lines
	stop    func() // the first interrupt
	code    chan int
}

// lines is a writer that can be read while it is written.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// serveManager runs conex manager until the test ends.
func serveManager(t *testing.T, args ...string) *served {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	s := &served{out: new(lines), err: new(lines), stop: cancel, code: make(chan int, 1)}
	r, w := io.Pipe()
	go func() {
		s.code <- run(ctx, append([]string{"manager"}, args...), strings.NewReader(""), io.MultiWriter(s.out, w), s.err)
		w.Close()
	}()
	buf := make([]byte, 64<<10)
	for s.address == "" {
		n, err := r.Read(buf)
		_, rest, ok := strings.Cut(string(buf[:n]), "conex manager serves at ")
		if ok {
			s.address = strings.TrimSpace(strings.SplitN(rest, "\n", 2)[0])
		}
		if err != nil {
			t.Fatalf("conex manager %q: %s", args, s.err)
		}
	}
	go io.Copy(io.Discard, r)
	t.Cleanup(func() { s.end(t) })
	return s
}

func (s *served) end(t *testing.T) {
	t.Helper()
	s.stop()
	code, ok := <-s.code
	if ok && code != 0 {
		t.Errorf("exit code %d: %s", code, s.err)
	}
	if ok {
		close(s.code)
	}
}

func (s *served) client(t *testing.T, key string) *managers.Manager {
	t.Helper()
	m, err := managers.Connect(t.Context(), s.address, managers.ClientConfig{AuthKey: []byte(key)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func queueOf(t *testing.T, m *managers.Manager, name string) *managers.Queue[string] {
	t.Helper()
	p, err := m.Create(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return managers.QueueOf[string](p)
}

func TestKeyIsMade(t *testing.T) {
	leak.Check(t)
	file := filepath.Join(t.TempDir(), "key")
	s := serveManager(t, "-address", "127.0.0.1:0", "-authkey-file", file)
	key := strings.TrimSpace(readFile(t, file))
	if len(key) != 64 {
		t.Errorf("the key is %q", key)
	}
	if info, _ := os.Stat(file); info.Mode().Perm() != 0o600 && runtime.GOOS != "windows" {
		t.Errorf("mode %v", info.Mode())
	}
	if err := s.client(t, key).Ping(t.Context()); err != nil {
		t.Error(err)
	}
	if all := s.out.String() + s.err.String(); strings.Contains(all, key) || !strings.Contains(all, file) {
		t.Errorf("the output has the key, or not its file:\n%s", all)
	}
	s.end(t)
	s = serveManager(t, "-address", "127.0.0.1:0", "-authkey-file", file) // the same key
	if err := s.client(t, key).Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestRefused: what conex manager does not begin with, and what it says.
func TestRefused(t *testing.T) {
	leak.Check(t)
	dir := t.TempDir()
	file := func(name, content string, mode fs.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), mode); err != nil {
			t.Fatal(err)
		}
		os.Chmod(path, mode)
		return path
	}
	key := file("key", "a key of more than 16 bytes\n", 0o600)
	open := file("open", "everybody's", 0o644)
	empty := file("empty", " \n", 0o600)
	damaged := file("damaged", "not a snapshot", 0o600)
	t.Setenv(keyVar, "")
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"", 2, "conex help"},
		{"mangaer", 2, `no command "mangaer"`},
		{"manager", 2, "give -authkey-file conex.key, which is made if it is missing"},
		{"manager -authkey-file " + open, 1, "chmod 600"},
		{"manager -authkey-file " + empty, 1, "has no key in it"},
		{"manager -authkey-file " + dir, 1, "is no file"},
		{"manager -authkey-file " + filepath.Join(dir, "none", "key"), 1, "no such file"},
		{"manager -authkey-file " + key + " -address 0.0.0.0:0", 2, "-tls-cert"},
		{"manager -authkey-file " + key + " -address :0", 2, "-insecure"},
		{"manager -authkey-file " + key + " -address nowhere", 2, "host:port"},
		{"manager -authkey-file " + key + " -tls-cert x", 2, "belong together"},
		{"manager -authkey-file " + key + " -tls-cert x -tls-key y", 1, "-tls-cert and -tls-key"},
		{"manager -authkey-file " + key + " -client-ca x", 2, "needs -tls-cert"},
		{"manager -authkey-file " + key + " -share queue", 2, "KIND:NAME"},
		{"manager -authkey-file " + key + " -share heap:x", 2, `no kind "heap"`},
		{"manager -authkey-file " + key + " -share queue:a-b", 2, "letters, digits"},
		{"manager -authkey-file " + key + " -share queue:for", 2, "cannot be a name"},
		{"manager -authkey-file " + key + " -share queue:shutdown", 2, "managers have a method"},
		{"manager -authkey-file " + key + " -share queue:dict", 2, "SyncManager makes objects by it"},
		{"manager -authkey-file " + key + " -share queue:a -share dict:a", 2, "shared already"},
		{"manager -authkey-file " + key + " -share dict:a:3", 2, "takes no number"},
		{"manager -authkey-file " + key + " -share barrier:a", 2, "needs a number"},
		{"manager -authkey-file " + key + " -share queue:a:x", 2, "no number"},
		{"manager -authkey-file " + key + " -snapshot x", 2, "nothing to keep"},
		{"manager -authkey-file " + key + " -max-message 3parsecs", 2, "64KiB"},
		{"manager -authkey-file " + key + " stray", 2, `unexpected "stray"`},
		{"manager -authkey-file " + key + " -address 127.0.0.1:0 -share queue:a -snapshot " + damaged, 1, "was left as it is"},
		{"manager -authkey-file " + key + " -address 127.0.0.1:0 -share queue:a -snapshot " + filepath.Join(dir, "none", "s"), 1, "cannot be written"},
		{"version x", 2, "no arguments"},
		{"help x", 2, "no command"},
	} {
		var out, errs bytes.Buffer
		code := run(t.Context(), strings.Fields(c.args), strings.NewReader(""), &out, &errs)
		if code != c.code || !strings.Contains(errs.String(), c.says) {
			t.Errorf("conex %s: code %d, not %d, or not %q: %s", c.args, code, c.code, c.says, &errs)
		}
	}
	if got := readFile(t, damaged); got != "not a snapshot" {
		t.Errorf("the damaged snapshot is %q now", got)
	}
}

func TestHelp(t *testing.T) {
	for _, args := range []string{"help", "-h", "help manager", "manager -h", "version", "help version"} {
		var out, errs bytes.Buffer
		if code := run(t.Context(), strings.Fields(args), strings.NewReader(""), &out, &errs); code != 0 || out.Len() == 0 || errs.Len() > 0 {
			t.Errorf("conex %s: code %d\n%s%s", args, code, &out, &errs)
		}
	}
	var out bytes.Buffer
	run(t.Context(), []string{"help", "manager"}, nil, &out, &out)
	for _, flag := range []string{"-address", "-authkey-file", "-share", "-allow", "-snapshot", "-drain", "-tls-cert", "-client-ca", "-max-message", "queue"} {
		if !strings.Contains(out.String(), flag) {
			t.Errorf("help does not tell of %s", flag)
		}
	}
}

// What is shared is there again after a restart.
func TestRestart(t *testing.T) {
	leak.Check(t)
	t.Setenv(keyVar, "a key of more than 16 bytes")
	snap := filepath.Join(t.TempDir(), "snapshot")
	args := []string{"-address", "127.0.0.1:0", "-quiet", "-share", "queue:jobs:5", "-snapshot", snap}
	s := serveManager(t, args...)
	m := s.client(t, os.Getenv(keyVar))
	for _, word := range []string{"tea", "coffee"} {
		if err := queueOf(t, m, "jobs").Put(t.Context(), word); err != nil {
			t.Fatal(err)
		}
	}
	m.Close()
	s.end(t)
	if info, err := os.Stat(snap); err != nil || info.Mode().Perm() != 0o600 && runtime.GOOS != "windows" {
		t.Errorf("the snapshot: %v, %v", info, err)
	}
	s = serveManager(t, args...)
	q := queueOf(t, s.client(t, os.Getenv(keyVar)), "jobs")
	for _, want := range []string{"tea", "coffee"} {
		if word, err := q.TryGet(t.Context()); word != want || err != nil {
			t.Errorf("%q, %v; not %q", word, err, want)
		}
	}
	s.end(t)
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(snap), ".conex-*")); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
}

// A snapshot is written while the server runs, so that a kill loses little.
func TestSnapshotInterval(t *testing.T) {
	leak.Check(t)
	t.Setenv(keyVar, "a key of more than 16 bytes")
	snap := filepath.Join(t.TempDir(), "snapshot")
	s := serveManager(t, "-address", "127.0.0.1:0", "-quiet", "-share", "queue:jobs", "-snapshot", snap, "-snapshot-interval", "5ms")
	if err := queueOf(t, s.client(t, os.Getenv(keyVar)), "jobs").Put(t.Context(), "tea"); err != nil {
		t.Fatal(err)
	}
	for b := []byte(nil); !bytes.Contains(b, []byte("tea")); b, _ = os.ReadFile(snap) {
		if t.Context().Err() != nil {
			t.Fatal("not written")
		}
		time.Sleep(time.Millisecond) // there is nothing that tells
	}
	// What somebody else writes there is not overwritten.
	if _, err := replace(snap, []byte("somebody else's")); err != nil {
		t.Fatal(err)
	}
	if err := queueOf(t, s.client(t, os.Getenv(keyVar)), "jobs").Put(t.Context(), "coffee"); err != nil {
		t.Fatal(err)
	}
	s.end(t)
	if got := readFile(t, snap); got != "somebody else's" {
		t.Errorf("the file is %q now", got)
	}
	if !strings.Contains(s.err.String(), "changed by somebody else") {
		t.Errorf("nothing was said: %s", s.err)
	}
	if other, _ := filepath.Glob(snap + ".*"); len(other) != 1 || !strings.Contains(readFile(t, other[0]), "coffee") {
		t.Errorf("the snapshot went to %q", other)
	}
}

// Who waits may go on waiting for the time of -drain, and no longer.
func TestDrain(t *testing.T) {
	leak.Check(t)
	t.Setenv(keyVar, "a key of more than 16 bytes")
	s := serveManager(t, "-address", "127.0.0.1:0", "-quiet", "-share", "queue:jobs", "-drain", "20ms")
	q := queueOf(t, s.client(t, os.Getenv(keyVar)), "jobs")
	if _, err := q.TryGet(t.Context()); err == nil {
		t.Fatal("an item?")
	}
	got := make(chan error, 1)
	go func() {
		_, err := q.Get(t.Context())
		got <- err
	}()
	s.end(t)
	if err := <-got; !errors.Is(err, managers.ErrServerGone) {
		t.Errorf("who waits gets %v", err)
	}
}

// A client can end the server.
func TestClientShutdown(t *testing.T) {
	leak.Check(t)
	t.Setenv(keyVar, "a key of more than 16 bytes")
	s := serveManager(t, "-address", "127.0.0.1:0")
	if err := s.client(t, os.Getenv(keyVar)).Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if code := <-s.code; code != 0 {
		t.Errorf("exit code %d: %s", code, s.err)
	}
	close(s.code)
}
