package pywire

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/conexgo/conex/internal/leak"
)

func listen(t testing.TB, address string, cfg ListenConfig) *Listener {
	t.Helper()
	a, err := ParseAddress(address)
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Key == nil && !cfg.NoAuth {
		cfg.Key = testKey
	}
	l, err := Listen(t.Context(), a, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

var testKey = []byte("secret password")

func TestListen(t *testing.T) {
	for _, address := range []string{"", "AF_INET", "AF_INET6", "AF_UNIX", "localhost:0", "@conex-test-" + t.Name(), filepath.Join(t.TempDir(), "s")} {
		leak.Check(t)
		ctx := within(t)
		l := listen(t, address, ListenConfig{})
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				c, err := Dial(ctx, l.Address(), DialConfig{Key: testKey})
				if err != nil {
					t.Errorf("%q: %v", address, err)
					return
				}
				defer c.Close()
				c.WriteFrame(ctx, []byte("hello"))
				if f, err := c.ReadFrame(ctx); string(f) != "hello" || err != nil {
					t.Errorf("%q: %q, %v", address, f, err)
				}
			})
		}
		for range 3 {
			c, err := l.Accept(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if pid, ok := c.PeerPID(); l.Address().Network() == "unix" && (!ok || pid != os.Getpid()) {
				t.Errorf("pid %d, %v", pid, ok)
			}
			f, err := c.ReadFrame(ctx)
			if err != nil {
				t.Fatal(err)
			}
			c.WriteFrame(ctx, f)
			defer c.Close()
		}
		wg.Wait()
		if last, ok := l.LastAccepted(); ok != (l.Address().Network() == "tcp") {
			t.Errorf("%q: last accepted %q, %v", address, last, ok)
		}
		l.Close()
		if _, err := l.Accept(ctx); !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
		if a := l.Address(); a.Network() == "unix" && !a.Abstract() {
			if _, err := os.Stat(a.String()); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("%s is left: %v", a, err)
			}
		}
		if l.dir != "" {
			if _, err := os.Stat(l.dir); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("%s is left: %v", l.dir, err)
			}
		}
	}
}

func TestPrivateDirectory(t *testing.T) {
	l := listen(t, "AF_UNIX", ListenConfig{})
	if fi, err := os.Stat(filepath.Dir(l.Address().String())); err != nil || fi.Mode().Perm() != 0o700 {
		t.Error(fi.Mode(), err)
	}
	a, _ := ParseAddress(l.Address().String())
	if _, err := Listen(t.Context(), a, ListenConfig{Key: testKey}); !errors.Is(err, syscall.EADDRINUSE) || !strings.Contains(err.Error(), "remove the file") {
		t.Error(err)
	}
}

func TestRefused(t *testing.T) {
	leak.Check(t)
	ctx := within(t)
	refused := make(chan error, 10)
	l := listen(t, "AF_INET", ListenConfig{OnRefused: func(remote string, err error) {
		if _, _, e := net.SplitHostPort(remote); e != nil {
			t.Error(e)
		}
		refused <- err
	}})
	if _, err := Dial(ctx, l.Address(), DialConfig{Key: []byte("wrong")}); !errors.Is(err, ErrAuthentication) {
		t.Error(err)
	}
	if err := <-refused; !errors.Is(err, ErrAuthentication) {
		t.Error(err)
	}
	// One that does not want a key sees the challenge, and one that wants one
	// sees none.
	c, err := Dial(ctx, l.Address(), DialConfig{NoAuth: true})
	if err != nil {
		t.Fatal(err)
	}
	if f, err := c.ReadFrame(ctx); err != nil || !strings.HasPrefix(string(f), "#CHALLENGE#{sha256}") || len(f) != 59 {
		t.Errorf("%q, %v", f, err)
	}
	c.Close()
	if err := <-refused; !errors.Is(err, ErrAuthentication) {
		t.Error(err)
	}
	open := listen(t, "AF_INET", ListenConfig{NoAuth: true})
	if _, err := Dial(ctx, open.Address(), DialConfig{Key: testKey, HandshakeTimeout: 5 * time.Millisecond}); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrAuthentication) {
		t.Error(err)
	}
}

func TestConfigs(t *testing.T) {
	a, _ := ParseAddress("AF_INET")
	for name, cfg := range map[string]ListenConfig{
		"no key": {}, "both": {Key: testKey, NoAuth: true}, "empty": {Key: []byte{}},
		"digest": {Key: testKey, Policy: Policy{Digest: "sha1"}}, "negative": {Key: testKey, MaxPending: -1},
	} {
		if l, err := Listen(t.Context(), a, cfg); err == nil {
			l.Close()
			t.Errorf("%s is no error", name)
		}
		dc := DialConfig{Key: cfg.Key, NoAuth: cfg.NoAuth, Policy: cfg.Policy}
		if _, err := Dial(t.Context(), a, dc); err == nil {
			t.Errorf("dial, %s is no error", name)
		}
	}
	if _, err := Listen(t.Context(), a, ListenConfig{}); !errors.Is(err, ErrNoKey) {
		t.Error(err)
	}
	if _, err := Dial(t.Context(), Address{}, DialConfig{Key: testKey}); err == nil {
		t.Error("dialled nowhere")
	}
}

// Those who say nothing are closed: the oldest one when there are too many, and
// all when their time is over.
func TestSilent(t *testing.T) {
	leak.Check(t)
	ctx := within(t)
	refused := make(chan error, 100)
	l := listen(t, "AF_INET", ListenConfig{MaxPending: 4, OnRefused: func(_ string, err error) { refused <- err }})
	var silent []net.Conn
	for i := range 10 {
		c, err := net.Dial("tcp", l.Address().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		silent = append(silent, c)
		if i >= 4 {
			if err := <-refused; !errors.Is(err, ErrEvicted) {
				t.Error(err)
			}
		}
		io.ReadFull(c, make([]byte, 4)) // it is in
	}
	for i, c := range silent {
		c.SetReadDeadline(time.Now().Add(time.Millisecond))
		io.ReadFull(c, make([]byte, 59))
		if _, err := c.Read(make([]byte, 1)); timedOut(err) != (i >= 6) {
			t.Errorf("%d: %v", i, err)
		}
	}
	// A good one gets in.
	go func() {
		if c, err := Dial(ctx, l.Address(), DialConfig{Key: testKey}); err == nil {
			c.ReadFrame(ctx)
			c.Close()
		} else {
			t.Error(err)
		}
	}()
	c, err := l.Accept(ctx)
	if err != nil {
		t.Fatal(err)
	}
	c.Close()

	slow := make(chan error, 1)
	l = listen(t, "AF_INET", ListenConfig{HandshakeTimeout: time.Millisecond, OnRefused: func(_ string, err error) { slow <- err }})
	x, err := net.Dial("tcp", l.Address().String())
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	if err := <-slow; !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

// The dead are not handed out.
func TestAcceptAlive(t *testing.T) {
	leak.Check(t)
	ctx := within(t)
	l := listen(t, "AF_UNIX", ListenConfig{})
	for i := range 5 {
		c, err := Dial(ctx, l.Address(), DialConfig{Key: testKey})
		if err != nil {
			t.Fatal(err)
		}
		if i == 2 {
			c.WriteFrame(ctx, []byte("alive"))
		}
		c.Close()
		for !l.Ready() {
			time.Sleep(10 * time.Microsecond)
		}
	}
	c, err := l.Accept(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if f, err := c.ReadFrame(ctx); string(f) != "alive" || err != nil {
		t.Errorf("%q, %v", f, err)
	}
	c.Close()
	if _, err := l.Accept(over()); !errors.Is(err, errEnough) || !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if l.Ready() {
		t.Error("ready")
	}
}

// Nobody accepts: connections wait, at first here and then in the system.
func TestFullReady(t *testing.T) {
	leak.Check(t)
	ctx := within(t)
	l := listen(t, "AF_UNIX", ListenConfig{NoAuth: true, MaxPending: 3})
	var conns []*Conn
	for range 20 {
		c, err := Dial(ctx, l.Address(), DialConfig{NoAuth: true})
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, c)
	}
	for range 20 {
		c, err := l.Accept(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	for _, c := range conns {
		c.Close()
	}
}

// Accept wakes all who wait when the Listener is closed.
func TestCloseWakes(t *testing.T) {
	leak.Check(t)
	l := listen(t, "AF_INET", ListenConfig{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if _, err := l.Accept(within(t)); !errors.Is(err, net.ErrClosed) {
				t.Error(err)
			}
		})
	}
	x, _ := net.Dial("tcp", l.Address().String())
	defer x.Close()
	l.Close()
	l.Close()
	wg.Wait()
}
