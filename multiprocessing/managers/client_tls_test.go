package managers

import (
	"crypto/tls"
	"os/exec"
	"strings"
	"testing"

	"github.com/conexgo/conex/internal/cpython"
	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/internal/tlstest"
)

// Clients of both languages use a manager over mutual TLS; Python's do so by
// the recipe of SECURITY.md.
func TestTLS(t *testing.T) {
	leak.Check(t)
	dir := t.TempDir()
	server, client := tlstest.Certificates(t, dir)
	srv := clientServer(t, Config{TLS: server})
	m, err := Connect(t.Context(), srv.Address(), ClientConfig{AuthKey: clientKey, TLS: client})
	clientMust(t, err)
	defer m.Close()
	d, err := NewDict[string, int](t.Context(), m, map[string]int{"a": 1})
	clientMust(t, err)
	if v, ok, err := d.Get(t.Context(), "a"); v != 1 || !ok || err != nil {
		t.Error(v, ok, err)
	}
	if m, err := Connect(t.Context(), srv.Address(), ClientConfig{AuthKey: clientKey, TLS: &tls.Config{RootCAs: client.RootCAs}}); err == nil {
		m.Close()
		t.Error("no certificate is needed")
	}
	_, port, _ := strings.Cut(srv.Address(), ":")
	if len(cpython.Some()) == 0 {
		t.Log("no CPython from 3.8 on is installed by pyenv: the recipe for Python was not run")
	}
	for _, python := range cpython.Some() {
		out, err := exec.CommandContext(t.Context(), python, "testdata/tls_client.py", "../connection/socket/testdata", dir, port, string(clientKey)).CombinedOutput()
		if err != nil || string(out) != "ok ['a', 'b']\n" {
			t.Errorf("%s: %v\n%s", python, err, out)
		}
	}
}
