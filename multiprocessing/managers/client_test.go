package managers

import (
	"context"
	"net"
	"testing"

	"github.com/conexgo/conex/internal/pywire"
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

func clientWire(nc net.Conn) *pywire.Conn { return pywire.NewConn(nc, 0) }

func TestClientProxyText(t *testing.T) {
	_, m := clientPair(t)
	p, err := m.Create(t.Context(), "Event")
	clientMust(t, err)
	want := "<Proxy of Event " + p.Token().ID + " at " + m.Address() + ">"
	if got := p.String(); got != want {
		t.Errorf("%s; want %s", got, want)
	}
	if got := new(Proxy).String(); got != "<Proxy of nothing>" {
		t.Error(got)
	}
	if got := m.String(); got != "<Manager of "+m.Address()+" (Go)>" {
		t.Error(got)
	}
	for _, h := range []interface{ Close() error }{new(Proxy), new(Queue[int]), new(RLock)} {
		clientMust(t, h.Close())
	}
	clientIs(t, "a zero Queue", new(Queue[int]).Put(t.Context(), 1), ErrClosed)
}
