package python_test

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/futures/python"
	"github.com/conexgo/conex/pickle"
)

// Functions of Python's library, called in a worker process.
func Example() {
	pool, err := python.NewPool(python.Config{Workers: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close()

	ctx := context.Background()
	gcd := python.Func[python.Args, int]("math:gcd")
	n, err := futures.Submit(ctx, pool, gcd, python.Args{1071, 462}).Result(ctx)
	fmt.Println(n, err)

	gamma := python.Func[float64, float64]("math:gamma")
	y, err := futures.Submit(ctx, pool, gamma, 5).Result(ctx)
	fmt.Println(y, err)
	// Output:
	// 21 <nil>
	// 24 <nil>
}

// Many calls, spread over the workers; the results come in the order of the
// arguments.
func ExampleFunc_map() {
	pool := newPool(python.Config{Workers: 2})
	defer pool.Close()
	lower := python.Func[string, string]("builtins:str.casefold")
	words := slices.Values([]string{"Straße", "ÉTÉ", "Go"})
	for word, err := range futures.Map(context.Background(), pool, lower, words) {
		fmt.Println(word, err)
	}
	// Output:
	// strasse <nil>
	// été <nil>
	// go <nil>
}

// Positional arguments.
func ExampleArgs() {
	pool := newPool(python.Config{Workers: 1})
	defer pool.Close()
	ctx := context.Background()
	pow := python.Func[python.Args, int]("builtins:pow")
	fmt.Println(futures.Submit(ctx, pool, pow, python.Args{323, 1235, 1000}).Result(ctx))
	// Output: 507 <nil>
}

// A struct with tags is an argument list. It has the names that the function gives
// its arguments.
func ExampleFunc_keywords() {
	pool := newPool(python.Config{Workers: 1})
	defer pool.Close()
	type shorten struct {
		Text        string `python:",positional"`
		Width       int    `python:"width"`
		Placeholder string `python:"placeholder,omitempty"`
	}
	ctx := context.Background()
	f := python.Func[shorten, string]("textwrap:shorten")
	fmt.Println(futures.Submit(ctx, pool, f, shorten{Text: "Hello  world of Python!", Width: 12}).Result(ctx))
	fmt.Println(futures.Submit(ctx, pool, f, shorten{"Hello  world of Python!", 14, "..."}).Result(ctx))
	// Output:
	// Hello [...] <nil>
	// Hello world... <nil>
}

// Keyword arguments whose names are known at run time only.
func ExampleCall() {
	pool := newPool(python.Config{Workers: 1})
	defer pool.Close()
	ctx := context.Background()
	dumps := python.Func[python.Call, string]("json:dumps")
	call := python.Call{
		Args:   []any{map[string]any{"b": []int{1, 2}, "a": nil}},
		Kwargs: map[string]any{"sort_keys": true},
	}
	fmt.Println(futures.Submit(ctx, pool, dumps, call).Result(ctx))
	// Output: {"a": null, "b": [1, 2]} <nil>
}

// A dict becomes a struct, by the names of its fields.
func ExampleFunc_results() {
	pool := newPool(python.Config{Workers: 1})
	defer pool.Close()
	type person struct {
		Name string
		Tags []string
	}
	ctx := context.Background()
	loads := python.Func[string, person]("json:loads")
	fmt.Println(futures.Submit(ctx, pool, loads, `{"name": "Ada", "tags": ["x", "y"], "more": 1}`).Result(ctx))

	whatever := python.Func[string, any]("json:loads")
	v, err := futures.Submit(ctx, pool, whatever, `[1, null, {"a": 2.5}]`).Result(ctx)
	fmt.Println(pickle.Repr(v), err)
	// Output:
	// {Ada [x y]} <nil>
	// [1, None, {'a': 2.5}] <nil>
}

// Small things need no file. What is a value goes into the argument, not into the
// text.
func ExampleExpr() {
	pool := newPool(python.Config{Workers: 1})
	defer pool.Close()
	ctx := context.Background()
	mean := python.Expr[[]float64, float64]("sum(x) / len(x)")
	fmt.Println(futures.Submit(ctx, pool, mean, []float64{1, 2, 6}).Result(ctx))

	type circle struct {
		Radius float64 `python:"r"`
	}
	area := python.Expr[circle, string]("format(math.pi * r ** 2, '.3f')")
	fmt.Println(futures.Submit(ctx, pool, area, circle{2}).Result(ctx))
	// Output:
	// 3 <nil>
	// 12.566 <nil>
}

// What belongs to the Go program that calls it can stand beside the call.
func ExampleInline() {
	pool := newPool(python.Config{Workers: 1})
	defer pool.Close()
	ctx := context.Background()
	top := python.Inline[python.Args, []futures.Pair[string, int]](`
		import collections, re

		WORD = re.compile(r"\w+")

		def top(text, n):
		    counted = collections.Counter(WORD.findall(text.lower()))
		    return counted.most_common(n)
	`, "top")
	fmt.Println(futures.Submit(ctx, pool, top, python.Args{"The cat and the dog and the bird", 2}).Result(ctx))
	// Output: [{the 3} {and 2}] <nil>
}

// An async function is awaited, on a loop that its worker keeps.
func ExampleInline_async() {
	pool := newPool(python.Config{Workers: 1})
	defer pool.Close()
	ctx := context.Background()
	both := python.Inline[python.Args, []string](`
		import asyncio

		async def fetch(name, delay):
		    await asyncio.sleep(delay)
		    return name

		async def both(first, second):
		    return await asyncio.gather(fetch(first, 0.02), fetch(second, 0.01))
	`, "both")
	fmt.Println(futures.Submit(ctx, pool, both, python.Args{"a", "b"}).Result(ctx))
	// Output: [a b] <nil>
}

// An exception is an error with a class, a message, and a place.
func ExampleError() {
	pool := newPool(python.Config{Workers: 1})
	defer pool.Close()
	ctx := context.Background()
	get := python.Inline[string, int](`
		prices = {"pen": 3}

		def price(item):
		    return prices[item]
	`, "price")
	_, err := futures.Submit(ctx, pool, get, "ink").Result(ctx)
	fmt.Println(errors.Is(err, pickle.KeyError), errors.Is(err, pickle.LookupError), errors.Is(err, pickle.ValueError))
	if e, ok := errors.AsType[*python.Error](err); ok {
		fmt.Printf("%s: %s, line %d in %s\n", e.Type, e.Message, e.Line, e.Function)
	}
	// Output:
	// true true false
	// builtins.KeyError: 'ink', line 5 in price
}

// Classes of one's own are told by their names.
func ExampleExceptionType() {
	pool := newPool(python.Config{Workers: 1})
	defer pool.Close()
	ctx := context.Background()
	parse := python.Func[string, any]("json:loads")
	_, err := futures.Submit(ctx, pool, parse, "{").Result(ctx)
	fmt.Println(errors.Is(err, python.ExceptionType("json.decoder.JSONDecodeError")), errors.Is(err, pickle.ValueError))
	// Output: true true
}

// A generator is read while it runs. Leaving the loop closes it: its finally is
// executed.
func ExampleStream() {
	pool := newPool(python.Config{Workers: 1})
	defer pool.Close()
	ctx := context.Background()
	primes := python.Inline[int, int](`
		def primes(start):
		    n = start
		    while True:
		        if all(n % d for d in range(2, int(n ** 0.5) + 1)):
		            yield n
		        n += 1
	`, "primes")
	for p, err := range python.Stream(ctx, pool, primes, 100) {
		if err != nil {
			fmt.Println(err)
			break
		}
		fmt.Println(p)
		if p > 105 {
			break
		}
	}
	// Output:
	// 101
	// 103
	// 107
}

// An object stays in a worker of its own: what it has loaded, and what it has
// counted, is there for the next call.
func ExampleNewObject() {
	pool := newPool(python.Config{Workers: 1})
	defer pool.Close()
	ctx := context.Background()
	type counter = map[string]int
	words, err := python.NewObject(ctx, pool, python.Func[counter, any]("collections:Counter"), counter{"a": 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer words.Close()
	futures.Submit(ctx, words, python.Method[[]string, struct{}]("update"), []string{"b", "a", "b", "b"})
	total, err := futures.Submit(ctx, words, python.Expr[struct{}, int]("sum(self.values())"), struct{}{}).Result(ctx)
	fmt.Println(total, err)
	common := python.Method[int, []futures.Pair[string, int]]("most_common")
	fmt.Println(futures.Submit(ctx, words, common, 1).Result(ctx))
	// Output:
	// 5 <nil>
	// [{b 3}] <nil>
}

// Init is called once in each worker, before its first task.
func ExampleFunc_Bind() {
	pool := newPool(python.Config{
		Workers: 1,
		Init:    python.Func[int, any]("sys:setrecursionlimit").Bind(5000),
	})
	defer pool.Close()
	ctx := context.Background()
	limit := python.Func[struct{}, int]("sys:getrecursionlimit")
	fmt.Println(futures.Submit(ctx, pool, limit, struct{}{}).Result(ctx))
	// Output: 5000 <nil>
}
