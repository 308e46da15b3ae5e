package queue

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/conexgo/conex/internal/park"
	"github.com/conexgo/conex/internal/track"
)

// snatch has one that waits in l woken by a change that is undone before it can
// look.
func snatch(q *Queue[int], change, undo func()) {
	q.mu.Lock()
	change()
	g, p := q.settle()
	undo()
	q.mu.Unlock()
	wake(g)
	wake(p)
	synctest.Wait()
}

func snatchItem(q *Queue[int]) { snatch(q, func() { q.add(0) }, func() { q.take() }) }

func snatchPlace(q *Queue[int]) { snatch(q, func() { q.take() }, func() { q.add(0) }) }

// One that is woken in vain keeps its place, and when that has gone on for too
// long others wait behind it.
func TestHungryGetter(t *testing.T) {
	for _, ends := range []string{"served", "gives up", "shut down"} {
		t.Run(ends, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q := New[int](0)
				var mu sync.Mutex
				got := map[string]int{}
				failed := map[string]error{}
				get := func(name string, ctx context.Context) {
					go func() {
						v, err := q.Get(ctx)
						mu.Lock()
						defer mu.Unlock()
						if err != nil {
							failed[name] = err
						} else {
							got[name] = v
						}
					}()
					synctest.Wait()
				}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				get("first", ctx)
				get("second", t.Context())
				snatchItem(q)
				if q.getters.hungry != nil {
					t.Fatal("hungry at once")
				}
				time.Sleep(2 * patience)
				snatchItem(q)
				if q.getters.hungry == nil || q.keep == 0 {
					t.Fatal("not hungry after a long time")
				}
				// There is something, but it is the first one's.
				q.mu.Lock()
				q.add(1)
				g, _ := q.settle()
				q.mu.Unlock()
				get("late", t.Context())
				over, end := context.WithCancel(ctx)
				end()
				if _, err := q.TryGet(); err != nil {
					t.Errorf("TryGet: %v", err) // it does not wait, so it overtakes
				}
				if _, err := q.Get(over); !errors.Is(err, ErrEmpty) {
					t.Errorf("Get: %v", err) // nor does this one; there is nothing now
				}
				wake(g)
				synctest.Wait()
				if len(got)+len(failed) > 0 {
					t.Fatalf("got %v, failed %v", got, failed)
				}
				switch ends {
				case "served":
					q.TryPut(11)
					synctest.Wait()
					if got["first"] != 11 {
						t.Errorf("got %v, failed %v", got, failed)
					}
				case "gives up":
					cancel()
					synctest.Wait()
					if !errors.Is(failed["first"], ErrEmpty) {
						t.Errorf("got %v, failed %v", got, failed)
					}
				case "shut down":
					q.Shutdown()
					synctest.Wait()
					if len(failed) != 3 || q.getters.hungry != nil || q.getters.n != 0 {
						t.Errorf("got %v, failed %v", got, failed)
					}
					return
				}
				if q.getters.hungry != nil || q.keep != 0 {
					t.Fatal("still hungry")
				}
				q.TryPut(12)
				q.TryPut(13)
				synctest.Wait()
				if got["second"] != 12 || got["late"] != 13 || q.getters.n != 0 || q.getters.coming {
					t.Errorf("got %v, failed %v, line %+v", got, failed, &q.getters)
				}
			})
		})
	}
}

// The same for one that puts.
func TestHungryPutter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New[int](1)
		q.TryPut(0)
		var mu sync.Mutex
		var order []string
		put := func(name string, v int) {
			go func() {
				if err := q.Put(t.Context(), v); err != nil {
					t.Errorf("%s: %v", name, err)
				}
				mu.Lock()
				defer mu.Unlock()
				order = append(order, name)
			}()
			synctest.Wait()
		}
		put("first", 1)
		snatchPlace(q)
		time.Sleep(2 * patience)
		snatchPlace(q)
		if q.putters.hungry == nil || q.room != 0 {
			t.Fatal("not hungry after a long time")
		}
		put("late", 2)
		for want := range 3 {
			if v, err := q.Get(t.Context()); v != want || err != nil {
				t.Errorf("got %d, %v; want %d", v, err, want)
			}
			synctest.Wait()
		}
		if len(order) != 2 || order[0] != "first" || q.putters.hungry != nil || q.room != 1 {
			t.Errorf("order %v, line %+v", order, &q.putters)
		}
	})
}

// When the queue is shut down nobody lines up any more, even if one that was
// hungry has not yet run.
func TestHungryShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New[int](1)
		q.getters.hungry, q.putters.hungry = park.New(t.Context()), park.New(t.Context())
		q.tune()
		q.Shutdown()
		if _, err := q.Get(t.Context()); !errors.Is(err, ErrShutDown) {
			t.Errorf("Get: %v", err)
		}
		if err := q.Put(t.Context(), 1); !errors.Is(err, ErrShutDown) {
			t.Errorf("Put: %v", err)
		}
	})
}

// One that was hungry and gives up, and has left the line, but not yet said so:
// who lines up meanwhile is woken.
func TestHungryLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New[int](0)
		w := park.New(t.Context())
		q.getters.hungry = w
		q.getters.n++
		q.tune()
		q.TryPut(1)
		got := make(chan int)
		go func() {
			v, _ := q.Get(t.Context())
			got <- v
		}()
		synctest.Wait()
		q.leave(&q.getters, w)
		if v := <-got; v != 1 {
			t.Errorf("got %d", v)
		}
	})
}

// One whose context ends while it is on its way takes what it was woken for, or
// leaves it to the next.
func TestEndsWhenWoken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New[int](0)
		got := make([]error, 2)
		ctx, cancel := context.WithCancel(t.Context())
		for i, ctx := range []context.Context{ctx, t.Context()} {
			go func() { _, got[i] = q.Get(ctx) }()
			synctest.Wait()
		}
		q.mu.Lock()
		q.add(1)
		g, _ := q.settle()
		q.mu.Unlock()
		cancel()
		synctest.Wait()
		wake(g) // taken out of the line before its context ended
		synctest.Wait()
		if got[0] != nil || q.n != 0 {
			t.Errorf("errors %v, %d items", got, q.n)
		}

		ctx, cancel = context.WithCancel(t.Context())
		go func() { _, got[0] = q.Get(ctx) }()
		synctest.Wait()
		q.mu.Lock()
		q.add(1)
		g, _ = q.settle() // the second from above
		q.take()
		q.mu.Unlock()
		cancel() // of another one in the line
		q.TryPut(2)
		synctest.Wait()
		if !errors.Is(got[0], context.Canceled) {
			t.Errorf("errors %v", got)
		}
		wake(g)
		synctest.Wait()
		if got[1] != nil || q.n != 0 || q.getters.n != 0 || q.getters.coming {
			t.Errorf("errors %v, %d items, line %+v", got, q.n, &q.getters)
		}
	})
}

// Reports about who waits name the queue, not its core.
func TestReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []any
		track.SetSlow(time.Second, func(s track.Slow) { got = append(got, s.Obj) })
		defer track.SetSlow(0, nil)
		q, simple := New[string](0), NewSimple[string]()
		lifo, priority := NewLifo[int](0), NewOrdered[int](0)
		custom := NewCustom[int](new(stack[int]), 0)
		gets := []func(context.Context){
			func(ctx context.Context) { q.Get(ctx) },
			func(ctx context.Context) { simple.Get(ctx) },
			func(ctx context.Context) { lifo.Get(ctx) },
			func(ctx context.Context) { priority.Get(ctx) },
			func(ctx context.Context) { custom.Get(ctx) },
			func(ctx context.Context) { q.TryPut(""); q.Join(ctx) },
		}
		for i, want := range []any{q, simple, lifo, priority, custom, q} {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			gets[i](ctx)
			cancel()
			if len(got) != i+1 || got[i] != want {
				t.Errorf("%T: reported %T", want, got)
			}
		}
	})
}
