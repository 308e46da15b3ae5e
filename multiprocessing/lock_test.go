//go:build linux

package multiprocessing_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/futures/process"
	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/multiprocessing"
	"github.com/conexgo/conex/threading"
)

// lockJob is what children do with locks, which come to them in all kinds of
// places.
type lockJob struct {
	Locks  []*multiprocessing.Lock
	RLocks map[string]*multiprocessing.RLock
	Inner  struct{ Nil *multiprocessing.Lock }
	Board  *board
	N      int
}

var countUnderLocks = conex.Register("test/lock/count", func(ctx context.Context, j lockJob) (int, error) {
	if j.Inner.Nil != nil {
		return 0, errors.New("a nil lock has arrived as another one")
	}
	done := make(chan error)
	for range 3 {
		go func() {
			ctx, leave := threading.Adopt(ctx)
			defer leave()
			for range j.N {
				if err := j.Locks[1].Acquire(ctx); err != nil {
					done <- err
					return
				}
				j.Board.at(0).Store(j.Board.at(0).Load() + 1)
				j.Locks[1].Release()
				err := j.RLocks["it"].With(ctx, func(ctx context.Context) error {
					return j.RLocks["it"].With(ctx, func(context.Context) error {
						j.Board.at(1).Store(j.Board.at(1).Load() + 1)
						return nil
					})
				})
				if err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	return 0, errors.Join(<-done, <-done, <-done)
})

func TestLockExcludes(t *testing.T) {
	leak.Check(t)
	l, other := must(multiprocessing.NewLock()), must(multiprocessing.NewLock())
	j := lockJob{
		Locks:  []*multiprocessing.Lock{other, l},
		RLocks: map[string]*multiprocessing.RLock{"it": must(multiprocessing.NewRLock())},
		Board:  newBoard(t), N: 300,
	}
	a, b := spawn(t, countUnderLocks.Bind(j)), spawn(t, countUnderLocks.Bind(j))
	if err := countUnderLocks.Bind(j).Call(t.Context()); err != nil {
		t.Fatal(err)
	}
	join(t, a)
	join(t, b)
	for i := range 2 {
		if n := j.Board.at(i).Load(); n != 9*int64(j.N) {
			t.Errorf("lock %d: counted %d instead of %d", i, n, 9*j.N)
		}
	}
	if l.Locked() || j.RLocks["it"].Locked() {
		t.Error("a lock is held in the end")
	}
}

func TestLockAlone(t *testing.T) {
	ended, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("enough")
	cancel(cause)
	l := must(multiprocessing.NewLock())
	if err := l.Release(); !errors.Is(err, threading.ErrNotLocked) || !strings.HasPrefix(err.Error(), "multiprocessing: ") {
		t.Errorf("release of a free lock: %v", err)
	}
	if l.Locked() || l.String() != "Lock(free)" {
		t.Error(l)
	}
	if err := l.Acquire(ended); err != nil {
		t.Errorf("a free lock under a context that has ended: %v", err)
	}
	if !l.Locked() || l.String() != "Lock(held by this process)" {
		t.Error(l)
	}
	if ok, err := l.TryAcquire(); ok || err != nil {
		t.Errorf("taken twice: %v, %v", ok, err)
	}
	if err := l.Acquire(ended); !errors.Is(err, cause) || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	short, stop := context.WithTimeout(t.Context(), time.Millisecond)
	defer stop()
	if err := l.Acquire(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	got := make(chan error)
	go func() { got <- l.Acquire(t.Context()) }()
	if err := l.Release(); err != nil {
		t.Error(err)
	}
	if err := <-got; err != nil {
		t.Error(err)
	}
	l.Release()
	if ok, err := l.TryAcquire(); !ok || err != nil {
		t.Errorf("a free lock: %v, %v", ok, err)
	}
	l.Release()

	why := errors.New("why")
	if err := l.With(ended, func(context.Context) error { return why }); err != why || l.Locked() {
		t.Errorf("With: %v", err)
	}
	if err := l.With(ended, nil); !errors.Is(err, threading.ErrNilFunc) {
		t.Errorf("With nil: %v", err)
	}
	err := l.With(ended, func(context.Context) error { return l.Release() })
	if !errors.Is(err, threading.ErrNotLocked) {
		t.Errorf("With a function that releases: %v", err)
	}
	func() {
		defer func() { recover() }()
		l.With(ended, func(context.Context) error { panic(1) })
	}()
	if l.Locked() {
		t.Error("held after a panic")
	}
}

func TestLockZero(t *testing.T) {
	var l multiprocessing.Lock
	var r multiprocessing.RLock
	ctx := thread(t)
	_, lt := l.TryAcquire()
	_, rt := r.TryAcquire(ctx)
	for i, err := range []error{l.Acquire(ctx), l.Release(), lt, r.Acquire(ctx), r.Release(ctx), rt} {
		if !errors.Is(err, threading.ErrNotInitialized) {
			t.Errorf("%d: %v", i, err)
		}
	}
	if l.Locked() || r.Locked() || r.OwnedBy(ctx) || l.String() != "Lock(free)" || r.String() != "RLock(free)" {
		t.Error("a zero lock is held")
	}
	p := multiprocessing.New(countUnderLocks.Bind(lockJob{Locks: []*multiprocessing.Lock{&l}}))
	if err := p.Start(t.Context()); !errors.Is(err, threading.ErrNotInitialized) {
		t.Errorf("sent: %v", err)
	}
}

func TestRLockAlone(t *testing.T) {
	l := must(multiprocessing.NewRLock())
	one, two := thread(t), thread(t)
	ended, cancel := context.WithCancel(one)
	cancel()
	if err := l.Release(one); !errors.Is(err, threading.ErrNotOwner) {
		t.Errorf("release of a free lock: %v", err)
	}
	for range 3 {
		if err := l.Acquire(ended); err != nil {
			t.Fatal(err)
		}
	}
	if ok, err := l.TryAcquire(one); !ok || err != nil {
		t.Errorf("once more: %v, %v", ok, err)
	}
	if ok, err := l.TryAcquire(two); ok || err != nil {
		t.Errorf("two have it: %v, %v", ok, err)
	}
	if err := l.Release(two); !errors.Is(err, threading.ErrNotOwner) || !strings.HasPrefix(err.Error(), "multiprocessing: ") {
		t.Errorf("release by another thread: %v", err)
	}
	if !l.OwnedBy(one) || l.OwnedBy(two) || l.OwnedBy(context.Background()) || !l.Locked() {
		t.Error("owner")
	}
	if s := l.String(); s != "RLock(held by "+threading.Current(one).Name()+")" {
		t.Error(s)
	}
	none := context.Background()
	_, terr := l.TryAcquire(none)
	for _, err := range []error{l.Acquire(none), l.Release(none), terr} {
		if !errors.Is(err, threading.ErrNoThread) || !strings.HasPrefix(err.Error(), "multiprocessing: ") {
			t.Errorf("without a thread: %v", err)
		}
	}
	short, stop := context.WithTimeout(two, time.Millisecond)
	defer stop()
	if err := l.Acquire(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	for range 4 {
		if err := l.Release(one); err != nil {
			t.Error(err)
		}
	}
	if err := l.Release(one); !errors.Is(err, threading.ErrNotOwner) || l.Locked() {
		t.Errorf("released too often: %v", err)
	}
	if ok, err := l.TryAcquire(two); !ok || err != nil {
		t.Errorf("a free lock: %v, %v", ok, err)
	}
	l.Release(two)
}

var holdLocks = conex.Register("test/lock/hold", func(ctx context.Context, j lockJob) (int, error) {
	j.Locks[0].Acquire(ctx)
	j.RLocks["it"].Acquire(ctx)
	j.RLocks["it"].Acquire(ctx)
	j.Board.at(0).Store(int64(os.Getpid()))
	<-ctx.Done()
	select {}
})

// The holder of two locks is killed while others wait: the first hears of it.
func TestLockHolderDies(t *testing.T) {
	leak.Check(t)
	l, r := must(multiprocessing.NewLock()), must(multiprocessing.NewRLock())
	ctx := thread(t)
	for name, c := range map[string]struct {
		lock  func() (bool, error)
		first bool // l; else r
	}{
		"Lock.Acquire":     {func() (bool, error) { return true, l.Acquire(ctx) }, true},
		"Lock.TryAcquire":  {func() (bool, error) { return l.TryAcquire() }, true},
		"RLock.Acquire":    {func() (bool, error) { return true, r.Acquire(ctx) }, false},
		"RLock.TryAcquire": {func() (bool, error) { return r.TryAcquire(ctx) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBoard(t)
			p := spawn(t, holdLocks.Bind(lockJob{Locks: []*multiprocessing.Lock{l}, RLocks: map[string]*multiprocessing.RLock{"it": r}, Board: b}))
			eventually(t, "the child holds the locks", func() bool { return b.at(0).Load() != 0 })
			if ok, err := l.TryAcquire(); ok || err != nil {
				t.Fatalf("two hold the lock, %v", err)
			}
			if ok, err := r.TryAcquire(ctx); ok || err != nil || r.OwnedBy(ctx) {
				t.Fatalf("two hold the lock, %v", err)
			}
			if err := r.Release(ctx); !errors.Is(err, threading.ErrNotOwner) {
				t.Errorf("release of another process's lock: %v", err)
			}
			if s := l.String(); !strings.HasPrefix(s, "Lock(held by process ") {
				t.Error(s)
			}
			if s := r.String(); !strings.HasPrefix(s, "RLock(held by process ") {
				t.Error(s)
			}
			const n = 4
			waiting := make(chan error, n)
			if strings.HasSuffix(name, ".Acquire") {
				for range n {
					go func() {
						ctx, leave := threading.Adopt(context.Background())
						defer leave()
						if c.first {
							err := l.Acquire(ctx)
							l.Release()
							waiting <- err
						} else {
							err := r.Acquire(ctx)
							r.Release(ctx)
							waiting <- err
						}
					}()
				}
			} else {
				kill(t, p)
				ok, err := c.lock()
				if !ok || !errors.Is(err, multiprocessing.ErrOwnerDied) {
					t.Errorf("got %v, %v", ok, err)
				}
				if c.first {
					l.Release()
				} else {
					r.Release(ctx)
				}
			}
			kill(t, p)
			if strings.HasSuffix(name, ".Acquire") {
				died := 0
				for range n {
					if err := <-waiting; errors.Is(err, multiprocessing.ErrOwnerDied) {
						died++
					} else if err != nil {
						t.Error(err)
					}
				}
				if died != 1 {
					t.Errorf("%d were told instead of 1", died)
				}
			}
			// Clean up the other lock, by With, which does not call.
			for _, with := range []func(context.Context, func(context.Context) error) error{l.With, r.With} {
				called := false
				err := with(ctx, func(context.Context) error { called = true; return nil })
				if called != (err == nil) || err != nil && !errors.Is(err, multiprocessing.ErrOwnerDied) {
					t.Errorf("With: %v, called %v", err, called)
				}
				if err := with(ctx, func(context.Context) error { return nil }); err != nil {
					t.Errorf("told twice: %v", err)
				}
			}
		})
	}
}

var poolLocks lockJob // of a pool's worker

var (
	setPoolLocks = conex.Register("test/lock/init", func(_ context.Context, j lockJob) (int, error) {
		poolLocks = j
		return 0, nil
	})
	usePoolLocks = conex.Register("test/lock/use", func(ctx context.Context, n int) (*multiprocessing.Lock, error) {
		poolLocks.N = n
		_, err := countUnderLocks.Call(ctx, poolLocks)
		return poolLocks.Locks[1], err
	})
)

// Locks come to the workers of a pool by its initialiser, and go home in
// results.
func TestLockInPool(t *testing.T) {
	leak.Check(t)
	j := lockJob{
		Locks:  []*multiprocessing.Lock{nil, must(multiprocessing.NewLock())},
		RLocks: map[string]*multiprocessing.RLock{"it": must(multiprocessing.NewRLock()), "nil": nil},
		Board:  newBoard(t),
	}
	pool, err := process.NewPool(process.Config{Workers: 2, Init: setPoolLocks.Bind(j)})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	const tasks, each = 6, 50
	var results []*futures.Future[*multiprocessing.Lock]
	for range tasks {
		results = append(results, futures.Submit(t.Context(), pool, usePoolLocks, each))
	}
	for _, r := range results {
		l, err := r.Result(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		j.Locks[1].Acquire(t.Context())
		if ok, _ := l.TryAcquire(); ok {
			t.Error("the lock that came home is another one")
		}
		j.Locks[1].Release()
	}
	if n := j.Board.at(0).Load(); n != 3*tasks*each {
		t.Errorf("counted %d", n)
	}
}
