package managers

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/pickle"
)

func syncEventually(t testing.TB, what string, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !cond(); time.Sleep(50 * time.Microsecond) {
		if time.Now().After(end) {
			t.Fatal("never: ", what)
		}
	}
}

// syncBlocked waits until n sessions' requests wait for something.
func syncBlocked(t testing.TB, s *Server, n int) {
	t.Helper()
	syncEventually(t, "requests that wait", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		waiting := 0
		for _, ses := range s.sessions {
			ses.mu.Lock()
			ctx := ses.ctx
			ses.mu.Unlock()
			if ctx == nil {
				continue
			}
			ctx.mu.Lock()
			if ctx.done != nil && ctx.err == nil {
				waiting++
			}
			ctx.mu.Unlock()
		}
		return waiting == n
	})
}

// syncSessions waits until there are n sessions.
func syncSessions(t testing.TB, s *Server, n int) {
	t.Helper()
	syncEventually(t, "sessions that have ended", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return len(s.sessions) == n
	})
}

// syncFamilies runs a test over unix sockets and TCP.
func syncFamilies(t *testing.T, f func(t *testing.T, s *Server)) {
	for _, family := range []string{"unix", "tcp"} {
		t.Run(family, func(t *testing.T) {
			leak.Check(t)
			address := "127.0.0.1:0"
			if family == "unix" {
				address = "unix:" + filepath.Join(t.TempDir(), "s")
			}
			f(t, syncServe(t, Config{Address: address}))
		})
	}
}

// TestSyncGoneWhileWaiting: a request that waits ends with its connection, and
// takes nothing.
func TestSyncGoneWhileWaiting(t *testing.T) {
	syncFamilies(t, func(t *testing.T, s *Server) {
		for _, c := range []struct {
			typeid  string
			args    []any
			before  []syncCall // by a client that stays
			vanish  []syncCall // by the one that vanishes in the last of them
			waiting int        // whether the last one waits
			after   []syncCall // by the client that stays
		}{
			{"Queue", nil, nil, []syncCall{does("", "get")}, 1,
				[]syncCall{does("None", "put", 1), does("1", "qsize"), does("1", "get")}},
			{"Queue", nil, nil, []syncCall{does("", "get", true, 1000.0)}, 1,
				[]syncCall{does("None", "put", 1), does("1", "get")}},
			{"Queue", []any{int64(1)}, []syncCall{does("None", "put", 1)}, []syncCall{does("", "put", 2)}, 1,
				[]syncCall{does("1", "get"), does("0", "qsize"), does("None", "task_done"), does("None", "join")}},
			{"Queue", nil, []syncCall{does("None", "put", 1)}, []syncCall{does("", "join")}, 1,
				[]syncCall{does("None", "task_done")}},
			{"Lock", nil, []syncCall{does("True", "acquire")}, []syncCall{does("", "acquire")}, 1,
				[]syncCall{does("None", "release"), does("True", "acquire", false)}},
			{"RLock", nil, []syncCall{does("True", "acquire")}, []syncCall{does("", "acquire", true, 1000.0)}, 1,
				[]syncCall{does("None", "release"), does("True", "acquire", false)}},
			// One that has acquired it is as good as dead, too.
			{"RLock", nil, nil, []syncCall{does("True", "acquire"), does("True", "acquire")}, 0,
				[]syncCall{does("True", "acquire")}},
			{"Lock", nil, nil, []syncCall{does("True", "acquire")}, 0,
				[]syncCall{does("False", "acquire", false), does("None", "release")}},
			{"Semaphore", []any{int64(0)}, nil, []syncCall{does("", "acquire")}, 1,
				[]syncCall{does("None", "release"), does("True", "acquire", false)}},
			{"Event", nil, nil, []syncCall{does("", "wait")}, 1, []syncCall{does("None", "set")}},
			{"Condition", nil, nil, []syncCall{does("True", "acquire"), does("", "wait")}, 1,
				[]syncCall{does("True", "acquire", false), does("None", "notify"), does("None", "release"), does("True", "acquire", false)}},
			{"Condition", nil, nil, []syncCall{does("True", "acquire"), does("False", "wait", 0.001)}, 0,
				[]syncCall{does("True", "acquire"), does("None", "release")}},
			{"Barrier", []any{int64(2)}, nil, []syncCall{does("", "wait")}, 1,
				[]syncCall{does("threading.BrokenBarrierError", "wait"), does("True", "__getattribute__", "broken"), does("0", "__getattribute__", "n_waiting")}},
		} {
			ident := syncCreate(t, s, c.typeid, c.args...)
			stays, goes := syncServing(t, s), syncServing(t, s)
			for _, call := range c.before {
				stays.wants(call.want, ident, call.method, call.args...)
			}
			for _, call := range c.vanish {
				if call.want == "" {
					goes.send(ident, call.method, call.args...)
				} else {
					goes.wants(call.want, ident, call.method, call.args...)
				}
			}
			syncBlocked(t, s, c.waiting)
			goes.Close()
			syncSessions(t, s, 1)
			for _, call := range c.after {
				stays.wants(call.want, ident, call.method, call.args...)
			}
			stays.Close()
			syncSessions(t, s, 0)
		}
	})
}

// TestSyncGoneInLine: who waits behind one that vanishes gets its turn, and what
// had been given to the one that vanished.
func TestSyncGoneInLine(t *testing.T) {
	syncFamilies(t, func(t *testing.T, s *Server) {
		q := syncCreate(t, s, "Queue")
		main := syncServing(t, s)
		var conns [4]*syncConn
		for i := range conns {
			conns[i] = syncServing(t, s)
			conns[i].send(q, "get")
			syncBlocked(t, s, i+1)
		}
		conns[0].Close()
		conns[2].Close()
		syncBlocked(t, s, 2)
		main.ok(q, "put", "first")
		main.ok(q, "put", "second")
		conns[1].gets("'first'")
		conns[3].gets("'second'")

		// A notification goes on to the next if who has got it is gone.
		c := syncCreate(t, s, "Condition")
		for i := range conns {
			conns[i] = syncServing(t, s)
			conns[i].ok(c, "acquire")
			conns[i].send(c, "wait")
			syncBlocked(t, s, i+1)
		}
		main.ok(c, "acquire")
		main.ok(c, "notify") // for conns[0], which cannot have the lock yet
		conns[0].Close()
		syncSessions(t, s, 6) // main, the two of above, and three that wait
		main.ok(c, "release")
		for _, conn := range conns[1:] {
			conn.gets("True")
			conn.ok(c, "notify")
			conn.ok(c, "release")
		}
	})
}

// TestSyncUndone: what was taken for an answer that cannot be sent goes back, to
// the front.
func TestSyncUndone(t *testing.T) {
	syncFamilies(t, func(t *testing.T, s *Server) {
		main := syncServing(t, s)
		for _, c := range []struct {
			typeid      string
			args        []any
			put         []any
			taken, want string
		}{
			{"Queue", nil, []any{int64(1), int64(2)}, "1", "2"},
			{"LifoQueue", nil, []any{int64(1), int64(2)}, "2", "1"},
			{"PriorityQueue", nil, []any{int64(2), int64(1)}, "1", "2"},
		} {
			q := syncCreate(t, s, c.typeid, c.args...)
			for _, v := range c.put {
				main.ok(q, "put", v)
			}
			o := s.objects.get(q)
			// The requests of one that was gone before the first of them was read.
			goes := syncServing(t, s)
			lock := &o.self.(*queueObject).mu
			lock.Lock()
			goes.send(q, "get")
			goes.Close()
			lock.Unlock()
			syncSessions(t, s, 1)
			main.wants(c.taken, q, "get")
			main.wants(c.want, q, "get")
		}
		for _, typeid := range []string{"Lock", "Semaphore"} {
			l := syncCreate(t, s, typeid)
			goes := syncServing(t, s)
			s.objects.mu.Lock()
			goes.send(l, "acquire")
			goes.Close()
			s.objects.mu.Unlock()
			syncSessions(t, s, 1)
			main.wants("True", l, "acquire", false)
		}
	})
}

// TestSyncCancel: a request that its client gives up is answered as if its time
// was over.
func TestSyncCancel(t *testing.T) {
	s := syncServe(t, Config{})
	other := syncServing(t, s)
	conn := syncServing(t, s)
	hello := conn.ok(nil, extraHello).(pickle.Tuple)
	session, request := hello[0].(int64), hello[1].(int64)
	cancel := func() { other.ok(nil, extraCancel, session, request+1) }

	for _, c := range []struct {
		typeid string
		args   []any
		before []syncCall
		call   syncCall
		after  []syncCall
	}{
		{"Queue", nil, nil, does("_queue.Empty", "get"), nil},
		{"Queue", []any{int64(1)}, []syncCall{does("None", "put", 1)}, does("queue.Full", "put", 2), []syncCall{does("1", "qsize")}},
		{"Queue", nil, []syncCall{does("None", "put", 1)}, does("TimeoutError: the client gave up", "join"), nil},
		{"Lock", nil, []syncCall{does("True", "acquire")}, does("False", "acquire"), []syncCall{does("None", "release")}},
		{"Semaphore", []any{int64(0)}, nil, does("False", "acquire", true, 1000.0), nil},
		{"Event", nil, nil, does("False", "wait"), []syncCall{does("None", "set"), does("True", "wait")}},
		{"Condition", nil, []syncCall{does("True", "acquire"), does("True", "acquire")}, does("False", "wait"),
			[]syncCall{does("None", "release"), does("None", "release"), does("RuntimeError: cannot release un-acquired lock", "release")}},
		{"Barrier", []any{int64(2)}, nil, does("threading.BrokenBarrierError", "wait"), []syncCall{does("True", "__getattribute__", "broken")}},
	} {
		for _, early := range []bool{false, true} {
			ident := syncCreate(t, s, c.typeid, c.args...)
			for _, call := range c.before {
				conn.wants(call.want, ident, call.method, call.args...)
				request++
			}
			if early { // it overtakes the request
				cancel()
				conn.send(ident, c.call.method, c.call.args...)
			} else {
				conn.send(ident, c.call.method, c.call.args...)
				syncBlocked(t, s, 1)
				cancel()
			}
			conn.gets(c.call.want)
			request++
			for _, call := range c.after {
				conn.wants(call.want, ident, call.method, call.args...)
				request++
			}
		}
	}
	// The lock that a wait gives up comes back even if it takes long.
	ident := syncCreate(t, s, "Condition")
	conn.ok(ident, "acquire")
	request++
	conn.send(ident, "wait")
	syncBlocked(t, s, 1)
	other.ok(ident, "acquire")
	cancel()
	syncBlocked(t, s, 1) // for the lock now
	cancel()
	cancel()
	other.ok(ident, "release")
	conn.gets("False")
	conn.ok(ident, "release")
}

// TestSyncRLockBySession: an RLock belongs to a connection.
func TestSyncRLockBySession(t *testing.T) {
	s := syncServe(t, Config{})
	a, b := syncServing(t, s), syncServing(t, s)
	r := syncCreate(t, s, "RLock")
	a.ok(r, "acquire")
	b.wants("False", r, "acquire", false)
	b.wants("RuntimeError: cannot release un-acquired lock", r, "release")
	b.send(r, "acquire")
	syncBlocked(t, s, 1)
	a.Close()
	b.gets("True")
	b.ok(r, "release")
}
