package managers_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/conexgo/conex/multiprocessing/managers"
	"github.com/conexgo/conex/threading"
)

func ExampleLock() {
	ctx := context.Background()
	m, end := serve(ctx, managers.SyncTypes)
	defer end()
	lock := must(managers.NewLock(ctx, m))
	check(lock.With(ctx, func(ctx context.Context) error {
		fmt.Println(must(lock.TryAcquire(ctx)))
		return nil
	}))
	fmt.Println(errors.Is(lock.Release(ctx), threading.ErrNotLocked))
	// Output:
	// false
	// true
}

func ExampleRLock() {
	ctx, leave := threading.Adopt(context.Background()) // who may have the lock
	defer leave()
	m, end := serve(ctx, managers.SyncTypes)
	defer end()
	lock := must(managers.NewRLock(ctx, m))
	check(lock.With(ctx, func(ctx context.Context) error {
		return lock.With(ctx, func(context.Context) error {
			fmt.Println("twice")
			return nil
		})
	}))
	// Output: twice
}

func ExampleSemaphore() {
	ctx := context.Background()
	m, end := serve(ctx, managers.SyncTypes)
	defer end()
	s := must(managers.NewSemaphore(ctx, m, 2))
	check(s.Acquire(ctx))
	check(s.Acquire(ctx))
	fmt.Println(must(s.TryAcquire(ctx)))
	check(s.Release(ctx))
	fmt.Println(must(s.TryAcquire(ctx)))
	// Output:
	// false
	// true
}

func ExampleBoundedSemaphore() {
	ctx := context.Background()
	m, end := serve(ctx, managers.SyncTypes)
	defer end()
	s := must(managers.NewBoundedSemaphore(ctx, m, 1))
	fmt.Println(errors.Is(s.Release(ctx), threading.ErrReleasedTooOften))
	// Output: true
}

func ExampleCondition() {
	ctx, leave := threading.Adopt(context.Background())
	defer leave()
	m, end := serve(ctx, managers.SyncTypes)
	defer end()
	changed := must(managers.NewCondition(ctx, m, nil))
	ready := must(managers.NewValue(ctx, m, false))

	check(changed.Acquire(ctx))
	t := must(threading.Go(ctx, func(ctx context.Context) error {
		return changed.With(ctx, func(ctx context.Context) error {
			check(ready.Set(ctx, true))
			return changed.NotifyAll(ctx)
		})
	}))
	check(changed.WaitFor(ctx, func() bool { return must(ready.Get(ctx)) }))
	fmt.Println("ready")
	check(changed.Release(ctx))
	check(t.Join(ctx))
	// Output: ready
}

func ExampleEvent() {
	ctx := context.Background()
	m, end := serve(ctx, managers.SyncTypes)
	defer end()
	started := must(managers.NewEvent(ctx, m))
	go func() { check(started.Set(ctx)) }()
	check(started.Wait(ctx))
	fmt.Println(must(started.IsSet(ctx)))
	// Output: true
}

func ExampleBarrier() {
	ctx := context.Background()
	m, end := serve(ctx, managers.SyncTypes)
	defer end()
	b := must(managers.NewBarrier(ctx, m, 2))
	other := make(chan int)
	go func() { other <- must(b.Wait(ctx)) }()
	fmt.Println(must(b.Wait(ctx)) + <-other)
	// Output: 1
}
