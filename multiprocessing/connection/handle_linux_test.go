package connection_test

import (
	"context"
	"errors"
	"io"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/multiprocessing/connection"
)

type parcel struct {
	Name string
	C    *connection.Connection
	List []*connection.Connection
	Mem  *conex.Buffer
	Any  any
}

// A Connection goes through a Connection, and works on the other side.
func TestSendConnection(t *testing.T) {
	leak.Check(t)
	ctx := within(t, 20*time.Second)
	a, b := pipe(t)
	for range 3 {
		x, y, err := connection.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := connection.Send(ctx, a, y); err != nil {
			t.Fatal(err)
		}
		y.Close()
		if ok, _ := x.TryPoll(); ok {
			t.Error("an end that is on its way is gone")
		}
		z, err := connection.Recv[*connection.Connection](ctx, b)
		if err != nil {
			t.Fatal(err)
		}
		connection.Send(ctx, z, "through both")
		z.Close()
		if s, err := connection.Recv[string](ctx, x); s != "through both" || err != nil {
			t.Errorf("got %q, %v", s, err)
		}
		if _, err := x.Recv(ctx); err != io.EOF {
			t.Errorf("at the end: %v", err)
		}
		x.Close()
	}
}

// What is never received is closed with the connection that it is in.
func TestSendAndForget(t *testing.T) {
	leak.Check(t)
	ctx := within(t, 20*time.Second)
	a, b := pipe(t)
	x, y := pipe(t)
	connection.Send(ctx, a, y)
	y.Close()
	a.Close()
	b.Close()
	if _, err := x.RecvBytes(ctx); err != io.EOF {
		t.Errorf("got %v", err)
	}
}

// Through itself, too: then only closing both ends its life.
func TestSendItself(t *testing.T) {
	leak.Check(t)
	ctx := within(t, 20*time.Second)
	a, b := pipe(t)
	for _, c := range []*connection.Connection{a, b} {
		if err := connection.Send(ctx, a, c); err != nil {
			t.Fatal(err)
		}
		d, err := connection.Recv[*connection.Connection](ctx, b)
		if err != nil {
			t.Fatal(err)
		}
		if d == c || d.Closed() {
			t.Error("it came as itself")
		}
		connection.Send(ctx, d, "x")
		if c == a {
			connection.Recv[string](ctx, b)
		} else {
			connection.Recv[string](ctx, a)
		}
		d.Close()
	}
}

func TestParcels(t *testing.T) {
	leak.Check(t)
	ctx := within(t, 30*time.Second)
	p := newPool(t)
	a, fut := give(t, p, answers)
	for round := range 3 {
		mem, err := conex.NewBuffer(100)
		if err != nil {
			t.Fatal(err)
		}
		out := parcel{Name: "p", Mem: mem}
		var ours []*connection.Connection
		for i := range 20 {
			x, y := pipe(t)
			ours = append(ours, x)
			if i == 0 {
				out.C = y
			} else {
				out.List = append(out.List, y)
			}
		}
		if round == 1 {
			out.Name = string(make([]byte, 300_000)) // large, with descriptors
		}
		if err := connection.Send(ctx, a, out); err != nil {
			t.Fatal(err)
		}
		for _, c := range append(out.List, out.C) {
			c.Close()
		}
		for i, x := range ours {
			if n, err := connection.Recv[int](ctx, x); n != len(out.Name) || err != nil {
				t.Errorf("connection %d: %d, %v", i, n, err)
			}
			if _, err := connection.Recv[int](ctx, x); err != io.EOF {
				t.Errorf("connection %d: %v", i, err)
			}
		}
		if mem.Bytes()[50] != 7 {
			t.Error("the buffer was not written to")
		}
		mem.Close()
	}
	a.Close()
	if n, err := fut.Result(ctx); n != 3 || err != nil {
		t.Errorf("%d parcels, %v", n, err)
	}
}

var answers = conex.Register("test/connection/answers", func(ctx context.Context, c *connection.Connection) (n int, err error) {
	defer c.Close()
	for ; ; n++ {
		p, err := connection.Recv[parcel](ctx, c)
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		p.Mem.Bytes()[50] = 7
		p.Mem.Close()
		for _, x := range append(p.List, p.C) {
			if err := connection.Send(ctx, x, len(p.Name)); err != nil {
				return n, err
			}
			x.Close()
		}
	}
})

func init() { conex.RegisterType[*connection.Connection]("test/connection.Connection") }

// Values of any type can hold connections as well.
func TestAnyHandle(t *testing.T) {
	leak.Check(t)
	ctx := within(t, 20*time.Second)
	a, b := pipe(t)
	x, y := pipe(t)
	if err := a.Send(ctx, []any{1, y}); err != nil {
		t.Fatal(err)
	}
	v, err := b.Recv(ctx)
	if err != nil {
		t.Fatal(err)
	}
	z := v.([]any)[1].(*connection.Connection)
	z.SendBytes(ctx, []byte("here"))
	if got, err := x.RecvBytes(ctx); string(got) != "here" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	z.Close()
}

// More descriptors than a packet takes are refused, fewer are not, and they do
// not get stuck when nobody receives.
func TestManyHandles(t *testing.T) {
	leak.Check(t)
	ctx := within(t, 20*time.Second)
	a, b := pipe(t)
	_, y := pipe(t)
	list := make([]*connection.Connection, 300)
	for i := range list {
		list[i] = y
	}
	if err := connection.Send(ctx, a, list); !errors.Is(err, connection.ErrTooManyHandles) {
		t.Errorf("300: %v", err)
	}
	sent := 0
	for ; sent < 10_000; sent++ {
		if err := connection.Send(over(), a, list[:2]); err != nil {
			if !errors.Is(err, context.Canceled) && !errors.Is(err, unix.ETOOMANYREFS) {
				t.Errorf("sending until it is full: %v", err)
			}
			break
		}
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 20 {
			if err := connection.Send(ctx, a, list[:2]); err != nil && !errors.Is(err, unix.ETOOMANYREFS) {
				t.Error(err)
			}
		}
		a.Close()
	}()
	got := 0
	for ; ; got++ {
		two, err := connection.Recv[[]*connection.Connection](ctx, b)
		if err == io.EOF {
			break
		}
		if err != nil || len(two) != 2 {
			t.Fatalf("message %d: %v, %v", got, two, err)
		}
		for _, c := range two {
			c.Close()
		}
	}
	<-done
	if got < sent {
		t.Errorf("%d of %d", got, sent)
	}
}

// Without descriptors left nothing is lost.
func TestDescriptorsExhausted(t *testing.T) {
	leak.Check(t)
	ctx := within(t, 20*time.Second)
	a, b := pipe(t)
	_, y := pipe(t)
	connection.Send(ctx, a, y)
	a.SendBytes(ctx, make([]byte, 300_000))
	var lim unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &lim); err != nil {
		t.Fatal(err)
	}
	few := lim
	few.Cur = uint64(firstFree(t))
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &few); err != nil {
		t.Fatal(err)
	}
	_, err1 := connection.Recv[*connection.Connection](ctx, b)
	err2 := a.SendBytes(ctx, make([]byte, 300_000))
	_, _, err3 := connection.Pipe()
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &lim); err != nil {
		t.Fatal(err)
	}
	for i, err := range []error{err1, err2, err3} {
		if !errors.Is(err, unix.EMFILE) {
			t.Errorf("%d: %v", i, err)
		}
	}
	z, err := connection.Recv[*connection.Connection](ctx, b)
	if err != nil {
		t.Fatal(err)
	}
	z.Close()
	if got, err := b.RecvBytes(ctx); len(got) != 300_000 || err != nil {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if ok, _ := b.TryPoll(); ok {
		t.Error("what failed was sent all the same")
	}
}

// firstFree is the smallest number that no descriptor has, and all below do.
func firstFree(t *testing.T) int {
	f, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	unix.Close(n)
	return min(n, int(f.Fd()))
}
