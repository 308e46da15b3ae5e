package managers

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/pickle"
	"github.com/conexgo/conex/queue"
)

// clientKey is the authkey of the servers of these tests.
var clientKey = []byte("a key of tests")

// clientServer runs a server in this process until the test ends.
func clientServer(t testing.TB, cfg Config) *Server {
	t.Helper()
	if cfg.AuthKey == nil {
		cfg.AuthKey = clientKey
	}
	srv, err := Listen(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(context.Background()) }()
	t.Cleanup(func() {
		srv.Close()
		if err := <-done; err != nil {
			t.Error("Serve:", err)
		}
	})
	return srv
}

// clientConnect connects until the test ends.
func clientConnect(t testing.TB, address string) *Manager {
	t.Helper()
	m, err := Connect(t.Context(), address, ClientConfig{AuthKey: clientKey})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

// clientPair is a server and a client of it.
func clientPair(t testing.TB) (*Server, *Manager) {
	t.Helper()
	srv := clientServer(t, Config{})
	return srv, clientConnect(t, srv.Address())
}

func clientMust(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestClientQueue(t *testing.T) {
	leak.Check(t)
	srv, m := clientPair(t)
	ctx := t.Context()
	q, err := NewQueue[string](ctx, m, 2)
	clientMust(t, err)
	clientMust(t, q.Put(ctx, "a"))
	clientMust(t, q.TryPut(ctx, "b"))
	if err := q.TryPut(ctx, "c"); !errors.Is(err, queue.ErrFull) {
		t.Errorf("TryPut into a full queue: %v", err)
	}
	short, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	if err := q.Put(short, "c"); !errors.Is(err, queue.ErrFull) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Put into a full queue: %v", err)
	}
	if n, err := q.Len(ctx); n != 2 || err != nil {
		t.Errorf("Len: %v, %v", n, err)
	}
	for _, want := range []string{"a", "b"} {
		if v, err := q.Get(ctx); v != want || err != nil {
			t.Errorf("Get: %q, %v; want %q", v, err, want)
		}
	}
	if _, err := q.TryGet(ctx); !errors.Is(err, queue.ErrEmpty) {
		t.Errorf("TryGet from an empty queue: %v", err)
	}
	short, cancel = context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	if _, err := q.Get(short); !errors.Is(err, queue.ErrEmpty) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Get from an empty queue: %v", err)
	}
	clientMust(t, q.TaskDone(ctx))
	clientMust(t, q.TaskDone(ctx))
	clientMust(t, q.Join(ctx))
	if err := q.TaskDone(ctx); !errors.Is(err, queue.ErrTooManyDone) {
		t.Errorf("TaskDone: %v", err)
	}
	clientMust(t, q.ShutDown(ctx))
	if err := q.Put(ctx, "d"); !errors.Is(err, queue.ErrShutDown) {
		t.Errorf("Put after ShutDown: %v", err)
	}
	if n := srv.Objects(); n != 1 {
		t.Errorf("%d objects", n)
	}
	clientMust(t, q.Close())
	if n, err := m.NumberOfObjects(ctx); n != 0 || err != nil {
		t.Errorf("NumberOfObjects: %v, %v", n, err)
	}
	if err := q.Put(ctx, "e"); !errors.Is(err, ErrClosed) {
		t.Errorf("Put after Close: %v", err)
	}
}

func TestClientDict(t *testing.T) {
	_, m := clientPair(t)
	ctx := t.Context()
	d, err := NewDict(ctx, m, map[string]int{"a": 1, "b": 2})
	clientMust(t, err)
	clientMust(t, d.Set(ctx, "c", 3))
	if v, ok, err := d.Get(ctx, "c"); v != 3 || !ok || err != nil {
		t.Errorf("Get: %v, %v, %v", v, ok, err)
	}
	if v, ok, err := d.Get(ctx, "z"); v != 0 || ok || err != nil {
		t.Errorf("Get of nothing: %v, %v, %v", v, ok, err)
	}
	keys, err := d.Keys(ctx)
	if err != nil || !slices.Equal(keys, []string{"a", "b", "c"}) {
		t.Errorf("Keys: %v, %v", keys, err)
	}
	all, err := d.All(ctx)
	clientMust(t, err)
	if got := maps.Collect(all); !maps.Equal(got, map[string]int{"a": 1, "b": 2, "c": 3}) {
		t.Errorf("All: %v", got)
	}
	k, v, err := d.PopItem(ctx)
	if k != "c" || v != 3 || err != nil {
		t.Errorf("PopItem: %v, %v, %v", k, v, err)
	}
	if ok, err := d.Delete(ctx, "c"); ok || err != nil {
		t.Errorf("Delete: %v, %v", ok, err)
	}
	clientMust(t, d.Clear(ctx))
	if _, _, err := d.PopItem(ctx); !errors.Is(err, pickle.KeyError) {
		t.Errorf("PopItem of nothing: %v", err)
	}
	if s, err := d.Proxy().Describe(ctx); s != "{}" || err != nil {
		t.Errorf("Describe: %q, %v", s, err)
	}
}
