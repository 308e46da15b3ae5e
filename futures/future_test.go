package futures_test

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/conexgo/conex/futures"
)

var errTest = errors.New("test error")

// inState returns a future in the given state; Finished with 42.
func inState(t *testing.T, s futures.State) *futures.Future[int] {
	t.Helper()
	f := futures.NewFuture[int]()
	switch s {
	case futures.Running:
		if ok, err := f.SetRunningOrNotifyCancel(); !ok || err != nil {
			t.Fatal(ok, err)
		}
	case futures.Cancelled:
		if !f.Cancel() {
			t.Fatal("Cancel of a pending future")
		}
	case futures.Finished:
		if err := f.SetResult(42); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

func failed(t *testing.T, err error) *futures.Future[int] {
	t.Helper()
	f := futures.NewFuture[int]()
	if e := f.SetError(err); e != nil {
		t.Fatal(e)
	}
	return f
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func TestFutureStates(t *testing.T) {
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tt := range []struct {
		f            *futures.Future[int]
		state        futures.State
		str          string
		done         bool
		cancel       bool
		value        int
		err          error // of Result under a context that is over
		startOK      bool
		startInvalid bool
		setInvalid   bool
	}{
		{inState(t, futures.Pending), futures.Pending, "Future(pending)", false, true, 0, futures.ErrStillRunning, true, false, false},
		{inState(t, futures.Running), futures.Running, "Future(running)", false, false, 0, futures.ErrStillRunning, false, true, false},
		{inState(t, futures.Cancelled), futures.Cancelled, "Future(cancelled)", true, true, 0, futures.ErrCancelled, false, false, true},
		{inState(t, futures.Finished), futures.Finished, "Future(finished: int)", true, false, 42, nil, false, true, true},
		{failed(t, &fs.PathError{Err: errTest}), futures.Finished, "Future(finished: error *fs.PathError)", true, false, 0, errTest, false, true, true},
	} {
		t.Run(tt.str, func(t *testing.T) {
			if got := tt.f.State(); got != tt.state {
				t.Errorf("State = %v", got)
			}
			if got := tt.f.String(); got != tt.str {
				t.Errorf("String = %s", got)
			}
			if got := isClosed(tt.f.Done()); got != tt.done {
				t.Errorf("Done closed: %v", got)
			}
			if got := tt.f.Running(); got != (tt.state == futures.Running) {
				t.Errorf("Running = %v", got)
			}
			if got := tt.f.Cancelled(); got != (tt.state == futures.Cancelled) {
				t.Errorf("Cancelled = %v", got)
			}
			v, err := tt.f.Result(over)
			if v != tt.value || !errors.Is(err, tt.err) {
				t.Errorf("Result = %v, %v", v, err)
			}
			if e := tt.f.Err(over); !errors.Is(e, tt.err) {
				t.Errorf("Err = %v", e)
			}
			if errors.Is(tt.err, futures.ErrStillRunning) && !errors.Is(err, context.Canceled) {
				t.Errorf("Result = %v, which does not match the context's error", err)
			}
			// What follows changes the future, so in this order only what
			// is refused, on those that refuse it.
			if tt.startInvalid {
				if ok, err := tt.f.SetRunningOrNotifyCancel(); ok || !errors.Is(err, futures.ErrInvalidState) {
					t.Errorf("SetRunningOrNotifyCancel = %v, %v", ok, err)
				}
			} else if ok, err := tt.f.SetRunningOrNotifyCancel(); ok != tt.startOK || err != nil {
				t.Errorf("SetRunningOrNotifyCancel = %v, %v", ok, err)
			}
			if tt.setInvalid {
				if err := tt.f.SetResult(7); !errors.Is(err, futures.ErrInvalidState) {
					t.Errorf("SetResult = %v", err)
				}
				if err := tt.f.SetError(errTest); !errors.Is(err, futures.ErrInvalidState) {
					t.Errorf("SetError = %v", err)
				}
				if v, _ := tt.f.Result(over); v != tt.value {
					t.Errorf("it changed the result to %v", v)
				}
			}
			if tt.state == futures.Pending {
				return // is running now
			}
			if got := tt.f.Cancel(); got != tt.cancel {
				t.Errorf("Cancel = %v", got)
			}
			if got := tt.f.State(); got != tt.state {
				t.Errorf("State after all that = %v", got)
			}
		})
	}
}

func TestFutureFromPending(t *testing.T) {
	// An executor's author may skip the running state.
	f := inState(t, futures.Pending)
	if err := f.SetError(errTest); err != nil {
		t.Error(err)
	}
	if err := f.Err(t.Context()); err != errTest {
		t.Errorf("Err = %v", err)
	}
	if err := inState(t, futures.Running).SetError(nil); !errors.Is(err, futures.ErrInvalidState) {
		t.Errorf("SetError(nil) = %v", err)
	}
	var zero futures.Future[string]
	if zero.State() != futures.Pending || zero.SetResult("x") != nil || zero.State() != futures.Finished {
		t.Errorf("the zero value: %v", &zero)
	}
	if s := futures.State(99).String(); s != "unknown" {
		t.Errorf("State(99) = %s", s)
	}
}

// TestFutureRaces lets several goroutines finish and cancel one future: one of
// them wins, and everybody sees that one.
func TestFutureRaces(t *testing.T) {
	for range 500 {
		f := futures.NewFuture[int]()
		var wg sync.WaitGroup
		var mu sync.Mutex
		winners := 0
		win := func(ok bool) {
			if ok {
				mu.Lock()
				winners++
				mu.Unlock()
			}
		}
		called := make(chan bool, 3)
		for i := range 3 {
			wg.Go(func() { win(f.SetResult(i) == nil) })
			wg.Go(func() { f.AddDoneCallback(func(*futures.Future[int]) { called <- true }) })
			wg.Go(func() { <-f.Done() })
			wg.Go(func() { f.Err(context.Background()) })
			wg.Go(func() { f.Err(t.Context()) })
		}
		wg.Go(func() { win(f.SetError(errTest) == nil) })
		cancelled := false
		wg.Go(func() { cancelled = f.Cancel() })
		wg.Wait()
		if cancelled {
			winners++
		}
		if winners != 1 {
			t.Fatalf("%d winners, %v", winners, f)
		}
		for range 3 {
			<-called
		}
	}
}

func TestFutureWaiters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := futures.NewFuture[int]()
		got := make(chan error, 10)
		background := context.Background()
		short, cancel := context.WithTimeout(background, time.Second)
		defer cancel()
		long, cancel := context.WithTimeoutCause(background, time.Hour, errTest)
		defer cancel()
		for _, ctx := range []context.Context{background, background, long} {
			go func() {
				v, err := f.Result(ctx)
				if v != 7 {
					t.Errorf("Result = %v, %v", v, err)
				}
				got <- err
			}()
		}
		go func() {
			err := f.Err(short)
			if !errors.Is(err, futures.ErrStillRunning) || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Err under a short limit = %v", err)
			}
			got <- nil
		}()
		done := f.Done()
		if f.Done() != done {
			t.Error("Done returned two channels")
		}
		synctest.Wait()
		if len(got) != 0 {
			t.Fatal("somebody did not wait")
		}
		time.Sleep(time.Minute)
		if len(got) != 1 {
			t.Fatalf("%d have returned, want the one whose time was up", len(got))
		}
		if err := f.SetResult(7); err != nil {
			t.Error(err)
		}
		for range 4 {
			if err := <-got; err != nil {
				t.Error(err)
			}
		}
		if !isClosed(done) {
			t.Error("Done is not closed")
		}
		// The reason of a context is told too.
		g := futures.NewFuture[int]()
		time.Sleep(2 * time.Hour)
		err := g.Err(long)
		if !errors.Is(err, errTest) || !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, futures.ErrStillRunning) {
			t.Errorf("Err under a context with a reason = %v", err)
		}
	})
}

// TestFutureImpatient waits for one future very often and in vain: nothing of
// that may stay behind.
func TestFutureImpatient(t *testing.T) {
	f := futures.NewFuture[int]()
	size := func() uint64 {
		runtime.GC()
		var ms runtime.MemStats
		runtime.ReadMemStats(&ms)
		return ms.HeapAlloc
	}
	before := size()
	for range 20_000 {
		ctx, cancel := context.WithCancel(t.Context())
		go cancel()
		if err := f.Err(ctx); !errors.Is(err, futures.ErrStillRunning) {
			t.Fatal(err)
		}
	}
	if after := size(); after > before+1<<20 {
		t.Errorf("%d bytes stay behind", after-before)
	}
	runtime.KeepAlive(f)
}

func TestCallbacks(t *testing.T) {
	finish := map[string]func(*futures.Future[int]){
		"result": func(f *futures.Future[int]) { f.SetResult(5) },
		"error":  func(f *futures.Future[int]) { f.SetError(errTest) },
		"cancel": func(f *futures.Future[int]) { f.Cancel() },
	}
	for name, end := range finish {
		t.Run(name, func(t *testing.T) {
			f := futures.NewFuture[int]()
			var order []int
			add := func(i int) {
				f.AddDoneCallback(func(g *futures.Future[int]) {
					if g != f || !isClosed(f.Done()) {
						t.Errorf("callback %d with %v", i, g)
					}
					order = append(order, i)
				})
			}
			f.AddDoneCallback(nil)
			for i := range 5 {
				add(i)
			}
			end(f)
			add(5) // late: at once
			for i, got := range order {
				if got != i {
					t.Errorf("order %v", order)
					break
				}
			}
			if len(order) != 6 {
				t.Errorf("%d callbacks were called", len(order))
			}
		})
	}
}

// TestCallbackFails: a callback that panics, or ends its goroutine, keeps
// neither the others from being called nor the future from ending.
func TestCallbackFails(t *testing.T) {
	var log strings.Builder
	old := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(old)

	f := futures.NewFuture[int]()
	called := 0
	f.AddDoneCallback(func(*futures.Future[int]) { panic("doh!") })
	f.AddDoneCallback(func(*futures.Future[int]) { called++ })
	f.AddDoneCallback(func(*futures.Future[int]) { runtime.Goexit() })
	f.AddDoneCallback(func(*futures.Future[int]) { called++ })
	ended := make(chan bool)
	go func() {
		defer close(ended)
		f.SetResult(1)
	}()
	<-ended
	if called != 2 {
		t.Errorf("%d of the others were called", called)
	}
	f.AddDoneCallback(func(*futures.Future[int]) { panic("late") })
	if got := log.String(); !regexp.MustCompile(`panic=doh!.*TestCallbackFails(?s:.*)panic=late`).MatchString(got) {
		t.Errorf("log: %s", got)
	}
}

func TestKillWithoutEngine(t *testing.T) {
	f := inState(t, futures.Pending)
	if err := f.Kill(); err != nil || !f.Cancelled() {
		t.Errorf("Kill of a pending future: %v, %v", err, f)
	}
	if err := inState(t, futures.Running).Kill(); !errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), "goroutine") {
		t.Errorf("Kill of a running future: %v", err)
	}
	if err := inState(t, futures.Finished).Kill(); err != nil {
		t.Errorf("Kill of a finished future: %v", err)
	}
}
