package threading_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/conexgo/conex/threading"
)

// A lock can be waited for as long as a context allows.
func ExampleLock() {
	var mu threading.Lock
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()

	fmt.Println(mu.Acquire(ctx))
	fmt.Println(mu.TryAcquire())
	fmt.Println(mu.Acquire(ctx))
	fmt.Println(mu.Release())
	fmt.Println(mu.Release())
	// Output:
	// <nil>
	// false
	// context deadline exceeded
	// <nil>
	// threading: release of a lock that is not locked
}

// A Lock is a sync.Locker: it goes wherever one is wanted.
func ExampleLock_Lock() {
	var mu threading.Lock
	ready := sync.NewCond(&mu)
	done := false
	go func() {
		mu.Lock()
		defer mu.Unlock()
		done = true
		ready.Signal()
	}()

	mu.Lock()
	defer mu.Unlock()
	for !done {
		ready.Wait()
	}
	fmt.Println("done")
	// Output: done
}

// A thread may take again what it holds, so that functions that lock can call
// each other.
func ExampleRLock() {
	var mu threading.RLock
	total := 0
	add := func(ctx context.Context, n int) error {
		return mu.With(ctx, func(context.Context) error {
			total += n
			return nil
		})
	}
	addTwice := func(ctx context.Context, n int) error {
		return mu.With(ctx, func(ctx context.Context) error {
			return errors.Join(add(ctx, n), add(ctx, n))
		})
	}

	ctx, leave := threading.Adopt(context.Background())
	defer leave()
	fmt.Println(addTwice(ctx, 21), total)

	// A context without a thread can own nothing.
	fmt.Println(errors.Is(mu.Acquire(context.Background()), threading.ErrNoThread))
	// Output:
	// <nil> 42
	// true
}

// The with-statement: everything that can be held is released on every path.
func ExampleWith() {
	ctx, leave := threading.Adopt(context.Background())
	defer leave()
	semaphore, _ := threading.NewSemaphore(2)
	condition := threading.NewCondition(nil)
	var lock threading.Lock
	var rlock threading.RLock

	for _, x := range []threading.Acquirer{&lock, &rlock, condition, semaphore} {
		err := threading.With(ctx, x, func(ctx context.Context) error {
			return fmt.Errorf("failed with %T", x)
		})
		fmt.Println(err)
	}
	fmt.Println(lock.Locked(), rlock.Locked(), condition.Locked(), semaphore.Value())
	// Output:
	// failed with *threading.Lock
	// failed with *threading.RLock
	// failed with *threading.Condition
	// failed with *threading.Semaphore
	// false false false 2
}

// With also releases when the function panics.
func ExampleLock_With() {
	var mu threading.Lock
	func() {
		defer func() { fmt.Println("recovered:", recover()) }()
		mu.With(context.Background(), func(context.Context) error { panic("oops") })
	}()
	fmt.Println("locked:", mu.Locked())
	// Output:
	// recovered: oops
	// locked: false
}

// Two threads each hold what the other wants. A report says so.
func ExampleDumpWaiters() {
	threading.SetTracking(true)
	defer threading.SetTracking(false)
	ctx, cancel := context.WithCancel(context.Background())

	var forks [2]threading.Lock
	var holding threading.Event
	philosopher := func(first, second *threading.Lock, ready func()) func(context.Context) error {
		return func(ctx context.Context) error {
			return first.With(ctx, func(ctx context.Context) error {
				ready()
				if err := holding.Wait(ctx); err != nil {
					return err
				}
				return second.With(ctx, func(context.Context) error { return nil })
			})
		}
	}
	both, _ := threading.NewBarrier(2, threading.WithAction(func() error { holding.Set(); return nil }))
	wait := func() { both.Wait(ctx) }
	old := threading.SetExceptHook(func(threading.ExceptHookArgs) {})
	defer func() { threading.SetExceptHook(old) }()
	a, _ := threading.Go(ctx, philosopher(&forks[0], &forks[1], wait), threading.WithName("Aristotle"))
	b, _ := threading.Go(ctx, philosopher(&forks[1], &forks[0], wait), threading.WithName("Boethius"))

	var report bytes.Buffer
	for !strings.Contains(report.String(), "deadlock:") { // until they are stuck
		runtime.Gosched()
		report.Reset()
		threading.DumpWaiters(&report)
	}

	// The head of it, without addresses.
	head, _, _ := strings.Cut(regexp.MustCompile(` 0x[0-9a-f]+`).ReplaceAllString(report.String(), ""), "\n\nthreading.Lock held by")
	lines := strings.Split(head, "\n")
	slices.Sort(lines[3:])
	fmt.Println(strings.Join(lines, "\n"))

	cancel() // everything that waits can be ended
	a.Join(context.Background())
	b.Join(context.Background())
	// Output:
	// 2 waiting, 2 held
	//
	// deadlock:
	// 	Aristotle waits for threading.Lock, held by Boethius
	// 	Boethius waits for threading.Lock, held by Aristotle
}

// Long waits can be heard of without any tracking.
func ExampleSetSlowWait() {
	threading.SetSlowWait(time.Millisecond, func(w threading.SlowWait) {
		fmt.Println(w.Thread.Name(), "waited for a", w.Kind, w.Waited >= time.Millisecond)
	})
	defer threading.SetSlowWait(0, nil)

	ctx, leave := threading.Adopt(context.Background(), threading.WithName("main"))
	defer leave()
	ctx, cancel := context.WithTimeout(ctx, 2*time.Millisecond)
	defer cancel()
	var never threading.Event
	fmt.Println(never.Wait(ctx))
	// Output:
	// main waited for a threading.Event true
	// context deadline exceeded
}
