package threading

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/conexgo/conex/internal/leak"
)

func newBarrier(t testing.TB, parties int, opts ...BarrierOption) *Barrier {
	t.Helper()
	b, err := NewBarrier(parties, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A party is what became of one Wait.
type party struct {
	index int
	err   error
}

// come has n parties wait at b, every second with a context that can end, and
// returns where their results come.
func come(b *Barrier, n int) <-chan party {
	results := make(chan party, n)
	for i := range n {
		ctx, _ := waiter(i)
		go func() {
			index, err := b.Wait(ctx)
			results <- party{index, err}
		}()
		synctest.Wait()
	}
	return results
}

// broken checks that n parties were told that the barrier broke.
func broken(t *testing.T, results <-chan party, n int) {
	t.Helper()
	synctest.Wait()
	if len(results) != n {
		t.Errorf("%d of %d have gone on", len(results), n)
	}
	for range len(results) {
		if p := <-results; !errors.Is(p.err, ErrBrokenBarrier) || errors.Is(p.err, context.Canceled) || p.index != -1 {
			t.Errorf("got %+v", p)
		}
	}
}

// passed checks that all parties have passed, each with an index of its own.
func passed(t *testing.T, results <-chan party, n int) {
	t.Helper()
	synctest.Wait()
	if len(results) != n {
		t.Fatalf("%d of %d have passed", len(results), n)
	}
	var got []int
	for range n {
		p := <-results
		if p.err != nil {
			t.Error(p.err)
		}
		got = append(got, p.index)
	}
	slices.Sort(got)
	for i := range n {
		if got[i] != i {
			t.Errorf("indices %v", got)
		}
	}
}

func TestNewBarrier(t *testing.T) {
	for _, n := range []int{0, -1} {
		if b, err := NewBarrier(n); !errors.Is(err, ErrParties) || !errors.Is(err, ErrThread) || b != nil {
			t.Errorf("%d: %v", n, err)
		}
	}
	var zero Barrier
	if _, err := zero.Wait(context.Background()); !errors.Is(err, ErrNotInitialized) {
		t.Errorf("zero value: %v", err)
	}
	b := newBarrier(t, 1)
	for range 3 {
		if i, err := b.Wait(context.Background()); i != 0 || err != nil {
			t.Errorf("alone: %d, %v", i, err)
		}
	}
}

func TestBarrierPasses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBarrier(t, 5)
		for range 3 {
			early := come(b, 4)
			if len(early) != 0 || b.Waiting() != 4 || b.Parties() != 5 || b.Broken() {
				t.Errorf("%d have passed, %d wait, broken %v", len(early), b.Waiting(), b.Broken())
			}
			index, err := b.Wait(context.Background())
			if index != 4 || err != nil {
				t.Errorf("the last: %d, %v", index, err)
			}
			passed(t, early, 4)
			if b.Waiting() != 0 {
				t.Errorf("%d wait", b.Waiting())
			}
		}
	})
}

func TestBarrierAction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		var b *Barrier
		var results, next <-chan party
		b = newBarrier(t, 3, WithAction(func() error {
			calls++
			if b.Waiting() != 0 {
				t.Errorf("%d wait", b.Waiting())
			}
			if calls == 1 {
				next = come(b, 2) // for the next round
			}
			if b.Waiting() != 0 || len(results) != 0 || len(next) != 0 {
				t.Error("somebody went on before the action was over")
			}
			return nil
		}))
		results = come(b, 2)
		b.Wait(context.Background())
		passed(t, results, 2)
		if calls != 1 || len(next) != 0 || b.Waiting() != 2 {
			t.Errorf("%d calls, %d have passed, %d wait", calls, len(next), b.Waiting())
		}
		b.Wait(context.Background())
		passed(t, next, 2)
		if calls != 2 {
			t.Errorf("%d calls", calls)
		}
	})
}

// An action that fails breaks the barrier, for those who wait for the next
// round already, too.
func TestBarrierActionFails(t *testing.T) {
	fail := errors.New("fail")
	for name, action := range map[string]func() error{
		"error":  func() error { return fail },
		"panic":  func() error { panic(fail) },
		"goexit": func() error { runtime.Goexit(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var b *Barrier
				var next <-chan party
				b = newBarrier(t, 3, WithAction(func() error {
					if next != nil {
						return nil
					}
					next = come(b, 1)
					return action()
				}))
				results := come(b, 2)
				done := make(chan any)
				go func() {
					var got any
					defer func() {
						if p := recover(); p != nil {
							got = p
						}
						done <- got
					}()
					i, err := b.Wait(context.Background())
					got = err
					if i != -1 {
						t.Errorf("index %d", i)
					}
				}()
				if got := <-done; got != fail && name != "goexit" || name == "goexit" && got != nil {
					t.Errorf("the last got %v", got)
				}
				broken(t, results, 2)
				broken(t, next, 1)
				if !b.Broken() || b.Waiting() != 0 {
					t.Errorf("broken %v, %d wait", b.Broken(), b.Waiting())
				}
				b.Reset()
				results = come(b, 3)
				passed(t, results, 3)
			})
		})
	}
}

func TestBarrierTimeout(t *testing.T) {
	why := errors.New("why")
	with := func(d time.Duration) func(context.Context) (context.Context, context.CancelFunc) {
		return func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeoutCause(ctx, d, why)
		}
	}
	for _, tc := range []struct {
		name string
		opts []BarrierOption
		mk   func(context.Context) (context.Context, context.CancelFunc)
		want time.Duration
		why  error
	}{
		{"context", nil, with(time.Second), time.Second, why},
		{"expired", nil, with(-time.Second), 0, why},
		{"default", []BarrierOption{WithTimeout(time.Second)}, context.WithCancel, time.Second, context.DeadlineExceeded},
		{"default of 0", []BarrierOption{WithTimeout(0)}, context.WithCancel, 0, context.DeadlineExceeded},
		{"negative default", []BarrierOption{WithTimeout(-1)}, context.WithCancel, 0, context.DeadlineExceeded},
		{"context before default", []BarrierOption{WithTimeout(time.Second)}, with(time.Minute), time.Minute, why},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBarrier(t, 4, tc.opts...)
				var others <-chan party
				n := 0
				if tc.opts == nil { // they have no limit then
					others, n = come(b, 2), 2
				}
				ctx, stop := tc.mk(context.Background())
				defer stop()
				start := time.Now()
				i, err := b.Wait(ctx)
				if i != -1 || !errors.Is(err, ErrBrokenBarrier) || !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, tc.why) {
					t.Errorf("%d, %v", i, err)
				}
				if d := time.Since(start); d != tc.want {
					t.Errorf("after %v", d)
				}
				broken(t, others, n)
				if i, err := b.Wait(context.Background()); i != -1 || !errors.Is(err, ErrBrokenBarrier) || !b.Broken() {
					t.Errorf("afterwards: %d, %v", i, err)
				}
				b.Reset()
				results := make(chan party, 4)
				for range 3 { // the last need not wait, so its context does not matter
					go func() { i, err := b.Wait(context.Background()); results <- party{i, err} }()
				}
				if tc.name == "expired" {
					synctest.Wait()
					i, err := b.Wait(ctx)
					results <- party{i, err}
					passed(t, results, 4)
				} else {
					b.Abort()
					broken(t, results, 3)
				}
			})
		})
	}
}

func TestBarrierResetAbort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBarrier(t, 3)
		for range 2 {
			results := come(b, 2)
			b.Abort()
			broken(t, results, 2)
			if !b.Broken() || b.Waiting() != 0 {
				t.Error("not broken")
			}
			b.Abort()
			broken(t, come(b, 3), 3)
			b.Reset()
			if b.Broken() {
				t.Error("broken after Reset")
			}
			results = come(b, 2)
			b.Reset()
			broken(t, results, 2)
			if b.Broken() {
				t.Error("broken after Reset")
			}
			b.Reset()
			passed(t, come(b, 3), 3)
		}
		if len(b.failed) != 0 {
			t.Errorf("%d rounds are remembered", len(b.failed))
		}
	})
}

// Somebody breaks the barrier while its action runs.
func TestBarrierWhileActing(t *testing.T) {
	for _, how := range []string{"abort", "reset", "waiter", "newcomer"} {
		t.Run(how, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				proceed := make(chan struct{})
				b := newBarrier(t, 3, WithAction(func() error { <-proceed; return nil }))
				results := come(b, 1)
				ctx, stop := context.WithCancel(context.Background())
				gone, late := make(chan error, 1), make(chan error, 1)
				go func() { _, err := b.Wait(ctx); gone <- err }()
				synctest.Wait()
				last := come(b, 1)
				newcomer, stopNewcomer := context.WithCancel(context.Background())
				defer stopNewcomer()
				go func() { _, err := b.Wait(newcomer); late <- err }()
				synctest.Wait()
				switch how {
				case "abort":
					b.Abort()
				case "reset":
					b.Reset()
				case "waiter":
					stop()
				case "newcomer":
					stopNewcomer()
				}
				synctest.Wait()
				if how == "newcomer" { // the others were complete without it
					if err := <-late; !errors.Is(err, ErrBrokenBarrier) || !errors.Is(err, context.Canceled) {
						t.Error(err)
					}
					close(proceed)
					if err := <-gone; err != nil {
						t.Error(err)
					}
					for _, r := range []<-chan party{results, last} {
						if p := <-r; p.err != nil {
							t.Error(p.err)
						}
					}
					if !b.Broken() {
						t.Error("not broken")
					}
					stop()
					return
				}
				broken(t, results, 1)
				if err := <-gone; !errors.Is(err, ErrBrokenBarrier) || errors.Is(err, context.Canceled) != (how == "waiter") {
					t.Error(err)
				}
				close(proceed)
				broken(t, last, 1)
				if b.Broken() == (how == "reset") {
					t.Errorf("broken %v", b.Broken())
				}
				if how == "reset" {
					if b.Waiting() != 1 {
						t.Errorf("%d wait", b.Waiting())
					}
					b.Abort()
				}
				if err := <-late; !errors.Is(err, ErrBrokenBarrier) || errors.Is(err, context.Canceled) {
					t.Error(err)
				}
				if len(b.failed) != 0 {
					t.Errorf("%d rounds are remembered", len(b.failed))
				}
				stop()
			})
		})
	}
}

// Parties that give up, and one that resets the barrier whenever it is broken:
// who passes passes together, with indices of their own.
func TestBarrierStress(t *testing.T) {
	leak.Check(t)
	for _, acting := range []bool{false, true} {
		t.Run(fmt.Sprintf("action=%v", acting), func(t *testing.T) {
			const parties = 4
			var finished atomic.Bool
			var actions, ones, zeros, breaks atomic.Int64
			var opts []BarrierOption
			if acting {
				opts = append(opts, WithAction(func() error { actions.Add(1); return nil }))
			}
			b := newBarrier(t, parties, opts...)
			var wg sync.WaitGroup
			n := operations() / parties
			for g := range parties {
				wg.Go(func() {
					for i := range n {
						ctx, stop := context.Background(), context.CancelFunc(func() {})
						if i%8 == g {
							ctx, stop = context.WithTimeout(ctx, time.Duration(i%40)*time.Microsecond)
						}
						index, err := b.Wait(ctx)
						stop()
						switch {
						case err != nil && !errors.Is(err, ErrBrokenBarrier):
							t.Error(err)
						case err != nil:
							breaks.Add(1)
							for g != 0 && b.Broken() && !finished.Load() {
								runtime.Gosched()
							}
							if g == 0 && !finished.Load() {
								b.Reset()
								if finished.Load() {
									b.Abort()
								}
							}
						case index == 0:
							zeros.Add(1)
						case index == parties-1:
							ones.Add(1)
						}
					}
					finished.Store(true) // nobody must wait for this one
					b.Abort()
				})
			}
			wg.Wait()
			if len(b.failed) != 0 {
				t.Errorf("%d rounds are remembered", len(b.failed))
			}
			if zeros.Load() != ones.Load() || acting && actions.Load() < zeros.Load() {
				t.Errorf("%d first, %d last, %d actions", zeros.Load(), ones.Load(), actions.Load())
			}
			t.Logf("%d passed, %d broken", zeros.Load(), breaks.Load())
		})
	}
}
