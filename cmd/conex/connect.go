package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"

	"github.com/conexgo/conex/internal/pywire"
	"github.com/conexgo/conex/pickle"
)

// howToConnect prints lines that can be copied into programs. The key is not
// in them, only where it is.
func howToConnect(w io.Writer, addr pywire.Address, key authKey, o *options) {
	addr = reachable(addr)
	name := "Queue"
	kindOf := "queue"
	if len(o.shares) > 0 {
		name, kindOf = o.shares[0].as, o.shares[0].name
	}
	fmt.Fprintf(w, "\nIn Python:\n\n%s", indent(pythonLines(addr, key, name, len(o.shares) > 0, o)))
	fmt.Fprintf(w, "\nIn Go:\n\n%s\n", indent(goLines(addr, key, name, kindOf, o)))
}

// pythonLines connects a program in Python. The key is made the process's own,
// so that proxies inside of values work as well.
func pythonLines(addr pywire.Address, key authKey, name string, shared bool, o *options) string {
	var b strings.Builder
	where := fmt.Sprintf("os.environb[b%s]", quote(keyVar))
	if key.file != "" {
		where = fmt.Sprintf("open(%s, \"rb\").read().strip()", quote(key.file))
	} else {
		b.WriteString("import os\n")
	}
	b.WriteString("import multiprocessing\nfrom multiprocessing.managers import SyncManager\n\n")
	if o.cert != "" {
		b.WriteString("# The connections are encrypted: SECURITY.md has the lines that Python needs for TLS.\n")
	}
	fmt.Fprintf(&b, "multiprocessing.current_process().authkey = %s\n", where)
	for _, s := range o.shares {
		fmt.Fprintf(&b, "SyncManager.register(%s)\n", quote(s.as))
	}
	fmt.Fprintf(&b, "m = SyncManager(%s)\nm.connect()\n", pythonAddress(addr))
	fmt.Fprintf(&b, "%s = m.%s()\n", strings.ToLower(name), name)
	return b.String()
}

func pythonAddress(addr pywire.Address) string {
	switch v := addr.Value().(type) {
	case pickle.Tuple:
		if len(v) == 2 {
			return fmt.Sprintf("(%s, %v)", quote(fmt.Sprint(v[0])), v[1])
		}
	case string:
		return quote(v)
	}
	return quote(addr.String())
}

// goLines connects a program in Go.
func goLines(addr pywire.Address, key authKey, name, kind string, o *options) string {
	var b strings.Builder
	config := "AuthKey: key"
	if key.file != "" {
		fmt.Fprintf(&b, "key, err := os.ReadFile(%s)\n", strconv.Quote(key.file))
		config = "AuthKey: bytes.TrimSpace(key)"
	} else {
		fmt.Fprintf(&b, "key := []byte(os.Getenv(%q))\n", keyVar)
	}
	if o.cert != "" {
		config += ", TLS: &tls.Config{…}"
	}
	fmt.Fprintf(&b, "m, err := managers.Connect(ctx, %q, managers.ClientConfig{%s})\n", addr.String(), config)
	variable := strings.ToLower(name)
	if len(o.shares) == 0 {
		fmt.Fprintf(&b, "%s, err := managers.NewQueue[string](ctx, m, 0)\n", variable)
		return b.String()
	}
	fmt.Fprintf(&b, "p, err := m.Create(ctx, %q)\n%s := %s(p)\n", name, variable, goTypes[kind])
	return b.String()
}

// goTypes are what makes a typed proxy of one.
var goTypes = map[string]string{
	"queue": "managers.QueueOf[string]", "dict": "managers.DictOf[string, any]", "list": "managers.ListOf[any]",
	"set": "managers.SetOf[string]", "lock": "managers.LockOf", "rlock": "managers.RLockOf",
	"semaphore": "managers.SemaphoreOf", "event": "managers.EventOf", "condition": "managers.ConditionOf",
	"barrier": "managers.BarrierOf", "namespace": "managers.NamespaceOf",
}

// reachable replaces an address that means all of the machine's by a name.
func reachable(addr pywire.Address) pywire.Address {
	if addr.Network() != "tcp" {
		return addr
	}
	host, port, err := net.SplitHostPort(addr.String())
	if ip := net.ParseIP(host); err != nil || host != "" && (ip == nil || !ip.IsUnspecified()) {
		return addr
	}
	name, err := os.Hostname()
	if err != nil {
		return addr
	}
	if a, err := pywire.ParseAddress(net.JoinHostPort(name, port)); err == nil {
		return a
	}
	return addr
}

// quote makes a literal that both Python and Go understand.
func quote(s string) string { return strings.ReplaceAll(strconv.QuoteToASCII(s), `\x00`, `\0`) }

func indent(s string) string {
	return "    " + strings.ReplaceAll(strings.TrimRight(s, "\n"), "\n", "\n    ") + "\n"
}
