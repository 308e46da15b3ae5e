package managers_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/multiprocessing/managers"
	"github.com/conexgo/conex/pickle"
	"github.com/conexgo/conex/queue"
	"github.com/conexgo/conex/threading"
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

func ExampleQueue() {
	ctx := context.Background()
	m, end := serve(ctx, managers.SyncTypes)
	defer end()
	q := must(managers.NewQueue[int](ctx, m, 2))
	check(q.Put(ctx, 1))
	check(q.Put(ctx, 2))
	fmt.Println(errors.Is(q.TryPut(ctx, 3), queue.ErrFull))

	check(q.ShutDown(ctx))
	for v, err := range q.All(ctx) {
		fmt.Println(v, err)
	}
	short, cancel := context.WithTimeout(ctx, time.Millisecond)
	defer cancel()
	_, err := q.Get(short)
	fmt.Println(errors.Is(err, queue.ErrShutDown))
	// Output:
	// true
	// 1 <nil>
	// 2 <nil>
	// true
}

func ExampleJoinableQueue() {
	ctx := context.Background()
	m, end := serve(ctx, managers.SyncTypes)
	defer end()
	q := must(managers.NewJoinableQueue[int](ctx, m, 0))
	for i := range 3 {
		check(q.Put(ctx, i))
	}
	var worker sync.WaitGroup
	worker.Go(func() {
		for range 3 {
			fmt.Println("done", must(q.Get(ctx)))
			check(q.TaskDone(ctx))
		}
	})
	check(q.Join(ctx))
	fmt.Println("all done")
	worker.Wait() // for the answer to its last call
	// Output:
	// done 0
	// done 1
	// done 2
	// all done
}

func ExampleDict() {
	ctx := context.Background()
	m, end := serve(ctx, managers.SyncTypes)
	defer end()
	ages := must(managers.NewDict(ctx, m, map[string]int{"Ada": 36}))
	check(ages.Set(ctx, "Alan", 41))
	age, ok, err := ages.Get(ctx, "Ada")
	fmt.Println(age, ok, err)
	_, ok, err = ages.Get(ctx, "Bob")
	fmt.Println(ok, err)
	for name, age := range must(ages.All(ctx)) {
		fmt.Println(name, age)
	}
	// Output:
	// 36 true <nil>
	// false <nil>
	// Ada 36
	// Alan 41
}

func ExampleList() {
	ctx := context.Background()
	m, end := serve(ctx, managers.SyncTypes)
	defer end()
	squares := must(managers.NewList[int](ctx, m))
	for i := range 10 {
		check(squares.Append(ctx, i*i))
	}
	fmt.Println(must(squares.At(ctx, 4)), must(squares.Slice(ctx, 2, 5)), must(squares.At(ctx, -1)))
	_, err := squares.At(ctx, 20)
	fmt.Println(err, errors.Is(err, pickle.IndexError))
	// Output:
	// 16 [4 9 16] 81
	// IndexError: list index out of range true
}

// A plain item is a copy; one that is shared itself is not.
func ExampleList_nested() {
	ctx := context.Background()
	m, end := serve(ctx, managers.SyncTypes)
	defer end()
	plain := must(managers.NewList(ctx, m, []int{1}))
	copied := must(plain.At(ctx, 0))
	copied[0] = 2 // changes nothing that is shared
	fmt.Println(must(plain.Copy(ctx)))

	inner := must(managers.NewList(ctx, m, 1))
	outer := must(managers.NewList(ctx, m, inner))
	item := must(outer.At(ctx, 0))
	check(item.SetAt(ctx, 0, 2))
	fmt.Println(must(inner.Copy(ctx)))
	// Output:
	// [[1]]
	// [2]
}

func ExampleSet() {
	ctx := context.Background()
	m, end := serve(ctx, managers.SyncTypes)
	defer end()
	seen := must(managers.NewSet(ctx, m, "a", "b"))
	check(seen.Add(ctx, "c"))
	fmt.Println(must(seen.Has(ctx, "c")), must(seen.Len(ctx)))
	common := must(seen.Intersection(ctx, "b", "c", "d"))
	slices.Sort(common)
	fmt.Println(common)
	// Output:
	// true 3
	// [b c]
}

func ExampleLock() {
	ctx := context.Background()
	m, end := serve(ctx, managers.SyncTypes)
	defer end()
	lock := must(managers.NewLock(ctx, m))
	check(lock.With(ctx, func(ctx context.Context) error {
		fmt.Println(must(lock.TryAcquire(ctx)))
		return nil
	}))
	fmt.Println(errors.Is(lock.Release(ctx), threading.ErrNotLocked))
	// Output:
	// false
	// true
}

func ExampleRLock() {
	ctx, leave := threading.Adopt(context.Background()) // who may have the lock
	defer leave()
	m, end := serve(ctx, managers.SyncTypes)
	defer end()
	lock := must(managers.NewRLock(ctx, m))
	check(lock.With(ctx, func(ctx context.Context) error {
		return lock.With(ctx, func(context.Context) error {
			fmt.Println("twice")
			return nil
		})
	}))
	// Output: twice
}

func ExampleSemaphore() {
	ctx := context.Background()
	m, end := serve(ctx, managers.SyncTypes)
	defer end()
	s := must(managers.NewSemaphore(ctx, m, 2))
	check(s.Acquire(ctx))
	check(s.Acquire(ctx))
	fmt.Println(must(s.TryAcquire(ctx)))
	check(s.Release(ctx))
	fmt.Println(must(s.TryAcquire(ctx)))
	// Output:
	// false
	// true
}

func ExampleBoundedSemaphore() {
	ctx := context.Background()
	m, end := serve(ctx, managers.SyncTypes)
	defer end()
	s := must(managers.NewBoundedSemaphore(ctx, m, 1))
	fmt.Println(errors.Is(s.Release(ctx), threading.ErrReleasedTooOften))
	// Output: true
}

func ExampleCondition() {
	ctx, leave := threading.Adopt(context.Background())
	defer leave()
	m, end := serve(ctx, managers.SyncTypes)
	defer end()
	changed := must(managers.NewCondition(ctx, m, nil))
	ready := must(managers.NewValue(ctx, m, false))

	check(changed.Acquire(ctx))
	t := must(threading.Go(ctx, func(ctx context.Context) error {
		return changed.With(ctx, func(ctx context.Context) error {
			check(ready.Set(ctx, true))
			return changed.NotifyAll(ctx)
		})
	}))
	check(changed.WaitFor(ctx, func() bool { return must(ready.Get(ctx)) }))
	fmt.Println("ready")
	check(changed.Release(ctx))
	check(t.Join(ctx))
	// Output: ready
}

func ExampleEvent() {
	ctx := context.Background()
	m, end := serve(ctx, managers.SyncTypes)
	defer end()
	started := must(managers.NewEvent(ctx, m))
	go func() { check(started.Set(ctx)) }()
	check(started.Wait(ctx))
	fmt.Println(must(started.IsSet(ctx)))
	// Output: true
}

func ExampleBarrier() {
	ctx := context.Background()
	m, end := serve(ctx, managers.SyncTypes)
	defer end()
	b := must(managers.NewBarrier(ctx, m, 2))
	other := make(chan int)
	go func() { other <- must(b.Wait(ctx)) }()
	fmt.Println(must(b.Wait(ctx)) + <-other)
	// Output: 1
}

func ExampleNamespace() {
	ctx := context.Background()
	m, end := serve(ctx, managers.SyncTypes)
	defer end()
	global := must(managers.NewNamespace(ctx, m, managers.Kwds{"x": 10}))
	check(global.Set(ctx, "y", "hello"))
	fmt.Println(must(global.Proxy().Describe(ctx)))
	fmt.Println(must(managers.Attr[int](ctx, global, "x")) + 1)
	// Output:
	// Namespace(x=10, y='hello')
	// 11
}

func ExampleValue() {
	ctx := context.Background()
	m, end := serve(ctx, managers.SyncTypes)
	defer end()
	v := must(managers.NewValue(ctx, m, 1.5))
	check(v.Set(ctx, 2*must(v.Get(ctx))))
	fmt.Println(must(v.Get(ctx)))
	// Output: 3
}

func ExampleArray() {
	ctx := context.Background()
	m, end := serve(ctx, managers.SyncTypes)
	defer end()
	a := must(managers.NewArray[int32](ctx, m, 1, 2, 3))
	check(a.SetAt(ctx, -1, 30))
	fmt.Println(must(a.Copy(ctx)))
	// Output: [1 2 30]
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

// poolTypes has a function that pools can run. Python calls it shapes.square.
func poolTypes() *managers.Types {
	types := managers.NewTypes("", managers.SyncTypes)
	managers.Function(types, "shapes.square", futures.Local(func(_ context.Context, x int) (int, error) {
		return x * x, nil
	}))
	return types
}

func ExamplePool() {
	ctx := context.Background()
	m, end := serve(ctx, poolTypes())
	defer end()
	pool := must(managers.NewPool[int](ctx, m, 2))
	fmt.Println(must(pool.Apply(ctx, "shapes.square", 7)))
	fmt.Println(must(pool.Map(ctx, "shapes.square", []int{1, 2, 3})))
	for x, err := range must(pool.IMap(ctx, "shapes.square", []int{4, 5})).All(ctx) {
		fmt.Println(x, err)
	}
	check(pool.Finish(ctx))
	check(pool.Join(ctx))
	// Output:
	// 49
	// [1 4 9]
	// 16 <nil>
	// 25 <nil>
}

func ExampleAsyncResult() {
	ctx := context.Background()
	m, end := serve(ctx, poolTypes())
	defer end()
	pool := must(managers.NewPool[int](ctx, m, 2))
	result := must(pool.ApplyAsync(ctx, "shapes.square", 7))
	check(result.Wait(ctx))
	fmt.Println(must(result.Successful(ctx)), must(result.Get(ctx)))
	check(pool.Terminate(ctx))
	// Output: true 49
}
