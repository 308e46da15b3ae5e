package pywire

import (
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/conexgo/conex/pickle"
)

func TestParseAddress(t *testing.T) {
	for _, c := range []struct {
		in, network, family, out string
		value                    any
	}{
		{"localhost:5000", "tcp", "AF_INET", "localhost:5000", pickle.Tuple{"localhost", int64(5000)}},
		{"[::1]:5000", "tcp", "AF_INET6", "[::1]:5000", pickle.Tuple{"::1", int64(5000)}},
		{":0", "tcp", "AF_INET", ":0", pickle.Tuple{"", int64(0)}},
		{"AF_INET", "tcp", "AF_INET", "127.0.0.1:0", pickle.Tuple{"127.0.0.1", int64(0)}},
		{"AF_INET6", "tcp", "AF_INET6", "[::1]:0", pickle.Tuple{"::1", int64(0)}},
		{"/tmp/x", "unix", "AF_UNIX", "/tmp/x", "/tmp/x"},
		{"./x", "unix", "AF_UNIX", "unix:./x", "./x"},
		{"unix:x", "unix", "AF_UNIX", "unix:x", "x"},
		{"unix:/tmp/x", "unix", "AF_UNIX", "/tmp/x", "/tmp/x"},
		{`\\.\pipe\x`, "pipe", "AF_PIPE", `\\.\pipe\x`, `\\.\pipe\x`},
		{"", "", "", "", ""},
	} {
		a, err := ParseAddress(c.in)
		if err != nil || a.Network() != c.network || a.Family() != c.family || a.String() != c.out || !reflect.DeepEqual(a.Value(), c.value) {
			t.Errorf("%q: %q %q %q %#v, %v", c.in, a.Network(), a.Family(), a, a.Value(), err)
		}
		if c.in == "" {
			continue
		}
		if b, err := ParseAddress(a.String()); a != b || err != nil {
			t.Errorf("%q: again %q, %v", c.in, b, err)
		}
		if b, err := AddressOf(a.Value()); a != b || err != nil {
			t.Errorf("%q: from its value %q, %v", c.in, b, err)
		}
	}
	if runtime.GOOS == "linux" {
		for _, in := range []string{"@x", "\x00x"} {
			a, err := ParseAddress(in)
			if err != nil || !a.Abstract() || a.Value() != "\x00x" || a.String() != "@x" {
				t.Errorf("%q: %q, %v", in, a, err)
			}
		}
		if a, err := AddressOf([]byte("\x00x")); err != nil || a.String() != "@x" {
			t.Error(a, err)
		}
	}
	for _, in := range []string{"localhost", "localhost:", "localhost:x", "localhost:65536", "localhost:-1", "::1:5000:", "unix:",
		"/" + strings.Repeat("x", 107), "/a\x00b"} {
		if a, err := ParseAddress(in); err == nil {
			t.Errorf("%q is %q", in, a)
		}
	}
	for _, v := range []any{nil, int64(1), pickle.Tuple{}, pickle.Tuple{"x"}, pickle.Tuple{int64(1), int64(2)}, pickle.Tuple{"x", int64(-1)}, pickle.Tuple{"x", "y"}} {
		if a, err := AddressOf(v); err == nil {
			t.Errorf("%v is %q", v, a)
		}
	}
}

func TestLoopback(t *testing.T) {
	for in, want := range map[string]bool{
		"localhost:1": true, "127.9.0.1:1": true, "[::1]:1": true, "0.0.0.0:1": false, ":1": false, "example.org:1": false,
		"10.0.0.1:1": false, "/x": true, `\\.\pipe\x`: true, `\\box\pipe\x`: false, "": true,
	} {
		a, err := ParseAddress(in)
		if err != nil || a.Loopback() != want {
			t.Errorf("%q: %v, %v", in, a.Loopback(), err)
		}
	}
}

func FuzzParseAddress(f *testing.F) {
	for _, s := range []string{"localhost:5000", "[::1]:1", "/x", "unix:x", "@x", `\\.\pipe\x`, "AF_INET"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := ParseAddress(s)
		if err != nil || a.String() == "" {
			return
		}
		if b, err := ParseAddress(a.String()); a != b || err != nil {
			t.Errorf("%q: %q, again %q, %v", s, a, b, err)
		}
	})
}
