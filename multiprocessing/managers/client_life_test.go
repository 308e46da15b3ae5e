package managers

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/threading"
)

// clientUntil waits until f is true, for what happens when another process or the
// garbage collector has done its part.
func clientUntil(t testing.TB, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !f(); runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatal("it does not happen that", what)
		}
		runtime.GC()
	}
}

func TestClientServerGone(t *testing.T) {
	leak.Check(t)
	srv := clientServer(t, Config{})
	m := clientConnect(t, srv.Address())
	ctx := t.Context()
	q, err := NewQueue[int](ctx, m, 0)
	clientMust(t, err)
	waits := make(chan error)
	go func() {
		_, err := q.Get(ctx)
		waits <- err
	}()
	clientUntil(t, "the Get waits", func() bool {
		srv.mu.Lock()
		defer srv.mu.Unlock()
		return len(srv.sessions) == 2
	})
	srv.Close()
	err = <-waits
	clientIs(t, "Get while the server ends", err, ErrServerGone, io.ErrUnexpectedEOF)
	_, err = q.Get(ctx)
	clientIs(t, "Get", err, ErrServerGone)
	_, err = m.Create(ctx, "Queue")
	clientIs(t, "Create", err, ErrServerGone)
	clientMust(t, q.Close())
	clientMust(t, m.Close())
	_, err = m.Create(ctx, "Queue")
	clientIs(t, "Create after Close", err, ErrClosed)
}

func TestClientClose(t *testing.T) {
	leak.Check(t)
	clientEach(t, func(t *testing.T, m *Manager) {
		ctx := t.Context()
		other := clientConnect(t, m.Address())
		n, err := other.NumberOfObjects(ctx)
		clientMust(t, err)
		q, err := NewQueue[int](ctx, m, 0)
		clientMust(t, err)
		e, err := NewEvent(ctx, m)
		clientMust(t, err)
		waits := make(chan error)
		go func() { waits <- e.Wait(ctx) }()
		clientUntil(t, "the Wait waits", func() bool {
			m.mu.Lock()
			defer m.mu.Unlock()
			return len(m.waits) == 0 && len(m.links) > len(m.idle)
		})
		clientMust(t, m.Close())
		clientIs(t, "Wait while the Manager is closed", <-waits, ErrClosed)
		clientIs(t, "Put", q.Put(ctx, 1), ErrClosed)
		clientUntil(t, "all references are given back", func() bool {
			now, err := other.NumberOfObjects(ctx)
			clientMust(t, err)
			return now == n
		})
	})
}

// A proxy that nobody has any more gives its reference back.
func TestClientForgotten(t *testing.T) {
	leak.Check(t)
	clientEach(t, func(t *testing.T, m *Manager) {
		n, err := m.NumberOfObjects(t.Context())
		clientMust(t, err)
		func() {
			q, err := NewQueue[int](t.Context(), m, 0)
			clientMust(t, err)
			clientMust(t, q.Put(t.Context(), 1))
		}()
		clientUntil(t, "the queue is forgotten", func() bool {
			now, err := m.NumberOfObjects(t.Context())
			clientMust(t, err)
			return now == n
		})
	})
}

// A call of a method that has no timeout.
func TestClientCancelCall(t *testing.T) {
	leak.Check(t)
	clientEach(t, func(t *testing.T, m *Manager) {
		m.cfg.Grace = 50 * time.Millisecond
		p, err := m.Create(t.Context(), "Maths")
		clientMust(t, err)
		defer p.Close()
		cause := errors.New("enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(20*time.Millisecond, func() { cancel(cause) })
		_, err = p.Call(ctx, "sleep")
		if m.native {
			// The method says how it ended.
			if err == nil || errors.Is(err, ErrUnknownOutcome) {
				t.Errorf("sleep: %v", err)
			}
		} else {
			clientIs(t, "sleep", err, ErrUnknownOutcome, context.Canceled, cause)
		}
		m.cfg.Grace = defaultGrace
		clientGot(t, "add", 3)(Call[int](t.Context(), p, "add", 1, 2))
		_, err = p.Call(ctx, "add", 1, 2)
		clientIs(t, "add with a context that has ended", err, context.Canceled, cause)
	})
}

// A thread that ends frees what it has locked.
func TestClientThreadEnds(t *testing.T) {
	leak.Check(t)
	_, m := clientPair(t)
	l, err := NewRLock(t.Context(), m)
	clientMust(t, err)
	th, err := threading.Go(t.Context(), l.Acquire)
	clientMust(t, err)
	clientMust(t, th.Join(t.Context()))
	clientMust(t, th.Err())
	ctx, leave := threading.Adopt(t.Context())
	defer leave()
	clientMust(t, l.Acquire(ctx))
}

// A queue that is in another server's dict, and a name of the loopback's.
func TestClientOtherServer(t *testing.T) {
	leak.Check(t)
	one := clientServer(t, Config{})
	two := clientServer(t, Config{})
	m1 := clientConnect(t, one.Address())
	m2 := clientConnect(t, strings.Replace(two.Address(), "127.0.0.1", "localhost", 1))
	ctx := t.Context()
	q, err := NewQueue[int](ctx, m1, 0)
	clientMust(t, err)
	d, err := NewDict[string, *Queue[int]](ctx, m2, nil)
	clientMust(t, err)
	clientMust(t, d.Set(ctx, "q", q))
	e, err := NewQueue[int](ctx, m2, 0)
	clientMust(t, err)
	clientMust(t, d.Set(ctx, "e", e))
	clientMust(t, q.Put(ctx, 5))
	got, _, err := d.Get(ctx, "q")
	clientMust(t, err)
	if got.Proxy().Manager() == m2 {
		t.Error("it has become the second server's")
	}
	clientGot(t, "Get", 5)(got.Get(ctx))
	got, _, err = d.Get(ctx, "e")
	clientMust(t, err)
	if got.Proxy().Manager() != m2 {
		t.Error("it is not the second server's any more")
	}
}

// The child of TestClientKilled gets, takes and waits until it is killed.
func init() {
	address := os.Getenv("CONEX_TEST_CLIENT")
	if address == "" {
		return
	}
	ctx, _ := threading.Adopt(context.Background())
	m, err := Connect(ctx, address, ClientConfig{AuthKey: clientKey})
	if err != nil {
		panic(err)
	}
	q := QueueOf[int](clientChild(m.Create(ctx, "jobs")))
	l := RLockOf(clientChild(m.Create(ctx, "rlock")))
	clientChild(m.Create(ctx, "dict"))
	if err := l.Acquire(ctx); err != nil {
		panic(err)
	}
	os.Stdout.WriteString("ready\n")
	q.Get(ctx)
	os.Exit(1)
}

func clientChild(p *Proxy, err error) *Proxy {
	if err != nil {
		panic(err)
	}
	return p
}

// What a client has that is killed goes back.
func TestClientKilled(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no signal kills there")
	}
	leak.Check(t)
	types := NewTypes("", SyncTypes)
	types.Register("jobs", QueueType, Shared())
	types.Register("rlock", RLockType, Shared())
	srv := clientServer(t, Config{Types: types})
	m := clientConnect(t, srv.Address())
	ctx, leave := threading.Adopt(t.Context())
	defer leave()
	q := QueueOf[int](clientChild(m.Create(ctx, "jobs")))
	l := RLockOf(clientChild(m.Create(ctx, "rlock")))
	n := srv.Objects()
	for range clientTimes(2) {
		self, err := os.Executable()
		clientMust(t, err)
		cmd := exec.Command(self)
		cmd.Env = append(os.Environ(), "CONEX_TEST_CLIENT="+srv.Address())
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		clientMust(t, err)
		clientMust(t, cmd.Start())
		if _, err := out.Read(make([]byte, 6)); err != nil {
			t.Fatal(err)
		}
		clientGot(t, "TryAcquire", false)(l.TryAcquire(ctx))
		clientMust(t, cmd.Process.Signal(syscall.SIGKILL))
		cmd.Wait()
		clientMust(t, l.Acquire(ctx))
		clientMust(t, l.Release(ctx))
		clientUntil(t, "its references are taken back", func() bool { return srv.Objects() == n })
		clientMust(t, q.Put(ctx, 7))
		clientGot(t, "Get", 7)(q.Get(ctx))
	}
}

// A server that takes the request and says nothing, or nonsense.
func TestClientBadServers(t *testing.T) {
	leak.Check(t)
	for _, test := range []struct {
		name, answer string
		want         error
	}{
		{"silent", "", ErrUnknownOutcome},
		{"no pickle", "\x00\x00\x00\x01x", ErrProtocol},
		{"no pair", "\x00\x00\x00\x02N.", ErrProtocol},
		{"negative", "\xff\xff\xff\xf0", ErrProtocol},
		{"cut off", "\x00\x00\x00\xf0ab", io.ErrUnexpectedEOF},
	} {
		t.Run(test.name, func(t *testing.T) {
			srv := clientServer(t, Config{})
			m := clientConnect(t, srv.Address())
			m.cfg.Grace = 50 * time.Millisecond
			q, err := NewQueue[int](t.Context(), m, 0)
			clientMust(t, err)
			clientMust(t, q.Put(t.Context(), 1))
			// From now on the idle link leads to somebody else.
			here, there := net.Pipe()
			m.mu.Lock()
			l := m.idle[0]
			m.mu.Unlock()
			l.wire.Close()
			l.wire = clientWire(here)
			l.number = 0
			go func() {
				io.CopyN(io.Discard, there, 4)
				go io.Copy(io.Discard, there)
				there.Write([]byte(test.answer))
				if test.name == "cut off" {
					there.Close()
				}
			}()
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			_, err = q.Get(ctx)
			clientIs(t, "Get", err, test.want)
			clientGot(t, "Get", 1)(q.Get(t.Context()))
			there.Close()
		})
	}
}
