package managers_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/multiprocessing"
	"github.com/conexgo/conex/multiprocessing/managers"
	"github.com/conexgo/conex/queue"
)

func startWithin(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

// startServer starts a server that ends with the test.
func startServer(t *testing.T, opts ...managers.StartOption) *managers.Manager {
	t.Helper()
	m, err := managers.Start(startWithin(t, 30*time.Second), managers.Config{}, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error("Close:", err)
		}
	})
	return m
}

// startGone waits until a file is gone.
func startGone(t *testing.T, ctx context.Context, what string, is func() bool) {
	t.Helper()
	for !is() {
		select {
		case <-ctx.Done():
			t.Fatalf("%s is still there", what)
		case <-time.After(time.Millisecond): // there is nothing that tells
		}
	}
}

func noFile(path string) func() bool {
	return func() bool {
		_, err := os.Lstat(path)
		return errors.Is(err, os.ErrNotExist)
	}
}

func TestStart(t *testing.T) {
	leak.Check(t)
	ctx := startWithin(t, 30*time.Second)
	m, err := managers.Start(ctx, managers.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	q, err := managers.NewQueue[string](ctx, m, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := q.Put(ctx, "hello"); err != nil {
		t.Fatal(err)
	}
	if s, err := q.Get(ctx); s != "hello" || err != nil {
		t.Errorf("Get = %q, %v", s, err)
	}
	p := m.Process()
	if name := p.Name(); !strings.HasPrefix(name, "SyncManager-") {
		t.Errorf("the process is called %q", name)
	}
	info, err := os.Stat(filepath.Dir(m.Address()))
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the directory of the socket: %v, %v", info, err)
	}
	if pid, _ := p.PID(); pid == os.Getpid() {
		t.Error("the server is in this process")
	}
	for range 2 {
		if err := m.Shutdown(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Join(ctx); err != nil {
		t.Error("Join:", err)
	}
	if code, ok := p.ExitCode(); code != 0 || !ok {
		t.Errorf("exit code %d, %t; %v", code, ok, p.Err())
	}
	if !noFile(filepath.Dir(m.Address()))() {
		t.Error("the socket is still there")
	}
	if _, err := m.Create(ctx, "Queue"); !errors.Is(err, managers.ErrClosed) {
		t.Errorf("Create after Shutdown: %v", err)
	}
}

// What one started, others reach by the address, with the key of the program.
func TestStartConnect(t *testing.T) {
	leak.Check(t)
	ctx := startWithin(t, 30*time.Second)
	m := startServer(t)
	other, err := managers.Connect(ctx, m.Address(), managers.ClientConfig{})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := other.Join(ctx); err != nil || other.Process() != nil {
		t.Errorf("who has not started it: Join %v, Process %v", err, other.Process())
	}
	if err := other.Ping(ctx); err != nil {
		t.Error(err)
	}
}

// What the tests say to an initialiser.
type startInit struct {
	File  string
	Fails bool
	Panic bool
	Queue *multiprocessing.Queue[int]
}

var errStartInit = errors.New("the initialiser does not like it")

func init() { conex.RegisterError("test/managers/init", errStartInit) }

var startInitializer = conex.Register("test/managers/init", func(ctx context.Context, i startInit) (struct{}, error) {
	switch {
	case i.Fails:
		return struct{}{}, errStartInit
	case i.Panic:
		panic("oops")
	}
	return struct{}{}, i.Queue.Put(ctx, os.Getpid())
})

func TestStartInitializer(t *testing.T) {
	leak.Check(t)
	ctx := startWithin(t, 30*time.Second)
	q, err := multiprocessing.NewQueue[int](0)
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	m := startServer(t, managers.WithInitializer(startInitializer.Bind(startInit{Queue: q})))
	pid, _ := m.Process().PID()
	if got, err := q.Get(ctx); got != pid || err != nil {
		t.Errorf("it ran in process %d, %v; the server is %d", got, err, pid)
	}
}

func TestStartFails(t *testing.T) {
	leak.Check(t)
	ctx := startWithin(t, 30*time.Second)
	ended, cancel := context.WithCancel(ctx)
	cancel()
	taken, err := managers.Listen(ctx, managers.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for name, c := range map[string]struct {
		ctx  context.Context
		cfg  managers.Config
		opts []managers.StartOption
		is   error
		says string
	}{
		"nameless types": {cfg: managers.Config{Types: managers.NewTypes("")}, is: managers.ErrTypesName},
		"no key":         {cfg: managers.Config{AuthKey: []byte{}}, is: managers.ErrNoAuthKey},
		"TLS":            {cfg: managers.Config{TLS: &tls.Config{}}, says: "Config.TLS cannot be sent"},
		"Logger":         {cfg: managers.Config{Logger: slog.Default()}, says: "Config.Logger cannot be sent"},
		"Serializer":     {cfg: managers.Config{Serializer: "xmlrpclib"}, says: "speaks pickle only"},
		"Executor": {cfg: managers.Config{Executor: func(int) (futures.Executor, error) { return nil, nil }},
			says: "Config.Executor cannot be sent"},
		"address taken": {cfg: managers.Config{Address: taken.Address()}, says: "address already in use"},
		"bad address":   {cfg: managers.Config{Address: "nowhere"}, says: "nowhere"},
		"initialiser": {opts: []managers.StartOption{managers.WithInitializer(startInitializer.Bind(startInit{Fails: true}))},
			is: errStartInit, says: "the initializer"},
		"initialiser panics": {opts: []managers.StartOption{managers.WithInitializer(startInitializer.Bind(startInit{Panic: true}))},
			says: "oops"},
		"initialiser's argument": {opts: []managers.StartOption{managers.WithInitializer(startInitializer.Bind(startInit{Queue: new(multiprocessing.Queue[int])}))},
			says: "initializer"},
		"ctx": {ctx: ended, is: context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			if c.ctx == nil {
				c.ctx = ctx
			}
			m, err := managers.Start(c.ctx, c.cfg, c.opts...)
			if err == nil {
				m.Close()
				t.Fatal("it has started")
			}
			if c.is != nil && !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("the error is %q, not %v with %q", err, c.is, c.says)
			}
			if left := multiprocessing.ActiveChildren(); len(left) > 0 {
				t.Errorf("left: %v", left)
			}
		})
	}
}

// An interrupt is for who has started the server, not for the server.
func TestStartInterrupt(t *testing.T) {
	leak.Check(t)
	ctx := startWithin(t, 30*time.Second)
	m := startServer(t)
	pid, _ := m.Process().PID()
	for range 5 {
		if err := syscall.Kill(pid, syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
		if err := m.Ping(ctx); err != nil {
			t.Fatal(err)
		}
	}
	m.Process().Interrupt()
	if err := m.Ping(ctx); err != nil {
		t.Error(err)
	}
}

func TestStartServerKilled(t *testing.T) {
	leak.Check(t)
	ctx := startWithin(t, 30*time.Second)
	m := startServer(t)
	q, err := managers.NewQueue[int](ctx, m, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := q.TryGet(ctx); !errors.Is(err, queue.ErrEmpty) {
		t.Fatal(err)
	}
	got := make(chan error)
	go func() {
		_, err := q.Get(ctx) // over the connection that there is
		got <- err
	}()
	m.Process().Kill()
	if err := <-got; !errors.Is(err, managers.ErrServerGone) {
		t.Errorf("who waits: %v", err)
	}
	if err := q.Put(ctx, 1); !errors.Is(err, managers.ErrServerGone) {
		t.Errorf("who comes later: %v", err)
	}
	if err := m.Join(ctx); err != nil {
		t.Fatal(err)
	}
	if !noFile(filepath.Dir(m.Address()))() {
		t.Error("the socket is still there")
	}
}

// A server that cannot hear is killed.
func TestStartShutdownEscalates(t *testing.T) {
	leak.Check(t)
	m := startServer(t, managers.WithShutdownTimeout(20*time.Millisecond))
	pid, _ := m.Process().PID()
	syscall.Kill(pid, syscall.SIGSTOP)
	if err := m.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	if code, _ := m.Process().ExitCode(); code != -int(syscall.SIGKILL) {
		t.Errorf("it ended with %d", code)
	}
}

func TestStartShutdownCtx(t *testing.T) {
	leak.Check(t)
	m := startServer(t, managers.WithShutdownTimeout(time.Hour))
	pid, _ := m.Process().PID()
	syscall.Kill(pid, syscall.SIGSTOP)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if err := m.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Shutdown: %v", err)
	}
	if m.Process().Alive() {
		t.Error("it lives")
	}
}

// SIGTERM is heard: nothing is left behind.
func TestStartTerminate(t *testing.T) {
	leak.Check(t)
	ctx := startWithin(t, 30*time.Second)
	m := startServer(t)
	shm, err := managers.NewSharedMemory(ctx, m, 100)
	if err != nil {
		t.Fatal(err)
	}
	m.Process().Terminate()
	if err := m.Join(ctx); err != nil {
		t.Fatal(err)
	}
	if code, _ := m.Process().ExitCode(); code != 0 {
		t.Errorf("it ended with %d", code)
	}
	if err := shm.Unlink(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the segment is still there: %v", err)
	}
	shm.Close()
}

// TestStartParentHelper is a program that starts a server and is killed.
func TestStartParentHelper(t *testing.T) {
	if os.Getenv("CONEX_TEST_START_PARENT") == "" {
		t.Skip("only a part of TestStartParentKilled")
	}
	ctx := context.Background()
	m, err := managers.Start(ctx, managers.Config{})
	if err != nil {
		t.Fatal(err)
	}
	shm, err := managers.NewSharedMemory(ctx, m, 100)
	if err != nil {
		t.Fatal(err)
	}
	pid, _ := m.Process().PID()
	fmt.Printf("\nserver %d %s %s\n", pid, m.Address(), shm.Name())
	select {}
}

// A server ends with its parent, and leaves nothing, even if that was killed.
func TestStartParentKilled(t *testing.T) {
	leak.Check(t)
	ctx := startWithin(t, 30*time.Second)
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestStartParentHelper$")
	cmd.Env = append(os.Environ(), "CONEX_TEST_START_PARENT=1")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var f []string
	for in := bufio.NewScanner(out); in.Scan(); {
		if f = strings.Fields(in.Text()); len(f) == 4 && f[0] == "server" {
			break
		}
	}
	if len(f) != 4 {
		t.Fatalf("the parent said %q", f)
	}
	pid, _ := strconv.Atoi(f[1])
	client, err := managers.Connect(ctx, f[2], managers.ClientConfig{AuthKey: []byte("wrong")})
	if err == nil {
		client.Close()
		t.Error("connected with a wrong key")
	}
	cmd.Process.Kill()
	cmd.Wait()
	startGone(t, ctx, "the server", func() bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) })
	startGone(t, ctx, "the socket", noFile(filepath.Dir(f[2])))
	startGone(t, ctx, "the segment", noFile("/dev/shm/"+f[3]))
}
