//go:build linux

package multiprocessing_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/multiprocessing"
	"github.com/conexgo/conex/queue"
)

// A function that runs in another process gets what it shares as its argument.
var produce = conex.Register("example/produce", func(ctx context.Context, q *multiprocessing.Queue[[]any]) (struct{}, error) {
	return struct{}{}, q.Put(ctx, []any{42, nil, "hello"})
})

func ExampleQueue() {
	ctx := context.Background()
	q, err := multiprocessing.NewQueue[[]any](0)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer q.Close()
	p, err := multiprocessing.Go(ctx, produce.Bind(q))
	if err != nil {
		fmt.Println(err)
		return
	}
	item, err := q.Get(ctx)
	fmt.Println(item, err)
	p.Join(ctx)
	// Output: [42 <nil> hello] <nil>
}

type letters struct {
	Q      *multiprocessing.Queue[string]
	Number int
}

var putLetters = conex.Register("example/letters", func(ctx context.Context, l letters) (struct{}, error) {
	for range l.Number {
		if err := l.Q.Put(ctx, strings.Repeat("X", 1_000_000)); err != nil {
			return struct{}{}, err
		}
	}
	return struct{}{}, nil
})

// A process does not end before what it has put is in the queue's memory. So
// join it after getting, not before.
func ExampleQueue_joinThread() {
	ctx := context.Background()
	q, err := multiprocessing.NewQueue[string](0)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer q.Close()

	// A million letters fit: no deadlock, in whatever order.
	p, err := multiprocessing.Go(ctx, putLetters.Bind(letters{q, 1}))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("join:", p.Join(ctx))
	item, err := q.Get(ctx)
	fmt.Println("got", len(item), err)

	// Ten million do not.
	p, err = multiprocessing.Go(ctx, putLetters.Bind(letters{q, 10}))
	if err != nil {
		fmt.Println(err)
		return
	}
	short, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	fmt.Println("too early:", errors.Is(p.Join(short), context.DeadlineExceeded))
	for range 10 {
		if _, err := q.Get(ctx); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println("join:", p.Join(ctx))
	// Output:
	// join: <nil>
	// got 1000000 <nil>
	// too early: true
	// join: <nil>
}

// A calculation is a task; Op is "mul", "plus", or "STOP".
type calculation struct {
	Op   string
	A, B int
}

type calculator struct {
	Tasks *multiprocessing.Queue[calculation]
	Done  *multiprocessing.Queue[string]
}

var calculate = conex.Register("example/calculate", func(ctx context.Context, c calculator) (struct{}, error) {
	for task, err := range c.Tasks.All(ctx) {
		if err != nil {
			return struct{}{}, err
		}
		result := task.A + task.B
		switch task.Op {
		case "STOP":
			return struct{}{}, nil
		case "mul":
			result = task.A * task.B
		}
		name := multiprocessing.CurrentProcess().Name()
		if err := c.Done.Put(ctx, fmt.Sprintf("%s says that %s(%d, %d) = %d", name, task.Op, task.A, task.B, result)); err != nil {
			return struct{}{}, err
		}
	}
	return struct{}{}, nil
})

// Four processes work on the tasks of one queue and put the results into another
// one, in any order.
func ExampleQueue_workers() {
	ctx := context.Background()
	tasks, err := multiprocessing.NewQueue[calculation](0)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer tasks.Close()
	done, err := multiprocessing.NewQueue[string](0)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer done.Close()

	for i := range 20 {
		tasks.Put(ctx, calculation{"mul", i, 7})
	}
	var workers []*multiprocessing.Process
	for range 4 {
		p, err := multiprocessing.Go(ctx, calculate.Bind(calculator{tasks, done}))
		if err != nil {
			fmt.Println(err)
			return
		}
		workers = append(workers, p)
	}
	for i := range 10 {
		tasks.Put(ctx, calculation{"plus", i, 8})
	}
	var results []string
	for range 30 {
		line, err := done.Get(ctx)
		if err != nil {
			fmt.Println(err)
			return
		}
		_, line, _ = strings.Cut(line, " says that ") // who it was changes
		results = append(results, line)
	}
	for range workers {
		tasks.Put(ctx, calculation{Op: "STOP"})
	}
	for _, p := range workers {
		p.Join(ctx)
	}
	slices.Sort(results)
	fmt.Println(len(results), "results, among them")
	fmt.Println(results[1])
	fmt.Println(results[25])
	// Output:
	// 30 results, among them
	// mul(1, 7) = 7
	// plus(5, 8) = 13
}

func ExampleSimpleQueue() {
	ctx := context.Background()
	q, err := multiprocessing.NewSimpleQueue[string]()
	if err != nil {
		fmt.Println(err)
		return
	}
	q.Put(ctx, "a")
	q.Put(ctx, "b")
	first, _ := q.Get(ctx)
	empty, _ := q.Empty()
	fmt.Println(first, empty)
	q.Close()
	fmt.Println(errors.Is(q.Put(ctx, "c"), multiprocessing.ErrClosed))
	// Output:
	// a false
	// true
}

var workOff = conex.Register("example/workOff", func(ctx context.Context, q *multiprocessing.JoinableQueue[int]) (struct{}, error) {
	for _, err := range q.All(ctx) {
		if err != nil {
			return struct{}{}, err
		}
		// Work.
		if err := q.TaskDone(); err != nil {
			return struct{}{}, err
		}
	}
	return struct{}{}, nil
})

func ExampleJoinableQueue() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	q, err := multiprocessing.NewJoinableQueue[int](0)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer q.Close()
	worker, err := multiprocessing.Go(ctx, workOff.Bind(q))
	if err != nil {
		fmt.Println(err)
		return
	}
	for i := range 30 {
		q.Put(ctx, i)
	}
	fmt.Println(q.Join(ctx), q.Unfinished())
	fmt.Println(errors.Is(q.TaskDone(), queue.ErrTooManyDone))
	cancel() // ends All
	worker.Join(context.Background())
	// Output:
	// <nil> 0
	// true
}
