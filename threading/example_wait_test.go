package threading_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/conexgo/conex/threading"
)

// A consumer waits for an item; a producer adds one and says so.
func ExampleCondition() {
	var items []string
	cv := threading.NewCondition(nil) // on an RLock of its own

	consumer, _ := threading.Go(context.Background(), func(ctx context.Context) error {
		return cv.With(ctx, func(ctx context.Context) error {
			for len(items) == 0 {
				if err := cv.Wait(ctx); err != nil {
					return err
				}
			}
			fmt.Println("got", items[0])
			items = items[1:]
			return nil
		})
	})
	producer, _ := threading.Go(context.Background(), func(ctx context.Context) error {
		return cv.With(ctx, func(ctx context.Context) error {
			items = append(items, "an item")
			return cv.Notify(ctx, 1)
		})
	})
	for _, t := range []*threading.Thread{consumer, producer} {
		t.Join(context.Background())
	}
	fmt.Println(len(items), "left")
	// Output:
	// got an item
	// 0 left
}

// The same with WaitFor, and with a Lock, which needs no threads.
func ExampleCondition_WaitFor() {
	var lock threading.Lock
	cv := threading.NewCondition(&lock)
	var items []string
	ctx := context.Background()

	go cv.With(ctx, func(ctx context.Context) error {
		items = append(items, "an item")
		return cv.Notify(ctx, 1)
	})

	err := cv.With(ctx, func(ctx context.Context) error {
		if err := cv.WaitFor(ctx, func() bool { return len(items) > 0 }); err != nil {
			return err
		}
		fmt.Println("got", items[0])
		items = items[1:]
		return nil
	})
	fmt.Println(err)

	// Nobody will come with another one.
	ctx, cancel := context.WithTimeout(ctx, time.Millisecond)
	defer cancel()
	fmt.Println(cv.With(ctx, func(ctx context.Context) error {
		return cv.WaitFor(ctx, func() bool { return len(items) > 0 })
	}))
	// Output:
	// got an item
	// <nil>
	// context deadline exceeded
}

// A semaphore without permits at first carries signals: each Release lets one
// Acquire go on.
func ExampleSemaphore() {
	done, _ := threading.NewSemaphore(0)
	var sum atomic.Int64
	for i := range 10 {
		go func() {
			sum.Add(int64(i))
			done.Release()
		}()
	}
	for range 10 {
		done.Acquire(context.Background())
	}
	fmt.Println(sum.Load(), done.Value())
	// Output: 45 0
}

// Not more than five workers are connected at a time.
func ExampleBoundedSemaphore() {
	const maxConnections = 5
	pool, _ := threading.NewBoundedSemaphore(maxConnections)
	var connected, most atomic.Int64
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			pool.With(context.Background(), func(context.Context) error {
				n := connected.Add(1)
				for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
				}
				connected.Add(-1)
				return nil
			})
		})
	}
	wg.Wait()
	fmt.Println(most.Load() <= maxConnections, pool.Value())
	fmt.Println(pool.Release())
	// Output:
	// true 5
	// threading: semaphore released more often than acquired
}

// One goroutine gives the signal, the others wait for it.
func ExampleEvent() {
	var start threading.Event
	var wg sync.WaitGroup
	for i := range 3 {
		wg.Go(func() {
			if err := start.Wait(context.Background()); err == nil {
				fmt.Println("runner", i)
			}
		})
	}
	fmt.Println("ready:", !start.IsSet())
	start.Set()
	wg.Wait()
	// Unordered output:
	// ready: true
	// runner 0
	// runner 1
	// runner 2
}

// Done is for select.
func ExampleEvent_Done() {
	var stop threading.Event
	work := make(chan int)
	go func() {
		for i := range 3 {
			work <- i
		}
		stop.Set()
	}()
	for done := stop.Done(); ; {
		select {
		case i := <-work:
			fmt.Println("work", i)
		case <-done:
			fmt.Println("stopped")
			return
		}
	}
	// Output:
	// work 0
	// work 1
	// work 2
	// stopped
}

// A server starts up while a client gets ready: no connection comes before the
// server listens.
func ExampleBarrier() {
	b, _ := threading.NewBarrier(2, threading.WithTimeout(5*time.Second))
	listening := false
	server := func(ctx context.Context) error {
		listening = true
		_, err := b.Wait(ctx)
		return err
	}
	client := func(ctx context.Context) error {
		if _, err := b.Wait(ctx); err != nil {
			return err
		}
		fmt.Println("connected; the server listens:", listening)
		return nil
	}
	s, _ := threading.Go(context.Background(), server)
	c, _ := threading.Go(context.Background(), client)
	fmt.Println(s.Join(context.Background()), c.Join(context.Background()))
	// Output:
	// connected; the server listens: true
	// <nil> <nil>
}

// One of those who pass, it does not matter which, does what is to be done
// once.
func ExampleBarrier_Wait() {
	b, _ := threading.NewBarrier(3)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			if i, err := b.Wait(context.Background()); err == nil && i == 0 {
				fmt.Println("passed the barrier")
			}
		})
	}
	wg.Wait()
	// Output: passed the barrier
}

// A party that does not come breaks the barrier, so that nobody waits for
// ever.
func ExampleBarrier_Abort() {
	b, _ := threading.NewBarrier(2)
	done := make(chan error)
	go func() {
		_, err := b.Wait(context.Background())
		done <- err
	}()
	b.Abort()
	fmt.Println(<-done)
	b.Reset()

	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	_, err := b.Wait(ctx)
	fmt.Println(errors.Is(err, threading.ErrBrokenBarrier), errors.Is(err, context.DeadlineExceeded))
	// Output:
	// threading: broken barrier
	// true true
}
