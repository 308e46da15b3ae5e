package queue_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/conexgo/conex/queue"
)

// A worker deals with 30 items, and who has put them waits until it is done.
func Example_worker() {
	ctx := context.Background()
	q := queue.New[int](0)

	go func() {
		for i := range q.All(ctx) {
			fmt.Println("Working on", i)
			fmt.Println("Finished", i)
			q.TaskDone()
		}
	}()

	for i := range 30 {
		if err := q.Put(ctx, i); err != nil {
			fmt.Println(err)
		}
	}
	if err := q.Join(ctx); err != nil {
		fmt.Println(err)
	}
	fmt.Println("All work completed")
	q.Shutdown() // the worker ends

	// Output:
	// Working on 0
	// Finished 0
	// Working on 1
	// Finished 1
	// Working on 2
	// Finished 2
	// Working on 3
	// Finished 3
	// Working on 4
	// Finished 4
	// Working on 5
	// Finished 5
	// Working on 6
	// Finished 6
	// Working on 7
	// Finished 7
	// Working on 8
	// Finished 8
	// Working on 9
	// Finished 9
	// Working on 10
	// Finished 10
	// Working on 11
	// Finished 11
	// Working on 12
	// Finished 12
	// Working on 13
	// Finished 13
	// Working on 14
	// Finished 14
	// Working on 15
	// Finished 15
	// Working on 16
	// Finished 16
	// Working on 17
	// Finished 17
	// Working on 18
	// Finished 18
	// Working on 19
	// Finished 19
	// Working on 20
	// Finished 20
	// Working on 21
	// Finished 21
	// Working on 22
	// Finished 22
	// Working on 23
	// Finished 23
	// Working on 24
	// Finished 24
	// Working on 25
	// Finished 25
	// Working on 26
	// Finished 26
	// Working on 27
	// Finished 27
	// Working on 28
	// Finished 28
	// Working on 29
	// Finished 29
	// All work completed
}

// A put to a full queue waits no longer than its context.
func ExampleQueue() {
	q := queue.New[string](1)
	fmt.Println(q.TryPut("first"), q.TryPut("second"))

	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	err := q.Put(ctx, "third")
	fmt.Println(errors.Is(err, queue.ErrFull), errors.Is(err, context.DeadlineExceeded))

	fmt.Println(q.Get(ctx)) // it need not wait
	fmt.Println(q.TryGet())
	// Output:
	// <nil> queue: full
	// true true
	// first <nil>
	//  queue: empty
}

func ExampleQueue_Shutdown() {
	ctx := context.Background()
	q := queue.New[int](0)
	for i := range 3 {
		q.Put(ctx, i)
	}
	q.Shutdown()
	fmt.Println(q.Put(ctx, 3))
	for i := range q.All(ctx) {
		fmt.Println("got", i)
	}
	_, err := q.Get(ctx)
	fmt.Println(err)
	// Output:
	// queue: shut down
	// got 0
	// got 1
	// got 2
	// queue: shut down
}

// Several workers share a queue, and the number of items that wait is bounded.
func ExampleQueue_All() {
	ctx := context.Background()
	q := queue.New[int](4)
	var mu sync.Mutex
	var workers sync.WaitGroup
	sum := 0
	for range 3 {
		workers.Go(func() {
			for i := range q.All(ctx) {
				mu.Lock()
				sum += i
				mu.Unlock()
			}
		})
	}
	for i := range 101 {
		q.Put(ctx, i)
	}
	q.Shutdown()
	workers.Wait()
	fmt.Println(sum)
	// Output: 5050
}

func ExampleLifoQueue() {
	var q queue.LifoQueue[string]
	for _, page := range []string{"index", "chapter", "section"} {
		q.TryPut(page)
	}
	for !q.Empty() {
		page, _ := q.TryGet()
		fmt.Println("back to", page)
	}
	// Output:
	// back to section
	// back to chapter
	// back to index
}

func ExampleNewOrdered() {
	q := queue.NewOrdered[string](0)
	for _, name := range []string{"Rex", "Alan", "Michael"} {
		q.TryPut(name)
	}
	q.Shutdown()
	for name := range q.All(context.Background()) {
		fmt.Println(name)
	}
	// Output:
	// Alan
	// Michael
	// Rex
}

// What is to be done cannot be compared, but how urgent it is can.
func ExamplePriorityQueue() {
	type task struct {
		priority int
		do       func()
	}
	say := func(s string) func() { return func() { fmt.Println(s) } }

	q := queue.NewPriority(0, func(a, b task) bool { return a.priority < b.priority })
	q.TryPut(task{5, say("write code")})
	q.TryPut(task{1, say("release product")})
	q.TryPut(task{3, say("create tests")})
	q.TryPut(task{1, say("celebrate")}) // as urgent, but later

	q.Shutdown()
	for t := range q.All(context.Background()) {
		t.do()
	}
	// Output:
	// release product
	// celebrate
	// create tests
	// write code
}

func ExamplePanicError() {
	q := queue.NewPriority(0, func(a, b []int) bool { return a[0] < b[0] })
	fmt.Println(q.TryPut([]int{1}))
	err := q.TryPut(nil)
	fmt.Println(errors.Is(err, queue.ErrPanic), err)
	fmt.Println(q.Len())
	// Output:
	// <nil>
	// true queue: panic in the order of the items: runtime error: index out of range [0] with length 0
	// 1
}

func ExampleSimpleQueue() {
	ctx := context.Background()
	var q queue.SimpleQueue[string]
	q.Put("ready")
	q.Put("steady")
	fmt.Println(q.Len())

	go q.Put("go")
	for range 3 {
		fmt.Println(q.Get(ctx)) // the third may have to be waited for
	}
	// Output:
	// 2
	// ready <nil>
	// steady <nil>
	// go <nil>
}

// A latest is a Store with one place: who puts replaces what nobody has got.
type latest struct {
	v  int
	is bool
}

func (l *latest) Len() int {
	if l.is {
		return 1
	}
	return 0
}

func (l *latest) Push(v int) error {
	if v < 0 {
		return errors.New("negative")
	}
	l.v, l.is = v, true
	return nil
}

func (l *latest) Pop() (int, error) {
	l.is = false
	return l.v, nil
}

func ExampleCustomQueue() {
	q := queue.NewCustom(new(latest), 0)
	for _, temperature := range []int{20, 21, -1, 22} {
		if err := q.TryPut(temperature); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(q.Len())
	fmt.Println(q.TryGet())
	// Output:
	// negative
	// 1
	// 22 <nil>
}
