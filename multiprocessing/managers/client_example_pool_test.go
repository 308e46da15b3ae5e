package managers_test

import (
	"context"
	"fmt"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/multiprocessing/managers"
)

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
