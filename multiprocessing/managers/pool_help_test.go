package managers

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/internal/pywire"
	"github.com/conexgo/conex/pickle"
)

// poolServe starts a server that is gone when the test is over.
func poolServe(t testing.TB, cfg Config) *Server {
	t.Helper()
	leak.Check(t)
	cfg.AuthKey = []byte("key")
	s, err := Listen(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(context.Background()) }()
	t.Cleanup(func() {
		s.Close()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return s
}

// A poolClient says what CPython's clients say, on one connection.
type poolClient struct {
	t    testing.TB
	s    *Server
	conn *pywire.Conn
}

func poolDial(t testing.TB, s *Server) *poolClient {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	conn, err := pywire.Dial(ctx, s.ln.Address(), pywire.DialConfig{Key: []byte("key")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &poolClient{t, s, conn}
}

// send sends a request, recv waits for an answer.
func (c *poolClient) send(ident any, method string, args pickle.Tuple, kwds *pickle.Dict) {
	c.t.Helper()
	if args == nil {
		args = pickle.Tuple{}
	}
	if kwds == nil {
		kwds = pickle.NewDict()
	}
	b, err := pickle.Marshal(pickle.Tuple{ident, method, args, kwds})
	if err == nil {
		err = c.conn.WriteFrame(context.Background(), b)
	}
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *poolClient) recv() (kind string, v any) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	b, err := c.conn.ReadFrame(ctx)
	if err != nil {
		c.t.Fatal(err)
	}
	var pair any
	if err := pickle.Unmarshal(b, &pair); err != nil {
		c.t.Fatal(err)
	}
	return pair.(pickle.Tuple)[0].(string), pair.(pickle.Tuple)[1]
}

// serving makes it a connection for objects.
func (c *poolClient) serving() *poolClient {
	c.t.Helper()
	c.send(nil, "accept_connection", pickle.Tuple{"test"}, nil)
	if kind, v := c.recv(); kind != "#RETURN" {
		c.t.Fatal(kind, v)
	}
	return c
}

// call returns what a method does: an *pickle.Exception, a RemoteError for text.
func (c *poolClient) call(ident, method string, args ...any) (any, error) {
	c.t.Helper()
	return c.callKw(ident, method, nil, args...)
}

func (c *poolClient) callKw(ident, method string, kwds *pickle.Dict, args ...any) (any, error) {
	c.t.Helper()
	c.send(ident, method, args, kwds)
	return poolAnswer(c.recv())
}

func poolAnswer(kind string, v any) (any, error) {
	switch kind {
	case "#RETURN":
		return v, nil
	case "#PROXY":
		tok, _ := readToken(v.(pickle.Tuple)[1])
		return tok.ID, nil
	case "#ERROR":
		if o, ok := v.(*pickle.Object); ok { // of a class that is not Python's own
			return nil, &pickle.Exception{Class: o.Class.(pickle.Global), Args: o.Args}
		}
		return nil, v.(*pickle.Exception)
	}
	return nil, &RemoteError{Kind: kind, Text: v.(string)}
}

// poolAsk calls a function of the server.
func poolAsk(t testing.TB, s *Server, name string, args ...any) (any, error) {
	t.Helper()
	c := poolDial(t, s)
	defer c.conn.Close()
	c.send(nil, name, args, nil)
	return poolAnswer(c.recv())
}

// poolCreate makes an object, and returns its ident.
func poolCreate(t testing.TB, s *Server, typeid string, args ...any) string {
	t.Helper()
	v, err := poolAsk(t, s, "create", append([]any{typeid}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	return v.(pickle.Tuple)[0].(string)
}

// poolProxy is how Python pickles a proxy.
func poolProxy(s *Server, typeid, ident string) any {
	return &pickle.Object{Make: pickle.Reduce, Class: rebuildProxy, Args: pickle.Tuple{
		pickle.Global{Module: "multiprocessing.managers", Name: "AutoProxy"},
		Token{typeid, s.ln.Address().Value(), ident}, "pickle", pickle.NewDict(),
	}}
}

// poolFail checks an exception's class and text.
func poolFail(t testing.TB, err error, class *pickle.ExceptionClass, text string) {
	t.Helper()
	var e *pickle.Exception
	if !errors.As(err, &e) || !errors.Is(err, class) {
		t.Fatalf("%v (%T), want %v", err, err, class)
	}
	if text != "" && (len(e.Args) != 1 || e.Args[0] != any(text)) {
		t.Fatalf("%v, want %q", e, text)
	}
}
