package socket_test

import (
	"context"
	"errors"
	"io"
	"os"
	"testing"
	"time"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/multiprocessing/connection"
)

func TestSendFile(t *testing.T) {
	leak.Check(t)
	ctx := soon(t)
	s, c := listenAndDial(t, "AF_UNIX", secret)
	// Descriptors between messages, each in its place.
	for i := range 20 {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		s.SendBytes(ctx, make([]byte, 100*i))
		if err := s.SendFile(ctx, r); err != nil {
			t.Fatal(err)
		}
		s.SendBytes(ctx, []byte("after"))
		r.Close()
		w.WriteString("hello")
		w.Close()
		if b, err := c.RecvBytes(ctx); len(b) != 100*i || err != nil {
			t.Fatal(len(b), err)
		}
		f, err := c.RecvFile(ctx)
		if err != nil {
			t.Fatal(i, err)
		}
		if b, err := io.ReadAll(f); string(b) != "hello" || err != nil {
			t.Errorf("%q, %v", b, err)
		}
		f.Close()
		if _, err := c.RecvFile(ctx); !errors.Is(err, connection.ErrNoFile) {
			t.Error(err)
		}
		if b, err := c.RecvBytes(ctx); string(b) != "after" || err != nil {
			t.Errorf("%q, %v", b, err)
		}
	}
	// Several under way, more than are kept, and those that nobody fetches.
	for range 12 {
		if err := s.SendFile(ctx, os.Stderr); err != nil {
			t.Fatal(err)
		}
	}
	for range 12 {
		f, err := c.RecvFile(ctx)
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	for range 40 {
		s.SendFile(ctx, os.Stderr)
	}
	c.Poll(ctx)
	if err := s.SendFile(ctx, (*os.File)(nil)); err == nil {
		t.Error("nil was sent")
	}
	ctx2, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := s.RecvFile(ctx2); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	s.Close()
}

func TestSendFileUnsupported(t *testing.T) {
	leak.Check(t)
	ctx := soon(t)
	x, y := listenAndDial(t, "AF_INET", secret)
	a, b, err := connection.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	defer b.Close()
	u, v := listenAndDial(t, "AF_UNIX", secret)
	recvFile := func(c *connection.Connection) error { _, err := c.RecvFile(ctx); return err }
	recvConn := func(c *connection.Connection) error { _, err := c.RecvConnection(ctx); return err }
	for i, err := range []error{
		x.SendFile(ctx, os.Stdin), a.SendFile(ctx, os.Stdin), recvFile(y), recvFile(b), recvConn(y),
		x.SendConnection(ctx, u), u.SendConnection(ctx, a),
	} {
		if !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%d: %v", i, err)
		}
	}
	if _, err := a.Fd(); !errors.Is(err, errors.ErrUnsupported) {
		t.Error(err)
	}
	// After a failure, it is as it was.
	u.Send(ctx, "u")
	if s, err := v.Recv(ctx); s != "u" || err != nil {
		t.Error(s, err)
	}
	// No socket, and one that has received.
	u.SendFile(ctx, os.Stdin)
	if err := recvConn(v); err == nil {
		t.Error("standard input is no socket")
	}
	y.SendBytes(ctx, []byte("unread"))
	x.Poll(ctx)
	if err := u.SendConnection(ctx, x); !errors.Is(err, connection.ErrUnread) {
		t.Error(err)
	}
	if b, err := x.RecvBytes(ctx); string(b) != "unread" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
}

func TestSendSocket(t *testing.T) {
	leak.Check(t)
	ctx := soon(t)
	u, v := listenAndDial(t, "AF_UNIX", secret)
	x, y := listenAndDial(t, "AF_INET", secret)
	if err := u.SendConnection(ctx, u); err == nil || ctx.Err() != nil {
		t.Error("sent over itself:", err)
	}
	if err := u.SendConnection(ctx, x); err != nil {
		t.Fatal(err)
	}
	z, err := v.RecvConnection(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	if err := z.SendBytes(ctx, []byte("moved")); err != nil {
		t.Fatal(err)
	}
	if b, err := y.RecvBytes(ctx); string(b) != "moved" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	short, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := z.RecvBytes(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err) // it does not block
	}
}

// A Connection over a socket is an argument of a process, and what is sent
// through a pipe.
func TestSocketToProcess(t *testing.T) {
	leak.Check(t)
	ctx := soon(t)
	p := newPool(t)
	s, c := listenAndDial(t, "AF_INET", secret)
	fut := futures.Submit(ctx, p, echo, s)
	s.Close()
	c.SendBytes(ctx, []byte("to the process"))
	if b, err := c.RecvBytes(ctx); string(b) != "to the process" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	c.Close()
	if n, err := fut.Result(ctx); n != 1 || err != nil {
		t.Error(n, err)
	}

	a, b, err := connection.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	defer b.Close()
	s, c = listenAndDial(t, "AF_UNIX", secret)
	if err := connection.Send(ctx, a, s); err != nil {
		t.Fatal(err)
	}
	s.Close()
	got, err := connection.Recv[*connection.Connection](ctx, b)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Close()
	got.SendBytes(ctx, []byte("through a pipe"))
	if b, err := c.RecvBytes(ctx); string(b) != "through a pipe" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	got.SendBytes(ctx, []byte("unread"))
	c.Poll(ctx)
	if err := connection.Send(ctx, a, c); !errors.Is(err, connection.ErrUnread) {
		t.Error(err)
	}
}
