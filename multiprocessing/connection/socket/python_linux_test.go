package socket_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/conexgo/conex/internal/cpython"
	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/internal/tlstest"
	"github.com/conexgo/conex/multiprocessing/connection"
	"github.com/conexgo/conex/multiprocessing/connection/socket"
	"github.com/conexgo/conex/pickle"
)

// python runs a program, which must end well by the end of the test, and
// returns its lines.
func python(t testing.TB, path, program string, args ...string) *bufio.Scanner {
	t.Helper()
	cmd := exec.Command(path, append([]string{"-c", program}, args...)...)
	cmd.Dir = "testdata" // it may import what is there
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			cmd.Process.Kill()
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	})
	return bufio.NewScanner(out)
}

// each runs a test for each CPython.
func each(t *testing.T, f func(t *testing.T, ctx context.Context, path string)) {
	for _, path := range cpython.Need(t) {
		t.Run(filepath.Base(filepath.Dir(filepath.Dir(path))), func(t *testing.T) {
			leak.Check(t)
			f(t, soon(t), path)
		})
	}
}

// The example of Python's documentation, with Python on the one side and then
// on the other: a list, bytes, and an array of two int32.
func TestPythonExample(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, path string) {
		l, err := socket.Listen(ctx, "localhost:0", secret)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		out := python(t, path, `
import sys, array
from multiprocessing.connection import Client
host, port = sys.argv[1].rsplit(':', 1)
with Client((host, int(port)), authkey=b'secret password') as conn:
    print(conn.recv())
    print(conn.recv_bytes())
    arr = array.array('i', [0, 0, 0, 0, 0])
    print(conn.recv_bytes_into(arr), arr)
`, l.Address())
		c, err := l.Accept(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		list := pickle.NewList(2.25, nil, "junk", pickle.Global{Module: "builtins", Name: "float"})
		if err := c.Send(ctx, list); err != nil {
			t.Fatal(err)
		}
		c.SendBytes(ctx, []byte("hello"))
		c.SendBytes(ctx, []byte{42, 0, 0, 0, 0xc1, 6, 0, 0})
		var lines []string
		for out.Scan() {
			lines = append(lines, out.Text())
		}
		if got := strings.Join(lines, "\n"); got != "[2.25, None, 'junk', <class 'float'>]\nb'hello'\n8 array('i', [42, 1729, 0, 0, 0])" {
			t.Errorf("Python printed %s", got)
		}
	})
	each(t, func(t *testing.T, ctx context.Context, path string) {
		out := python(t, path, `
from array import array
from multiprocessing.connection import Listener
with Listener(('localhost', 0), authkey=b'secret password') as listener:
    print('%s:%d' % listener.address, flush=True)
    with listener.accept() as conn:
        conn.send([2.25, None, 'junk', float])
        conn.send_bytes(b'hello')
        conn.send_bytes(array('i', [42, 1729]))
`)
		out.Scan()
		c, err := socket.Dial(ctx, out.Text(), secret)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if v, err := c.Recv(ctx); err != nil || pickle.Repr(v) != "[2.25, None, 'junk', <class 'float'>]" {
			t.Errorf("%s, %v", pickle.Repr(v), err)
		}
		if b, err := c.RecvBytes(ctx); err != nil || string(b) != "hello" {
			t.Errorf("%q, %v", b, err)
		}
		arr := make([]byte, 20)
		if n, err := c.RecvBytesInto(ctx, arr); n != 8 || err != nil || string(arr) != "*\x00\x00\x00\xc1\x06\x00\x00"+strings.Repeat("\x00", 12) {
			t.Errorf("%d, %v, %q", n, err, arr)
		}
		if _, err := c.RecvBytes(ctx); err != io.EOF {
			t.Error(err)
		}
	})
}

// Descriptors and connections go to Python and come from there.
func TestPythonFiles(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, path string) {
		l, err := socket.Listen(ctx, "", secret)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		out := python(t, path, `
import os, sys
from multiprocessing import reduction
from multiprocessing.connection import Client, Connection, Listener
with Client(sys.argv[1], authkey=b'secret password') as conn:
    r, w = os.pipe()
    reduction.send_handle(conn, r, None)           # right behind the handshake
    os.write(w, b'through a pipe'); os.close(w); os.close(r)
    fd = reduction.recv_handle(conn)
    os.write(fd, b'through a file'); os.close(fd)
    conn.send('behind')

    with Connection(reduction.recv_handle(conn)) as other:   # a connection from Go
        other.send(other.recv() + ' and back')

    with Listener(authkey=b'k') as l:                        # and one to Go
        print(l.address, flush=True)
        accepted = l.accept()
    conn.send('here it is')
    reduction.send_handle(conn, accepted.fileno(), None)
    accepted.close()
`, l.Address())
		c, err := l.Accept(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		f, err := c.RecvFile(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(f); string(b) != "through a pipe" || err != nil {
			t.Errorf("%q, %v", b, err)
		}
		f.Close()
		file, err := os.CreateTemp(t.TempDir(), "")
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		if err := c.SendFile(ctx, file); err != nil {
			t.Fatal(err)
		}
		if _, err := c.RecvFile(ctx); !errors.Is(err, connection.ErrNoFile) {
			t.Error(err)
		}
		if v, err := c.Recv(ctx); v != "behind" || err != nil {
			t.Error(v, err)
		}
		if b, err := os.ReadFile(file.Name()); string(b) != "through a file" || err != nil {
			t.Errorf("%q, %v", b, err)
		}
		x, y := listenAndDial(t, "AF_INET", secret)
		if err := c.SendConnection(ctx, x); err != nil {
			t.Fatal(err)
		}
		if !x.Closed() {
			t.Error("it was sent, and is open")
		}
		y.Send(ctx, "there")
		if v, err := y.Recv(ctx); v != "there and back" || err != nil {
			t.Error(v, err)
		}
		if _, err := y.Recv(ctx); err != io.EOF {
			t.Error(err)
		}
		out.Scan()
		z, err := socket.Dial(ctx, out.Text(), socket.Config{AuthKey: []byte("k")})
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		if v, err := c.Recv(ctx); v != "here it is" || err != nil {
			t.Error(v, err)
		}
		got, err := c.RecvConnection(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer got.Close()
		got.Send(ctx, "from the other end")
		if v, err := z.Recv(ctx); v != "from the other end" || err != nil {
			t.Error(v, err)
		}
	})
}

// A connection that Python sends as a value is fetched from there.
func TestRebuild(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, path string) {
		l, err := socket.Listen(ctx, "", secret)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		python(t, path, `
import sys
from multiprocessing import current_process
from multiprocessing.connection import Client, Pipe
current_process().authkey = b"python's key"
sys.excepthook = lambda *a: None         # who gives descriptors away says who does not know the key
with Client(sys.argv[1], authkey=b'secret password') as conn:
    here, there = Pipe()
    conn.send(there)
    conn.send(len)
    here.send('through a pipe of CPython')
    assert here.recv() == 'and back'
    there.close()
    try: here.recv()
    except EOFError: pass
`, l.Address())
		c, err := l.Accept(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		v, err := c.Recv(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := socket.Rebuild(ctx, v, []byte("wrong")); !errors.Is(err, socket.ErrAuthentication) {
			t.Error(err)
		}
		x, err := socket.Rebuild(ctx, v, []byte("python's key"))
		if err != nil {
			t.Fatal(err)
		}
		defer x.Close()
		if v, err := x.Recv(ctx); v != "through a pipe of CPython" || err != nil {
			t.Error(v, err)
		}
		x.Send(ctx, "and back")
		if v, err = c.Recv(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := socket.Rebuild(ctx, v, []byte("python's key")); !errors.Is(err, socket.ErrNotConnection) {
			t.Error(err)
		}
	})
	for _, v := range []any{nil, 1, &pickle.Object{}, &pickle.Object{
		Class: pickle.Global{Module: "multiprocessing.connection", Name: "rebuild_connection"},
		Args:  pickle.Tuple{&pickle.Object{Class: pickle.Global{Module: "multiprocessing.resource_sharer", Name: "DupFd"}}, true, true},
	}} {
		if _, err := socket.Rebuild(t.Context(), v, []byte("k")); !errors.Is(err, socket.ErrNotConnection) {
			t.Error(err)
		}
	}
}

// The recipe of the documentation, with Python on either side, and each showing
// the other one a certificate.
func TestPythonTLS(t *testing.T) {
	dir := t.TempDir()
	server, client := tlstest.Certificates(t, dir)
	each(t, func(t *testing.T, ctx context.Context, path string) {
		cfg := secret
		cfg.TLS = server
		refused := make(chan error, 10)
		cfg.OnRefused = func(_ string, err error) { refused <- err }
		l, err := socket.Listen(ctx, "AF_INET", cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		out := python(t, path, `
import os, ssl, sys
from multiprocessing import AuthenticationError
from tls_connection import Client
os.chdir(sys.argv[2])
host, port = sys.argv[1].rsplit(':', 1)
context = ssl.create_default_context(cafile='ca.pem')
try:
    with Client((host, int(port)), context, b'secret password') as conn: conn.recv()
except (OSError, EOFError) as e: print('without a certificate:', type(e).__name__)
context.load_cert_chain('client.pem', 'client.key')
try: Client((host, int(port)), context, b'wrong')
except AuthenticationError: print('wrong key')
with Client((host, int(port)), context, b'secret password') as conn:
    for n in 0, 1, 1000, 16384, 16385, 1000000:
        conn.send(b'x' * n)
        assert conn.poll(5)
        assert conn.recv() == b'x' * n
        assert not conn.poll()
    conn.send('end')
`, l.Address(), dir)
		c, err := l.Accept(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if s, ok := socket.TLS(c); !ok || len(s.PeerCertificates) == 0 || s.PeerCertificates[0].Subject.CommonName != "client" {
			t.Error("no certificate")
		}
		for {
			v, err := c.Recv(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if v == "end" {
				break
			}
			if err := c.Send(ctx, v); err != nil {
				t.Fatal(err)
			}
		}
		var lines []string
		for out.Scan() {
			lines = append(lines, out.Text())
		}
		if len(lines) != 2 || !strings.HasPrefix(lines[0], "without a certificate") || lines[1] != "wrong key" {
			t.Errorf("Python printed %q", lines)
		}
		for range 2 {
			<-refused
		}
	})
	each(t, func(t *testing.T, ctx context.Context, path string) {
		out := python(t, path, `
import os, socket, ssl, sys
from tls_connection import accept
os.chdir(sys.argv[1])
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile='ca.pem')
context.verify_mode = ssl.CERT_REQUIRED
context.load_cert_chain('server.pem', 'server.key')
with socket.create_server(('127.0.0.1', 0)) as l:
    print('127.0.0.1:%d' % l.getsockname()[1], flush=True)
    with accept(l, context, b'secret password') as conn:
        while True:
            try: conn.send(conn.recv())
            except EOFError: break
`, dir)
		out.Scan()
		cfg := secret
		cfg.TLS = client
		c, err := socket.Dial(ctx, out.Text(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		for _, n := range []int{0, 1, 1000, 16384, 16385, 1000000} {
			go c.Send(ctx, strings.Repeat("x", n))
			if v, err := c.Recv(ctx); err != nil || v != strings.Repeat("x", n) {
				t.Errorf("%d bytes: %v", n, err)
			}
		}
	})
}

// Contexts that end all the time lose nothing, over TLS either.
func TestTLS(t *testing.T) {
	leak.Check(t)
	ctx := soon(t)
	server, client := tlstest.Certificates(t, t.TempDir())
	cfg := secret
	cfg.TLS = server
	l, err := socket.Listen(ctx, "AF_INET", cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	// Without TLS, both wait for the other one to begin; without a certificate,
	// or trust in the other one's, there is an error at once.
	plain := secret
	plain.HandshakeTimeout = 5 * time.Millisecond
	if _, err := socket.Dial(ctx, l.Address(), plain); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	cfg.TLS = &tls.Config{RootCAs: client.RootCAs}
	if c, err := socket.Dial(ctx, l.Address(), cfg); err == nil {
		c.Close()
		t.Error("no certificate is needed")
	}
	cfg.TLS = &tls.Config{}
	var unknown x509.UnknownAuthorityError
	if _, err := socket.Dial(ctx, l.Address(), cfg); !errors.As(err, &unknown) {
		t.Error(err)
	}
	cfg.TLS = client
	c, err := socket.Dial(ctx, l.Address(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s, err := l.Accept(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if err := s.SendBytes(ended, []byte("x")); !errors.Is(err, context.Canceled) || errors.Is(err, connection.ErrBrokenPipe) {
		t.Error(err)
	}
	go func() {
		for i := range 200 {
			if err := s.SendBytes(ctx, make([]byte, 100*i)); err != nil {
				t.Error(err)
			}
			time.Sleep(100 * time.Microsecond)
		}
	}()
	late := 0
	for i := 0; i < 200; {
		short, cancel := context.WithTimeout(ctx, 150*time.Microsecond)
		b, err := c.RecvBytes(short)
		cancel()
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			late++
		case err != nil || len(b) != 100*i:
			t.Fatalf("message %d: %d bytes, %v", i, len(b), err)
		default:
			i++
		}
	}
	if _, err := c.RecvBytes(ended); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	stop := make(chan struct{})
	go func() {
		defer close(stop)
		if r, err := connection.Wait(ctx, c); len(r) != 1 || err != nil {
			t.Error(r, err)
		}
	}()
	s.Close()
	<-stop
	if _, err := c.RecvBytes(ctx); err != io.EOF {
		t.Error(err)
	}
	t.Logf("%d times too late", late)
}
