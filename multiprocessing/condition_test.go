//go:build linux

package multiprocessing_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/multiprocessing"
	"github.com/conexgo/conex/threading"
)

type conditionJob struct {
	Cond  *multiprocessing.Condition
	Board *board
	N     int
}

// onBoth runs the test on a Condition on an RLock and on one on a Lock.
func onBoth(t *testing.T, test func(t *testing.T, c *multiprocessing.Condition)) {
	t.Run("RLock", func(t *testing.T) {
		leak.Check(t)
		test(t, must(multiprocessing.NewCondition(nil)))
	})
	t.Run("Lock", func(t *testing.T) {
		leak.Check(t)
		test(t, must(multiprocessing.NewCondition(must(multiprocessing.NewLock()))))
	})
}

// waitOnce has goroutines wait, each for one notification. The board counts
// those who wait, whom it adds under the lock, and those who were woken.
func (j conditionJob) waitOnce(ctx context.Context, done chan<- error) {
	for range j.N {
		go func() {
			ctx, leave := threading.Adopt(ctx)
			defer leave()
			done <- j.Cond.With(ctx, func(ctx context.Context) error {
				j.Board.at(0).Add(1)
				err := j.Cond.Wait(ctx)
				j.Board.at(1).Add(1)
				return err
			})
		}()
	}
}

var waitCondition = conex.Register("test/condition/wait", func(ctx context.Context, j conditionJob) (int, error) {
	done := make(chan error)
	j.waitOnce(ctx, done)
	var err error
	for range j.N {
		err = errors.Join(err, <-done)
	}
	return 0, err
})

// holdCondition holds the lock until it is killed.
var holdCondition = conex.Register("test/condition/hold", func(ctx context.Context, j conditionJob) (int, error) {
	j.Cond.Acquire(ctx)
	j.Board.at(2).Store(int64(os.Getpid()))
	select {}
})

// with calls fn under the lock.
func with(t testing.TB, c *multiprocessing.Condition, fn func(ctx context.Context)) {
	t.Helper()
	ctx := thread(t)
	if err := c.With(ctx, func(ctx context.Context) error { fn(ctx); return nil }); err != nil {
		t.Error(err)
	}
}

func TestConditionAlone(t *testing.T) {
	onBoth(t, func(t *testing.T, c *multiprocessing.Condition) {
		ctx := thread(t)
		for _, err := range []error{c.Wait(ctx), c.Notify(ctx, 1), c.NotifyAll(ctx), c.WaitFor(ctx, func() bool { return true })} {
			if !errors.Is(err, threading.ErrNotLocked) && !errors.Is(err, threading.ErrNotOwner) || !strings.HasPrefix(err.Error(), "multiprocessing: ") {
				t.Errorf("without the lock: %v", err)
			}
		}
		if ok, err := c.TryAcquire(ctx); !ok || err != nil || !c.Locked() {
			t.Errorf("TryAcquire: %v, %v", ok, err)
		}
		ended, cancel := context.WithCancelCause(ctx)
		cause := errors.New("enough")
		cancel(cause)
		if err := c.Wait(ended); !errors.Is(err, cause) || !errors.Is(err, context.Canceled) || !c.Locked() {
			t.Errorf("got %v", err)
		}
		short, stop := context.WithTimeout(ctx, time.Millisecond)
		defer stop()
		if err := c.Wait(short); !errors.Is(err, context.DeadlineExceeded) || !c.Locked() {
			t.Errorf("got %v", err)
		}
		if err := c.WaitFor(ended, func() bool { return true }); err != nil {
			t.Errorf("it was true: %v", err)
		}
		calls := 0
		if err := c.WaitFor(ended, func() bool { calls++; return calls == 2 }); err != nil || calls != 2 {
			t.Errorf("it became true: %v after %d calls", err, calls)
		}
		if err := c.WaitFor(ended, func() bool { return false }); !errors.Is(err, cause) {
			t.Errorf("got %v", err)
		}
		if err := c.WaitFor(ended, nil); !errors.Is(err, threading.ErrNilFunc) {
			t.Errorf("got %v", err)
		}
		for _, n := range []int{-1, 0, 1, 1 << 30} {
			if err := c.Notify(ctx, n); err != nil {
				t.Error(err)
			}
		}
		if err := c.Release(ctx); err != nil || c.Locked() {
			t.Error(err)
		}
		if s := c.String(); !strings.HasSuffix(s, "Lock(free), 0 waiting)") {
			t.Error(s)
		}
	})
	var zero multiprocessing.Condition
	ctx := thread(t)
	_, try := zero.TryAcquire(ctx)
	for _, err := range []error{zero.Acquire(ctx), zero.Release(ctx), try, zero.Wait(ctx), zero.Notify(ctx, 1), zero.WaitFor(ctx, func() bool { return true })} {
		if !errors.Is(err, threading.ErrNotInitialized) {
			t.Errorf("zero: %v", err)
		}
	}
	for _, l := range []multiprocessing.ConditionLock{(*multiprocessing.Lock)(nil), &multiprocessing.Lock{}, &multiprocessing.RLock{}} {
		if _, err := multiprocessing.NewCondition(l); !errors.Is(err, threading.ErrNotInitialized) {
			t.Errorf("on %T: %v", l, err)
		}
	}
	c := must(multiprocessing.NewCondition(nil))
	if err := c.Wait(context.Background()); !errors.Is(err, threading.ErrNoThread) {
		t.Errorf("without a thread: %v", err)
	}
}

// A Wait gives up the lock as often as it is held, and has it back as often.
func TestConditionDepth(t *testing.T) {
	leak.Check(t)
	l := must(multiprocessing.NewRLock())
	c, other := must(multiprocessing.NewCondition(l)), must(multiprocessing.NewCondition(l))
	waits := make(chan bool)
	done := make(chan error)
	go func() {
		ctx, leave := threading.Adopt(context.Background())
		defer leave()
		for range 3 {
			l.Acquire(ctx)
		}
		close(waits)
		err := c.Wait(ctx)
		for range 3 {
			err = errors.Join(err, c.Release(ctx))
		}
		done <- err
	}()
	<-waits
	with(t, other, func(ctx context.Context) {
		if err := other.NotifyAll(ctx); err != nil {
			t.Error(err)
		}
	})
	with(t, c, func(ctx context.Context) {
		if err := c.Notify(ctx, 1); err != nil {
			t.Error(err)
		}
		select {
		case <-done:
			t.Error("it went on without the lock")
		case <-time.After(5 * time.Millisecond):
		}
	})
	if err := <-done; err != nil || l.Locked() {
		t.Errorf("%v, locked %v", err, l.Locked())
	}
}

// Exactly as many go on as were notified, in two processes.
func TestConditionNotify(t *testing.T) {
	onBoth(t, func(t *testing.T, c *multiprocessing.Condition) {
		j := conditionJob{c, newBoard(t), 5}
		p := spawn(t, waitCondition.Bind(j))
		here := make(chan error, j.N)
		j.waitOnce(t.Context(), here)
		eventually(t, "all wait", func() bool { return j.Board.at(0).Load() == 10 })
		woken := int64(0)
		for _, n := range []int{0, 1, 2, 1, 3} {
			with(t, c, func(ctx context.Context) {
				if err := c.Notify(ctx, n); err != nil {
					t.Error(err)
				}
			})
			woken += int64(n)
			eventually(t, "those who were notified go on", func() bool { return j.Board.at(1).Load() >= woken })
			time.Sleep(2 * time.Millisecond) // for others to go on wrongly
			if got := j.Board.at(1).Load(); got != woken {
				t.Fatalf("%d have gone on instead of %d", got, woken)
			}
		}
		if n := j.Board.at(1).Load(); !strings.HasSuffix(c.String(), "3 waiting)") {
			t.Errorf("%v with %d woken", c, n)
		}
		with(t, c, func(ctx context.Context) { c.NotifyAll(ctx) })
		for range j.N {
			if err := <-here; err != nil {
				t.Error(err)
			}
		}
		join(t, p)
	})
}

// Of many who wait exactly one goes on for each notification, also if others go
// on at that moment, or leave.
func TestConditionOneEach(t *testing.T) {
	onBoth(t, func(t *testing.T, c *multiprocessing.Condition) {
		const all, some = 40, 10
		b := newBoard(t)
		stay, ends := make(chan error, all), make(chan error, some)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go conditionJob{c, b, some}.waitOnce(ctx, ends)
		conditionJob{c, b, all}.waitOnce(t.Context(), stay)
		eventually(t, "all wait", func() bool { return b.at(0).Load() == all+some })
		for range all / 2 {
			with(t, c, func(ctx context.Context) { c.Notify(ctx, 1) })
		}
		cancel()
		eventually(t, "they go on", func() bool { return b.at(1).Load() >= all/2 })
		left := 0 // without a notification
		for range some {
			if err := <-ends; err != nil {
				left++
			}
		}
		eventually(t, "they go on", func() bool { return b.at(1).Load() >= all/2+int64(left) })
		time.Sleep(time.Millisecond) // for others to go on wrongly
		if got := b.at(1).Load() - int64(left); got != all/2 {
			t.Errorf("%d have gone on instead of %d", got, all/2)
		}
		with(t, c, func(ctx context.Context) { c.NotifyAll(ctx) })
		for range all {
			if err := <-stay; err != nil {
				t.Error(err)
			}
		}
	})
}

// Whoever's context ends leaves the line, and takes nobody's notification along.
func TestConditionCancel(t *testing.T) {
	onBoth(t, func(t *testing.T, c *multiprocessing.Condition) {
		b := newBoard(t)
		for range 30 {
			b.at(0).Store(0)
			ctx, cancel := context.WithCancel(t.Context())
			ends, stay := make(chan error, 3), make(chan error, 3)
			conditionJob{c, b, 2}.waitOnce(ctx, ends)
			conditionJob{c, b, 1}.waitOnce(t.Context(), stay)
			conditionJob{c, b, 1}.waitOnce(ctx, ends)
			eventually(t, "all wait", func() bool { return b.at(0).Load() == 4 })
			nil4 := 0
			go cancel()
			with(t, c, func(ctx context.Context) { c.Notify(ctx, 3) })
			for range 3 {
				if err := <-ends; err == nil {
					nil4++
				} else if !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
			}
			// Three were notified, if that many waited still: the one that
			// stays, then, is among them or three others are.
			if nil4 < 3 {
				with(t, c, func(ctx context.Context) { c.NotifyAll(ctx) })
			} else {
				with(t, c, func(ctx context.Context) { c.Notify(ctx, 1) })
			}
			if err := <-stay; err != nil {
				t.Error(err)
			}
			if !strings.HasSuffix(c.String(), " 0 waiting)") {
				t.Fatal(c)
			}
		}
	})
}

// Dead waiters get no notifications: the living do.
func TestConditionWaiterDies(t *testing.T) {
	onBoth(t, func(t *testing.T, c *multiprocessing.Condition) {
		j := conditionJob{c, newBoard(t), 3}
		p := spawn(t, waitCondition.Bind(j))
		eventually(t, "they wait", func() bool { return j.Board.at(0).Load() == 3 })
		j.N = 2
		q := spawn(t, waitCondition.Bind(j))
		eventually(t, "all wait", func() bool { return j.Board.at(0).Load() == 5 })
		with(t, c, func(context.Context) {}) // they have given up the lock
		kill(t, p)
		with(t, c, func(ctx context.Context) { c.Notify(ctx, 2) })
		join(t, q)
		if n := j.Board.at(1).Load(); n != 2 {
			t.Errorf("%d were woken", n)
		}
	})
}

// A process is notified, and dies before it has come back: another one is woken.
func TestConditionPassedOn(t *testing.T) {
	onBoth(t, func(t *testing.T, c *multiprocessing.Condition) {
		for range 3 {
			j := conditionJob{c, newBoard(t), 1}
			p := spawn(t, waitCondition.Bind(j))
			eventually(t, "it waits", func() bool { return j.Board.at(0).Load() == 1 })
			with(t, c, func(context.Context) {})
			pid, _ := p.PID()
			syscall.Kill(pid, syscall.SIGSTOP)
			with(t, c, func(ctx context.Context) { c.Notify(ctx, 1) })
			q := spawn(t, waitCondition.Bind(j))
			here := make(chan error, 1)
			j.waitOnce(t.Context(), here)
			eventually(t, "all wait", func() bool { return j.Board.at(0).Load() == 3 })
			kill(t, p)
			eventually(t, "one is woken", func() bool { return j.Board.at(1).Load() == 1 })
			with(t, c, func(ctx context.Context) { c.NotifyAll(ctx) })
			join(t, q)
			if err := <-here; err != nil {
				t.Error(err)
			}
			if !strings.HasSuffix(c.String(), " 0 waiting)") {
				t.Fatal(c)
			}
		}
	})
}

// The holder of the lock dies while somebody waits for a notification.
func TestConditionHolderDies(t *testing.T) {
	onBoth(t, func(t *testing.T, c *multiprocessing.Condition) {
		b := newBoard(t)
		ctx := thread(t)
		if err := c.Acquire(ctx); err != nil {
			t.Fatal(err)
		}
		p := spawn(t, holdCondition.Bind(conditionJob{Cond: c, Board: b}))
		short, cancel := context.WithCancel(ctx)
		go func() {
			eventually(t, "the child has the lock", func() bool { return b.at(2).Load() != 0 })
			cancel()
			kill(t, p)
		}()
		err := c.Wait(short)
		if !errors.Is(err, multiprocessing.ErrOwnerDied) || !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		if err := c.Release(ctx); err != nil {
			t.Error(err)
		}
		with(t, c, func(ctx context.Context) {
			if err := c.WaitFor(ctx, func() bool { return true }); err != nil {
				t.Error(err)
			}
		})
	})
}

// takeTokens takes what putTokens puts, for ever. What both protect is a number
// of tokens, and how many were put and taken ever.
var takeTokens = conex.Register("test/condition/take", func(ctx context.Context, j conditionJob) (int, error) {
	for range j.N {
		go func() {
			ctx, leave := threading.Adopt(ctx)
			defer leave()
			for {
				if err := j.Cond.Acquire(ctx); err != nil && !errors.Is(err, multiprocessing.ErrOwnerDied) {
					return
				}
				for j.Board.at(0).Load() == 0 {
					if err := j.Cond.Wait(ctx); err != nil && !errors.Is(err, multiprocessing.ErrOwnerDied) {
						return
					}
				}
				j.Board.at(0).Add(-1)
				j.Board.at(1).Add(1)
				j.Cond.Release(ctx)
			}
		}()
	}
	<-ctx.Done()
	return 0, nil
})

// Those who wait and those who notify are killed at random: each token is taken
// by somebody who lives.
func TestConditionChaos(t *testing.T) {
	onBoth(t, func(t *testing.T, c *multiprocessing.Condition) {
		j := conditionJob{c, newBoard(t), 3}
		ps := []*multiprocessing.Process{spawn(t, takeTokens.Bind(j)), spawn(t, takeTokens.Bind(j)), spawn(t, takeTokens.Bind(j))}
		ctx := thread(t)
		put := func() {
			if err := c.Acquire(ctx); err != nil && !errors.Is(err, multiprocessing.ErrOwnerDied) {
				t.Fatal(err)
			}
			j.Board.at(0).Add(1)
			if err := c.Notify(ctx, 1); err != nil {
				t.Fatal(err)
			}
			c.Release(ctx)
		}
		puts := 0
		for k := range kills(10) {
			for end := time.Now().Add(time.Duration(rand.IntN(3000)) * time.Microsecond); time.Now().Before(end); puts++ {
				put()
			}
			i := k % len(ps)
			if k%3 == 0 {
				pid, _ := ps[i].PID()
				syscall.Kill(pid, syscall.SIGSTOP)
				if k%2 == 0 {
					// It may hold the lock, so that only its death lets put go on.
					p := ps[i]
					time.AfterFunc(time.Duration(rand.IntN(2000))*time.Microsecond, func() { p.Kill() })
					put()
					puts++
				}
			}
			kill(t, ps[i])
			eventually(t, "all tokens are taken", func() bool { return j.Board.at(0).Load() == 0 })
			ps[i] = spawn(t, takeTokens.Bind(j))
		}
		t.Logf("%d tokens", puts)
	})
}

var pingCondition = conex.Register("test/condition/ping", func(ctx context.Context, j conditionJob) (int, error) {
	return 0, j.Cond.With(ctx, func(ctx context.Context) error {
		for {
			if err := j.Cond.WaitFor(ctx, func() bool { return j.Board.at(0).Load() == 1 }); err != nil {
				return err
			}
			j.Board.at(0).Store(0)
			j.Cond.Notify(ctx, 1)
		}
	})
})

func BenchmarkConditionPingPong(b *testing.B) {
	j := conditionJob{must(multiprocessing.NewCondition(nil)), newBoard(b), 1}
	p := spawn(b, pingCondition.Bind(j))
	j.Cond.With(thread(b), func(ctx context.Context) error {
		bench(b, p, func() {
			j.Board.at(0).Store(1)
			j.Cond.Notify(ctx, 1)
			j.Cond.WaitFor(ctx, func() bool { return j.Board.at(0).Load() == 0 })
		})
		return nil
	})
}
