package connection_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/futures/process"
	"github.com/conexgo/conex/multiprocessing/connection"
)

// echo sends back what it gets until the end of the file.
var echo = conex.Register("test/connection/echo", func(ctx context.Context, c *connection.Connection) (int, error) {
	defer c.Close()
	buf := make([]byte, 4<<20)
	for i := 0; ; i++ {
		n, err := c.RecvBytesInto(ctx, buf)
		if errors.Is(err, io.EOF) {
			return i, nil
		}
		if err != nil {
			return i, err
		}
		if err := c.SendBytes(ctx, buf[:n]); err != nil {
			return i, err
		}
	}
})

// sink receives until the end of the file.
var sink = conex.Register("test/connection/sink", func(ctx context.Context, c *connection.Connection) (int, error) {
	defer c.Close()
	buf := make([]byte, 4<<20)
	for i := 0; ; i++ {
		_, err := c.RecvBytesInto(ctx, buf)
		if errors.Is(err, io.EOF) {
			return i, nil
		}
		if err != nil {
			return i, err
		}
	}
})

// fullSink is sink with memory of its own for each message.
var fullSink = conex.Register("test/connection/fullSink", func(ctx context.Context, c *connection.Connection) (int, error) {
	defer c.Close()
	for i := 0; ; i++ {
		_, err := c.RecvBytes(ctx)
		if errors.Is(err, io.EOF) {
			return i, nil
		}
		if err != nil {
			return i, err
		}
	}
})

// newPool returns a pool that is closed with the test. It has one worker: when
// there are several, a task may move from one to another, and what was sent to
// the first is closed some time later.
func newPool(t testing.TB) *process.Pool {
	t.Helper()
	p, err := process.NewPool(process.Config{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := p.ShutdownNow(ctx); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
	})
	return p
}

// closes closes connections with the test.
func closes(t testing.TB, cs ...*connection.Connection) {
	t.Cleanup(func() {
		for i, c := range cs {
			c.Close()
			cs[i] = nil // the test keeps this function, and so the memory
		}
	})
}

func pipe(t testing.TB) (a, b *connection.Connection) {
	t.Helper()
	a, b, err := connection.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	closes(t, a, b)
	return a, b
}

// give runs f in another process with one end of a pipe, which this process
// closes, and returns the other end.
func give[R any](t testing.TB, p *process.Pool, f *conex.Func[*connection.Connection, R]) (*connection.Connection, *futures.Future[R]) {
	t.Helper()
	a, b := pipe(t)
	fut := futures.Submit(t.Context(), p, f, b)
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	return a, fut
}
