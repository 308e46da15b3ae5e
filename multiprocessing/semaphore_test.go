//go:build linux

package multiprocessing_test

import (
	"context"
	"errors"
	"math"
	"os"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/conexgo/conex/internal/leak"
	mp "github.com/conexgo/conex/multiprocessing"
	"github.com/conexgo/conex/threading"
)

// semaphore is what all kinds have.
type semaphore interface {
	Acquire(ctx context.Context) error
	TryAcquire() (bool, error)
	Release() error
	Value() int
	Locked() bool
	With(ctx context.Context, fn func(ctx context.Context) error) error
	String() string
}

// eachSemaphore runs a test over all kinds. Those with an account and without
// one are kinds, too.
func eachSemaphore(t *testing.T, test func(t *testing.T, make func(n int) semaphore)) {
	must := func(t *testing.T, s semaphore, err error) semaphore {
		t.Helper()
		if errors.Is(err, errors.ErrUnsupported) {
			t.Skip(err)
		}
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	t.Run("Semaphore", func(t *testing.T) {
		test(t, func(n int) semaphore { s, err := mp.NewSemaphore(n); return must(t, s, err) })
	})
	t.Run("WithoutAccount", func(t *testing.T) {
		test(t, func(n int) semaphore {
			s, err := mp.NewSemaphore(0)
			must(t, s, err)
			for range n {
				if err := s.Release(); err != nil {
					t.Fatal(err)
				}
			}
			return s
		})
	})
	t.Run("BoundedSemaphore", func(t *testing.T) {
		test(t, func(n int) semaphore { s, err := mp.NewBoundedSemaphore(n); return must(t, s, err) })
	})
	t.Run("NamedSemaphore", func(t *testing.T) {
		test(t, func(n int) semaphore {
			s, err := mp.CreateNamedSemaphore(semName(t), n)
			must(t, s, err)
			t.Cleanup(func() { s.Unlink(); s.Close() })
			return s
		})
	})
}

// try is TryAcquire where no error may be.
func try(t testing.TB, s semaphore) bool {
	t.Helper()
	ok, err := s.TryAcquire()
	if err != nil {
		t.Fatal(err)
	}
	return ok
}

func wantValue(t testing.TB, s semaphore, n int) {
	t.Helper()
	if got := s.Value(); got != n {
		t.Errorf("value %d, want %d", got, n)
	}
	if s.Locked() != (n == 0) {
		t.Errorf("Locked is %v with %d permits", s.Locked(), n)
	}
}

func TestSemaphoreCounts(t *testing.T) {
	leak.Check(t)
	ctx := context.Background()
	eachSemaphore(t, func(t *testing.T, make func(n int) semaphore) {
		s := make(2)
		wantValue(t, s, 2)
		for n := 1; n >= 0; n-- {
			if err := s.Acquire(ctx); err != nil {
				t.Fatal(err)
			}
			wantValue(t, s, n)
		}
		if try(t, s) {
			t.Error("a third permit of two")
		}
		for n := 1; n <= 2; n++ {
			if err := s.Release(); err != nil {
				t.Fatal(err)
			}
			wantValue(t, s, n)
		}
		err := s.Release()
		if _, bounded := s.(*mp.BoundedSemaphore); bounded {
			if !errors.Is(err, threading.ErrReleasedTooOften) {
				t.Errorf("a release too many: %v", err)
			}
			wantValue(t, s, 2)
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		wantValue(t, s, 3)
		for range 3 {
			if !try(t, s) {
				t.Error("a permit is missing")
			}
		}
		wantValue(t, s, 0)
	})
}

// What no number of permits is.
func TestNewSemaphore(t *testing.T) {
	leak.Check(t)
	makers := map[string]func(int) (semaphore, error){
		"Semaphore":        func(n int) (semaphore, error) { return mp.NewSemaphore(n) },
		"BoundedSemaphore": func(n int) (semaphore, error) { return mp.NewBoundedSemaphore(n) },
		"NamedSemaphore": func(n int) (semaphore, error) {
			s, err := mp.CreateNamedSemaphore(semName(t), n)
			if err == nil {
				t.Cleanup(func() { s.Unlink() })
			}
			return s, err
		},
	}
	for name, make := range makers {
		t.Run(name, func(t *testing.T) {
			if _, err := make(0); errors.Is(err, errors.ErrUnsupported) {
				t.Skip(err)
			}
			if _, err := make(-1); !errors.Is(err, threading.ErrNegativeValue) {
				t.Errorf("-1 permits: %v", err)
			}
			if math.MaxInt > math.MaxInt32 {
				tooMany := math.MaxInt32
				tooMany++
				if _, err := make(tooMany); !errors.Is(err, threading.ErrTooManyPermits) {
					t.Errorf("2³¹ permits: %v", err)
				}
			}
			s, err := make(math.MaxInt32)
			if err != nil {
				t.Fatal(err)
			}
			want := threading.ErrTooManyPermits
			if b, ok := s.(*mp.BoundedSemaphore); ok {
				want = threading.ErrReleasedTooOften
				if b.Bound() != math.MaxInt32 {
					t.Errorf("the bound is %d", b.Bound())
				}
			}
			if err := s.Release(); !errors.Is(err, want) {
				t.Errorf("one more than 2³¹-1: %v", err)
			}
			wantValue(t, s, math.MaxInt32)
			if !try(t, s) || s.Release() != nil {
				t.Error("a full semaphore does not work")
			}
		})
	}
}

// The account is as good with the most permits it can be for as with one.
func TestSemaphoreSizes(t *testing.T) {
	for _, n := range []int{1, 2, 3, 255, 256, 65534, 65535, 65536, 100_000} {
		s, err := mp.NewBoundedSemaphore(n)
		if err != nil {
			t.Fatal(err)
		}
		for range n {
			if !try(t, s) {
				t.Fatalf("less than %d permits", n)
			}
		}
		if try(t, s) {
			t.Fatalf("more than %d permits", n)
		}
		for range n {
			if err := s.Release(); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Release(); !errors.Is(err, threading.ErrReleasedTooOften) {
			t.Errorf("a release too many of %d: %v", n, err)
		}
		wantValue(t, s, n)
	}
}

func TestSemaphoreZeroValue(t *testing.T) {
	ctx := context.Background()
	for _, s := range []semaphore{new(mp.Semaphore), new(mp.BoundedSemaphore), new(mp.NamedSemaphore)} {
		if err := s.Acquire(ctx); !errors.Is(err, threading.ErrNotInitialized) {
			t.Errorf("%T: Acquire: %v", s, err)
		}
		if ok, err := s.TryAcquire(); ok || !errors.Is(err, threading.ErrNotInitialized) {
			t.Errorf("%T: TryAcquire: %v, %v", s, ok, err)
		}
		if err := s.Release(); !errors.Is(err, threading.ErrNotInitialized) {
			t.Errorf("%T: Release: %v", s, err)
		}
		called := false
		err := s.With(ctx, func(context.Context) error { called = true; return nil })
		if called || !errors.Is(err, threading.ErrNotInitialized) {
			t.Errorf("%T: With: %v", s, err)
		}
		wantValue(t, s, 0)
		if s.String() == "" {
			t.Errorf("%T has no text", s)
		}
	}
	n := new(mp.NamedSemaphore)
	if n.Close() == nil || n.Unlink() == nil || n.Name() != "" || new(mp.BoundedSemaphore).Bound() != 0 {
		t.Error("the zero value is something")
	}
}

func TestSemaphoreString(t *testing.T) {
	s, _ := mp.NewSemaphore(3)
	b, _ := mp.NewBoundedSemaphore(2)
	try(t, b)
	for want, got := range map[string]string{
		"Semaphore(value=3)":                 s.String(),
		"BoundedSemaphore(value=1, bound=2)": b.String(),
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// Contexts that end before, while it waits in the kernel, and while it waits in
// line.
func TestSemaphoreEnds(t *testing.T) {
	leak.Check(t)
	reason := errors.New("reason")
	over, cancel := context.WithCancelCause(context.Background())
	cancel(reason)
	eachSemaphore(t, func(t *testing.T, make func(n int) semaphore) {
		s := make(1)
		if err := s.Acquire(over); err != nil {
			t.Errorf("a free permit was not taken: %v", err)
		}
		check := func(err error) {
			t.Helper()
			if !errors.Is(err, reason) || !errors.Is(err, context.Canceled) {
				t.Errorf("the error is %v", err)
			}
		}
		check(s.Acquire(over))

		ctx, cancel := context.WithCancelCause(context.Background())
		errs := several(10, func() error { return s.Acquire(ctx) })
		short, stop := context.WithTimeout(context.Background(), 20*time.Millisecond)
		defer stop()
		if err := s.Acquire(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the deadline: %v", err)
		}
		cancel(reason)
		for range 10 {
			check(<-errs)
		}
		wantValue(t, s, 0)
		if err := s.Release(); err != nil {
			t.Error(err)
		}
		wantValue(t, s, 1)
	})
}

// several calls f in n goroutines and returns what they return.
func several(n int, f func() error) <-chan error {
	errs := make(chan error, n)
	for range n {
		go func() { errs <- f() }()
	}
	return errs
}

func TestSemaphoreWith(t *testing.T) {
	ctx := context.Background()
	eachSemaphore(t, func(t *testing.T, make func(n int) semaphore) {
		s := make(1)
		err := s.With(ctx, func(context.Context) error {
			wantValue(t, s, 0)
			return errTest
		})
		if err != errTest {
			t.Errorf("With returned %v", err)
		}
		wantValue(t, s, 1)
		func() {
			defer func() { recover() }()
			s.With(ctx, func(context.Context) error { panic("x") })
		}()
		wantValue(t, s, 1)
		done := several(1, func() error {
			s.With(ctx, func(context.Context) error { runtime.Goexit(); return nil })
			return nil
		})
		for s.Locked() {
		}
		_ = done
		if err := s.With(ctx, nil); !errors.Is(err, threading.ErrNilFunc) {
			t.Errorf("nil: %v", err)
		}
		err = s.With(ctx, func(context.Context) error {
			return s.With(within(t, time.Millisecond), func(context.Context) error {
				t.Error("called without a permit")
				return nil
			})
		})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("With a ctx that ends: %v", err)
		}
		wantValue(t, s, 1)
	})
}

// Goroutines of one process count under a semaphore of one: the race detector
// sees that it orders them.
func TestSemaphoreStress(t *testing.T) {
	leak.Check(t)
	each := 2000
	if n, err := strconv.Atoi(os.Getenv("CONEX_STRESS")); err == nil {
		each = max(n/8, 1)
	}
	eachSemaphore(t, func(t *testing.T, make func(n int) semaphore) {
		s, n := make(1), 0
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range each {
					if err := s.Acquire(context.Background()); err != nil {
						t.Error(err)
						return
					}
					n++
					if err := s.Release(); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if n != 8*each {
			t.Errorf("%d increments of %d", n, 8*each)
		}
		wantValue(t, s, 1)
	})
}

// Permits that are released one after the other wake all who wait.
func TestSemaphoreSignals(t *testing.T) {
	leak.Check(t)
	eachSemaphore(t, func(t *testing.T, make func(n int) semaphore) {
		const n = 50
		s := make(n)
		for range n {
			try(t, s)
		}
		errs := several(n, func() error { return s.Acquire(within(t, 20*time.Second)) })
		for range n {
			if err := s.Release(); err != nil {
				t.Fatal(err)
			}
		}
		for range n {
			if err := <-errs; err != nil {
				t.Fatal(err)
			}
		}
		wantValue(t, s, 0)
	})
}
