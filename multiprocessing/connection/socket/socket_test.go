package socket_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/multiprocessing"
	"github.com/conexgo/conex/multiprocessing/connection"
	"github.com/conexgo/conex/multiprocessing/connection/socket"
	"github.com/conexgo/conex/pickle"
)

var secret = socket.Config{AuthKey: []byte("secret password")}

// soon is a context for what must not take long.
func soon(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// families are those that can be tested here.
func families(t *testing.T) []string {
	if runtime.GOOS == "windows" {
		return []string{"AF_INET", "AF_INET6"}
	}
	return []string{"AF_INET", "AF_INET6", "AF_UNIX"}
}

// listenAndDial returns the two ends of a connection over a socket.
func listenAndDial(t testing.TB, address string, cfg socket.Config) (server, client *connection.Connection) {
	t.Helper()
	l, err := socket.Listen(soon(t), address, cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client, err = socket.Dial(soon(t), l.Address(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	server, err = l.Accept(soon(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close(); client.Close() })
	return server, client
}

func TestSockets(t *testing.T) {
	for _, address := range families(t) {
		leak.Check(t)
		ctx := soon(t)
		s, c := listenAndDial(t, address, secret)
		for _, n := range []int{0, 1, 100, 16384, 100_000, 5 << 20} {
			msg := make([]byte, n)
			for i := range msg {
				msg[i] = byte(i * 7 >> 3)
			}
			go s.SendBytes(ctx, msg)
			if got, err := c.RecvBytes(ctx); err != nil || !bytes.Equal(got, msg) {
				t.Errorf("%s: %d bytes for %d, %v", address, len(got), n, err)
			}
		}
		// Into a buffer: it fits, or it is in the error and the buffer as it was.
		buf := []byte("......")
		s.SendBytes(ctx, []byte("abc"))
		s.SendBytes(ctx, []byte("much too long"))
		s.SendBytes(ctx, []byte("after"))
		if n, err := c.RecvBytesInto(ctx, buf[:4]); n != 3 || err != nil || string(buf) != "abc..." {
			t.Errorf("%d, %v, %q", n, err, buf)
		}
		var short *connection.BufferTooShortError
		if _, err := c.RecvBytesInto(ctx, buf[:4]); !errors.As(err, &short) || string(short.Message) != "much too long" || string(buf) != "abc..." {
			t.Errorf("%v, %q", err, buf)
		}
		// What is too long stays.
		if _, err := c.RecvBytesMax(ctx, 4); !errors.Is(err, connection.ErrTooLarge) {
			t.Error(err)
		}
		if _, err := c.RecvBytesMax(ctx, -1); err == nil {
			t.Error("negative")
		}
		if b, err := c.RecvBytesMax(ctx, 5); string(b) != "after" || err != nil {
			t.Errorf("%q, %v", b, err)
		}
		if !s.Readable() || !s.Writable() || s.Closed() || s.Ready() {
			t.Error("not as it should be")
		}
		if fd, err := s.Fd(); err != nil || fd < 3 && runtime.GOOS != "windows" {
			t.Error(fd, err)
		}
		if pid, ok := s.PeerPID(); ok != (address == "AF_UNIX" && runtime.GOOS == "linux") || ok && pid != os.Getpid() {
			t.Error(pid, ok)
		}
		if a := c.RemoteAddress(); a == "" {
			t.Error("no address")
		}
		if _, ok := socket.TLS(c); ok {
			t.Error("TLS")
		}
		s.Close()
		if ok, err := c.Poll(ctx); !ok || err != nil {
			t.Error(ok, err)
		}
		if _, err := c.RecvBytes(ctx); err != io.EOF {
			t.Error(err)
		}
		var err error
		for err == nil {
			err = c.SendBytes(ctx, []byte("nobody"))
		}
		if !errors.Is(err, connection.ErrBrokenPipe) || !errors.Is(err, syscall.EPIPE) && runtime.GOOS != "windows" {
			t.Error(err)
		}
		for _, err := range []error{
			s.SendBytes(ctx, nil), connection.Send(ctx, s, 1), s.Close(),
			func() error { _, err := s.RecvBytes(ctx); return err }(),
			func() error { _, err := s.Fd(); return err }(),
			func() error { _, err := s.RecvFile(ctx); return err }(),
		} {
			if err != nil && !errors.Is(err, connection.ErrClosed) {
				t.Error(err)
			}
		}
		if !s.Closed() || !s.Ready() {
			t.Error("not closed")
		}
	}
}

type spot struct {
	X, Y int
	Name string `pickle:"name"`
}

// Values travel as pickles, and arrive as what is asked for.
func TestSocketValues(t *testing.T) {
	leak.Check(t)
	ctx := soon(t)
	s, c := listenAndDial(t, "AF_INET", secret)
	for _, v := range []any{
		nil, true, int64(-5), 2.25, "häh", []byte("b"), new(big.Int).Lsh(big.NewInt(1), 100),
		pickle.Tuple{int64(1), "x"}, pickle.NewList(int64(1), nil, pickle.Global{Module: "builtins", Name: "float"}),
	} {
		if err := s.Send(ctx, v); err != nil {
			t.Fatal(err)
		}
		if got, err := c.Recv(ctx); err != nil || !reflect.DeepEqual(got, v) {
			t.Errorf("%#v for %#v, %v", got, v, err)
		}
	}
	if err := connection.Send(ctx, s, spot{1, 2, "p"}); err != nil {
		t.Fatal(err)
	}
	if p, err := connection.Recv[spot](ctx, c); err != nil || p != (spot{1, 2, "p"}) {
		t.Errorf("%v, %v", p, err)
	}
	// It is bytes for who wants bytes.
	connection.Send(ctx, s, "text")
	if b, err := c.RecvBytes(ctx); err != nil || !bytes.HasPrefix(b, []byte{0x80, 4}) {
		t.Errorf("%q, %v", b, err)
	}
	// What makes no sense is an error, and the next one is there.
	s.SendBytes(ctx, []byte("no pickle"))
	connection.Send(ctx, s, "text")
	connection.Send(ctx, s, 7)
	var de *pickle.DecodeError
	if v, err := connection.Recv[string](ctx, c); !errors.As(err, &de) {
		t.Error(v, err)
	}
	if v, err := connection.Recv[int](ctx, c); err == nil {
		t.Error(v)
	}
	if v, err := connection.Recv[int](ctx, c); v != 7 || err != nil {
		t.Error(v, err)
	}
	if err := connection.Send(ctx, s, make(chan int)); err == nil || !strings.Contains(err.Error(), "chan") {
		t.Error(err)
	}
}

// A class that is not allowed is refused, and a NoCopy codec's bytes stay.
func TestSocketCodec(t *testing.T) {
	leak.Check(t)
	ctx := soon(t)
	classes := new(pickle.Classes)
	classes.Allow("good.Class")
	cfg := secret
	cfg.Codec = &pickle.Config{Classes: classes, NoCopy: true}
	s, c := listenAndDial(t, "AF_INET", cfg)
	s.Send(ctx, pickle.Global{Module: "os", Name: "system"})
	var forbidden *pickle.ForbiddenError
	if v, err := c.Recv(ctx); !errors.As(err, &forbidden) || forbidden.Global.Name != "system" {
		t.Error(v, err)
	}
	var all [][]byte
	for i := range 50 {
		connection.Send(ctx, s, bytes.Repeat([]byte{byte(i)}, 300))
		b, err := connection.Recv[[]byte](ctx, c)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b)
	}
	for i, b := range all {
		if !bytes.Equal(b, bytes.Repeat([]byte{byte(i)}, 300)) {
			t.Errorf("message %d has become %x", i, b)
		}
	}
}

func TestMaxMessage(t *testing.T) {
	leak.Check(t)
	cfg := secret
	cfg.MaxMessage = 1000
	s, c := listenAndDial(t, "AF_INET", cfg)
	s.SendBytes(soon(t), make([]byte, 1000))
	s.SendBytes(soon(t), make([]byte, 1001))
	if b, err := c.RecvBytes(soon(t)); len(b) != 1000 || err != nil {
		t.Error(len(b), err)
	}
	if _, err := c.RecvBytes(soon(t)); !errors.Is(err, connection.ErrTooLarge) {
		t.Error(err)
	}
}

func TestSocketContext(t *testing.T) {
	leak.Check(t)
	enough := errors.New("enough")
	s, c := listenAndDial(t, "AF_INET", secret)
	for name, wait := range map[string]func(ctx context.Context) error{
		"RecvBytes": func(ctx context.Context) error { _, err := c.RecvBytes(ctx); return err },
		"Recv":      func(ctx context.Context) error { _, err := connection.Recv[string](ctx, c); return err },
		"Poll":      func(ctx context.Context) error { _, err := c.Poll(ctx); return err },
		"Wait":      func(ctx context.Context) error { _, err := connection.Wait(ctx, c, c); return err },
	} {
		for range 3 {
			ctx, cancel := context.WithTimeoutCause(t.Context(), time.Millisecond, enough)
			if err := wait(ctx); !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, enough) {
				t.Errorf("%s: %v", name, err)
			}
			cancel()
		}
	}
	// Two wait for the turn, one has it; all come back.
	ctx, cancel := context.WithCancelCause(t.Context())
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			if _, err := c.RecvBytes(ctx); !errors.Is(err, enough) {
				t.Error(err)
			}
		})
	}
	cancel(enough)
	wg.Wait()
	ended, cancel2 := context.WithCancel(t.Context())
	cancel2()
	if err := s.SendBytes(ended, []byte("x")); err != nil {
		t.Error(err)
	}
	if ok, err := c.Poll(soon(t)); !ok || err != nil {
		t.Error(ok, err)
	}
	if b, err := c.RecvBytes(ended); string(b) != "x" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	// Close wakes who receives.
	wg.Go(func() {
		if _, err := c.RecvBytes(soon(t)); !errors.Is(err, connection.ErrClosed) {
			t.Error(err)
		}
	})
	wg.Go(func() {
		if r, err := connection.Wait(soon(t), c); len(r) != 1 || err != nil {
			t.Error(r, err)
		}
	})
	c.Close()
	wg.Wait()
}

// Many may use an end at once: messages are whole.
func TestSocketConcurrent(t *testing.T) {
	leak.Check(t)
	ctx := soon(t)
	s, c := listenAndDial(t, "AF_INET", secret)
	const senders, receivers, each = 4, 3, 200
	var wg, rg sync.WaitGroup
	for i := range senders {
		wg.Go(func() {
			for j := range each {
				msg := bytes.Repeat([]byte{byte(i), byte(j)}, 1+j*j%20_000)
				if err := s.SendBytes(ctx, msg); err != nil {
					t.Error(err)
				}
			}
		})
	}
	var mu sync.Mutex
	got := map[[2]byte]int{}
	for range receivers {
		rg.Go(func() {
			for {
				b, err := c.RecvBytes(ctx)
				if err == io.EOF {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				j := int(b[1])
				if len(b) != 2*(1+j*j%20_000) || !bytes.Equal(b, bytes.Repeat(b[:2], len(b)/2)) {
					t.Errorf("torn: %d bytes", len(b))
				}
				mu.Lock()
				got[[2]byte(b)]++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	s.Close()
	rg.Wait()
	if len(got) != senders*each {
		t.Errorf("%d of %d messages", len(got), senders*each)
	}
}

// Wait takes listeners and sockets, beside everything else.
func TestWaitSockets(t *testing.T) {
	leak.Check(t)
	ctx := soon(t)
	l, err := socket.Listen(ctx, "AF_INET", secret)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		c, err := socket.Dial(ctx, l.Address(), secret)
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		for i := range 30 {
			if err := connection.Send(ctx, c, i); err != nil {
				t.Error(err)
			}
			if i%3 == 0 {
				connection.Recv[int](ctx, c)
			}
		}
	}()
	objs := []connection.Waitable{l, connection.Sentinel(make(chan struct{}))}
	next := 0
	for len(objs) > 1 {
		ready, err := connection.Wait(ctx, objs...)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range ready {
			switch o := o.(type) {
			case *socket.Listener:
				c, err := o.Accept(ctx)
				if err != nil {
					t.Fatal(err)
				}
				objs = append(objs[1:], c)
			case *connection.Connection:
				i, err := connection.Recv[int](ctx, o)
				if err == io.EOF {
					o.Close()
					objs = objs[:1]
					break
				}
				if i != next || err != nil {
					t.Fatal(i, err)
				}
				if next++; i%3 == 0 {
					connection.Send(ctx, o, i)
				}
			}
		}
	}
	<-done
	if next != 30 {
		t.Errorf("%d messages", next)
	}
	l.Close()
	if r, err := connection.Wait(ctx, l); len(r) != 1 || err != nil {
		t.Error(r, err)
	}
}

func TestListenErrors(t *testing.T) {
	leak.Check(t)
	ctx := soon(t)
	bad := []socket.Config{{}, {AuthKey: []byte{}}, {AuthKey: []byte("x"), NoAuth: true}, {AuthKey: []byte("x"), Digest: "sha1"},
		{NoAuth: true, HandshakeTimeout: -1}}
	for _, cfg := range bad {
		if l, err := socket.Listen(ctx, "AF_INET", cfg); err == nil {
			l.Close()
			t.Errorf("%+v is no error", cfg)
		}
	}
	if _, err := socket.Listen(ctx, "AF_INET", socket.Config{}); !errors.Is(err, socket.ErrNoKey) {
		t.Error(err)
	}
	if _, err := socket.Dial(ctx, "127.0.0.1:1", socket.Config{}); !errors.Is(err, socket.ErrNoKey) {
		t.Error(err)
	}
	for _, a := range []string{"nowhere", "x:y", "unix:"} {
		if _, err := socket.Listen(ctx, a, secret); err == nil {
			t.Errorf("%q is no error", a)
		}
		if _, err := socket.Dial(ctx, a, secret); err == nil {
			t.Errorf("%q is no error", a)
		}
	}
	if runtime.GOOS != "windows" {
		if _, err := socket.Listen(ctx, `\\.\pipe\x`, secret); !errors.Is(err, errors.ErrUnsupported) {
			t.Error(err)
		}
	}
	if _, err := socket.Dial(ctx, filepath.Join(t.TempDir(), "nobody"), secret); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	l, err := socket.Listen(ctx, "AF_INET", secret)
	if err != nil {
		t.Fatal(err)
	}
	if l.Family() != "AF_INET" || !strings.HasPrefix(l.Address(), "127.0.0.1:") || strings.HasSuffix(l.Address(), ":0") {
		t.Error(l)
	}
	if _, ok := l.LastAccepted(); ok {
		t.Error("accepted nobody")
	}
	wrong := secret
	wrong.AuthKey = []byte("wrong")
	_, err = socket.Dial(ctx, l.Address(), wrong)
	if !errors.Is(err, socket.ErrAuthentication) || !errors.Is(err, multiprocessing.ErrAuthentication) || !errors.Is(err, multiprocessing.ErrProcess) {
		t.Error(err)
	}
	l.Close()
	if _, err := l.Accept(ctx); err != connection.ErrClosed {
		t.Error(err)
	}
	if _, err := socket.Dial(ctx, l.Address(), secret); !errors.Is(err, syscall.ECONNREFUSED) && runtime.GOOS != "windows" {
		t.Error(err)
	}
	var zero socket.Listener
	if _, err := zero.Accept(ctx); err != connection.ErrClosed || zero.Close() != nil || zero.Address() != "" {
		t.Error(err)
	}
	if len(socket.Families()) < 2 {
		t.Error(socket.Families())
	}
}

// A handshake by hand, over any Connection.
func TestChallenge(t *testing.T) {
	leak.Check(t)
	ctx := soon(t)
	ends := map[string]func() (a, b *connection.Connection){
		"socket": func() (a, b *connection.Connection) {
			return listenAndDial(t, "AF_INET", socket.Config{NoAuth: true})
		},
	}
	if runtime.GOOS == "linux" {
		ends["pipe"] = func() (a, b *connection.Connection) {
			a, b, err := connection.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			return a, b
		}
	}
	for name, open := range ends {
		for _, digest := range []string{"", "md5", "sha256", "sha384", "sha3_256", "sha3_384", "sha1"} {
			for _, key := range []string{"key", "other", ""} {
				a, b := open()
				answered := make(chan error, 1)
				go func() {
					answered <- socket.AnswerChallenge(ctx, b, []byte(key))
					b.Close()
				}()
				err := socket.DeliverChallenge(ctx, a, []byte("key"), digest)
				a.Close()
				good := key == "key" && digest != "sha1"
				if e := <-answered; (err == nil) != good || (e == nil) != good {
					t.Errorf("%s, %s, %s: %v, %v", name, digest, key, err, e)
				} else if !good && digest != "sha1" && (!errors.Is(err, socket.ErrAuthentication) || !errors.Is(e, socket.ErrAuthentication)) {
					t.Errorf("%s, %s, %s: %v, %v", name, digest, key, err, e)
				}
			}
		}
		// What is no challenge, and what is too long for one.
		for _, m := range [][]byte{[]byte("something bogus"), {}, make([]byte, 257)} {
			a, b := open()
			a.SendBytes(ctx, m)
			if err := socket.AnswerChallenge(ctx, b, []byte("key")); !errors.Is(err, socket.ErrAuthentication) {
				t.Errorf("%s: %q: %v", name, m, err)
			}
			a.SendBytes(ctx, m)
			if len(m) == 257 {
				b.RecvBytes(ctx)
			}
			if err := socket.DeliverChallenge(ctx, b, []byte("key"), ""); !errors.Is(err, socket.ErrAuthentication) {
				t.Errorf("%s: %q: %v", name, m, err)
			}
			a.Close()
			b.Close()
		}
	}
	if err := socket.DeliverChallenge(ctx, nil, nil, ""); !errors.Is(err, socket.ErrNoKey) {
		t.Error(err)
	}
	if err := socket.AnswerChallenge(ctx, nil, nil); !errors.Is(err, socket.ErrNoKey) {
		t.Error(err)
	}
}

func BenchmarkSocketRoundTrip(b *testing.B) {
	for _, address := range []string{"AF_INET", "AF_UNIX"} {
		s, c := listenAndDial(b, address, secret)
		go func() {
			for {
				v, err := connection.Recv[int](b.Context(), s)
				if err != nil {
					return
				}
				connection.Send(b.Context(), s, v)
			}
		}()
		b.Run(address, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				connection.Send(b.Context(), c, 7)
				if _, err := connection.Recv[int](b.Context(), c); err != nil {
					b.Fatal(err)
				}
			}
		})
		c.Close()
	}
}
