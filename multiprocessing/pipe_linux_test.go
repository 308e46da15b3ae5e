package multiprocessing_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"testing"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/multiprocessing"
	"github.com/conexgo/conex/multiprocessing/connection"
)

func TestPipe(t *testing.T) {
	leak.Check(t)
	ctx := t.Context()
	for _, both := range []bool{true, false} {
		open := multiprocessing.OneWayPipe
		if both {
			open = multiprocessing.Pipe
		}
		a, b, err := open()
		if err != nil {
			t.Fatal(err)
		}
		if !a.Readable() || a.Writable() != both || b.Readable() != both || !b.Writable() {
			t.Errorf("both ways %v: %v, %v", both, a, b)
		}
		connection.Send(ctx, b, 1)
		if x, err := connection.Recv[int](ctx, a); x != 1 || err != nil {
			t.Errorf("both ways %v: %v, %v", both, x, err)
		}
		a.Close()
		b.Close()
	}
}

var pipeChild = conex.Register("test/pipe/child", func(ctx context.Context, conn *connection.Connection) (bool, error) {
	defer conn.Close()
	return true, conn.Send(ctx, []any{42, nil, "hello"})
})

func ExamplePipe() {
	ctx := context.Background()
	parent, child, err := multiprocessing.Pipe()
	if err != nil {
		log.Fatal(err)
	}
	defer parent.Close()
	p, err := multiprocessing.Go(ctx, pipeChild.Bind(child))
	if err != nil {
		log.Fatal(err)
	}
	child.Close() // the other process has it

	fmt.Println(parent.Recv(ctx))
	p.Join(ctx)
	// Output: [42 <nil> hello] <nil>
}

// A process that waits until it is told to go on, or killed.
var pipeWaiter = conex.Register("test/pipe/waiter", func(ctx context.Context, conn *connection.Connection) (bool, error) {
	defer conn.Close()
	connection.Send(ctx, conn, "here")
	_, err := connection.Recv[int](ctx, conn)
	return err == nil, err
})

// Processes and connections are waited for together.
func TestWaitForProcess(t *testing.T) {
	leak.Check(t)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for _, kill := range []bool{false, true} {
		a, b, err := multiprocessing.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		p, err := multiprocessing.Go(ctx, pipeWaiter.Bind(b))
		if err != nil {
			t.Fatal(err)
		}
		b.Close()
		if s, err := connection.Recv[string](ctx, a); s != "here" || err != nil {
			t.Fatalf("got %q, %v", s, err)
		}
		end, err := p.Sentinel()
		if err != nil {
			t.Fatal(err)
		}
		over, stop := context.WithCancel(ctx)
		stop()
		if r, err := connection.Wait(over, a, end); r != nil || err == nil {
			t.Errorf("kill %v: %v, %v before anything happened", kill, r, err)
		}
		if kill {
			p.Kill()
		} else {
			connection.Send(ctx, a, 1)
		}
		// Its end of the pipe may be gone a little before it is.
		for ready := []connection.Waitable(nil); len(ready) < 2; {
			if _, err = connection.Wait(ctx, end); err != nil {
				t.Fatal(err)
			}
			if ready, err = connection.Wait(ctx, a, end); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := connection.Recv[int](ctx, a); err != io.EOF {
			t.Errorf("kill %v: %v", kill, err)
		}
		if code, ok := p.ExitCode(); !ok || (code == 0) == kill {
			t.Errorf("kill %v: exit code %d, %v", kill, code, ok)
		}
		p.Close()
		a.Close()
	}
}
