package connection_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"slices"
	"time"
	"unsafe"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/multiprocessing"
	"github.com/conexgo/conex/multiprocessing/connection"
)

// Greet runs in a process of its own.
var greet = conex.Register("test/connection/greet", func(ctx context.Context, conn *connection.Connection) (bool, error) {
	defer conn.Close()
	name, err := connection.Recv[string](ctx, conn)
	if err != nil {
		return false, err
	}
	return true, connection.Send(ctx, conn, "hello, "+name)
})

// A conversation with another process.
func Example() {
	ctx := context.Background()
	here, there, err := connection.Pipe()
	if err != nil {
		log.Fatal(err)
	}
	defer here.Close()
	p, err := multiprocessing.Go(ctx, greet.Bind(there))
	if err != nil {
		log.Fatal(err)
	}
	there.Close() // the other process has it now, and we can see when it is gone

	connection.Send(ctx, here, "bob")
	answer, err := connection.Recv[string](ctx, here)
	fmt.Println(answer, err)
	_, err = connection.Recv[string](ctx, here)
	fmt.Println(err)
	fmt.Println(p.Join(ctx))
	// Output:
	// hello, bob <nil>
	// EOF
	// <nil>
}

// What Python's documentation shows of connections: objects, bytes, and an
// array that is received into a longer one.
func ExampleConnection() {
	ctx := context.Background()
	a, b, err := connection.Pipe()
	if err != nil {
		log.Fatal(err)
	}
	defer a.Close()
	defer b.Close()

	a.Send(ctx, []any{1, "hello", nil})
	fmt.Println(b.Recv(ctx))

	b.SendBytes(ctx, []byte("thank you"))
	thanks, _ := a.RecvBytes(ctx)
	fmt.Printf("%s\n", thanks)

	arr1 := []int32{0, 1, 2, 3, 4}
	arr2 := make([]int32, 10)
	a.SendBytes(ctx, memory(arr1))
	count, _ := b.RecvBytesInto(ctx, memory(arr2))
	fmt.Println(count == len(memory(arr1)), count, arr2)
	// Output:
	// [1 hello <nil>] <nil>
	// thank you
	// true 20 [0 1 2 3 4 0 0 0 0 0]
}

// memory is the bytes of a.
func memory(a []int32) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(a))), 4*len(a))
}

// An exampleJob is what one of the writers gets.
type exampleJob struct {
	Name string
	Conn *connection.Connection
}

// An exampleLine is what the writers send.
type exampleLine struct {
	I    int
	Name string
}

var write = conex.Register("test/connection/write", func(ctx context.Context, j exampleJob) (bool, error) {
	defer j.Conn.Close()
	for i := range 10 {
		if err := connection.Send(ctx, j.Conn, exampleLine{i, j.Name}); err != nil {
			return false, err
		}
	}
	return true, nil
})

// Four processes write, each to a pipe of its own; one waits for all four, until
// each has come to its end.
func ExampleWait() {
	ctx := context.Background()
	var readers []connection.Waitable
	for i := range 4 {
		r, w, err := connection.OneWayPipe()
		if err != nil {
			log.Fatal(err)
		}
		name := fmt.Sprintf("Process-%d", i+1)
		p, err := multiprocessing.Go(ctx, write.Bind(exampleJob{name, w}), multiprocessing.WithName(name))
		if err != nil {
			log.Fatal(err)
		}
		defer p.Join(ctx)
		w.Close() // only the other process has it now
		readers = append(readers, r)
	}

	messages := map[string][]int{}
	for len(readers) > 0 {
		ready, err := connection.Wait(ctx, readers...)
		if err != nil {
			log.Fatal(err)
		}
		for _, r := range ready {
			conn := r.(*connection.Connection)
			m, err := connection.Recv[exampleLine](ctx, conn)
			if err == io.EOF {
				conn.Close()
				readers = slices.DeleteFunc(readers, func(x connection.Waitable) bool { return x == r })
				continue
			}
			if err != nil {
				log.Fatal(err)
			}
			messages[m.Name] = append(messages[m.Name], m.I)
		}
	}
	fmt.Println(messages)
	// Output:
	// map[Process-1:[0 1 2 3 4 5 6 7 8 9] Process-2:[0 1 2 3 4 5 6 7 8 9] Process-3:[0 1 2 3 4 5 6 7 8 9] Process-4:[0 1 2 3 4 5 6 7 8 9]]
}

func ExampleBufferTooShortError() {
	ctx := context.Background()
	a, b, err := connection.Pipe()
	if err != nil {
		log.Fatal(err)
	}
	defer a.Close()
	defer b.Close()

	a.SendBytes(ctx, []byte("hello world"))
	buf := make([]byte, 5)
	_, err = b.RecvBytesInto(ctx, buf)
	var short *connection.BufferTooShortError
	if errors.As(err, &short) {
		fmt.Printf("%s\n", short.Message)
	}
	// Output: hello world
}

// A message of another type than expected is not lost.
func ExampleMismatchError() {
	ctx := context.Background()
	a, b, err := connection.Pipe()
	if err != nil {
		log.Fatal(err)
	}
	defer a.Close()
	defer b.Close()

	connection.Send(ctx, a, 7)
	_, err = connection.Recv[string](ctx, b)
	fmt.Println(err)
	fmt.Println(connection.Recv[int](ctx, b))
	// Output:
	// connection: the next message has another type: it was sent as int and asked for as string; it has not been received
	// 7 <nil>
}

func ExampleOneWayPipe() {
	ctx := context.Background()
	r, w, err := connection.OneWayPipe()
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	fmt.Println(r.Readable(), r.Writable(), w.Readable(), w.Writable())
	connection.Send(ctx, w, 1)
	w.Close()
	fmt.Println(connection.Recv[int](ctx, r))
	fmt.Println(connection.Recv[int](ctx, r))
	fmt.Println(connection.Send(ctx, r, 2))
	// Output:
	// true false false true
	// 1 <nil>
	// 0 EOF
	// connection: this end can only receive
}

// Waiting for a message, or for something else to be over.
func ExampleSentinel() {
	ctx := context.Background()
	a, b, err := connection.Pipe()
	if err != nil {
		log.Fatal(err)
	}
	defer a.Close()
	defer b.Close()
	work, finish := context.WithTimeout(ctx, time.Millisecond)
	defer finish()

	over := connection.Sentinel(work.Done())
	ready, err := connection.Wait(ctx, a, over)
	fmt.Println(len(ready), ready[0] == over, err)
	// Output: 1 true <nil>
}
