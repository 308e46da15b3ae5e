package threading_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/conexgo/conex/threading"
)

// One thread for each link, all of which are waited for.
func Example_crawl() {
	ctx := context.Background()
	crawl := func(link string, delay time.Duration) {
		fmt.Println("crawl started for", link)
		time.Sleep(delay) // blocking I/O, as it were
		fmt.Println("crawl ended for", link)
	}
	links := []string{"https://python.org", "https://docs.python.org", "https://peps.python.org"}
	var threads []*threading.Thread
	for _, link := range links {
		t, err := threading.Go(ctx, func(context.Context) error {
			crawl(link, 10*time.Millisecond)
			return nil
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		threads = append(threads, t)
	}
	for _, t := range threads {
		t.Join(ctx)
	}
	fmt.Println("all done")
	// Unordered output:
	// crawl started for https://python.org
	// crawl started for https://docs.python.org
	// crawl started for https://peps.python.org
	// crawl ended for https://python.org
	// crawl ended for https://docs.python.org
	// crawl ended for https://peps.python.org
	// all done
}

// What one thread stores no other sees.
func ExampleLocal() {
	ctx, leave := threading.Adopt(context.Background())
	defer leave()

	var number threading.Local[int]
	number.Store(ctx, 42)

	t, _ := threading.Go(ctx, func(ctx context.Context) error {
		_, ok := number.Load(ctx)
		fmt.Println("the other thread has one:", ok)
		number.Store(ctx, 11)
		v, _ := number.Load(ctx)
		fmt.Println("the other thread's:", v)
		return nil
	})
	t.Join(ctx)
	v, _ := number.Load(ctx)
	fmt.Println("ours:", v)
	// Output:
	// the other thread has one: false
	// the other thread's: 11
	// ours: 42
}

// Each thread finds what the initialiser makes for it.
func ExampleNewLocal() {
	ctx, leave := threading.Adopt(context.Background())
	defer leave()

	type data struct {
		number int // 2 by default
		attrs  map[string]string
	}
	mine := threading.NewLocal(func() *data { return &data{2, map[string]string{"color": "red"}} })
	show := func(ctx context.Context, who string) {
		d, _ := mine.Load(ctx)
		fmt.Println(who, slices.Sorted(maps.Keys(d.attrs)), d.number, "squared is", d.number*d.number)
	}
	show(ctx, "we:")
	d, _ := mine.Load(ctx)
	delete(d.attrs, "color")

	t, _ := threading.Go(ctx, func(ctx context.Context) error {
		show(ctx, "the other thread:")
		d, _ := mine.Load(ctx)
		d.number = 11
		show(ctx, "the other thread:")
		return nil
	})
	t.Join(ctx)
	show(ctx, "we:")
	// Output:
	// we: [color] 2 squared is 4
	// the other thread: [color] 2 squared is 4
	// the other thread: [color] 11 squared is 121
	// we: [] 2 squared is 4
}

// A function that is called later, or not.
func ExampleTimer() {
	ctx := context.Background()
	hello := func(context.Context) error {
		fmt.Println("hello, world")
		return nil
	}
	t := threading.NewTimer(10*time.Millisecond, hello)
	t.Start(ctx)

	never := threading.NewTimer(time.Hour, hello)
	never.Start(ctx)
	fmt.Println("cancelled:", never.Cancel())

	t.Join(ctx)
	never.Join(ctx)
	// Output:
	// cancelled: true
	// hello, world
}

// Two threads share what a function counts.
func ExampleSynchronizedIterator() {
	squares := threading.SynchronizedIterator(func(n int) iter.Seq[int] {
		return func(yield func(int) bool) {
			for i := range n {
				if !yield(i * i) {
					return
				}
			}
		}
	})
	it := squares(5)
	defer it.Stop()
	var mu sync.Mutex
	var got []int
	consume := func(context.Context) error {
		for v := range it.All() {
			mu.Lock()
			got = append(got, v)
			mu.Unlock()
		}
		return nil
	}
	ctx := context.Background()
	a, _ := threading.Go(ctx, consume)
	b, _ := threading.Go(ctx, consume)
	a.Join(ctx)
	b.Join(ctx)
	slices.Sort(got)
	fmt.Println(got)
	// Output: [0 1 4 9 16]
}

func ExampleSerializeIterator() {
	it := threading.SerializeIterator(slices.Values([]string{"a", "b", "c"}))
	defer it.Stop()
	first, _ := it.Next() // from any goroutine
	fmt.Println(first, slices.Collect(it.All()))
	// Output: a [b c]
}

func ExampleConcurrentTee() {
	branches, err := threading.ConcurrentTee(slices.Values([]int{1, 2, 3}), 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	var sum, product = 0, 1
	adds, _ := threading.Go(ctx, func(context.Context) error {
		for v := range branches[0] {
			sum += v
		}
		return nil
	})
	for v := range branches[1] {
		product *= v
	}
	adds.Join(ctx)
	fmt.Println(sum, product)
	// Output: 6 6
}

// A goroutine that something else has started becomes a thread.
func ExampleAdopt() {
	done := make(chan struct{})
	go func() {
		defer close(done)
		ctx, leave := threading.Adopt(context.Background(), threading.WithName("callback"))
		defer leave()
		fmt.Println(threading.Current(ctx).Name(), threading.Current(ctx).Daemon())
	}()
	<-done
	// Output: callback true
}

func ExampleSetExceptHook() {
	old := threading.SetExceptHook(func(args threading.ExceptHookArgs) {
		fmt.Printf("%s failed: %v\n", args.Thread.Name(), args.Err)
	})
	defer func() { threading.SetExceptHook(old) }()
	ctx := context.Background()
	t, _ := threading.Go(ctx, func(context.Context) error { return os.ErrNotExist }, threading.WithName("reader"))
	t.Join(ctx)
	fmt.Println(errors.Is(t.Err(), os.ErrNotExist))
	// Output:
	// reader failed: file does not exist
	// true
}

func ExampleSetTrace() {
	old := threading.SetTrace(func(ev threading.TraceEvent) { fmt.Println(ev.Thread.Name(), ev.Kind) })
	defer func() { threading.SetTrace(old) }()
	ctx := context.Background()
	t, _ := threading.Go(ctx, nil, threading.WithName("short"))
	t.Join(ctx)
	// Output:
	// short starts
	// short finishes
}

// A thread made by overriding run, as one does in Python.
type greeter struct{ name string }

func (g greeter) Run(context.Context) error {
	fmt.Println("hello", g.name)
	return nil
}

func ExampleNewRunner() {
	ctx := context.Background()
	t := threading.NewRunner(greeter{"bob"})
	t.Start(ctx)
	t.Join(ctx)
	// Output: hello bob
}
