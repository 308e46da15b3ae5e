package managers_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/multiprocessing/managers"
	"github.com/conexgo/conex/pickle"
)

var shareKey = []byte("the key of these tests")

// shareTypes are some of each kind.
func shareTypes() *managers.Types {
	types := managers.NewTypes("", managers.SyncTypes)
	types.Register("jobs", managers.QueueType, managers.Shared())
	types.Register("small", managers.QueueType, managers.Shared(2))
	types.Register("stack", managers.LifoQueueType, managers.Shared())
	types.Register("order", managers.PriorityQueueType, managers.Shared())
	types.Register("state", managers.DictType, managers.Shared())
	types.Register("log", managers.ListType, managers.Shared())
	types.Register("names", managers.SetType, managers.Shared())
	types.Register("mutex", managers.LockType, managers.Shared())
	types.Register("counter", func() *shareCounter { return new(shareCounter) }, managers.Shared())
	return types
}

// A shareCounter can be kept.
type shareCounter struct{ n int64 }

func (c *shareCounter) Add(n int64) int64 { c.n += n; return c.n }

func (c *shareCounter) MarshalPickle() (any, error) { return c.n, nil }

func (c *shareCounter) UnmarshalPickle(v any) error { return pickle.Assign(&c.n, v) }

// shareServer serves until the test ends, or until the returned function is
// called.
func shareServer(t *testing.T, cfg managers.Config, restore []byte) (*managers.Server, func()) {
	t.Helper()
	cfg.AuthKey = shareKey
	if cfg.Types == nil {
		cfg.Types = shareTypes()
	}
	srv, err := managers.Listen(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if restore != nil {
		if err := srv.Restore(bytes.NewReader(restore)); err != nil {
			t.Fatal(err)
		}
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(context.Background()) }()
	ended := false
	end := func() {
		if !ended {
			ended = true
			srv.Close()
			if err := <-served; err != nil {
				t.Error("Serve:", err)
			}
		}
	}
	t.Cleanup(end)
	return srv, end
}

func shareClient(t *testing.T, srv *managers.Server) *managers.Manager {
	t.Helper()
	m, err := managers.Connect(context.Background(), srv.Address(), managers.ClientConfig{AuthKey: shareKey})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

// shareGet is a shared object of m's server.
func shareGet(t *testing.T, m *managers.Manager, typeid string) *managers.Proxy {
	t.Helper()
	p, err := m.Create(context.Background(), typeid)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestShared(t *testing.T) {
	leak.Check(t)
	ctx := t.Context()
	srv, _ := shareServer(t, managers.Config{MaxObjects: 9}, nil)
	a, b := shareClient(t, srv), shareClient(t, srv)
	q := managers.QueueOf[int](shareGet(t, a, "jobs"))
	if err := q.Put(ctx, 7); err != nil {
		t.Fatal(err)
	}
	a.Close() // nobody refers to it now
	q = managers.QueueOf[int](shareGet(t, b, "jobs"))
	if n, err := q.Get(ctx); n != 7 || err != nil {
		t.Errorf("Get = %d, %v", n, err)
	}
	small := managers.QueueOf[int](shareGet(t, b, "small"))
	for i := range 3 {
		if err := small.TryPut(ctx, i); (err != nil) != (i == 2) {
			t.Errorf("item %d in a queue of 2: %v", i, err)
		}
	}
	if _, err := b.Create(ctx, "jobs", 3); !errors.Is(err, managers.ErrRemote) || !strings.Contains(err.Error(), "the same object for all") {
		t.Errorf("with an argument: %v", err)
	}
	// What no client has does not count.
	if n := srv.Objects(); n != 2 {
		t.Errorf("%d objects", n)
	}
}

// A server has objects of its own.
func TestSharedByOneServer(t *testing.T) {
	leak.Check(t)
	ctx := t.Context()
	types := shareTypes()
	one, _ := shareServer(t, managers.Config{Types: types}, nil)
	two, _ := shareServer(t, managers.Config{Types: types}, nil)
	q := managers.QueueOf[int](shareGet(t, shareClient(t, one), "jobs"))
	r := managers.QueueOf[int](shareGet(t, shareClient(t, two), "jobs"))
	if err := q.Put(ctx, 1); err != nil {
		t.Fatal(err)
	}
	if n, err := r.Len(ctx); n != 0 || err != nil {
		t.Errorf("the other server's has %d items, %v", n, err)
	}
}

// Nobody can let go what is shared, however often he says so.
func TestSharedHolds(t *testing.T) {
	leak.Check(t)
	ctx := t.Context()
	srv, _ := shareServer(t, managers.Config{}, nil)
	m := shareClient(t, srv)
	first := shareGet(t, m, "jobs")
	if err := managers.QueueOf[int](first).Put(ctx, 1); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		second := shareGet(t, m, "jobs")
		second.Close()
		if second.Token().ID != first.Token().ID {
			t.Errorf("another object: %v, %v", second.Token(), first.Token())
		}
	}
	first.Close()
	if _, err := m.NumberOfObjects(ctx); err != nil { // what was closed is told before
		t.Fatal(err)
	}
	if n, err := managers.QueueOf[int](shareGet(t, m, "jobs")).Get(ctx); n != 1 || err != nil {
		t.Errorf("Get = %d, %v", n, err)
	}
}

func TestSharedFails(t *testing.T) {
	types := managers.NewTypes("")
	types.Register("bad", func() (*shareCounter, error) { return nil, errors.New("no") }, managers.Shared())
	if _, err := managers.Listen(t.Context(), managers.Config{Types: types, AuthKey: shareKey}); err == nil || !strings.Contains(err.Error(), `the shared object "bad": no`) {
		t.Errorf("Listen: %v", err)
	}
	types = managers.NewTypes("")
	types.Register("worse", func() *shareCounter { panic("oops") }, managers.Shared())
	if _, err := managers.Listen(t.Context(), managers.Config{Types: types, AuthKey: shareKey}); err == nil || !strings.Contains(err.Error(), "oops") {
		t.Errorf("Listen: %v", err)
	}
	defer func() {
		if recover() == nil {
			t.Error("what cannot be made was registered as shared")
		}
	}()
	types.Register("none", nil, managers.Shared())
}

// fillShared puts something into all that is shared.
func fillShared(t *testing.T, m *managers.Manager) {
	t.Helper()
	ctx := t.Context()
	for _, c := range []struct {
		typeid, method string
		args           []any
	}{
		{"jobs", "put", []any{"first"}},
		{"jobs", "put", []any{pickle.Tuple{int64(2), nil}}},
		{"small", "put", []any{1}},
		{"small", "put", []any{2}},
		{"stack", "put", []any{1}},
		{"stack", "put", []any{2}},
		{"order", "put", []any{3}},
		{"order", "put", []any{1}},
		{"order", "put", []any{2}},
		{"state", "__setitem__", []any{"a", pickle.NewList(int64(1), "x")}},
		{"state", "__setitem__", []any{int64(2), 2.5}},
		{"log", "extend", []any{pickle.NewList("one", "two")}},
		{"names", "add", []any{"bob"}},
		{"mutex", "acquire", nil},
		{"counter", "add", []any{41}},
	} {
		if _, err := shareGet(t, m, c.typeid).Call(ctx, c.method, c.args...); err != nil {
			t.Fatalf("%s.%s: %v", c.typeid, c.method, err)
		}
	}
}

// sharedContent is what came out of the shared objects of a server.
func sharedContent(t *testing.T, m *managers.Manager) map[string]string {
	t.Helper()
	got := map[string]string{}
	for typeid, method := range map[string]string{
		"jobs": "get_nowait", "small": "get_nowait", "stack": "get_nowait", "order": "get_nowait",
	} {
		p := shareGet(t, m, typeid)
		var items []string
		for {
			v, err := p.Call(t.Context(), method)
			if err != nil {
				break
			}
			items = append(items, pickle.Repr(v))
		}
		got[typeid] = strings.Join(items, " ")
	}
	for _, typeid := range []string{"state", "log", "names"} {
		v, err := shareGet(t, m, typeid).Value(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got[typeid] = pickle.Repr(v)
	}
	v, err := shareGet(t, m, "counter").Call(t.Context(), "add", 1)
	if err != nil {
		t.Fatal(err)
	}
	got["counter"] = pickle.Repr(v)
	return got
}

func TestSnapshot(t *testing.T) {
	leak.Check(t)
	srv, end := shareServer(t, managers.Config{}, nil)
	m := shareClient(t, srv)
	fillShared(t, m)
	m.Close()
	end()
	var b bytes.Buffer
	if err := srv.Snapshot(&b); err != nil {
		t.Fatal(err)
	}
	srv, _ = shareServer(t, managers.Config{}, b.Bytes())
	m = shareClient(t, srv)
	// A lock is free in the new server.
	ok, err := shareGet(t, m, "mutex").Call(t.Context(), "acquire", false)
	if ok != true || err != nil {
		t.Errorf("the lock: %v, %v", ok, err)
	}
	got := sharedContent(t, m)
	for typeid, want := range map[string]string{
		"jobs": "'first' (2, None)", "small": "1 2", "stack": "2 1", "order": "1 2 3",
		"state": "{'a': [1, 'x'], 2: 2.5}", "log": "['one', 'two']", "names": "{'bob'}", "counter": "42",
	} {
		if got[typeid] != want {
			t.Errorf("%s: %s, not %s", typeid, got[typeid], want)
		}
	}
}

// What was restored is to be done: join waits for it.
func TestSnapshotUnfinished(t *testing.T) {
	leak.Check(t)
	ctx := t.Context()
	srv, _ := shareServer(t, managers.Config{}, nil)
	q := managers.JoinableQueueOf[string](shareGet(t, shareClient(t, srv), "jobs"))
	if err := q.Put(ctx, "job"); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := srv.Snapshot(&b); err != nil {
		t.Fatal(err)
	}
	srv, _ = shareServer(t, managers.Config{}, b.Bytes())
	q = managers.JoinableQueueOf[string](shareGet(t, shareClient(t, srv), "jobs"))
	short, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	if err := q.Join(short); err == nil {
		t.Error("Join does not know of the item")
	}
	if _, err := q.Get(ctx); err != nil {
		t.Fatal(err)
	}
	if err := q.TaskDone(ctx); err != nil {
		t.Fatal(err)
	}
	if err := q.Join(ctx); err != nil {
		t.Errorf("Join after: %v", err)
	}
}

// Proxies do not get into a snapshot, and somebody is told.
func TestSnapshotProxies(t *testing.T) {
	leak.Check(t)
	ctx := t.Context()
	var log bytes.Buffer
	srv, end := shareServer(t, managers.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))}, nil)
	m := shareClient(t, srv)
	inner, err := managers.NewList[int](ctx, m)
	if err != nil {
		t.Fatal(err)
	}
	defer inner.Close()
	for typeid, args := range map[string][]any{
		"log":   {"extend", pickle.NewList(int64(1), inner, int64(2), pickle.Tuple{"deep", pickle.NewList(inner)})},
		"state": {"update", pickle.NewDict(pickle.Pair{Key: "a", Value: inner}, pickle.Pair{Key: "b", Value: int64(3)})},
		"jobs":  {"put", inner},
	} {
		if _, err := shareGet(t, m, typeid).Call(ctx, args[0].(string), args[1:]...); err != nil {
			t.Fatal(typeid, err)
		}
	}
	var b, again bytes.Buffer
	if err := errors.Join(srv.Snapshot(&b), srv.Snapshot(&again)); err != nil {
		t.Fatal(err)
	}
	end()
	if !bytes.Equal(b.Bytes(), again.Bytes()) {
		t.Error("two snapshots of the same differ")
	}
	if n := strings.Count(log.String(), "items that contain proxies are left out"); n != 3 {
		t.Errorf("told %d times, not once for each object:\n%s", n, &log)
	}
	srv, _ = shareServer(t, managers.Config{}, b.Bytes())
	got := sharedContent(t, shareClient(t, srv))
	if got["log"] != "[1, 2]" || got["state"] != "{'b': 3}" || got["jobs"] != "" {
		t.Errorf("restored: %v", got)
	}
}

// A damaged snapshot is refused, whatever is wrong with it, and nothing of it is
// taken.
func TestSnapshotDamaged(t *testing.T) {
	leak.Check(t)
	ctx := t.Context()
	srv, end := shareServer(t, managers.Config{}, nil)
	m := shareClient(t, srv)
	fillShared(t, m)
	m.Close()
	end()
	var b bytes.Buffer
	if err := srv.Snapshot(&b); err != nil {
		t.Fatal(err)
	}
	good := b.Bytes()
	fresh, err := managers.Listen(ctx, managers.Config{Types: shareTypes(), AuthKey: shareKey})
	if err != nil {
		t.Fatal(err)
	}
	defer fresh.Close()
	var empty bytes.Buffer
	if err := fresh.Snapshot(&empty); err != nil {
		t.Fatal(err)
	}
	refused := func(what string, b []byte) {
		t.Helper()
		if err := fresh.Restore(bytes.NewReader(b)); !errors.Is(err, managers.ErrSnapshot) {
			t.Fatalf("%s: %v", what, err)
		}
	}
	for n := range good {
		refused("cut", good[:n])
		bad := slices.Clone(good)
		bad[n] ^= 1 << (n % 8)
		refused("flipped", bad)
	}
	other := managers.NewTypes("", managers.SyncTypes)
	other.Register("jobs", managers.ListType, managers.Shared())
	for _, types := range []*managers.Types{other, managers.SyncTypes} {
		small, err := managers.Listen(ctx, managers.Config{Types: types, AuthKey: shareKey})
		if err != nil {
			t.Fatal(err)
		}
		if err := small.Restore(bytes.NewReader(good)); !errors.Is(err, managers.ErrSnapshot) {
			t.Errorf("what does not fit: %v", err)
		}
		small.Close()
	}
	var after bytes.Buffer
	if err := fresh.Snapshot(&after); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(after.Bytes(), empty.Bytes()) {
		t.Error("something of a damaged snapshot was taken")
	}
	if err := fresh.Restore(bytes.NewReader(good)); err != nil {
		t.Error("the good one:", err)
	}
}

func FuzzRestore(f *testing.F) {
	srv, err := managers.Listen(context.Background(), managers.Config{Types: shareTypes(), AuthKey: shareKey})
	if err != nil {
		f.Fatal(err)
	}
	defer srv.Close()
	var b bytes.Buffer
	if err := srv.Snapshot(&b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte("\nconex snapshot, 0 bytes, crc32c 00000000\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := srv.Restore(bytes.NewReader(b)); err != nil && !errors.Is(err, managers.ErrSnapshot) {
			t.Errorf("%v", err)
		}
	})
}
