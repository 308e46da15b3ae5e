package process_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/futures/process"
)

var isPrime = conex.Register("example.isPrime", func(_ context.Context, n int64) (bool, error) {
	if n < 2 {
		return false, nil
	}
	if n%2 == 0 {
		return n == 2, nil
	}
	for i := int64(3); i <= int64(math.Sqrt(float64(n))); i += 2 {
		if n%i == 0 {
			return false, nil
		}
	}
	return true, nil
})

// The example of Python's ProcessPoolExecutor. In a program, the first line of
// main is conex.Main(run); here TestMain calls conex.Init.
func Example() {
	primes := []int64{112272535095293, 112582705942171, 112272535095293, 115280095190773, 115797848077099, 1099726899285419}
	pool, err := process.NewPool(process.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close()
	i := 0
	for prime, err := range futures.Map(context.Background(), pool, isPrime, slices.Values(primes)) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%d is prime: %v\n", primes[i], prime)
		i++
	}
	// Output:
	// 112272535095293 is prime: true
	// 112582705942171 is prime: true
	// 112272535095293 is prime: true
	// 115280095190773 is prime: true
	// 115797848077099 is prime: true
	// 1099726899285419 is prime: false
}

// A deadline ends a task that does not listen, and nothing else.
func ExamplePool() {
	pool, err := process.NewPool(process.Config{Workers: 2, Grace: 50 * time.Millisecond})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close()
	ctx := context.Background()
	hopeless := futures.Submit(ctx, pool, deaf, struct{}{}, futures.TaskTimeout(100*time.Millisecond))
	fine := futures.Submit(ctx, pool, inc, 41)

	fmt.Println(fine.Result(ctx))
	_, err = hopeless.Result(ctx)
	fmt.Println(errors.Is(err, context.DeadlineExceeded), errors.Is(err, futures.ErrWorkerDied))
	// Output:
	// 42 <nil>
	// true true
}

// A crash can be retried; here it happens each time.
func ExampleRetry() {
	pool, err := process.NewPool(process.Config{Workers: 1, OnDeath: process.Retry(2), Stderr: io.Discard})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close()
	ctx := context.Background()
	_, err = futures.Submit(ctx, pool, exit, 3).Result(ctx)
	var died *futures.WorkerDiedError
	if errors.As(err, &died) {
		fmt.Println("exit code", died.ExitCode, "attempts", died.Attempts)
	}
	// Output: exit code 3 attempts 3
}

func ExamplePool_Stats() {
	pool, err := process.NewPool(process.Config{Workers: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close()
	ctx := context.Background()
	for i := range 10 {
		futures.Submit(ctx, pool, inc, i).Result(ctx)
	}
	s := pool.Stats()
	fmt.Println(s.Done, "done,", s.Failed, "failed,", s.Restarts, "restarts")
	// Output: 10 done, 0 failed, 0 restarts
}
