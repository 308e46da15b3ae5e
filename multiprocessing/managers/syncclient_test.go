package managers

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/conexgo/conex/internal/pywire"
	"github.com/conexgo/conex/pickle"
)

// A syncConn is a connection to a server as a client has it, without the client:
// it says what is wanted of the wire, right or wrong.
type syncConn struct {
	t testing.TB
	*pywire.Conn
}

// syncDial connects until the test ends, and proves to know the key.
func syncDial(t testing.TB, s *Server) *syncConn {
	t.Helper()
	c := syncOpen(t, s)
	t.Cleanup(func() { c.Close() })
	return c
}

// syncOpen is syncDial for who closes it.
func syncOpen(t testing.TB, s *Server) *syncConn {
	t.Helper()
	at, err := pywire.ParseAddress(s.Address())
	if err != nil {
		t.Fatal(err)
	}
	c, err := pywire.Dial(context.Background(), at, pywire.DialConfig{Key: []byte(syncKey)})
	if err != nil {
		t.Fatal(err)
	}
	return &syncConn{t, c}
}

// syncServing connects for requests to objects.
func syncServing(t testing.TB, s *Server) *syncConn {
	t.Helper()
	c := syncDial(t, s)
	c.ok(nil, "accept_connection", "test")
	return c
}

// syncNet connects without a handshake.
func syncNet(t testing.TB, s *Server) net.Conn {
	t.Helper()
	at, err := pywire.ParseAddress(s.Address())
	if err != nil {
		t.Fatal(err)
	}
	nc, err := net.Dial(at.Network(), at.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	return nc
}

func syncRequest(ident any, method string, args ...any) []byte {
	b, err := pickle.Marshal(pickle.Tuple{ident, method, pickle.Tuple(args), pickle.NewDict()})
	if err != nil {
		panic(err)
	}
	return b
}

// send sends a request.
func (c *syncConn) send(ident any, method string, args ...any) {
	c.t.Helper()
	if err := c.WriteFrame(context.Background(), syncRequest(ident, method, args...)); err != nil {
		c.t.Fatal(err)
	}
}

// receive returns an answer.
func (c *syncConn) receive() (kind string, v any) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	b, err := c.ReadFrame(ctx)
	if err != nil {
		c.t.Fatal(err)
	}
	var a pickle.Tuple
	if err := pickle.Unmarshal(b, &a); err != nil {
		c.t.Fatal(err)
	}
	return a[0].(string), a[1]
}

func (c *syncConn) call(ident any, method string, args ...any) (kind string, v any) {
	c.t.Helper()
	c.send(ident, method, args...)
	return c.receive()
}

// ok returns the result of a call that must not fail.
func (c *syncConn) ok(ident any, method string, args ...any) any {
	c.t.Helper()
	kind, v := c.call(ident, method, args...)
	if kind != "#RETURN" {
		c.t.Fatalf("%s%v: %s %v", method, args, kind, v)
	}
	return v
}

// wants calls a method that must return v, as Python prints it, or fail with an
// exception that reads so.
func (c *syncConn) wants(want string, ident any, method string, args ...any) {
	c.t.Helper()
	if got := syncResult(c.call(ident, method, args...)); got != want {
		c.t.Fatalf("%s%v: %s, not %s", method, args, got, want)
	}
}

// gets is wants for a request that was sent before.
func (c *syncConn) gets(want string) {
	c.t.Helper()
	if got := syncResult(c.receive()); got != want {
		c.t.Fatalf("got %s, not %s", got, want)
	}
}

func syncResult(kind string, v any) string {
	switch {
	case kind == "#RETURN":
		return pickle.Repr(v)
	case kind == "#ERROR":
		return v.(error).Error()
	}
	return fmt.Sprintf("%s %v", kind, v)
}

// create makes an object with a connection of its own, and returns its ident.
func syncCreate(t testing.TB, s *Server, typeid string, args ...any) string {
	t.Helper()
	c := syncDial(t, s)
	defer c.Close()
	v := c.ok(nil, "create", append([]any{typeid}, args...)...)
	return v.(pickle.Tuple)[0].(string)
}
