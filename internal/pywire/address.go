package pywire

import (
	"fmt"
	"math/big"
	"net"
	"runtime"
	"strconv"
	"strings"

	"github.com/conexgo/conex/pickle"
)

// An Address is where to listen or to dial. The zero value means: anywhere, in
// the way that is best for one machine.
type Address struct {
	network string // tcp, unix, pipe, or "" for any
	addr    string // as package net has it; "" for any
}

// Families are those of this system, as Python calls them, the best one for one
// machine first.
func Families() []string {
	switch runtime.GOOS {
	case "windows":
		return []string{"AF_PIPE", "AF_INET", "AF_INET6", "AF_UNIX"}
	case "plan9", "js", "wasip1":
		return []string{"AF_INET", "AF_INET6"}
	}
	return []string{"AF_UNIX", "AF_INET", "AF_INET6"}
}

const forms = `use "host:port", "[::1]:port", "/path", "unix:path", "@abstract", "\\.\pipe\name", or a family alone such as "AF_INET"`

// ParseAddress understands
//
//	host:port, [::1]:5000     TCP; port 0 for any that is free
//	/path, ./path, unix:path  an AF_UNIX socket's file
//	@name                     an abstract AF_UNIX name (Linux)
//	\\.\pipe\name             a named pipe (Windows)
//	AF_INET, AF_INET6         any free port of this machine
//	AF_UNIX, AF_PIPE          any name
//	(nothing)                 the first of Families
func ParseAddress(s string) (Address, error) {
	switch s {
	case "":
		return Address{}, nil
	case "AF_INET":
		return Address{"tcp", "127.0.0.1:0"}, nil
	case "AF_INET6":
		return Address{"tcp", "[::1]:0"}, nil
	case "AF_UNIX":
		return Address{network: "unix"}, nil
	case "AF_PIPE":
		return Address{network: "pipe"}, nil
	}
	if strings.HasPrefix(s, `\\`) {
		return Address{"pipe", s}, nil
	}
	if path, ok := strings.CutPrefix(s, "unix:"); ok {
		return unixAddress(path)
	}
	if s[0] == '@' || s[0] == 0 || strings.Contains(s, "/") {
		return unixAddress(s)
	}
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return Address{}, fmt.Errorf("pywire: address %q: %w: %s", s, err, forms)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil {
		return Address{}, fmt.Errorf("pywire: address %q: the port must be a number from 0 to 65535: %s", s, forms)
	} else {
		port = strconv.FormatUint(n, 10)
	}
	return Address{"tcp", net.JoinHostPort(host, port)}, nil
}

// mostPath is how long a socket's path may be. Systems differ, from 104 bytes
// on with the NUL at the end.
const mostPath = 107

func unixAddress(path string) (Address, error) {
	if path == "" {
		return Address{}, fmt.Errorf("pywire: an empty path: %s", forms)
	}
	if path[0] == 0 {
		path = "@" + path[1:]
	}
	if strings.Contains(path, "\x00") {
		return Address{}, fmt.Errorf("pywire: address %q: there is a NUL in it", path)
	}
	if path[0] == '@' && runtime.GOOS != "linux" && runtime.GOOS != "android" {
		return Address{}, fmt.Errorf("pywire: address %q: only Linux has abstract names; a file's name may be written ./%s", path, path)
	}
	if len(path) > mostPath {
		return Address{}, fmt.Errorf("pywire: address %q: %d bytes are too long for an AF_UNIX socket, %d are the most: use a directory nearer to the root, or a relative path", path, len(path), mostPath)
	}
	return Address{"unix", path}, nil
}

// AddressOf is the inverse of [Address.Value]: it takes an address as it is in
// a pickle, a tuple of host and port, a str or bytes.
func AddressOf(v any) (Address, error) {
	switch v := v.(type) {
	case string:
		if strings.HasPrefix(v, `\\`) {
			return Address{"pipe", v}, nil
		}
		return unixAddress(v)
	case []byte:
		return unixAddress(string(v))
	case pickle.Tuple:
		if len(v) < 2 {
			break
		}
		host, ok := v[0].(string)
		if !ok {
			break
		}
		if port, ok := v[1].(int64); ok && port >= 0 && port <= 65535 {
			return Address{"tcp", net.JoinHostPort(host, strconv.FormatInt(port, 10))}, nil
		}
	case *big.Int:
	}
	return Address{}, fmt.Errorf("pywire: %v is no address: a tuple of host and port, or a str", v)
}

// Value is the address as Python has it, in the tokens of proxies, say: a
// [pickle.Tuple] of host and port for TCP, else a string, which begins with NUL
// if the name is abstract.
func (a Address) Value() any {
	switch a.network {
	case "tcp":
		host, port, err := net.SplitHostPort(a.addr)
		if err != nil {
			return a.addr
		}
		n, _ := strconv.ParseInt(port, 10, 64)
		return pickle.Tuple{host, n}
	case "unix":
		if a.Abstract() {
			return "\x00" + a.addr[1:]
		}
	}
	return a.addr
}

// Network is tcp, unix or pipe; "" for the zero Address.
func (a Address) Network() string { return a.network }

// Family is what Python calls the network.
func (a Address) Family() string {
	switch a.network {
	case "unix":
		return "AF_UNIX"
	case "pipe":
		return "AF_PIPE"
	case "tcp":
		if host, _, _ := net.SplitHostPort(a.addr); strings.Contains(host, ":") {
			return "AF_INET6"
		}
		return "AF_INET"
	}
	return ""
}

// Abstract reports whether it is an abstract name, without a file.
func (a Address) Abstract() bool { return a.network == "unix" && strings.HasPrefix(a.addr, "@") }

// Loopback reports whether no other machine can get there.
func (a Address) Loopback() bool {
	if a.network != "tcp" {
		return !strings.HasPrefix(a.addr, `\\`) || strings.HasPrefix(a.addr, `\\.\`)
	}
	host, _, _ := net.SplitHostPort(a.addr)
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// String is the address in a form that ParseAddress understands.
func (a Address) String() string {
	if a.network == "unix" && !strings.HasPrefix(a.addr, "/") && !strings.HasPrefix(a.addr, "@") {
		return "unix:" + a.addr
	}
	return a.addr
}

// addressOf makes one of a socket's.
func addressOf(a net.Addr) Address {
	if a == nil {
		return Address{}
	}
	switch a.Network() {
	case "unix":
		return Address{"unix", a.String()}
	case "pipe":
		return Address{"pipe", a.String()}
	}
	return Address{"tcp", a.String()}
}
