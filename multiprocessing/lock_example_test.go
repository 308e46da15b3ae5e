//go:build linux

package multiprocessing_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/multiprocessing"
	"github.com/conexgo/conex/threading"
)

type greeting struct {
	Lock *multiprocessing.Lock
	File string
	I    int
}

var greetLocked = conex.Register("example/lock/greet", func(ctx context.Context, g greeting) (struct{}, error) {
	return struct{}{}, g.Lock.With(ctx, func(context.Context) error {
		f, err := os.OpenFile(g.File, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o600)
		if err != nil {
			return err
		}
		defer f.Close()
		for _, word := range []any{"hello", " world ", g.I, "\n"} { // one write each, which only the lock keeps together
			if _, err := fmt.Fprint(f, word); err != nil {
				return err
			}
		}
		return nil
	})
})

// Ten processes write a line each; the lock, passed to them as an argument,
// keeps the lines whole.
func ExampleLock() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	lock, err := multiprocessing.NewLock()
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	file := filepath.Join(dir, "out")
	var ps []*multiprocessing.Process
	for i := range 10 {
		p, err := multiprocessing.Go(ctx, greetLocked.Bind(greeting{lock, file, i}))
		if err != nil {
			fmt.Println(err)
			return
		}
		ps = append(ps, p)
	}
	for _, p := range ps {
		p.Join(ctx)
	}
	out, _ := os.ReadFile(file)
	fmt.Print(string(out))
	// Unordered output:
	// hello world 0
	// hello world 1
	// hello world 2
	// hello world 3
	// hello world 4
	// hello world 5
	// hello world 6
	// hello world 7
	// hello world 8
	// hello world 9
}

var crashLocked = conex.Register("example/lock/crash", func(ctx context.Context, l *multiprocessing.Lock) (struct{}, error) {
	l.Acquire(ctx)
	os.Exit(3)
	return struct{}{}, nil
})

// A process ends without releasing its lock. The next one to acquire it is told.
func ExampleLock_ownerDied() {
	ctx := context.Background()
	lock, err := multiprocessing.NewLock()
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := multiprocessing.Go(ctx, crashLocked.Bind(lock))
	if err != nil {
		fmt.Println(err)
		return
	}
	p.Join(ctx)
	if err := lock.Acquire(ctx); errors.Is(err, multiprocessing.ErrOwnerDied) {
		fmt.Println("repair what it protects")
	}
	fmt.Println(lock.Release(), lock.Acquire(ctx), lock.Release())
	// Output:
	// repair what it protects
	// <nil> <nil> <nil>
}

func ExampleRLock() {
	ctx, leave := threading.Adopt(context.Background()) // the context of a process's function has a thread already
	defer leave()
	lock, err := multiprocessing.NewRLock()
	if err != nil {
		fmt.Println(err)
		return
	}
	lock.With(ctx, func(ctx context.Context) error {
		return lock.With(ctx, func(ctx context.Context) error { // once more, at once
			fmt.Println(lock.OwnedBy(ctx))
			return nil
		})
	})
	fmt.Println(lock)
	// Output:
	// true
	// RLock(free)
}

var notifier = conex.Register("example/condition/notifier", func(ctx context.Context, c *multiprocessing.Condition) (struct{}, error) {
	return struct{}{}, c.With(ctx, func(ctx context.Context) error { return c.Notify(ctx, 1) })
})

// The child can notify only once the parent waits, since until then the parent
// holds the lock.
func ExampleCondition() {
	ctx, leave := threading.Adopt(context.Background())
	defer leave()
	c, err := multiprocessing.NewCondition(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	err = c.With(ctx, func(ctx context.Context) error {
		p, err := multiprocessing.Go(ctx, notifier.Bind(c))
		if err != nil {
			return err
		}
		defer p.Join(ctx)
		return c.Wait(ctx)
	})
	fmt.Println("notified:", err)
	// Output: notified: <nil>
}

type stage struct {
	Ready, Go *multiprocessing.Event
}

var runner = conex.Register("example/event/runner", func(ctx context.Context, s stage) (struct{}, error) {
	s.Ready.Set()
	return struct{}{}, s.Go.Wait(ctx)
})

func ExampleEvent() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	ready, err := multiprocessing.NewEvent()
	if err != nil {
		fmt.Println(err)
		return
	}
	start, _ := multiprocessing.NewEvent()
	p, err := multiprocessing.Go(ctx, runner.Bind(stage{ready, start}))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("ready:", ready.Wait(ctx))
	start.Set()
	fmt.Println("over:", p.Join(ctx))
	// Output:
	// ready: <nil>
	// over: <nil>
}

var sync2 = conex.Register("example/barrier/party", func(ctx context.Context, b *multiprocessing.Barrier) (struct{}, error) {
	_, err := b.Wait(ctx)
	return struct{}{}, err
})

func ExampleBarrier() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	b, err := multiprocessing.NewBarrier(3, multiprocessing.WithTimeout(30*time.Second))
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 2 {
		p, err := multiprocessing.Go(ctx, sync2.Bind(b))
		if err != nil {
			fmt.Println(err)
			return
		}
		defer p.Join(ctx)
	}
	_, err = b.Wait(ctx)
	fmt.Println("all are there:", err)
	// Output:
	// all are there: <nil>
}
