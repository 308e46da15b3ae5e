package multiprocessing_test

import (
	"context"
	"fmt"
	"log"
	"testing"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/futures/process"
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
	pool, err := process.NewPool(process.Config{Workers: 1})
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()
	parent, child, err := multiprocessing.Pipe()
	if err != nil {
		log.Fatal(err)
	}
	defer parent.Close()
	task := futures.Submit(ctx, pool, pipeChild, child)
	child.Close() // the other process has it

	fmt.Println(parent.Recv(ctx))
	task.Result(ctx)
	// Output: [42 <nil> hello] <nil>
}
