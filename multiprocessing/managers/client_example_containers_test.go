package managers_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/conexgo/conex/multiprocessing/managers"
	"github.com/conexgo/conex/pickle"
	"github.com/conexgo/conex/queue"
)

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
