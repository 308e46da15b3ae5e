package managers

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/internal/pywire"
)

// parkServer runs a server whose sessions have no patience. What it returns
// waits for its end.
func parkServer(t *testing.T, address string) (s *Server, end func()) {
	t.Helper()
	s, err := Listen(context.Background(), Config{AuthKey: []byte(syncKey), Address: address})
	if err != nil {
		t.Fatal(err)
	}
	s.lot = pywire.NewLot(0)
	done := make(chan error, 1)
	go func() { done <- s.Serve(context.Background()) }()
	return s, func() {
		s.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// parked waits until n sessions are.
func parked(t *testing.T, s *Server, n int) {
	t.Helper()
	syncEventually(t, "parked sessions", func() bool { return s.lot.Len() == n })
}

// TestParked: a session without a request has no goroutine and no desk, and is
// the same session afterwards: its locks, its thread, its numbers.
func TestParked(t *testing.T) {
	leak.Check(t)
	s, end := parkServer(t, "unix:"+t.TempDir()+"/s")
	rlock, d := syncCreate(t, s, "RLock"), syncCreate(t, s, "dict")
	syncSessions(t, s, 0)
	c, other := syncServing(t, s), syncServing(t, s)
	c.wants("True", rlock, "acquire")
	for i := range 20 {
		parked(t, s, 2)
		s.mu.Lock()
		for _, ses := range s.sessions {
			if ses.desk != nil || ses.ctx != nil {
				t.Error("it keeps what it does not need")
			}
		}
		s.mu.Unlock()
		parked(t, s, 2) // as they were; and the race detector knows that this was before
		c.wants("None", d, "__setitem__", "key", i)
		other.wants(fmt.Sprint(i), d, "get", "key")
		other.wants("False", rlock, "acquire", false)
		c.wants("True", rlock, "acquire", false)
	}
	// A request that waits is not parked, and its end is noticed.
	parked(t, s, 2)
	other.send(rlock, "acquire")
	syncBlocked(t, s, 1)
	parked(t, s, 1)
	c.Close() // what it has locked is unlocked
	other.gets("True")
	parked(t, s, 1)
	syncSessions(t, s, 1)
	end()
	other.gone()
}

// TestParkedPieces: a request that comes in pieces, each of which may meet the
// session in another state.
func TestParkedPieces(t *testing.T) {
	leak.Check(t)
	for _, address := range []string{"unix:" + t.TempDir() + "/s", "127.0.0.1:0"} {
		s, end := parkServer(t, address)
		d := syncCreate(t, s, "dict")
		var clients sync.WaitGroup
		for range 4 {
			c := syncServing(t, s)
			clients.Go(func() {
				for i := range 60 {
					frame := syncRequest(d, "get", "nothing", i)
					frame = append([]byte{0, 0, 0, byte(len(frame))}, frame...)
					cut := i % len(frame)
					c.NetConn().Write(frame[:cut])
					if i%2 == 0 {
						// The session of somebody else runs meanwhile.
						s.lot.Len()
					}
					c.NetConn().Write(frame[cut:])
					if got := syncResult(c.receive()); got != fmt.Sprint(i) {
						t.Errorf("%s, not %d", got, i)
					}
				}
				c.Close()
			})
		}
		clients.Wait()
		syncSessions(t, s, 0)
		end()
	}
}

// TestParkedDrain: to drain a server ends the sessions that are parked, and a
// session that was, and is in a request again, is waited for.
func TestParkedDrain(t *testing.T) {
	leak.Check(t)
	s, end := parkServer(t, "unix:"+t.TempDir()+"/s")
	q := syncCreate(t, s, "Queue")
	syncSessions(t, s, 0)
	idle, waits := syncServing(t, s), syncServing(t, s)
	parked(t, s, 2)
	waits.send(q, "get")
	syncBlocked(t, s, 1)
	putter := syncServing(t, s)
	drained := make(chan error, 1)
	putter.send(q, "put", "last")
	putter.gets("None")
	waits.gets("'last'")
	go func() { drained <- s.Drain(context.Background()) }()
	for _, c := range []*syncConn{idle, waits, putter} {
		(&syncConn{t, c.Conn}).gone()
	}
	if err := <-drained; err != nil {
		t.Error(err)
	}
	end()
}
