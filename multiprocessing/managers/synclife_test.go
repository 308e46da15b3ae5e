package managers

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/internal/pywire"
	"github.com/conexgo/conex/pickle"
)

// A syncGate is a referent whose method runs until it is let go, whatever its
// context says.
type syncGate struct {
	entered chan struct{}
	leave   chan string
}

func (g *syncGate) Enter() string {
	g.entered <- struct{}{}
	return <-g.leave
}

// A syncLife is a server whose Serve is observed.
type syncLife struct {
	*Server
	gate *syncGate
	stop context.CancelFunc // of Serve's context
	done chan error
}

func newSyncLife(t *testing.T) *syncLife {
	l := &syncLife{gate: &syncGate{make(chan struct{}), make(chan string)}, done: make(chan error, 1)}
	types := NewTypes("", SyncTypes)
	types.Register("Gate", func() *syncGate { return l.gate })
	var err error
	l.Server, err = Listen(context.Background(), Config{
		AuthKey: []byte(syncKey), Types: types, Address: "unix:" + filepath.Join(t.TempDir(), "s"),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	l.stop = stop
	go func() { l.done <- l.Serve(ctx) }()
	t.Cleanup(func() { stop(); l.Close() })
	return l
}

// gone checks that a connection was hung up on.
func (c *syncConn) gone() {
	c.t.Helper()
	if b, err := c.ReadFrame(context.Background()); !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		c.t.Fatalf("not the end but %q, %v", b, err)
	}
}

// TestSyncEnd: the ways in which a server ends are one: what runs is answered,
// what waits is not, nobody is let in.
func TestSyncEnd(t *testing.T) {
	for name, end := range map[string]func(*testing.T, *syncLife){
		"shutdown": func(t *testing.T, l *syncLife) {
			c := syncDial(t, l.Server)
			c.ok(nil, "shutdown")
			c.gone()
		},
		"Close":   func(_ *testing.T, l *syncLife) { l.Close() },
		"context": func(_ *testing.T, l *syncLife) { l.stop() },
	} {
		t.Run(name, func(t *testing.T) {
			leak.Check(t)
			l := newSyncLife(t)
			q, lock, gate := syncCreate(t, l.Server, "Queue"), syncCreate(t, l.Server, "Lock"), syncCreate(t, l.Server, "Gate")
			idle, fresh, waits, timed, runs := syncServing(t, l.Server), syncDial(t, l.Server), syncServing(t, l.Server), syncServing(t, l.Server), syncServing(t, l.Server)
			idle.ok(lock, "acquire")
			waits.send(q, "get")
			timed.send(lock, "acquire", true, 1000.0)
			syncBlocked(t, l.Server, 2)
			runs.send(gate, "enter")
			<-l.gate.entered
			end(t, l)
			idle.gone()
			fresh.gone()
			waits.gone()
			timed.gone()
			select {
			case err := <-l.done:
				t.Fatalf("Serve returned %v while a method ran", err)
			default:
			}
			l.gate.leave <- "passed"
			runs.gets("'passed'")
			runs.gone()
			if err := <-l.done; err != nil {
				t.Errorf("Serve: %v", err)
			}
			if n := l.Objects(); n != 0 {
				t.Errorf("%d objects are left", n)
			}
			at, _ := pywire.ParseAddress(l.Address())
			if _, err := pywire.Dial(t.Context(), at, pywire.DialConfig{Key: []byte(syncKey)}); err == nil {
				t.Error("it still lets somebody in")
			}
			if err := l.Close(); err != nil {
				t.Errorf("second Close: %v", err)
			}
			if err := l.Serve(context.Background()); err != nil {
				t.Errorf("second Serve: %v", err)
			}
		})
	}
}

// TestSyncDrain: requests get to their ends, also those that wait.
func TestSyncDrain(t *testing.T) {
	t.Run("in time", func(t *testing.T) {
		leak.Check(t)
		l := newSyncLife(t)
		e, gate := syncCreate(t, l.Server, "Event"), syncCreate(t, l.Server, "Gate")
		idle, waits, runs := syncServing(t, l.Server), syncServing(t, l.Server), syncServing(t, l.Server)
		waits.send(e, "wait", 0.5)
		syncBlocked(t, l.Server, 1) // what is not read yet is no request
		runs.send(gate, "enter")
		<-l.gate.entered
		drained := make(chan error, 1)
		go func() { drained <- l.Drain(context.Background()) }()
		idle.gone()
		waits.gets("False")
		waits.gone()
		l.gate.leave <- "passed"
		runs.gets("'passed'")
		runs.gone()
		if err := <-drained; err != nil {
			t.Errorf("Drain: %v", err)
		}
		if err := <-l.done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	t.Run("too late", func(t *testing.T) {
		leak.Check(t)
		l := newSyncLife(t)
		e := syncCreate(t, l.Server, "Event")
		waits := syncServing(t, l.Server)
		waits.send(e, "wait")
		syncBlocked(t, l.Server, 1)
		ctx, cancel := context.WithCancel(context.Background())
		drained := make(chan error, 1)
		go func() { drained <- l.Drain(ctx) }()
		syncEventually(t, "draining", l.draining)
		cancel()
		if err := <-drained; !errors.Is(err, context.Canceled) {
			t.Errorf("Drain: %v", err)
		}
		waits.gone()
		if err := <-l.done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	t.Run("nothing to do", func(t *testing.T) {
		leak.Check(t)
		l := newSyncLife(t)
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if err := l.Drain(ctx); err != nil {
			t.Errorf("Drain: %v", err)
		}
		if err := <-l.done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
}

// TestSyncEndUnread: a client that does not read its answer cannot keep the
// server.
func TestSyncEndUnread(t *testing.T) {
	leak.Check(t)
	l := newSyncLife(t)
	q := syncCreate(t, l.Server, "Queue")
	c := syncServing(t, l.Server)
	c.ok(q, "put", make([]byte, 8<<20))
	c.send(q, "get")
	syncEventually(t, "the answer's begin", c.Ready)
	l.Close()
	if err := <-l.done; err != nil {
		t.Errorf("Serve: %v", err)
	}
}

// TestSyncLimits: each limit stops what is too much, and nothing else.
func TestSyncLimits(t *testing.T) {
	t.Run("MaxClients", func(t *testing.T) {
		s := syncServe(t, Config{MaxClients: 2})
		a, b := syncServing(t, s), syncServing(t, s)
		c := syncDial(t, s)
		c.gone()
		a.ok(nil, "dummy")
		b.Close()
		syncSessions(t, s, 1)
		syncServing(t, s)
	})
	t.Run("MaxObjects", func(t *testing.T) {
		types := NewTypes("", SyncTypes)
		shared := new(syncGate)
		types.Register("Gate", func() *syncGate { return shared })
		s := syncServe(t, Config{MaxObjects: 2, Types: types})
		q := syncCreate(t, s, "Queue")
		syncCreate(t, s, "Gate")
		syncCreate(t, s, "Gate") // the same
		kind, v := syncDial(t, s).call(nil, "create", "Queue")
		if text, _ := v.(string); kind != "#TRACEBACK" || lastLine(text) != "RuntimeError: managers: too many objects: the limit is 2" {
			t.Errorf("%s %v", kind, v)
		}
		syncDial(t, s).ok(nil, "decref", q)
		syncCreate(t, s, "Queue")
	})
	t.Run("MaxMessage", func(t *testing.T) {
		s := syncServe(t, Config{MaxMessage: 1000})
		q := syncCreate(t, s, "Queue")
		good, bad := syncServing(t, s), syncServing(t, s)
		good.ok(q, "put", strings.Repeat("x", 800))
		bad.send(q, "put", strings.Repeat("x", 1000))
		bad.gone()
		good.wants("1", q, "qsize")

		// An answer may be longer than the requests that led to it.
		l := syncCreate(t, s, "list")
		for range 3 {
			good.ok(l, "append", strings.Repeat("x", 400)+pickle.Repr(int64(1)))
		}
		kind, v := good.call(l, "__getitem__", pickle.Slice{})
		if text, _ := v.(string); kind != "#TRACEBACK" || !strings.Contains(text, "1000") {
			t.Errorf("%s %v", kind, v)
		}
		good.wants("3", l, "__len__")
	})
	t.Run("items", func(t *testing.T) {
		s := syncServe(t, Config{MaxMessage: 4 << 20})
		q := syncCreate(t, s, "Queue")
		c := syncServing(t, s)
		// Two million empty dicts, a byte each.
		body := append([]byte{0x80, 4, '(', 'N', 0x8c, 3, 'p', 'u', 't', '('}, []byte(strings.Repeat("}", 2<<20))...)
		body = append(body, "t}t."...)
		if err := c.WriteFrame(t.Context(), body); err != nil {
			t.Fatal(err)
		}
		if kind, v := c.receive(); kind != "#TRACEBACK" {
			t.Errorf("%s %v", kind, pickle.ReprMax(v, 100))
		}
		c.wants("0", q, "qsize")
	})
}

// TestSyncGarbage: it ends one connection only, wherever it comes.
func TestSyncGarbage(t *testing.T) {
	leak.Check(t)
	s := syncServe(t, Config{})
	q := syncCreate(t, s, "Queue")
	good := syncServing(t, s)
	for _, junk := range syncJunk {
		nc := syncNet(t, s)
		nc.Write([]byte(junk))
		nc.Close()

		c := syncDial(t, s)
		c.NetConn().Write([]byte(junk))
		c.Close()

		c = syncServing(t, s)
		c.NetConn().Write([]byte(junk))
		c.Close()

		c = syncServing(t, s)
		if err := c.WriteFrame(t.Context(), []byte(junk)); err != nil {
			t.Fatal(err)
		}
		if kind, v := c.receive(); kind != "#TRACEBACK" {
			t.Errorf("%q: %s %v", junk, kind, v)
		}
		c.ok(q, "qsize") // the session goes on
		c.Close()
		good.wants("0", q, "qsize")
	}
	syncSessions(t, s, 1)
}

// syncJunk is no request, and most of it no frame.
var syncJunk = []string{
	"", "\x00", "\x00\x00\x00\x10", "\x00\x00\x00\x10abc", "GET / HTTP/1.0\r\n\r\n", "\xff\xff\xff\xfe", "\x7f\xff\xff\xff",
	strings.Repeat("\xff", 12), "\x00\x00\x00\x05ab", "\x00\x00\x00\x02ab", "\x80\x00\x00\x00", "\x00\x00\x00\x00",
	".", "garbage", "\x80\x05", "\x80\x7f.", "(((", "\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\x7f",
	"N.", "K\x01.", "(NNNt.", "(NNN]t.", "(NX\x01\x00\x00\x00x))t.", "(NX\x01\x00\x00\x00xN}t.", "(]X\x01\x00\x00\x00x)}t.",
	"cos\nsystem\n(Vecho\ntR.", strings.Repeat("(", 1<<16) + ".", strings.Repeat("]", 1<<16) + ".",
}
