package futures_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/futures"
)

// A function with a name can run in every engine.
var Square = conex.Register("example.square", square)

func square(_ context.Context, x int) (int, error) { return x * x, nil }

func check(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func Example() {
	ctx := context.Background()
	pool, err := futures.NewThreadPool(futures.ThreadConfig{Workers: 4}) // or process.NewPool(process.Config{Workers: 4})
	check(err)
	defer pool.Close()

	f := futures.Submit(ctx, pool, Square, 7)
	v, err := f.Result(ctx)
	fmt.Println(v, err)

	for v, err := range futures.Map(ctx, pool, Square, slices.Values([]int{1, 2, 3})) {
		fmt.Println(v, err)
	}
	// Output:
	// 49 <nil>
	// 1 <nil>
	// 4 <nil>
	// 9 <nil>
}

// The code that uses an executor need not know which engine it has.
func ExampleExecutor() {
	sum := func(ctx context.Context, ex futures.Executor, numbers []int) (total int, err error) {
		for v, err := range futures.Map(ctx, ex, Square, slices.Values(numbers)) {
			if err != nil {
				return 0, err
			}
			total += v
		}
		return total, nil
	}
	threads, err := futures.NewThreadPool(futures.ThreadConfig{})
	check(err)
	defer threads.Close()
	isolated, err := futures.NewIsolatedPool(futures.ThreadConfig{})
	check(err)
	defer isolated.Close()
	for _, ex := range []futures.Executor{threads, isolated} {
		fmt.Println(sum(context.Background(), ex, []int{1, 2, 3, 4}))
	}
	// Output:
	// 30 <nil>
	// 30 <nil>
}

func ExampleFuture() {
	ctx := context.Background()
	pool, err := futures.NewThreadPool(futures.ThreadConfig{Workers: 1})
	check(err)
	defer pool.Close()

	started, hold := make(chan bool), make(chan bool)
	first := futures.Go(ctx, pool, func(context.Context) (string, error) {
		close(started)
		<-hold
		return "done", nil
	})
	second := futures.Submit(ctx, pool, Square, 2)
	<-started
	fmt.Println(first, second)

	fmt.Println("cancel:", first.Cancel(), second.Cancel())

	short, cancel := context.WithTimeout(ctx, time.Millisecond)
	defer cancel()
	_, err = first.Result(short)
	fmt.Println("waited in vain:", errors.Is(err, futures.ErrStillRunning))

	first.AddDoneCallback(func(f *futures.Future[string]) { fmt.Println("callback:", f) })
	close(hold)
	v, err := first.Result(ctx)
	pool.Close() // the callback may run a moment later
	fmt.Println(v, err)
	_, err = second.Result(ctx)
	fmt.Println(err)
	// Unordered output:
	// Future(running) Future(pending)
	// cancel: false true
	// waited in vain: true
	// callback: Future(finished: string)
	// done <nil>
	// futures: cancelled
}

// Those who write an executor make futures and finish them.
func ExampleNewFuture() {
	f := futures.NewFuture[int]()
	go func() {
		if ok, err := f.SetRunningOrNotifyCancel(); !ok {
			fmt.Println("cancelled, or a mistake:", err)
			return
		}
		f.SetResult(42)
	}()
	v, err := f.Result(context.Background())
	fmt.Println(v, err, f.State())
	fmt.Println(f.SetResult(43))
	// Output:
	// 42 <nil> finished
	// futures: invalid state: SetResult on a finished future
}

func ExampleThreadPool() {
	pool, err := futures.NewThreadPool(futures.ThreadConfig{
		Workers: 2,
		Name:    "fetch",
		Init: func(ctx context.Context) error {
			// Whatever each worker needs before its first call.
			return nil
		},
	})
	check(err)
	ctx := context.Background()
	name, err := futures.Go(ctx, pool, func(ctx context.Context) (string, error) {
		return futures.ThreadName(ctx), nil
	}).Result(ctx)
	fmt.Println(name, err)

	fmt.Println(pool.Shutdown(ctx))
	st := pool.Stats()
	fmt.Println("done:", st.Done, "failed:", st.Failed, "workers:", st.Workers)
	err = futures.Submit(ctx, pool, Square, 1).Err(ctx)
	fmt.Println(err, errors.Is(err, futures.ErrShutdown))
	// Output:
	// fetch_0 <nil>
	// <nil>
	// done: 1 failed: 0 workers: 0
	// futures: executor is shut down true
}

// An isolated pool shows in a test what another process would do to a call.
func ExampleNewIsolatedPool() {
	pool, err := futures.NewIsolatedPool(futures.ThreadConfig{})
	check(err)
	defer pool.Close()
	ctx := context.Background()

	words := []string{"shared", "or", "not"}
	n, err := futures.Submit(ctx, pool, clearAll, words).Result(ctx)
	fmt.Println(n, err, words)

	err = futures.Go(ctx, pool, func(context.Context) (int, error) { return 1, nil }).Err(ctx)
	fmt.Println(errors.Is(err, futures.ErrNotEncodable))
	// Output:
	// 3 <nil> [shared or not]
	// true
}

var clearAll = conex.Register("example.clearAll", func(_ context.Context, words []string) (int, error) {
	clear(words)
	return len(words), nil
})

// A closure can be called on a thread pool.
func ExampleLocal() {
	pool, err := futures.NewThreadPool(futures.ThreadConfig{})
	check(err)
	defer pool.Close()
	factor := 10
	times := futures.Local(func(_ context.Context, x int) (int, error) { return factor * x, nil })
	for v := range futures.Map(context.Background(), pool, times, slices.Values([]int{1, 2, 3})) {
		fmt.Println(v)
	}
	// Output:
	// 10
	// 20
	// 30
}

// An item that fails does not end a map.
func ExampleMap() {
	pool, err := futures.NewThreadPool(futures.ThreadConfig{})
	check(err)
	defer pool.Close()
	half := futures.Local(func(_ context.Context, x int) (int, error) {
		if x%2 != 0 {
			return 0, fmt.Errorf("%d is odd", x)
		}
		return x / 2, nil
	})
	naturals := func(yield func(int) bool) { // for ever
		for i := 0; yield(i); i++ {
		}
	}
	n := 0
	for v, err := range futures.Map(context.Background(), pool, half, naturals) {
		fmt.Println(v, err)
		if n++; n == 4 {
			break // cancels what has been read ahead
		}
	}
	// Output:
	// 0 <nil>
	// 0 1 is odd
	// 1 <nil>
	// 0 3 is odd
}

func ExampleMapUnordered() {
	pool, err := futures.NewThreadPool(futures.ThreadConfig{})
	check(err)
	defer pool.Close()
	sleep := futures.Local(func(ctx context.Context, d time.Duration) (string, error) {
		time.Sleep(d)
		return "slept", nil
	})
	times := []time.Duration{100 * time.Millisecond, time.Millisecond}
	for it, err := range futures.MapUnordered(context.Background(), pool, sleep, slices.Values(times)) {
		fmt.Println(it.Index, it.Arg, it.Value, err)
	}
	// Output:
	// 1 1ms slept <nil>
	// 0 100ms slept <nil>
}

// Zip makes pairs for functions of two arguments.
func ExampleZip() {
	pool, err := futures.NewThreadPool(futures.ThreadConfig{})
	check(err)
	defer pool.Close()
	repeat := futures.Local(func(_ context.Context, p futures.Pair[string, int]) (string, error) {
		return strings.Repeat(p.First, p.Second), nil
	})
	words, counts := slices.Values([]string{"ab", "-", "never"}), slices.Values([]int{2, 5})
	for v := range futures.Map(context.Background(), pool, repeat, futures.Zip(words, counts)) {
		fmt.Println(v)
	}
	// Output:
	// abab
	// -----
}

// The time of a task counts from its start, and its end is the task's own
// error; a wait that ran out is another thing.
func ExampleTaskTimeout() {
	pool, err := futures.NewThreadPool(futures.ThreadConfig{})
	check(err)
	defer pool.Close()
	ctx := context.Background()
	f := futures.Go(ctx, pool, func(ctx context.Context) (int, error) {
		<-ctx.Done()
		return 0, ctx.Err()
	}, futures.TaskTimeout(time.Millisecond))
	err = f.Err(ctx)
	fmt.Println(err, errors.Is(err, futures.ErrStillRunning))
	// Output: context deadline exceeded false
}

func ExampleWait() {
	pool, err := futures.NewThreadPool(futures.ThreadConfig{})
	check(err)
	defer pool.Close()
	ctx := context.Background()
	number := futures.Submit(ctx, pool, Square, 3)
	text := futures.Go(ctx, pool, func(context.Context) (string, error) { return "text", nil })
	done, pending, err := futures.Wait(ctx, futures.AllCompleted, number, text)
	fmt.Println(len(done), len(pending), err)

	forever := futures.NewFuture[int]()
	short, cancel := context.WithTimeout(ctx, time.Millisecond)
	defer cancel()
	done, pending, err = futures.Wait(short, futures.AllCompleted, number, forever)
	fmt.Println(len(done), len(pending), err)
	done, _, err = futures.Wait(ctx, futures.FirstCompleted, number, forever)
	fmt.Println(len(done), err)
	// Output:
	// 2 0 <nil>
	// 1 1 futures: still running: 1 (of 2) futures unfinished: context deadline exceeded
	// 1 <nil>
}

func ExamplePanicError() {
	pool, err := futures.NewThreadPool(futures.ThreadConfig{})
	check(err)
	defer pool.Close()
	ctx := context.Background()
	err = futures.Go(ctx, pool, func(context.Context) (int, error) {
		var m map[string]int
		m["boom"] = 1 //lint:ignore SA5000 the panic is what the example is about
		return 0, nil
	}).Err(ctx)
	var p *futures.PanicError
	if errors.As(err, &p) {
		fmt.Println(p)
		fmt.Println("has a stack:", strings.Contains(string(p.Stack), "ExamplePanicError"))
	}
	// Output:
	// futures: task panicked: assignment to entry in nil map
	// has a stack: true
}
