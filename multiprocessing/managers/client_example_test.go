package managers_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/conexgo/conex/multiprocessing/managers"
	"github.com/conexgo/conex/pickle"
)

// exampleKey is the authkey of the examples. A real one is random, and secret.
var exampleKey = []byte("abracadabra")

// serve runs a server of some types in this process and connects to it. The
// programs that share things are usually others, also Python's; for an example
// one is enough.
func serve(ctx context.Context, types *managers.Types) (m *managers.Manager, end func()) {
	srv, err := managers.Listen(ctx, managers.Config{AuthKey: exampleKey, Types: types})
	if err != nil {
		panic(err)
	}
	done := make(chan error)
	go func() { done <- srv.Serve(ctx) }()
	m, err = managers.Connect(ctx, srv.Address(), managers.ClientConfig{AuthKey: exampleKey})
	if err != nil {
		panic(err)
	}
	return m, func() {
		m.Close()
		srv.Close()
		if err := <-done; err != nil {
			panic(err)
		}
	}
}

// check keeps the examples short.
func check(err error) {
	if err != nil {
		panic(err)
	}
}

func must[T any](v T, err error) T {
	check(err)
	return v
}

// A server with one queue for all, and two clients of it. Either of the three
// could be a Python program.
func Example() {
	ctx := context.Background()
	types := managers.NewTypes("")
	types.Register("get_queue", managers.QueueType, managers.Shared())
	srv := must(managers.Listen(ctx, managers.Config{Address: "127.0.0.1:0", AuthKey: exampleKey, Types: types}))
	done := make(chan error)
	go func() { done <- srv.Serve(ctx) }()

	// One program puts.
	m1 := must(managers.Connect(ctx, srv.Address(), managers.ClientConfig{AuthKey: exampleKey}))
	q1 := managers.QueueOf[string](must(m1.Create(ctx, "get_queue")))
	check(q1.Put(ctx, "hello"))
	check(m1.Close())

	// Another one gets.
	m2 := must(managers.Connect(ctx, srv.Address(), managers.ClientConfig{AuthKey: exampleKey}))
	q2 := managers.QueueOf[string](must(m2.Create(ctx, "get_queue")))
	fmt.Println(must(q2.Get(ctx)))

	check(m2.Shutdown(ctx))
	check(<-done)
	// Output: hello
}

func ExampleConnect() {
	ctx := context.Background()
	m, end := serve(ctx, managers.SyncTypes)
	defer end()
	_, err := managers.Connect(ctx, m.Address(), managers.ClientConfig{AuthKey: []byte("open sesame")})
	fmt.Println(err != nil)
	fmt.Println(m.Ping(ctx))
	// Output:
	// true
	// <nil>
}

func ExampleManager() {
	ctx := context.Background()
	m, end := serve(ctx, managers.SyncTypes)
	defer end()
	p := must(m.Create(ctx, "Event"))
	fmt.Println(must(m.NumberOfObjects(ctx)))
	check(p.Close())
	fmt.Println(must(m.NumberOfObjects(ctx)))
	// Output:
	// 1
	// 0
}

// Maths is a type of the program's own.
type Maths struct{}

func (*Maths) Add(x, y int) int { return x + y }

func (*Maths) Div(x, y int) (int, error) {
	if y == 0 {
		return 0, pickle.ZeroDivisionError.New("division by zero")
	}
	return x / y, nil
}

func ExampleCall() {
	ctx := context.Background()
	types := managers.NewTypes("")
	types.Register("Maths", func() *Maths { return &Maths{} })
	m, end := serve(ctx, types)
	defer end()

	maths := must(m.Create(ctx, "Maths"))
	fmt.Println(must(managers.Call[int](ctx, maths, "add", 4, 3)))
	_, err := managers.Call[int](ctx, maths, "div", 1, 0)
	fmt.Println(err, errors.Is(err, pickle.ArithmeticError))
	// Output:
	// 7
	// ZeroDivisionError: division by zero true
}

func ExampleProxy() {
	ctx := context.Background()
	m, end := serve(ctx, managers.SyncTypes)
	defer end()
	p := must(m.Create(ctx, "list", []int{1, 4, 9}))
	defer p.Close()
	check(p.Close())
	_, err := p.Call(ctx, "append", 16)
	fmt.Println(errors.Is(err, managers.ErrClosed))

	p = must(m.Create(ctx, "list", []int{1, 4, 9}))
	must(p.Call(ctx, "append", 16))
	fmt.Println(must(p.Describe(ctx)))
	_, err = p.Call(ctx, "explode")
	fmt.Println(errors.Is(err, managers.ErrRemote))
	// Output:
	// true
	// [1, 4, 9, 16]
	// true
}

// Proxies travel: here a queue for the answer is in the request.
func ExampleProxy_asValue() {
	ctx := context.Background()
	m, end := serve(ctx, managers.SyncTypes)
	defer end()

	type request struct {
		Word   string                  `pickle:"word"`
		Answer *managers.Queue[string] `pickle:"answer"`
	}
	requests := must(managers.NewQueue[request](ctx, m, 0))
	go func() {
		r := must(requests.Get(ctx))
		defer r.Answer.Close()
		check(r.Answer.Put(ctx, r.Word+"!"))
	}()

	answers := must(managers.NewQueue[string](ctx, m, 1))
	check(requests.Put(ctx, request{"hello", answers}))
	fmt.Println(must(answers.Get(ctx)))
	// Output: hello!
}

// Countdown has a method whose result stays in the server.
type Countdown struct{ from int }

func (c *Countdown) Numbers() func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for i := c.from; i > 0 && yield(i); i-- {
		}
	}
}

func ExampleIterator() {
	ctx := context.Background()
	types := managers.NewTypes("", managers.SyncTypes)
	types.Register("Countdown", func(from int) *Countdown { return &Countdown{from} },
		managers.ReturnsProxy("numbers", "Iterator"))
	m, end := serve(ctx, types)
	defer end()
	c := must(m.Create(ctx, "Countdown", 3))
	numbers := must(managers.Call[*managers.Iterator[int]](ctx, c, "numbers"))
	for i, err := range numbers.All(ctx) {
		fmt.Println(i, err)
	}
	// Output:
	// 3 <nil>
	// 2 <nil>
	// 1 <nil>
}
