package python_test

import (
	"context"
	"fmt"
	"log"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/futures/python"
)

// Python works on the memory that Go has: it gets no copy, and sends none back.
func ExampleArray() {
	ctx := context.Background()
	pool, err := python.NewPool(python.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()

	// A matrix with a row for each day, and a column for each sensor.
	a, err := python.ArrayOf([]float64{
		18.5, 40, 1013,
		21.0, 35, 1009,
		23.5, 30, 1005,
	}, 3, 3)
	if err != nil {
		log.Fatal(err)
	}
	defer a.Close()

	// With numpy in the worker, python.NumPy(a) would be an ndarray there, and
	// the function m[:, 0] = m[:, 0] * 9 / 5 + 32.
	var fahrenheit = python.Inline[*python.Array[float64], struct{}](`
def fahrenheit(m):
    for row in range(m.shape[0]):
        m[row, 0] = m[row, 0] * 9 / 5 + 32
`, "fahrenheit")
	if _, err := futures.Submit(ctx, pool, fahrenheit, a).Result(ctx); err != nil {
		log.Fatal(err)
	}
	fmt.Println(a, a.Slice()[a.Index(1, 0)])
	// Output: python.Array[float64](3, 3) 69.8
}

// A function makes an array in shared memory and returns it, beside other things.
// Whoever gets it closes it.
func ExampleArray_result() {
	ctx := context.Background()
	pool, err := python.NewPool(python.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()

	type primes struct {
		Sieve *python.Array[bool]
		Count int
	}
	var sieve = python.Inline[int, primes](`
import conex_worker

def sieve(n):
    prime = conex_worker.array("?", n)
    prime[2:] = memoryview(bytes([1]) * (n - 2)).cast("?")
    for p in range(2, int(n ** 0.5) + 1):
        if prime[p]:
            for i in range(p * p, n, p):
                prime[i] = False
    return {"sieve": prime, "count": sum(prime)}
`, "sieve")
	p, err := futures.Submit(ctx, pool, sieve, 1000).Result(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer p.Sieve.Close()
	fmt.Println(p.Count, p.Sieve.Slice()[997], p.Sieve.Slice()[999])
	// Output: 168 true false
}
