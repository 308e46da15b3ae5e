package park

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/conexgo/conex/internal/leak"
)

// Both ways to sleep, in the order of arrival.
func TestOrder(t *testing.T) {
	for _, tc := range []struct {
		name string
		ends []bool // whose context can end
	}{
		{"background", []bool{false}},
		{"cancellable", []bool{true}},
		{"mixed", []bool{false, true}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var q Queue
				var got []int
				for i := range 6 {
					ctx := context.Background()
					if tc.ends[i%len(tc.ends)] {
						var stop func()
						ctx, stop = context.WithCancel(ctx)
						defer stop()
					}
					go func() {
						w := New(ctx)
						defer w.Free()
						q.Lock()
						q.PushBack(w)
						if !q.Sleep(ctx, w, &q) {
							t.Error("ended without being woken")
						}
						got = append(got, i*10+int(w.Val))
					}()
					synctest.Wait()
				}
				for i := range 5 {
					q.Lock()
					w := q.Pop()
					q.Unlock()
					w.Val = uint32(i)
					w.Wake()
					synctest.Wait()
					if len(got) != i+1 || got[i] != i*11 {
						t.Fatalf("after %d: %v", i, got)
					}
				}
				q.Lock()
				if q.Empty() || q.Front() == nil {
					t.Error("the last is gone")
				}
				q.WakeAll()
				synctest.Wait()
				if len(got) != 6 {
					t.Errorf("got %v", got)
				}
			})
		})
	}
}

func TestPushFront(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var q Queue
		var got []string
		sleep := func(name string, push func(*Waiter)) {
			go func() {
				w := New(context.Background())
				q.Lock()
				push(w)
				q.Sleep(context.Background(), w, &q)
				got = append(got, name)
			}()
			synctest.Wait()
		}
		sleep("second", q.PushFront)
		sleep("third", q.PushBack)
		sleep("first", q.PushFront)
		for range 3 {
			q.Lock()
			w := q.Pop()
			q.Unlock()
			w.Wake()
			synctest.Wait()
		}
		if len(got) != 3 || got[0] != "first" || got[1] != "second" || got[2] != "third" {
			t.Errorf("got %q", got)
		}
	})
}

// A context that ends takes its waiter out, wherever it stands, and the caller
// has the lock then.
func TestEnd(t *testing.T) {
	for at := range 3 {
		synctest.Test(t, func(t *testing.T) {
			var q Queue
			results := make([]string, 3)
			var cancels []context.CancelFunc
			for i := range 3 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				cancels = append(cancels, cancel)
				go func() {
					w := New(ctx)
					q.Lock()
					q.PushBack(w)
					if q.Sleep(ctx, w, &q) {
						results[i] = "woken"
						return
					}
					if q.mu.TryLock() {
						t.Error("the lock is free")
					}
					results[i] = "ended"
					q.Unlock()
				}()
				synctest.Wait()
			}
			cancels[at]()
			synctest.Wait()
			q.Lock()
			q.WakeAll()
			synctest.Wait()
			for i, r := range results {
				if want := map[bool]string{true: "ended", false: "woken"}[i == at]; r != want {
					t.Errorf("%d of 3 ended: number %d was %s", at, i, r)
				}
				cancels[i]()
			}
		})
	}
}

// A waiter that was taken out is woken even if its context ends before that.
func TestWokenFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var q Queue
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan bool)
		go func() {
			w := New(ctx)
			q.Lock()
			q.PushBack(w)
			done <- q.Sleep(ctx, w, &q)
		}()
		synctest.Wait()
		q.Lock()
		w := q.Pop()
		q.Unlock()
		cancel()
		synctest.Wait()
		w.Wake()
		if !<-done {
			t.Error("the wake-up was lost")
		}
	})
}

// operations is how much a stress test does.
func operations() int {
	if n, err := strconv.Atoi(os.Getenv("CONEX_STRESS")); err == nil {
		return n
	}
	return 20_000
}

// Wake-ups race with contexts that end; each wakes exactly one.
func TestRace(t *testing.T) {
	leak.Check(t)
	var q Queue
	var woken, ended, wakes atomic.Int64
	var sleepers, wakers sync.WaitGroup
	stop := make(chan struct{})
	n := operations() / 8
	for g := range 8 {
		sleepers.Go(func() {
			r := rand.New(rand.NewPCG(1, uint64(g)))
			for range n {
				ctx, cancel := context.Background(), context.CancelFunc(func() {})
				if g%4 != 0 {
					ctx, cancel = context.WithTimeout(ctx, time.Duration(r.IntN(50))*time.Microsecond)
				}
				w := New(ctx)
				q.Lock()
				q.PushBack(w)
				if q.Sleep(ctx, w, &q) {
					woken.Add(1)
				} else {
					q.Unlock()
					ended.Add(1)
					if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
						t.Error("woken by nobody")
					}
				}
				w.Free()
				cancel()
			}
		})
	}
	for range 2 {
		wakers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				q.Lock()
				w := q.Pop()
				q.Unlock()
				if w == nil {
					runtime.Gosched() // let the sleepers come
					continue
				}
				wakes.Add(1)
				w.Wake()
			}
		})
	}
	sleepers.Wait()
	close(stop)
	wakers.Wait()
	if woken.Load() != wakes.Load() || woken.Load()+ended.Load() != int64(8*n) {
		t.Errorf("%d wakes, %d woken, %d ended of %d", wakes.Load(), woken.Load(), ended.Load(), 8*n)
	}
}

func BenchmarkPingPong(b *testing.B) {
	b.Run("park", func(b *testing.B) {
		b.ReportAllocs()
		var q [2]Queue
		var turn [2]bool
		wait := func(i int) {
			q[i].Lock()
			if !turn[i] {
				w := New(context.Background())
				q[i].PushBack(w)
				q[i].Sleep(context.Background(), w, &q)
				w.Free()
				q[i].Lock()
			}
			turn[i] = false
			q[i].Unlock()
		}
		wake := func(i int) {
			q[i].Lock()
			turn[i] = true
			w := q[i].Pop()
			q[i].Unlock()
			if w != nil {
				w.Wake()
			}
		}
		go func() {
			for range b.N {
				wait(0)
				wake(1)
			}
		}()
		for range b.N {
			wake(0)
			wait(1)
		}
	})
	b.Run("cond", func(b *testing.B) {
		b.ReportAllocs()
		var mu sync.Mutex
		c := [2]*sync.Cond{sync.NewCond(&mu), sync.NewCond(&mu)}
		var turn [2]bool
		wait := func(i int) {
			mu.Lock()
			for !turn[i] {
				c[i].Wait()
			}
			turn[i] = false
			mu.Unlock()
		}
		wake := func(i int) {
			mu.Lock()
			turn[i] = true
			mu.Unlock()
			c[i].Signal()
		}
		go func() {
			for range b.N {
				wait(0)
				wake(1)
			}
		}()
		for range b.N {
			wake(0)
			wait(1)
		}
	})
}
