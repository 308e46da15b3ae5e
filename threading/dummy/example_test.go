package dummy_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/conexgo/conex/threading"
	"github.com/conexgo/conex/threading/dummy"
)

// A Cache loads what it does not have, in a thread of its own. It waits for
// that thread while it holds the lock that the thread needs, and hangs.
type Cache struct {
	mu    Locker
	start func(context.Context, func(context.Context) error) (Joiner, error)
	items map[string]string
}

// What Cache needs of its threading: both packages have it.
type (
	Locker interface {
		Acquire(context.Context) error
		Release() error
	}
	Joiner interface {
		Join(context.Context) error
		Err() error
	}
)

func (c *Cache) Get(ctx context.Context, key string) (string, error) {
	if err := c.mu.Acquire(ctx); err != nil {
		return "", err
	}
	defer c.mu.Release()
	if _, ok := c.items[key]; !ok {
		loader, err := c.start(ctx, func(ctx context.Context) error { return c.load(ctx, key) })
		if err != nil {
			return "", err
		}
		if err := errors.Join(loader.Join(ctx), loader.Err()); err != nil {
			return "", err
		}
	}
	return c.items[key], nil
}

func (c *Cache) load(ctx context.Context, key string) error {
	if err := c.mu.Acquire(ctx); err != nil {
		return err
	}
	defer c.mu.Release()
	c.items[key] = "the " + key
	return nil
}

// A deadlock, found without waiting and without luck. With the Lock and Go of
// package threading, this Get would never return.
func Example() {
	dummy.SetExceptHook(func(dummy.ExceptHookArgs) {}) // the error is looked at below
	defer func() { dummy.SetExceptHook(nil) }()
	ctx, leave := dummy.Adopt(context.Background(), dummy.WithName("test"))
	defer leave()

	c := &Cache{mu: new(dummy.Lock), items: map[string]string{}}
	c.start = func(ctx context.Context, f func(context.Context) error) (Joiner, error) {
		return dummy.Go(ctx, f, dummy.WithName("loader"))
	}
	_, err := c.Get(ctx, "answer")

	var d *dummy.DeadlockError
	if errors.As(err, &d) {
		fmt.Printf("%s: %s waits for what %s holds\n", d.Op, d.Waiter.Name(), d.Holder.Name())
	}
	fmt.Println(errors.Is(err, threading.ErrWouldDeadlock))
	// Output:
	// Lock.Acquire: loader waits for what test holds
	// true
}

// A thread has ended when Start returns, so the order is always the same.
func ExampleThread() {
	ctx := context.Background()
	for i := range 3 {
		t := dummy.New(func(ctx context.Context) error {
			fmt.Println(dummy.Current(ctx).Name(), "runs")
			return nil
		}, dummy.WithName(fmt.Sprint("worker ", i)))
		if err := t.Start(ctx); err != nil {
			fmt.Println(err)
		}
		fmt.Println(t.Alive(), t.Join(ctx))
	}
	// Output:
	// worker 0 runs
	// false <nil>
	// worker 1 runs
	// false <nil>
	// worker 2 runs
	// false <nil>
}

// A deadline that nothing can come before is not waited for.
func ExampleEvent() {
	ctx, cancel := context.WithTimeout(context.Background(), 24*time.Hour)
	defer cancel()
	var ready dummy.Event
	err := ready.Wait(ctx)
	fmt.Println(errors.Is(err, context.DeadlineExceeded), errors.Is(err, dummy.ErrWouldDeadlock))
	ready.Set()
	fmt.Println(ready.Wait(ctx))
	// Output:
	// true true
	// <nil>
}

// Python's interrupt_main: the main flow hears of it when it goes on.
func ExampleInterruptMain() {
	ctx := context.Background()
	_, err := dummy.StartNew(ctx, func(ctx context.Context) error {
		fmt.Println("inside:", dummy.InterruptMain())
		return nil
	})
	fmt.Println("outside:", errors.Is(err, dummy.ErrInterrupted))
	// Output:
	// inside: <nil>
	// outside: true
}

// A thread that runs inside another one does not own what that holds.
func ExampleAdopt() {
	ctx, leave := dummy.Adopt(context.Background(), dummy.WithName("test"))
	defer leave()
	var l dummy.RLock
	fmt.Println(l.Acquire(context.Background()) == dummy.ErrNoThread)
	fmt.Println(l.Acquire(ctx), l.Acquire(ctx))
	dummy.New(func(ctx context.Context) error {
		ok, err := l.TryAcquire(ctx)
		fmt.Println(ok, err, l.OwnedBy(ctx))
		return nil
	}).Start(ctx)
	// Output:
	// true
	// <nil> <nil>
	// false <nil> false
}

// Start waits for a timer's time. A timer that is to be cancelled is cancelled
// before.
func ExampleTimer() {
	ctx := context.Background()
	hello := func(context.Context) error {
		fmt.Println("hello, world")
		return nil
	}
	dummy.NewTimer(time.Millisecond, hello).Start(ctx)
	second := dummy.NewTimer(time.Hour, hello)
	fmt.Println(second.Cancel())
	fmt.Println(second.Start(ctx), second.Alive())
	// Output:
	// hello, world
	// true
	// <nil> false
}

// Nobody else can come to a barrier.
func ExampleBarrier() {
	ctx := context.Background()
	for n := range 3 {
		b, err := dummy.NewBarrier(n)
		if err != nil {
			fmt.Println(errors.Is(err, dummy.ErrParties))
			continue
		}
		index, err := b.Wait(ctx)
		fmt.Println(index, errors.Is(err, dummy.ErrWouldDeadlock))
	}
	// Output:
	// true
	// 0 false
	// -1 true
}
