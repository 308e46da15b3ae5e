package futures_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/conexgo/conex/futures"
)

// after finishes a future some time from now.
func after(d time.Duration, end func(f *futures.Future[int])) *futures.Future[int] {
	f := futures.NewFuture[int]()
	f.SetRunningOrNotifyCancel()
	time.AfterFunc(d, func() { end(f) })
	return f
}

func ok(f *futures.Future[int])  { f.SetResult(1) }
func bad(f *futures.Future[int]) { f.SetError(errTest) }

func TestWait(t *testing.T) {
	type F = *futures.Future[int]
	const never = 24 * time.Hour
	for _, tt := range []struct {
		name  string
		when  futures.ReturnWhen
		limit time.Duration
		fs    func(t *testing.T) []F
		done  []int // which of the futures
		at    time.Duration
		err   string
	}{
		{name: "nothing", when: futures.AllCompleted},
		{name: "nothing, first", when: futures.FirstCompleted},
		{name: "nothing, first error", when: futures.FirstError},
		{
			name: "first completed", when: futures.FirstCompleted,
			fs:   func(*testing.T) []F { return []F{after(2, ok), after(1, ok), after(3, ok)} },
			done: []int{1}, at: 1,
		}, {
			name: "first completed, some are", when: futures.FirstCompleted,
			fs: func(t *testing.T) []F {
				return []F{inState(t, futures.Cancelled), inState(t, futures.Finished), after(1, ok)}
			},
			done: []int{0, 1},
		}, {
			// Python says otherwise: there a cancelled future counts only
			// when its executor has noticed. Here Cancel notifies at once.
			name: "first completed, one is cancelled", when: futures.FirstCompleted,
			fs:   func(t *testing.T) []F { return []F{inState(t, futures.Cancelled), after(1, ok)} },
			done: []int{0},
		}, {
			name: "first error", when: futures.FirstError,
			fs:   func(*testing.T) []F { return []F{after(1, ok), after(2, bad), after(3, ok)} },
			done: []int{0, 1}, at: 2,
		}, {
			name: "first error, none", when: futures.FirstError,
			fs:   func(*testing.T) []F { return []F{after(1, ok), after(2, ok)} },
			done: []int{0, 1}, at: 2,
		}, {
			name: "first error, a cancelled one is none", when: futures.FirstError,
			fs: func(t *testing.T) []F {
				return []F{inState(t, futures.Finished), inState(t, futures.Cancelled), after(1, bad), after(2, ok)}
			},
			done: []int{0, 1, 2}, at: 1,
		}, {
			name: "first error, one has failed", when: futures.FirstError,
			fs:   func(t *testing.T) []F { return []F{failed(t, errTest), after(1, ok)} },
			done: []int{0},
		}, {
			name: "all", when: futures.AllCompleted,
			fs: func(t *testing.T) []F {
				return []F{inState(t, futures.Finished), inState(t, futures.Cancelled), failed(t, errTest), after(2, bad), after(1, ok)}
			},
			done: []int{0, 1, 2, 3, 4}, at: 2,
		}, {
			name: "all, each given twice", when: futures.AllCompleted,
			fs: func(t *testing.T) []F {
				f, g := after(1, ok), after(2, ok)
				return []F{f, g, f, g, g}
			},
			done: []int{0, 1}, at: 2,
		}, {
			name: "all, limit", when: futures.AllCompleted, limit: 5,
			fs: func(t *testing.T) []F {
				return []F{inState(t, futures.Finished), after(never, ok), after(3, ok), after(never, ok)}
			},
			done: []int{0, 2}, at: 5, err: "2 (of 4) futures unfinished",
		}, {
			name: "first, limit", when: futures.FirstCompleted, limit: 5,
			fs: func(*testing.T) []F { return []F{after(never, ok)} },
			at: 5, err: "1 (of 1) futures unfinished",
		}, {
			name: "first error, limit", when: futures.FirstError, limit: 5,
			fs:   func(*testing.T) []F { return []F{after(1, ok), after(never, ok)} },
			done: []int{0}, at: 5, err: "1 (of 2) futures unfinished",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var fs []F
				var all []futures.AnyFuture
				if tt.fs != nil {
					fs = tt.fs(t)
				}
				for _, f := range fs {
					all = append(all, f)
				}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if tt.limit > 0 {
					ctx, cancel = context.WithTimeout(ctx, tt.limit)
					defer cancel()
				}
				start := time.Now()
				done, pending, err := futures.Wait(ctx, tt.when, all...)
				if d := time.Since(start); d != tt.at {
					t.Errorf("returned after %d, want %d", d, tt.at)
				}
				var want, rest []futures.AnyFuture
				for i, f := range all {
					if slices.Index(all, f) != i {
						continue
					}
					if slices.Contains(tt.done, i) {
						want = append(want, f)
					} else {
						rest = append(rest, f)
					}
				}
				if !slices.Equal(done, want) || !slices.Equal(pending, rest) {
					t.Errorf("done %v, pending %v", done, pending)
				}
				if tt.err == "" && err != nil {
					t.Errorf("error %v", err)
				}
				if tt.err != "" && (!errors.Is(err, futures.ErrStillRunning) || !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), tt.err)) {
					t.Errorf("error %v, want %s", err, tt.err)
				}
				// No waiter is left behind.
				for _, f := range fs {
					f.SetResult(0)
				}
			})
		})
	}
	if _, _, err := futures.Wait(t.Context(), futures.ReturnWhen(9)); err == nil || !strings.Contains(err.Error(), "ReturnWhen(9)") {
		t.Errorf("an unknown condition: %v", err)
	}
	// Futures of several types together.
	f, g := futures.NewFuture[int](), futures.NewFuture[string]()
	f.SetResult(1)
	g.SetResult("x")
	done, pending, err := futures.Wait(t.Context(), futures.AllCompleted, f, g)
	if len(done) != 2 || len(pending) != 0 || err != nil {
		t.Errorf("mixed types: %v, %v, %v", done, pending, err)
	}
}

// TestWaitRace finishes futures while others wait for them.
func TestWaitRace(t *testing.T) {
	for range 50 {
		fs := make([]*futures.Future[int], 200)
		all := make([]futures.AnyFuture, len(fs))
		for i := range fs {
			fs[i] = futures.NewFuture[int]()
			all[i] = fs[i]
		}
		ended := make(chan int, 3)
		go func() {
			done, _, err := futures.Wait(t.Context(), futures.AllCompleted, all...)
			if err != nil {
				t.Error(err)
			}
			ended <- len(done)
		}()
		go func() {
			n := 0
			for f, err := range futures.AsCompleted(t.Context(), fs...) {
				if n++; err != nil || f.State() != futures.Finished {
					t.Errorf("%v, %v", f, err)
				}
			}
			ended <- n
		}()
		go func() {
			done, _, err := futures.Wait(t.Context(), futures.FirstCompleted, all...)
			if err != nil || len(done) == 0 {
				t.Error(done, err)
			}
			ended <- len(fs)
		}()
		for i, f := range fs {
			go f.SetResult(i)
		}
		for range 3 {
			if n := <-ended; n != len(fs) {
				t.Fatalf("%d of %d", n, len(fs))
			}
		}
	}
}

func TestAsCompleted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		early, late, later := inState(t, futures.Finished), after(2, ok), after(3, bad)
		gone := inState(t, futures.Cancelled)
		var got []*futures.Future[int]
		for f, err := range futures.AsCompleted(t.Context(), later, early, late, gone, late, early) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, f)
		}
		if !slices.Equal(got, []*futures.Future[int]{early, gone, late, later}) {
			t.Errorf("order %v", got)
		}
		for range futures.AsCompleted[int](t.Context()) {
			t.Error("something out of nothing")
		}

		// The limit ends the loop, with the number of those unfinished.
		never, running := futures.NewFuture[int](), inState(t, futures.Running)
		for _, limit := range []time.Duration{0, time.Second} {
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			n := 0
			for f, err := range futures.AsCompleted(ctx, early, never, running, gone) {
				switch n++; {
				case n <= 2 && err != nil:
					t.Errorf("future %d: %v", n, err)
				case n == 3 && (f != nil || !errors.Is(err, futures.ErrStillRunning) ||
					!errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "2 (of 4) futures unfinished")):
					t.Errorf("the end: %v, %v", f, err)
				}
			}
			if n != 3 {
				t.Errorf("%d futures", n)
			}
			cancel()
		}
		for range futures.AsCompleted(t.Context(), early, never) {
			break
		}
		never.SetResult(1) // nobody listens any more
	})
}

func TestWaitManyDone(t *testing.T) {
	all := make([]futures.AnyFuture, 100_000)
	for i := range all {
		all[i] = inState(t, futures.Finished)
	}
	all = append(all, all...)
	start := time.Now()
	done, pending, err := futures.Wait(t.Context(), futures.AllCompleted, all...)
	if len(done) != 100_000 || len(pending) != 0 || err != nil {
		t.Errorf("%d done, %d pending, %v", len(done), len(pending), err)
	}
	// Some 10 ms even on a slow machine; quadratic time would be minutes.
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("took %v", d)
	}
}
