package pool_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"maps"
	"slices"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/futures/process"
	"github.com/conexgo/conex/multiprocessing"
	"github.com/conexgo/conex/multiprocessing/pool"
)

// Functions that worker processes run are registered, in package variables.
var (
	Square = conex.Register("example/square", func(_ context.Context, x int) (int, error) { return x * x, nil })
	Sleep  = conex.Register("example/sleep", func(ctx context.Context, d time.Duration) (int, error) {
		select {
		case <-time.After(d):
		case <-ctx.Done():
		}
		return 0, ctx.Err()
	})
	Pow = conex.Register("example/pow", pool.Star2(func(_ context.Context, base, exp int) (int, error) {
		p := 1
		for range exp {
			p *= base
		}
		return p, nil
	}))
)

// within gives examples a deadline: a program uses the ctx of conex.Main.
func exampleContext() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), time.Minute)
}

// The first example of Python's documentation: with Pool(5) as p:
// print(p.map(f, [1, 2, 3])).
func Example() {
	ctx, cancel := exampleContext()
	defer cancel()
	p, err := pool.New(pool.Config{Processes: 5})
	if err != nil {
		log.Fatal(err)
	}
	defer p.Terminate()
	fmt.Println(pool.Map(ctx, p, Square, []int{1, 2, 3}))
	// Output: [1 4 9] <nil>
}

// The tour of Python's chapter on process pools.
func ExamplePool_tour() {
	ctx, cancel := exampleContext()
	defer cancel()
	p, err := pool.New(pool.Config{Processes: 4})
	if err != nil {
		log.Fatal(err)
	}
	defer p.Terminate()

	// Squares of 0 to 9.
	numbers := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}
	squares, err := pool.Map(ctx, p, Square, numbers)
	fmt.Println(squares, err)

	// The same in arbitrary order.
	sum := 0
	for y, err := range pool.IMapUnordered(ctx, p, Square, slices.Values(numbers)).All(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		sum += y
	}
	fmt.Println("their sum is", sum)

	// One call, not waited for at once.
	res := pool.ApplyAsync(ctx, p, Square, 20)
	fmt.Println(res.Get(ctx))

	// Several calls, which may use several processes.
	var several []*pool.AsyncResult[int]
	for range 4 {
		several = append(several, pool.ApplyAsync(ctx, p, pid, 0))
	}
	pids := make(map[int]bool)
	for _, r := range several {
		id, err := r.Get(ctx)
		if err != nil {
			log.Fatal(err)
		}
		pids[id] = true
	}
	fmt.Println("between 1 and 4 processes:", len(pids) >= 1 && len(pids) <= 4)

	// A worker that sleeps for 10 seconds, and somebody who waits for less.
	slow := pool.ApplyAsync(ctx, p, Sleep, 10*time.Second)
	short, stop := context.WithTimeout(ctx, 10*time.Millisecond)
	defer stop()
	if _, err := slow.Get(short); errors.Is(err, multiprocessing.ErrTimeout) {
		fmt.Println("We lacked patience and got a multiprocessing.ErrTimeout")
	}
	fmt.Println("For the moment, the pool remains available for more work")
	fmt.Println(pool.Apply(ctx, p, Square, 5))

	p.Terminate() // where Python's with statement ends
	_, err = pool.Apply(ctx, p, Square, 5)
	fmt.Println("Now the pool is closed and no longer available:", errors.Is(err, pool.ErrNotRunning))
	// Output:
	// [0 1 4 9 16 25 36 49 64 81] <nil>
	// their sum is 285
	// 400 <nil>
	// between 1 and 4 processes: true
	// We lacked patience and got a multiprocessing.ErrTimeout
	// For the moment, the pool remains available for more work
	// 25 <nil>
	// Now the pool is closed and no longer available: true
}

// The example of the reference of Python's pools.
func ExamplePool_reference() {
	ctx, cancel := exampleContext()
	defer cancel()
	p, err := pool.New(pool.Config{Processes: 4})
	if err != nil {
		log.Fatal(err)
	}
	defer p.Terminate()

	result := pool.ApplyAsync(ctx, p, Square, 10) // evaluate f(10) in one process
	fmt.Println(result.Get(ctx))                  // unless the machine is very slow

	fmt.Println(pool.Map(ctx, p, Square, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}))

	it := pool.IMap(ctx, p, Square, slices.Values([]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}))
	fmt.Println(it.Next(ctx))
	fmt.Println(it.Next(ctx))
	second, stop := context.WithTimeout(ctx, 20*time.Second)
	fmt.Println(it.Next(second))
	stop()

	slow := pool.ApplyAsync(ctx, p, Sleep, 10*time.Second)
	short, stop := context.WithTimeout(ctx, 10*time.Millisecond)
	defer stop()
	_, err = slow.Get(short)
	fmt.Println(errors.Is(err, multiprocessing.ErrTimeout))
	// Output:
	// 100 <nil>
	// [0 1 4 9 16 25 36 49 64 81] <nil>
	// 0 <nil>
	// 1 <nil>
	// 4 <nil>
	// true
}

// What Python calls with a function and a tuple of arguments.
type task struct {
	Op   string
	A, B float64
}

var errDivision = errors.New("division by zero")

func init() { conex.RegisterError("example/division", errDivision) }

var (
	Calculate = conex.Register("example/calculate", func(ctx context.Context, t task) (string, error) {
		r := t.A * t.B
		if t.Op == "plus" {
			r = t.A + t.B
		}
		if pool.WorkerName(ctx) == "" {
			return "", errors.New("not in a worker")
		}
		return fmt.Sprintf("%s(%v, %v) = %v", t.Op, t.A, t.B, r), nil
	})
	Cube    = conex.Register("example/cube", func(_ context.Context, x int) (int, error) { return x * x * x, nil })
	Inverse = conex.Register("example/inverse", func(_ context.Context, x int) (float64, error) {
		if x == 5 {
			return 0, errDivision
		}
		return 1 / (float64(x) - 5), nil
	})
)

// The long demonstration of Python's pools: asynchronous calls, the three maps,
// what becomes of errors, and waits that run out.
func ExamplePool_demonstration() {
	ctx, cancel := exampleContext()
	defer cancel()
	p, err := pool.New(pool.Config{Processes: 4})
	if err != nil {
		log.Fatal(err)
	}
	defer p.Terminate()
	fmt.Println("pool =", p)

	var tasks []task
	for i := range 10 {
		tasks = append(tasks, task{"mul", float64(i), 7})
	}
	for i := range 10 {
		tasks = append(tasks, task{"plus", float64(i), 8})
	}
	var results []*pool.AsyncResult[string]
	for _, t := range tasks {
		results = append(results, pool.ApplyAsync(ctx, p, Calculate, t))
	}
	ordered := pool.IMap(ctx, p, Calculate, slices.Values(tasks))
	unordered := pool.IMapUnordered(ctx, p, Calculate, slices.Values(tasks))
	seen := make(map[string]int)
	for i, r := range results {
		a, err := r.Get(ctx)
		b, err2 := ordered.Next(ctx)
		c, err3 := unordered.Next(ctx)
		if err := errors.Join(err, err2, err3); err != nil || a != b {
			log.Fatal(a, b, err)
		}
		seen[c]++
		if i%9 == 0 {
			fmt.Println(a)
		}
	}
	fmt.Println("unordered:", len(slices.Sorted(maps.Keys(seen))), "results")

	fmt.Println(pool.Map(ctx, p, Cube, []int{0, 1, 2, 3, 4}))

	// Errors come out where the results would.
	_, err = pool.Apply(ctx, p, Inverse, 5)
	fmt.Println("apply:", err, errors.Is(err, errDivision))
	_, err = pool.Map(ctx, p, Inverse, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9})
	fmt.Println("map:", err)
	for i, it := 0, pool.IMap(ctx, p, Inverse, slices.Values([]int{3, 4, 5, 6})); ; i++ {
		v, err := it.Next(ctx)
		if err == pool.ErrStop {
			break
		}
		fmt.Println("imap:", v, err)
	}

	// Waits that run out, while the calls go on.
	short, stop := context.WithTimeout(ctx, time.Millisecond)
	defer stop()
	r := pool.ApplyAsync(ctx, p, Sleep, 100*time.Millisecond)
	_, err = r.Get(short)
	fmt.Println("get:", errors.Is(err, multiprocessing.ErrTimeout))
	it := pool.IMap(ctx, p, Sleep, slices.Values([]time.Duration{100 * time.Millisecond}))
	_, err = it.Next(short)
	fmt.Println("next:", errors.Is(err, multiprocessing.ErrTimeout))
	fmt.Println(it.Next(ctx))

	p.Close()
	fmt.Println(p.Join(ctx), p)
	// Output:
	// pool = Pool(state=RUN, size=4)
	// mul(0, 7) = 0
	// mul(9, 7) = 63
	// plus(8, 8) = 16
	// unordered: 20 results
	// [0 1 8 27 64] <nil>
	// apply: division by zero true
	// map: division by zero
	// imap: -0.5 <nil>
	// imap: -1 <nil>
	// imap: 0 division by zero
	// imap: 1 <nil>
	// get: true
	// next: true
	// 0 <nil>
	// <nil> Pool(state=CLOSE, size=4)
}

func ExampleThreadPool() {
	ctx := context.Background()
	p, err := pool.NewThreadPool(pool.ThreadConfig{Processes: 2})
	if err != nil {
		log.Fatal(err)
	}
	defer p.Terminate()
	greeting := "hello, "
	greet := futures.Local(func(_ context.Context, name string) (string, error) { return greeting + name, nil })
	fmt.Println(pool.Map(ctx, p, greet, []string{"world", "moon"}))
	// Output: [hello, world hello, moon] <nil>
}

func ExampleAsyncResult_OnResult() {
	ctx := context.Background()
	p, err := pool.NewThreadPool(pool.ThreadConfig{Processes: 2})
	if err != nil {
		log.Fatal(err)
	}
	defer p.Terminate()
	show := func(y int) { fmt.Println("it is", y) }
	complain := func(err error) { fmt.Println("it failed:", err) }
	pool.ApplyAsync(ctx, p, Square, 7).OnResult(show).OnError(complain).Wait(ctx)
	pool.ApplyAsync(ctx, p, Inverse, 5).OnError(complain).Wait(ctx)
	// Output:
	// it is 49
	// it failed: division by zero
}

func ExampleStarMap2() {
	ctx, cancel := exampleContext()
	defer cancel()
	p, err := pool.New(pool.Config{Processes: 2})
	if err != nil {
		log.Fatal(err)
	}
	defer p.Terminate()
	fmt.Println(pool.StarMap2(ctx, p, Pow, []futures.Pair[int, int]{{First: 2, Second: 10}, {First: 3, Second: 4}}))
	// Output: [1024 81] <nil>
}

// A pool over an executor with settings of its own.
func ExampleOver() {
	ctx, cancel := exampleContext()
	defer cancel()
	ex, err := process.NewPool(process.Config{Workers: 2, OnDeath: process.Retry(3)})
	if err != nil {
		log.Fatal(err)
	}
	p, err := pool.Over(ex)
	if err != nil {
		log.Fatal(err)
	}
	defer p.Terminate()
	fmt.Println(pool.Map(ctx, p, Square, []int{1, 2, 3}))
	// Output: [1 4 9] <nil>
}

func ExampleIterator() {
	ctx := context.Background()
	p, err := pool.NewThreadPool(pool.ThreadConfig{Processes: 2})
	if err != nil {
		log.Fatal(err)
	}
	defer p.Terminate()
	naturals := func(yield func(int) bool) {
		for i := 0; yield(i); i++ {
		}
	}
	it := pool.IMap(ctx, p, Square, naturals)
	defer it.Close()
	for y, err := range it.All(ctx) {
		if err != nil || y > 20 {
			break
		}
		fmt.Print(y, " ")
	}
	// Output: 0 1 4 9 16
}

var Secret = conex.Register("example/secret", func(context.Context, string) (any, error) {
	return struct{ hidden int }{42}, nil // no type that another process could know
})

func ExampleEncodingError() {
	ctx, cancel := exampleContext()
	defer cancel()
	p, err := pool.New(pool.Config{Processes: 2})
	if err != nil {
		log.Fatal(err)
	}
	defer p.Terminate()
	_, err = pool.Apply(ctx, p, Secret, "please")
	var e *pool.EncodingError
	fmt.Println(errors.As(err, &e), e.Func)
	fmt.Println(pool.Apply(ctx, p, Square, 3)) // the worker is well
	// Output:
	// true example/secret
	// 9 <nil>
}

func ExampleTriple() {
	ctx := context.Background()
	p, err := pool.NewThreadPool(pool.ThreadConfig{Processes: 2})
	if err != nil {
		log.Fatal(err)
	}
	defer p.Terminate()
	sum := futures.Local(pool.Star3(func(_ context.Context, a int, b float64, c int) (float64, error) {
		return float64(a) + b + float64(c), nil
	}))
	fmt.Println(pool.StarMap3(ctx, p, sum, []pool.Triple[int, float64, int]{{1, 0.5, 2}, {3, 0.25, 4}}))
	// Output: [3.5 7.25] <nil>
}
