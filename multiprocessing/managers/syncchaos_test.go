package managers

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/internal/pywire"
	"github.com/conexgo/conex/pickle"
)

func syncStress(small, stress int) int {
	if os.Getenv("CONEX_STRESS") != "" {
		return stress
	}
	return small
}

// TestSyncBadClients: connections that say nothing, say nonsense or die half-way
// do not disturb those who work. CONEX_CHAOS says how many there are.
func TestSyncBadClients(t *testing.T) {
	leak.Check(t)
	bad := 400
	if n, err := strconv.Atoi(os.Getenv("CONEX_CHAOS")); err == nil {
		bad = n
	} else if os.Getenv("CONEX_STRESS") != "" {
		bad = 10000
	}
	const good = 100
	s := syncServe(t, Config{Address: "unix:" + filepath.Join(t.TempDir(), "s"), MaxPending: 128})
	q := syncCreate(t, s, "Queue")
	lock := syncCreate(t, s, "Lock")

	at, _ := pywire.ParseAddress(s.Address())
	var over atomic.Bool
	var work sync.WaitGroup
	var calls atomic.Int64
	for range good {
		work.Go(func() {
			for n := 0; n < 3 || !over.Load(); n++ {
				c, err := pywire.Dial(context.Background(), at, pywire.DialConfig{Key: []byte(syncKey)})
				if err != nil {
					t.Errorf("a good client: %v", err)
					return
				}
				ok := syncWorks(t, c, q, lock)
				c.Close()
				if !ok {
					return
				}
				calls.Add(1)
			}
		})
	}
	rnd := rand.New(rand.NewPCG(3, 4))
	var held []net.Conn
	for i := range bad {
		switch junk := syncJunk[rnd.IntN(len(syncJunk))]; i % 4 {
		case 0: // says nothing, and stays
			nc, err := net.Dial("unix", at.String())
			if err != nil {
				t.Fatal(err)
			}
			held = append(held, nc)
			if len(held) > 200 {
				held[0].Close()
				held = held[1:]
			}
		case 1: // nonsense instead of the handshake
			nc, err := net.Dial("unix", at.String())
			if err != nil {
				t.Fatal(err)
			}
			nc.Write([]byte(junk))
			nc.Close()
		case 2, 3: // nonsense, or part of a request, after it
			c, err := pywire.Dial(context.Background(), at, pywire.DialConfig{Key: []byte(syncKey)})
			if err != nil {
				t.Fatalf("good client %d: %v", i, err)
			}
			if i%4 == 2 {
				c.NetConn().Write([]byte(junk))
			} else {
				c.WriteFrame(context.Background(), syncRequest(nil, "accept_connection", "bad"))
				req := syncRequest(q, "put", "half")
				c.NetConn().Write(append([]byte{0, 0, 0, byte(len(req))}, req[:rnd.IntN(len(req))]...))
			}
			c.Close()
		}
	}
	over.Store(true)
	work.Wait()
	for _, nc := range held {
		nc.Close()
	}
	syncSessions(t, s, 0)
	t.Logf("%d bad connections, %d rounds of good ones", bad, calls.Load())
}

// syncWorks makes a client do something, and reports whether it went well.
func syncWorks(t *testing.T, c *pywire.Conn, q, lock string) bool {
	for _, call := range []struct {
		ident  any
		method string
		args   []any
	}{
		{nil, "accept_connection", []any{"good"}},
		{q, "put", []any{"item"}}, {q, "get", nil}, {lock, "acquire", nil}, {lock, "release", nil},
	} {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		err := c.WriteFrame(ctx, syncRequest(call.ident, call.method, call.args...))
		var b []byte
		if err == nil {
			b, err = c.ReadFrame(ctx)
		}
		cancel()
		if err != nil || !bytes.Contains(b, []byte("#RETURN")) {
			t.Errorf("%s: %q, %v", call.method, b, err)
			return false
		}
	}
	return true
}

// TestSyncMemory: objects that come and go leave nothing behind, nor do
// connections.
func TestSyncMemory(t *testing.T) {
	leak.Check(t)
	s := syncServe(t, Config{Address: "unix:" + filepath.Join(t.TempDir(), "s")})
	keep := syncCreate(t, s, "list")
	c := syncServing(t, s)
	c.ok(nil, extraHello) // server functions in the loop
	cycle := func(n int) {
		for i := range n {
			typeid := []string{"Queue", "Lock", "RLock", "Semaphore", "Event", "Condition", "list", "dict"}[i%8]
			ident := c.ok(nil, "create", typeid).(pickle.Tuple)[0]
			if i%16 == 0 { // a proxy that has been in a container
				c.ok(keep, "append", &pickle.Object{Class: rebuildProxy, Args: pickle.Tuple{
					pickle.Global{Module: "multiprocessing.managers", Name: "AutoProxy"},
					Token{typeid, s.ln.Address().Value(), ident.(string)}, "pickle", pickle.NewDict(),
				}})
				c.ok(keep, "pop")
			}
			c.ok(nil, "decref", ident)
			if i%100 == 0 {
				c := syncOpen(t, s) // not for the test to remember
				c.ok(nil, "accept_connection", "test")
				c.Close()
			}
		}
		syncSessions(t, s, 1)
	}
	size := func() uint64 {
		var m runtime.MemStats
		for range 3 {
			runtime.GC()
		}
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	cycles := syncStress(8000, 1000000)
	cycle(cycles / 10)
	before := size()
	cycle(cycles)
	if after := size(); after > before+before/2+(1<<20) {
		t.Errorf("%d bytes became %d over %d cycles", before, after, cycles)
	}
	if n := s.Objects(); n != 1 {
		t.Errorf("%d objects", n)
	}
	s.objects.mu.Lock()
	defer s.objects.mu.Unlock()
	if n := len(s.objects.bySelf); n != 1 {
		t.Errorf("%d objects by their referents", n)
	}
}

// TestSyncConservation: many clients of one queue, of which some vanish at any
// moment: every item is got once, or is still there.
func TestSyncConservation(t *testing.T) {
	leak.Check(t)
	s := syncServe(t, Config{Address: "unix:" + filepath.Join(t.TempDir(), "s")})
	q := syncCreate(t, s, "Queue", int64(5))
	const putters, each = 4, 300
	var wg sync.WaitGroup
	for p := range putters {
		wg.Go(func() {
			c := syncServing(t, s)
			defer c.Close()
			for i := range each {
				c.ok(q, "put", fmt.Sprint(p, " ", i))
			}
		})
	}
	// Those who vanish ask for an item and go away without looking. What they are
	// given before that is lost with them, as in Python: so they only wait while
	// there is nothing.
	empty := syncCreate(t, s, "Queue")
	var vanish sync.WaitGroup
	stop := make(chan struct{})
	vanish.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			c := syncServing(t, s)
			c.send(empty, "get")
			c.Close()
		}
	})
	var mu sync.Mutex
	seen := map[string]int{}
	var getters sync.WaitGroup
	for range 3 {
		getters.Go(func() {
			c := syncServing(t, s)
			defer c.Close()
			for {
				v := c.ok(q, "get")
				if v == nil {
					return
				}
				mu.Lock()
				seen[v.(string)]++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	end := syncServing(t, s)
	for range 3 {
		end.ok(q, "put", nil)
	}
	getters.Wait()
	close(stop)
	vanish.Wait()
	syncSessions(t, s, 1)
	end.ok(empty, "put", "still here")
	end.wants("'still here'", empty, "get", false)
	if len(seen) != putters*each {
		t.Errorf("%d items of %d", len(seen), putters*each)
	}
	for item, n := range seen {
		if n != 1 {
			t.Errorf("%s was got %d times", item, n)
		}
	}
}
