package managers

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/internal/cpython"
	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/internal/pywire"
	"github.com/conexgo/conex/multiprocessing"
)

// syncChaos is how many processes a test of chaos kills.
func syncChaos(small int) int {
	if n, err := strconv.Atoi(os.Getenv("CONEX_CHAOS")); err == nil {
		return n
	}
	return small
}

// syncVictim is a process that has objects of a server, waits at one, and is
// killed.
type syncVictim struct {
	kill func()
}

// startVictim starts a CPython that has made a list, refers to a queue, and waits
// to get from it.
func syncPythonVictim(t *testing.T, python, address string) syncVictim {
	cmd := exec.Command(python, "-c", syncPrelude+`
l = m.list([1, 2]); d = m.dict(a=l)
M.register('Shared', proxytype=P); s = m.Shared()
threading.Thread(target=lambda: m.RLock().acquire()).start()
r = m.RLock(); r.acquire()
print('ready', flush=True)
s.get()
`, address, syncKey)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if !bufio.NewScanner(out).Scan() {
		t.Fatal("the victim did not come to its end")
	}
	return syncVictim{func() {
		cmd.Process.Kill()
		cmd.Wait()
	}}
}

// syncGoVictim is the same in Go, over the bare wire.
var syncGoVictim = conex.Register("test/managers/syncGoVictim", func(ctx context.Context, address string) (int, error) {
	at, err := pywire.ParseAddress(address)
	if err != nil {
		return 0, err
	}
	ask := func(c *pywire.Conn, ident any, method string, args ...any) error {
		if err := c.WriteFrame(ctx, syncRequest(ident, method, args...)); err != nil {
			return err
		}
		_, err := c.ReadFrame(ctx)
		return err
	}
	for _, typeid := range []string{"list", "dict", "Shared", "RLock"} {
		c, err := pywire.Dial(ctx, at, pywire.DialConfig{Key: []byte(syncKey)})
		if err != nil {
			return 0, err
		}
		if err := ask(c, nil, "create", typeid); err != nil {
			return 0, err
		}
	}
	<-ctx.Done()
	return 0, nil
})

// TestSyncKilled: over a unix socket the references of a killed process are taken
// back, and what it waits for goes to somebody else. Others' references stay.
func TestSyncKilled(t *testing.T) {
	pythons := cpython.Need(t)
	leak.Check(t)
	types := NewTypes("", SyncTypes)
	shared := &queueObject{store: new(fifo), maxsize: int64(0)}
	types.Register("Shared", &Type{class: QueueType.class, exposed: QueueType.exposed, methods: QueueType.methods,
		make: func(*call) (any, error) { return shared, nil }})
	s := syncServe(t, Config{Address: "unix:" + filepath.Join(t.TempDir(), "s"), Types: types})
	path := strings.TrimPrefix(s.Address(), "unix:")
	own := syncCreate(t, s, "Shared")
	main := syncServing(t, s)
	for i := range syncChaos(4) {
		v := syncPythonVictim(t, pythons[i%len(pythons)], path)
		syncEventually(t, "a victim that waits", func() bool {
			shared.mu.Lock()
			defer shared.mu.Unlock()
			return shared.getters.n == 1
		})
		if n := s.Objects(); n < 4 {
			t.Fatalf("%d objects", n)
		}
		v.kill()
		syncEventually(t, "the end of its references", func() bool { return s.Objects() == 1 })
		syncSessions(t, s, 1)
		main.ok(own, "put", int64(i))
		main.wants(strconv.Itoa(i), own, "get")
	}
}

// TestSyncKilledGo is the same with a process in Go.
func TestSyncKilledGo(t *testing.T) {
	leak.Check(t)
	types := NewTypes("", SyncTypes)
	shared := &queueObject{store: new(fifo), maxsize: int64(0)}
	types.Register("Shared", &Type{class: QueueType.class, exposed: QueueType.exposed, methods: QueueType.methods,
		make: func(*call) (any, error) { return shared, nil }})
	s := syncServe(t, Config{Address: "unix:" + filepath.Join(t.TempDir(), "s"), Types: types})
	syncCreate(t, s, "Shared")
	for range syncChaos(2) {
		p, err := multiprocessing.Go(t.Context(), syncGoVictim.Bind(s.Address()))
		if err != nil {
			t.Fatal(err)
		}
		syncEventually(t, "its objects", func() bool { return s.Objects() == 4 })
		p.Kill()
		if err := p.Join(context.Background()); err != nil {
			t.Fatal(err)
		}
		syncEventually(t, "the end of its references", func() bool { return s.Objects() == 1 })
	}
}
