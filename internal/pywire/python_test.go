package pywire

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/conexgo/conex/internal/cpython"
	"github.com/conexgo/conex/internal/leak"
)

// run starts a Python and returns its lines; it must end well by the end of the
// test.
func run(t testing.TB, python, program string, args ...string) *bufio.Scanner {
	t.Helper()
	cmd := exec.Command(python, append([]string{"-c", program}, args...)...)
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
			t.Errorf("%s: %v", python, err)
		}
	})
	return bufio.NewScanner(out)
}

const parse = `
import sys, socket
from multiprocessing import AuthenticationError
from multiprocessing.connection import *
from multiprocessing.connection import Connection, answer_challenge, deliver_challenge
def parse(a):
    if a[0] == '@': return '\0' + a[1:]
    if a[0] == '/': return a
    host, port = a.rsplit(':', 1)
    return host.strip('[]'), int(port)
def client(a, authkey):
    a = parse(a)
    if ':' not in a[0]:
        return Client(a, authkey=authkey)
    s = socket.create_connection(a)       # Client knows no AF_INET6
    c = Connection(s.detach())
    answer_challenge(c, authkey)
    deliver_challenge(c, authkey)
    return c
`

const pythonClient = parse + `
try: client(sys.argv[1], b'wrong')
except AuthenticationError: pass
else: raise AssertionError('the wrong key was welcome')
for i in range(3):
    with client(sys.argv[1], b'secret password') as c:
        for n in 0, 1, 1000, 16384, 16385, 300000:
            c.send_bytes(b'x' * n)
            assert c.recv_bytes() == b'x' * n
`

const pythonListener = parse + `
family, address = sys.argv[1:]
with Listener(address and parse(address), family, authkey=b'secret password') as l:
    a = l.address
    if isinstance(a, bytes): a = a.decode()
    if isinstance(a, tuple): a = '[%s]:%d' % a[:2]
    print(a.replace('\0', '@'), flush=True)
    try: l.accept()
    except AuthenticationError: pass
    else: raise AssertionError('the wrong key was welcome')
    with l.accept() as c:
        while True:
            try: c.send_bytes(c.recv_bytes())
            except EOFError: break
`

// Both generations of CPython, in both roles, over every kind of socket, with
// the right key and a wrong one.
func TestPython(t *testing.T) {
	for _, python := range cpython.Need(t) {
		version := filepath.Base(filepath.Dir(filepath.Dir(python)))
		abstract := ""
		if runtime.GOOS == "linux" {
			abstract = "@conex-test-" + version
		}
		for _, address := range []string{"AF_INET", "AF_INET6", "AF_UNIX", abstract} {
			if address == "" {
				continue
			}
			t.Run(version+"/client/"+address, func(t *testing.T) {
				leak.Check(t)
				refused := make(chan error, 10)
				l := listen(t, address, ListenConfig{OnRefused: func(_ string, err error) { refused <- err }})
				run(t, python, pythonClient, l.Address().String())
				if err := <-refused; !errors.Is(err, ErrAuthentication) {
					t.Error(err)
				}
				for range 3 {
					c, err := l.Accept(within(t))
					if err != nil {
						t.Fatal(err)
					}
					for {
						f, err := c.ReadFrame(within(t))
						if err != nil {
							break
						}
						if err := c.WriteFrame(within(t), f); err != nil {
							t.Error(err)
						}
					}
					c.Close()
				}
			})
			t.Run(version+"/listener/"+address, func(t *testing.T) {
				leak.Check(t)
				ctx := within(t)
				family, where := address, ""
				switch address {
				case abstract:
					family, where = "AF_UNIX", abstract
				case "AF_INET6":
					where = "[::1]:0"
				}
				lines := run(t, python, pythonListener, family, where)
				if !lines.Scan() {
					t.Fatal("no address")
				}
				a, err := ParseAddress(strings.Replace(lines.Text(), "[127.0.0.1]", "127.0.0.1", 1))
				if err != nil {
					t.Fatal(err)
				}
				if _, err := Dial(ctx, a, DialConfig{Key: []byte("wrong")}); !errors.Is(err, ErrAuthentication) {
					t.Error(err)
				}
				c, err := Dial(ctx, a, DialConfig{Key: testKey})
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				for _, n := range []int{0, 1, 1000, 16384, 16385, 300000} {
					go c.WriteFrame(ctx, filled(n))
					if f, err := c.ReadFrame(ctx); err != nil || string(f) != string(filled(n)) {
						t.Errorf("%d bytes: %d, %v", n, len(f), err)
					}
				}
			})
		}
	}
}

// RefuseMD5 keeps CPython up to 3.11 out, and no other.
func TestRefuseMD5(t *testing.T) {
	for _, python := range cpython.Need(t) {
		leak.Check(t)
		version := filepath.Base(filepath.Dir(filepath.Dir(python)))
		var major, minor int
		fmt.Sscanf(version, "%d.%d", &major, &minor)
		refused := make(chan error, 10)
		l := listen(t, "AF_INET", ListenConfig{Policy: Policy{RefuseMD5: true}, OnRefused: func(_ string, err error) { refused <- err }})
		lines := run(t, python, parse+`
try: c = client(sys.argv[1], b'secret password')
except AuthenticationError: print('refused')
else: print('in'); c.close()
`, l.Address().String())
		lines.Scan()
		if got := lines.Text() == "in"; got != (minor >= 12) {
			t.Errorf("%s: %q", version, lines.Text())
		}
		if minor < 12 {
			if err := <-refused; !errors.Is(err, ErrAuthentication) || !strings.Contains(err.Error(), "RefuseMD5") {
				t.Error(err)
			}
		}
	}
}

// What a message of 20 kB of a CPython client costs over TCP: 40 ms without
// TCP_QUICKACK, too.
func BenchmarkPythonSends(b *testing.B) {
	found := cpython.Need(b)
	l := listen(b, "AF_INET", ListenConfig{})
	lines := run(b, found[len(found)-1], parse+`
import time
c = client(sys.argv[1], b'secret password')
t = time.perf_counter()
for i in range(int(sys.argv[2])):
    c.send_bytes(bytes(20000)); c.recv_bytes()
print((time.perf_counter() - t) / int(sys.argv[2]) * 1e6)
`, l.Address().String(), "100")
	c, err := l.Accept(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	for range 100 {
		c.ReadFrame(b.Context())
		c.WriteFrame(b.Context(), nil)
	}
	c.Close()
	lines.Scan()
	var us float64
	fmt.Sscan(lines.Text(), &us)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(us, "µs/message")
}

// What a new connection of a CPython client costs over TCP, handshake and first
// request: 43 ms without TCP_QUICKACK.
func BenchmarkPythonConnects(b *testing.B) {
	found := cpython.Need(b)
	l := listen(b, "AF_INET", ListenConfig{})
	lines := run(b, found[len(found)-1], parse+`
import time
t = time.perf_counter()
for i in range(int(sys.argv[2])):
    c = client(sys.argv[1], b'secret password')
    c.send_bytes(b'x'); c.recv_bytes(); c.close()
print((time.perf_counter() - t) / int(sys.argv[2]) * 1e6)
`, l.Address().String(), "100")
	for range 100 {
		c, err := l.Accept(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		f, _ := c.ReadFrame(b.Context())
		c.WriteFrame(b.Context(), f)
		c.Close()
	}
	lines.Scan()
	var us float64
	fmt.Sscan(lines.Text(), &us)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(us, "µs/connection")
}
