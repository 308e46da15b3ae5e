package threading

import (
	"context"
	"errors"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/conexgo/conex/internal/leak"
)

// A lockable is anything that one at a time can hold.
type lockable struct {
	name    string
	acquire func(context.Context) error
	try     func(context.Context) bool
	release func(context.Context) error
	locked  func() bool
	with    func(context.Context, func(context.Context) error) error
	reenter bool // its holder may take it again
}

func must(ok bool, err error) bool {
	if err != nil {
		panic(err)
	}
	return ok
}

// lockables returns a new one of each kind.
func lockables() []lockable {
	var l Lock
	var r RLock
	var zero Condition
	c, cr := NewCondition(new(Lock)), NewCondition(new(RLock))
	var s Semaphore
	var b BoundedSemaphore
	all := []lockable{
		{"Lock", l.Acquire, func(context.Context) bool { return l.TryAcquire() }, l.releaseFor, l.Locked, l.With, false},
		{"Locker", func(ctx context.Context) error {
			if ctx.Done() == nil {
				l.Lock()
				return nil
			}
			return l.Acquire(ctx)
		}, func(context.Context) bool { return l.TryLock() }, func(context.Context) error { l.Unlock(); return nil }, l.Locked, l.With, false},
		{"RLock", r.Acquire, func(ctx context.Context) bool { return must(r.TryAcquire(ctx)) }, r.Release, r.Locked, r.With, true},
		{"Semaphore", s.Acquire, func(context.Context) bool { return s.TryAcquire() }, s.releaseFor, func() bool { return s.Value() == 0 }, s.With, false},
		{"BoundedSemaphore", b.Acquire, func(context.Context) bool { return b.TryAcquire() }, b.releaseFor, func() bool { return b.Value() == 0 }, b.With, false},
	}
	for name, c := range map[string]*Condition{"Condition": &zero, "Condition/Lock": c, "Condition/RLock": cr} {
		all = append(all, lockable{name, c.Acquire, func(ctx context.Context) bool { return must(c.TryAcquire(ctx)) },
			c.Release, c.Locked, c.With, c.lock == nil})
	}
	return all
}

// eachLock runs f in a bubble for a new one of each kind, as the thread main.
func eachLock(t *testing.T, f func(t *testing.T, ctx context.Context, l lockable)) {
	for _, l := range lockables() {
		t.Run(l.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { f(t, asThread(context.Background(), "main"), l) })
		})
	}
}

// other runs f as another thread and waits for it.
func other(f func(ctx context.Context)) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(asThread(context.Background(), "other"))
	}()
	<-done
}

func TestAcquireRelease(t *testing.T) {
	eachLock(t, func(t *testing.T, ctx context.Context, l lockable) {
		for range 3 {
			if l.locked() {
				t.Fatal("locked while free")
			}
			if err := l.acquire(ctx); err != nil || !l.locked() {
				t.Fatalf("acquire: %v, locked %v", err, l.locked())
			}
			if got := l.try(ctx); got != l.reenter {
				t.Errorf("taken again: %v", got)
			} else if got {
				l.release(ctx)
			}
			other(func(ctx context.Context) {
				if l.try(ctx) {
					t.Error("taken twice")
				}
			})
			if err := l.release(ctx); err != nil {
				t.Fatal(err)
			}
			if !l.try(ctx) || !l.locked() {
				t.Error("not taken though free")
			}
			if err := l.release(ctx); err != nil || l.locked() {
				t.Errorf("release: %v, locked %v", err, l.locked())
			}
		}
	})
}

// Those who wait go on in the order in which they came, one per release.
func TestWaitersInOrder(t *testing.T) {
	eachLock(t, func(t *testing.T, ctx context.Context, l lockable) {
		var got []int
		l.acquire(ctx)
		for i := range 6 {
			ctx, stop := asThread(context.Background(), "waiter"), context.CancelFunc(func() {})
			if i%2 == 0 {
				ctx, stop = context.WithCancel(ctx)
			}
			defer stop()
			go func() {
				if err := l.acquire(ctx); err != nil {
					t.Error(err)
				}
				got = append(got, i)
				synctest.Wait() // the others do not
				l.release(ctx)
			}()
			synctest.Wait()
			if len(got) > 0 {
				t.Fatal("acquired while held")
			}
		}
		l.release(ctx)
		time.Sleep(time.Second) // until all have called Wait
		synctest.Wait()
		if !slices.Equal(got, []int{0, 1, 2, 3, 4, 5}) {
			t.Errorf("order %v", got)
		}
		if l.locked() {
			t.Error("still locked")
		}
	})
}

// A context that ends ends the wait, and nothing else changes.
func TestAcquireEnds(t *testing.T) {
	why := errors.New("why")
	eachLock(t, func(t *testing.T, ctx context.Context, l lockable) {
		if err := l.acquire(ctx); err != nil {
			t.Fatal(err)
		}
		threads := 0
		end := func(mk func(context.Context) (context.Context, func()), want ...error) {
			threads++
			other(func(ctx context.Context) {
				ctx, stop := mk(ctx)
				defer stop()
				err := l.acquire(ctx)
				for _, w := range want {
					if !errors.Is(err, w) {
						t.Errorf("got %v, want %v", err, w)
					}
				}
			})
		}
		end(func(ctx context.Context) (context.Context, func()) {
			ctx, stop := context.WithTimeout(ctx, time.Minute)
			return ctx, stop
		}, context.DeadlineExceeded)
		end(func(ctx context.Context) (context.Context, func()) {
			ctx, stop := context.WithTimeoutCause(ctx, time.Minute, why)
			return ctx, stop
		}, context.DeadlineExceeded, why)
		end(func(ctx context.Context) (context.Context, func()) {
			ctx, stop := context.WithCancelCause(ctx)
			time.AfterFunc(time.Minute, func() { stop(why) })
			return ctx, func() { stop(nil) }
		}, context.Canceled, why)
		expired := func(ctx context.Context) (context.Context, func()) {
			ctx, stop := context.WithDeadline(ctx, time.Now().Add(-time.Hour))
			return ctx, stop
		}
		start := time.Now()
		end(expired, context.DeadlineExceeded)
		if time.Since(start) != 0 {
			t.Error("waited with an expired context")
		}
		if err := l.release(ctx); err != nil || l.locked() {
			t.Fatalf("release: %v, locked %v", err, l.locked())
		}
		ctx, stop := expired(ctx)
		defer stop()
		if err := l.acquire(ctx); err != nil {
			t.Errorf("a free lock, an expired context: %v", err)
		}
		if err := l.release(ctx); err != nil {
			t.Errorf("release: %v", err)
		}
	})
}

// Somebody in the middle of the line gives up; the others go on.
func TestAcquireEndsInLine(t *testing.T) {
	for at := range 3 {
		eachLock(t, func(t *testing.T, ctx context.Context, l lockable) {
			l.acquire(ctx)
			var got []int
			var stops []func()
			for i := range 3 {
				ctx, stop := context.WithCancel(asThread(context.Background(), "waiter"))
				stops = append(stops, stop)
				go func() {
					if err := l.acquire(ctx); err != nil {
						got = append(got, -1-i)
						return
					}
					got = append(got, i)
					l.release(ctx)
				}()
				synctest.Wait()
			}
			stops[at]()
			synctest.Wait()
			l.release(ctx)
			synctest.Wait()
			for _, stop := range stops {
				stop()
			}
			want := []int{-1 - at}
			for i := range 3 {
				if i != at {
					want = append(want, i)
				}
			}
			if !slices.Equal(got, want) || l.locked() {
				t.Errorf("got %v, want %v, locked %v", got, want, l.locked())
			}
		})
	}
}

// One who was woken, lost to a newcomer and gave up leaves the lock to those
// who wait behind it.
func TestWokenAndEnded(t *testing.T) {
	eachLock(t, func(t *testing.T, ctx context.Context, l lockable) {
		for range 100 {
			l.acquire(ctx)
			first, stop := context.WithCancel(asThread(context.Background(), "first"))
			held := make(chan bool, 2)
			wait := func(ctx context.Context) {
				err := l.acquire(ctx)
				held <- err == nil
				if err == nil {
					l.release(ctx)
				}
			}
			go wait(first)
			synctest.Wait()
			go wait(asThread(context.Background(), "second"))
			synctest.Wait()
			l.release(ctx)
			barged := l.try(ctx)
			stop()
			synctest.Wait()
			if barged {
				l.release(ctx)
			}
			if a, b := <-held, <-held; !a && !b {
				t.Fatal("nobody got the lock")
			}
			synctest.Wait()
			if l.locked() {
				t.Fatal("still locked")
			}
		}
	})
}

// Who was woken and lost keeps its place.
func TestLoserIsFirst(t *testing.T) {
	eachLock(t, func(t *testing.T, ctx context.Context, l lockable) {
		for range 50 {
			l.acquire(ctx)
			var got []int
			for i := range 2 {
				ctx := asThread(context.Background(), "waiter")
				go func() {
					l.acquire(ctx)
					got = append(got, i)
					time.Sleep(time.Millisecond)
					l.release(ctx)
				}()
				synctest.Wait()
			}
			l.release(ctx)
			barged := l.try(ctx)
			synctest.Wait() // the first has lost and sleeps again, or has it
			if barged {
				l.release(ctx)
				synctest.Wait()
			}
			time.Sleep(time.Second)
			synctest.Wait()
			if !slices.Equal(got, []int{0, 1}) {
				t.Fatalf("order %v", got)
			}
		}
	})
}

// Some who take a lock again and again do not keep it for themselves: once one
// of those who wait has been patient for long enough, all of them get it.
func TestNobodyStarves(t *testing.T) {
	eachLock(t, func(t *testing.T, ctx context.Context, l lockable) {
		const greedy, others = 3, 20
		var got atomic.Int32
		l.acquire(ctx)
		for range others {
			ctx := asThread(context.Background(), "other")
			go func() {
				l.acquire(ctx)
				got.Add(1)
				l.release(ctx)
			}()
		}
		synctest.Wait()
		start := time.Now()
		l.release(ctx)
		var wg sync.WaitGroup
		for range greedy {
			wg.Go(func() {
				ctx := asThread(ctx, "greedy")
				for got.Load() < others {
					if l.try(ctx) { // never in line
						time.Sleep(10 * time.Microsecond)
						l.release(ctx)
					} else {
						time.Sleep(time.Microsecond)
					}
				}
			})
		}
		wg.Wait()
		if d := time.Since(start); d > 2*patience {
			t.Errorf("that took %v", d)
		}
		synctest.Wait()
		if l.locked() {
			t.Error("still locked")
		}
	})
}

// A starving line hands the lock to all who were in it, and to nobody else.
func TestHandOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l Lock
		ctx, stop := context.WithCancel(context.Background())
		l.Lock()
		turn := make(chan struct{})
		come := func(ctx context.Context) {
			go func() {
				if l.Acquire(ctx) == nil {
					<-turn
					l.Unlock()
				}
			}()
			synctest.Wait()
		}
		come(context.Background())
		come(ctx)
		come(context.Background())
		l.line.Lock()
		l.state.Or(starving)
		l.line.Mark()
		l.line.Unlock()
		come(context.Background()) // too late
		stop()                     // counts all the same
		synctest.Wait()
		l.Unlock()
		for i := range 3 {
			synctest.Wait()
			if got := l.state.Load()&starving != 0; got != (i == 0) || !l.Locked() {
				t.Errorf("hand-over %d: starving %v, locked %v", i, got, l.Locked())
			}
			turn <- struct{}{}
		}
		synctest.Wait()
		if l.state.Load() != 0 {
			t.Errorf("state %b", l.state.Load())
		}

		// A semaphore gives what is left to whoever comes.
		s, _ := NewSemaphore(0)
		for range 2 {
			go s.Acquire(context.Background())
		}
		synctest.Wait()
		s.gate.line.Lock()
		s.gate.state.Or(starving)
		s.gate.line.Mark()
		s.gate.line.Unlock()
		s.ReleaseN(5)
		synctest.Wait()
		if s.Value() != 3 || s.gate.state.Load()&(permit-1) != 0 {
			t.Errorf("value %d, state %b", s.Value(), s.gate.state.Load())
		}
	})
}

// With releases on every path.
func TestWith(t *testing.T) {
	fail := errors.New("fail")
	eachLock(t, func(t *testing.T, ctx context.Context, l lockable) {
		inside := func(ctx context.Context) error {
			if !l.locked() || Current(ctx) == nil {
				t.Error("inside, but not locked, or another context")
			}
			return nil
		}
		if err := l.with(ctx, inside); err != nil || l.locked() {
			t.Errorf("%v, locked %v", err, l.locked())
		}
		if err := l.with(ctx, func(ctx context.Context) error { inside(ctx); return fail }); err != fail || l.locked() {
			t.Errorf("%v, locked %v", err, l.locked())
		}
		func() {
			defer func() {
				if recover() != fail || l.locked() {
					t.Errorf("after a panic: locked %v", l.locked())
				}
			}()
			l.with(ctx, func(ctx context.Context) error { panic(fail) })
		}()
		other(func(ctx context.Context) {
			defer func() {
				if l.locked() {
					t.Error("locked after Goexit")
				}
			}()
			done := make(chan struct{})
			go func() {
				defer close(done)
				l.with(ctx, func(context.Context) error { runtime.Goexit(); return nil })
			}()
			<-done
		})
		if l.reenter {
			l.with(ctx, func(ctx context.Context) error {
				l.with(ctx, inside)
				return inside(ctx)
			})
		}
		l.acquire(ctx)
		other(func(ctx context.Context) {
			ctx, stop := context.WithTimeout(ctx, time.Second)
			defer stop()
			err := l.with(ctx, func(context.Context) error { t.Error("called"); return nil })
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
		})
		l.release(ctx)
	})
}

// What fn has released already is reported with fn's own error.
func TestWithReleased(t *testing.T) {
	ctx := asThread(context.Background(), "main")
	fail := errors.New("fail")
	var l Lock
	var r RLock
	c := NewCondition(&l)
	for want, x := range map[error][]Acquirer{ErrNotLocked: {&l, c}, ErrNotOwner: {&r}} {
		for _, x := range x {
			err := With(ctx, x, func(ctx context.Context) error {
				x.releaseFor(ctx)
				return fail
			})
			if !errors.Is(err, fail) || !errors.Is(err, want) {
				t.Errorf("%T: %v", x, err)
			}
		}
	}
}

// Each kind protects a counter from goroutines whose contexts end and do not.
func TestLockStress(t *testing.T) {
	for _, l := range lockables() {
		t.Run(l.name, func(t *testing.T) {
			leak.Check(t)
			const goroutines = 8
			n := operations() / goroutines
			var wg sync.WaitGroup
			var held, counter int
			var want atomic.Int64
			for g := range goroutines {
				wg.Go(func() {
					ctx := asThread(context.Background(), "worker")
					for i := range n {
						c, stop := ctx, context.CancelFunc(func() {})
						switch (g + i) % 4 {
						case 0:
							c, stop = context.WithTimeout(ctx, time.Duration(i%20)*time.Microsecond)
						case 1:
							c, stop = context.WithCancel(ctx)
						case 2:
							if !l.try(ctx) {
								continue
							}
							l.release(ctx)
							continue
						}
						if err := l.acquire(c); err == nil {
							if held++; held != 1 {
								t.Error("held twice")
							}
							counter++
							want.Add(1)
							if i%64 == 0 {
								runtime.Gosched()
							}
							held--
							if err := l.release(c); err != nil {
								t.Error(err)
							}
						} else if !errors.Is(err, context.DeadlineExceeded) {
							t.Error(err)
						}
						stop()
					}
				})
			}
			wg.Wait()
			if int64(counter) != want.Load() || l.locked() {
				t.Errorf("counted %d of %d, locked %v", counter, want.Load(), l.locked())
			}
		})
	}
}

// A free lock costs no allocation, nor does a wait that cannot be ended.
func TestAllocations(t *testing.T) {
	ctx := asThread(context.Background(), "main")
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	for _, l := range lockables() {
		if n := testing.AllocsPerRun(100, func() {
			l.acquire(ctx)
			l.release(ctx)
		}); n != 0 {
			t.Errorf("%s: %v allocations", l.name, n)
		}
	}
}

func TestCopy(t *testing.T) {
	if testing.Short() {
		t.Skip("runs go vet")
	}
	out, err := exec.Command("go", "vet", "-copylocks", "./testdata/copylocks").CombinedOutput()
	if err == nil {
		t.Error("go vet has no complaint")
	}
	for _, name := range []string{"lock", "rlock", "condition", "semaphore", "boundedsemaphore", "event", "barrier"} {
		if !strings.Contains(string(out), " "+name+" passes lock by value") {
			t.Errorf("%s: no complaint in\n%s", name, out)
		}
	}
}
