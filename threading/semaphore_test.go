package threading

import (
	"context"
	"errors"
	"math"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/conexgo/conex/internal/leak"
)

// A semaphore is both kinds, as what they have in common.
type semaphore interface {
	Acquirer
	TryAcquire() bool
	Release() error
	ReleaseN(int) error
	Value() int
}

func eachSemaphore(t *testing.T, n int, f func(t *testing.T, s semaphore)) {
	t.Run("Semaphore", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s, err := NewSemaphore(n)
			if err != nil {
				t.Fatal(err)
			}
			f(t, s)
		})
	})
	t.Run("BoundedSemaphore", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s, err := NewBoundedSemaphore(n)
			if err != nil || s.Bound() != n {
				t.Fatal(err, s)
			}
			f(t, s)
		})
	})
}

func TestNewSemaphore(t *testing.T) {
	for _, n := range []int{0, 1, 7, math.MaxInt32} {
		s, err := NewSemaphore(n)
		b, errB := NewBoundedSemaphore(n)
		if err != nil || errB != nil || s.Value() != n || b.Value() != n {
			t.Errorf("%d: %v, %v", n, err, errB)
		}
	}
	bad := map[int]error{-1: ErrNegativeValue, math.MinInt: ErrNegativeValue}
	if strconv.IntSize == 64 {
		bad[math.MaxInt] = ErrTooManyPermits
	}
	for n, want := range bad {
		s, err := NewSemaphore(n)
		b, errB := NewBoundedSemaphore(n)
		if !errors.Is(err, want) || !errors.Is(errB, want) || s != nil || b != nil || !errors.Is(err, ErrThread) {
			t.Errorf("%d: %v, %v", n, err, errB)
		}
	}
	var s Semaphore
	var b BoundedSemaphore
	if s.Value() != 1 || b.Value() != 1 || b.Bound() != 1 {
		t.Error("the zero value has not one permit")
	}
}

func TestSemaphoreCounts(t *testing.T) {
	ctx := context.Background()
	eachSemaphore(t, 3, func(t *testing.T, s semaphore) {
		for i := range 3 {
			if s.Value() != 3-i {
				t.Errorf("value %d after %d", s.Value(), i)
			}
			if i == 1 {
				s.Acquire(ctx)
			} else if !s.TryAcquire() {
				t.Error("none left")
			}
		}
		if s.TryAcquire() || s.Value() != 0 {
			t.Error("one too many")
		}
		for _, n := range []int{0, -1, math.MinInt} {
			if err := s.ReleaseN(n); !errors.Is(err, ErrReleaseCount) || s.Value() != 0 {
				t.Errorf("ReleaseN(%d): %v, value %d", n, err, s.Value())
			}
		}
		if s.ReleaseN(2) != nil || s.Value() != 2 || s.Release() != nil || s.Value() != 3 {
			t.Errorf("value %d", s.Value())
		}
	})
}

func TestReleasedTooOften(t *testing.T) {
	s, _ := NewBoundedSemaphore(3)
	for out := range 3 {
		for n := range 5 {
			err := s.ReleaseN(n + out + 1)
			if !errors.Is(err, ErrReleasedTooOften) || s.Value() != 3-out {
				t.Errorf("%d out, %d back: %v, value %d", out, n+out+1, err, s.Value())
			}
		}
		if err := s.ReleaseN(math.MaxInt); !errors.Is(err, ErrReleasedTooOften) {
			t.Error(err)
		}
		s.TryAcquire()
	}
	if s.ReleaseN(3) != nil || !errors.Is(s.Release(), ErrReleasedTooOften) || s.Value() != 3 {
		t.Errorf("value %d", s.Value())
	}
	u, _ := NewSemaphore(0)
	if u.Release() != nil || u.ReleaseN(5) != nil || u.Value() != 6 {
		t.Errorf("unbounded: value %d", u.Value())
	}
	if strconv.IntSize == 64 {
		u.gate.state.Store((maxPermits - 1) * permit)
		if err := u.Release(); !errors.Is(err, ErrTooManyPermits) || int64(u.Value()) != maxPermits {
			t.Errorf("full: %v, %d", err, u.Value())
		}
		if err := u.ReleaseN(math.MaxInt); !errors.Is(err, ErrTooManyPermits) || int64(u.Value()) != maxPermits {
			t.Errorf("full: %v, %d", err, u.Value())
		}
	}
}

// ReleaseN lets as many go on as it gives back, the first come first.
func TestReleaseWaiters(t *testing.T) {
	eachSemaphore(t, 7, func(t *testing.T, s semaphore) {
		ctx := context.Background()
		for range 7 {
			s.Acquire(ctx)
		}
		var mu sync.Mutex
		var got []int
		for i := range 10 {
			ctx, stop := context.WithCancel(ctx)
			if i%3 == 0 {
				ctx = context.Background()
			}
			defer stop()
			go func() {
				s.Acquire(ctx)
				mu.Lock()
				got = append(got, i)
				mu.Unlock()
			}()
			synctest.Wait()
		}
		for _, tc := range []struct{ n, want, value int }{{1, 1, 0}, {2, 3, 0}, {3, 6, 0}, {4, 10, 0}, {5, 10, 5}} {
			if err := s.ReleaseN(tc.n); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			slices.Sort(got) // those woken together run together
			if len(got) != tc.want || got[tc.want-1] != tc.want-1 || s.Value() != tc.value {
				t.Fatalf("after %d: %v, value %d", tc.n, got, s.Value())
			}
		}
	})
}

// The permit of one who gave up after it was woken is not lost.
func TestSemaphoreEnds(t *testing.T) {
	eachSemaphore(t, 1, func(t *testing.T, s semaphore) {
		s.Acquire(context.Background())
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		if err := s.Acquire(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if err := s.Acquire(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		s.Release()
		if err := s.Acquire(ctx); err != nil {
			t.Errorf("one is free: %v", err)
		}
	})
}

// Never more out than there are, and all back in the end.
func TestSemaphoreStress(t *testing.T) {
	for _, permits := range []int{1, 3} {
		for kind := range 2 {
			t.Run([]string{"Semaphore", "BoundedSemaphore"}[kind]+strconv.Itoa(permits), func(t *testing.T) {
				leak.Check(t)
				var s semaphore
				if kind == 0 {
					s, _ = NewSemaphore(permits)
				} else {
					s, _ = NewBoundedSemaphore(permits)
				}
				const goroutines = 8
				n := operations() / goroutines
				var out, taken atomic.Int64
				var wg sync.WaitGroup
				for g := range goroutines {
					wg.Go(func() {
						for i := range n {
							ctx, stop := context.Background(), context.CancelFunc(func() {})
							if (g+i)%2 == 0 {
								ctx, stop = context.WithTimeout(ctx, time.Duration(i%30)*time.Microsecond)
							}
							err := s.Acquire(ctx)
							stop()
							if err != nil {
								continue
							}
							took := 1
							if i%4 == 0 && s.TryAcquire() {
								took = 2
							}
							taken.Add(1)
							if now := out.Add(int64(took)); now > int64(permits) {
								t.Errorf("%d of %d are out", now, permits)
							}
							if i%8 == 0 {
								runtime.Gosched() // let the others come and wait
							}
							out.Add(int64(-took))
							if err := s.ReleaseN(took); err != nil {
								t.Error(err)
							}
						}
					})
				}
				wg.Wait()
				if s.Value() != permits || out.Load() != 0 || taken.Load() == 0 {
					t.Errorf("value %d, %d out, %d taken", s.Value(), out.Load(), taken.Load())
				}
			})
		}
	}
}

// Every permit that is released is taken exactly once, also by those whose
// contexts end at that moment.
func TestSemaphoreSignals(t *testing.T) {
	leak.Check(t)
	s, _ := NewSemaphore(0)
	const goroutines = 4
	n := operations() / goroutines
	var taken atomic.Int64
	var wg sync.WaitGroup
	quit, stop := context.WithCancel(context.Background())
	for g := range goroutines {
		wg.Go(func() {
			for i := 0; quit.Err() == nil; i++ {
				ctx, stop := context.WithTimeout(quit, time.Duration((i+g)%40)*time.Microsecond)
				if s.Acquire(ctx) == nil {
					taken.Add(1)
				}
				stop()
			}
		})
	}
	released := 0
	for i := range n {
		k := 1 + i%3
		s.ReleaseN(k)
		released += k
		if i%16 == 0 {
			time.Sleep(time.Microsecond)
		}
	}
	stop()
	wg.Wait()
	if got := int(taken.Load()) + s.Value(); got != released {
		t.Errorf("%d released, %d taken or left", released, got)
	}
}
