package sched_test

import (
	"context"
	"errors"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/conexgo/conex/sched"
)

// The order of events, by delays, by times and by priorities.

func TestEnter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s sched.Scheduler
		var r record
		start := time.Now()
		for _, d := range []time.Duration{5, 4, 3, 2, 1, -1} {
			s.Enter(d*time.Second, 1, func(context.Context) error {
				if late := time.Since(start) - max(0, d*time.Second); late != 0 {
					t.Errorf("the event for %d s runs %v late", d, late)
				}
				return r.act(string('0' + rune(max(0, d))))(nil)
			})
		}
		if err := s.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.want(t, "0", "1", "2", "3", "4", "5")
	})
}

// A delay is counted from the call, so a priority has no say among equal ones.
func TestEnterNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s sched.Scheduler
		var r record
		s.Enter(5*time.Second, 2, r.act("first"))
		time.Sleep(time.Nanosecond)
		s.Enter(5*time.Second, 1, r.act("second"))
		if err := s.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.want(t, "first", "second")
	})
}

func TestEnterAbs(t *testing.T) {
	var s sched.Scheduler
	var r record
	for _, at := range []struct {
		name string
		t    time.Time
	}{
		{"soon", time.Now().Add(time.Millisecond)},
		{"1970+2", time.Unix(2, 0)},
		{"1970+1", time.Unix(1, 0)},
		{"1600", time.Date(1600, 1, 1, 0, 0, 0, 0, time.UTC)},
		{"never", time.Time{}},
		{"before that", time.Date(-5, 1, 1, 0, 0, 0, 0, time.UTC)},
		{"hour ago", time.Now().Add(-time.Hour)},
	} {
		s.EnterAbs(at.t, 1, r.act(at.name))
	}
	if err := s.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.want(t, "before that", "never", "1600", "1970+1", "1970+2", "hour ago", "soon")
}

func TestPriority(t *testing.T) {
	for _, tc := range []struct{ prios, want []int }{
		{[]int{1, 2, 3, 4, 5}, []int{1, 2, 3, 4, 5}},
		{[]int{5, 4, 3, 2, 1}, []int{1, 2, 3, 4, 5}},
		{[]int{2, 5, 3, 1, 4}, []int{1, 2, 3, 4, 5}},
		{[]int{1, 2, 3, 2, 1}, []int{1, 1, 2, 2, 3}},
		{[]int{math.MaxInt, 0, math.MinInt}, []int{math.MinInt, 0, math.MaxInt}},
	} {
		for _, at := range []time.Time{time.Unix(1, 0), time.Now(), {}, time.Date(1500, 1, 1, 0, 0, 0, 0, time.UTC)} {
			var s sched.Scheduler
			var got []int
			for _, p := range tc.prios {
				s.EnterAbs(at, p, func(ctx context.Context) error {
					got = append(got, sched.Current(ctx).Priority())
					return nil
				})
			}
			if err := s.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("%v at %v ran as %v", tc.prios, at, got)
			}
		}
	}
}

// Equal events run in the order in which they were entered, however many.
func TestSequence(t *testing.T) {
	var s sched.Scheduler
	var got []uint64
	at := time.Now()
	for range 1000 {
		s.EnterAbs(at, 1, func(ctx context.Context) error {
			got = append(got, sched.Current(ctx).Sequence())
			return nil
		})
	}
	if err := s.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(got) != 1000 || !slices.IsSorted(got) {
		t.Errorf("ran as %v", got)
	}
}

func TestNilAction(t *testing.T) {
	var s sched.Scheduler
	ev, err := s.Enter(0, 0, nil)
	if ev != nil || !errors.Is(err, sched.ErrNilAction) {
		t.Errorf("Enter: %v, %v", ev, err)
	}
	ev, err = s.EnterAbs(time.Now(), 0, nil)
	if ev != nil || !errors.Is(err, sched.ErrNilAction) {
		t.Errorf("EnterAbs: %v, %v", ev, err)
	}
	if !s.Empty() {
		t.Error("something was entered")
	}
}

// Delays that no clock can count do no harm.
func TestFarAway(t *testing.T) {
	var s sched.Scheduler
	var r record
	far := must(s.Enter(math.MaxInt64, 0, nothing))
	farther := must(s.EnterAbs(time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), -1, nothing))
	farthest := must(s.EnterAbs(time.Date(99999, 1, 1, 0, 0, 0, 0, time.UTC), -2, nothing))
	s.Enter(math.MinInt64, 0, r.act("long ago"))
	next, ok, err := s.RunPending(t.Context())
	if next < 200*365*24*time.Hour || !ok || err != nil {
		t.Errorf("RunPending: %v, %v, %v", next, ok, err)
	}
	r.want(t, "long ago")
	if got := s.Queue(); !slices.Equal(got, []*sched.Event{far, farther, farthest}) {
		t.Errorf("Queue: %v", got)
	}
}

func TestCancel(t *testing.T) {
	var s, other sched.Scheduler
	var r record
	now := time.Now()
	var evs []*sched.Event
	for _, name := range []string{"0", "1", "2", "3", "4"} {
		evs = append(evs, must(s.EnterAbs(now.Add(-time.Hour), 1, r.act(name))))
	}
	for _, i := range []int{0, 2, 4} {
		if err := s.Cancel(evs[i]); err != nil {
			t.Error(err)
		}
	}
	wrong := func(s *sched.Scheduler, ev *sched.Event, why string) {
		t.Helper()
		if err := s.Cancel(ev); !errors.Is(err, sched.ErrNotQueued) || !strings.Contains(err.Error(), why) {
			t.Errorf("Cancel: %v", err)
		}
	}
	wrong(&s, evs[0], "it was cancelled")
	wrong(&other, evs[1], "another scheduler")
	wrong(&s, nil, "nil")
	wrong(&s, new(sched.Event), "another scheduler")
	if s.Len() != 2 {
		t.Errorf("%d events wait, want 2", s.Len())
	}
	s.Enter(0, 0, func(ctx context.Context) error {
		wrong(&s, sched.Current(ctx), "it has started")
		return nil
	})
	if err := s.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.want(t, "1", "3")
	wrong(&s, evs[1], "it has started")
}

// A due event that another one cancels does not run.
func TestCancelDue(t *testing.T) {
	var s sched.Scheduler
	var r record
	at := time.Now().Add(-time.Second)
	var second *sched.Event
	s.EnterAbs(at, 1, func(context.Context) error { return s.Cancel(second) })
	second = must(s.EnterAbs(at, 2, r.act("second")))
	s.EnterAbs(at, 3, r.act("third"))
	if err := s.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.want(t, "third")
}

func TestEmpty(t *testing.T) {
	var s sched.Scheduler
	if !s.Empty() || s.Len() != 0 {
		t.Error("a new scheduler is not empty")
	}
	for range 5 {
		s.Enter(0, 1, func(context.Context) error {
			if s.Empty() != (s.Len() == 0) {
				t.Error("Empty and Len disagree")
			}
			return nil
		})
	}
	if s.Empty() || s.Len() != 5 {
		t.Errorf("Empty is %v, Len %d", s.Empty(), s.Len())
	}
	if err := s.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !s.Empty() {
		t.Error("not empty after Run")
	}
}

func TestQueue(t *testing.T) {
	var s sched.Scheduler
	now := time.Now()
	at := func(d time.Duration, prio int) *sched.Event { return must(s.EnterAbs(now.Add(d), prio, nothing)) }
	e5, e1, e2 := at(5*time.Hour, 1), at(1*time.Hour, 1), at(2*time.Hour, 1)
	e4, e3 := at(4*time.Hour, 1), at(3*time.Hour, 1)
	wall := must(s.EnterAbs(now.Add(210*time.Minute).Round(0), 1, nothing)) // between 3 and 4
	e3c, e3a, e3b := at(3*time.Hour, 2), at(3*time.Hour, 0), at(3*time.Hour, 1)
	want := []*sched.Event{e1, e2, e3a, e3, e3b, e3c, wall, e4, e5}
	got := s.Queue()
	if !slices.Equal(got, want) {
		t.Errorf("Queue:\n%v, want\n%v", got, want)
	}
	slices.Reverse(got) // the caller's own
	if !slices.Equal(s.Queue(), want) {
		t.Error("Queue returned the same slice twice")
	}
	slices.SortFunc(got, (*sched.Event).Compare)
	if !slices.Equal(got, want) {
		t.Error("Compare orders differently")
	}
}

func someAction(context.Context) error { return nil }

func TestEvent(t *testing.T) {
	var s sched.Scheduler
	at := time.Date(2026, 7, 5, 13, 30, 0, 0, time.UTC)
	s.Enter(0, 0, nothing)
	ev := must(s.EnterAbs(at, 3, someAction))
	if ev.Time() != at || ev.Priority() != 3 || ev.Sequence() != 1 || ev.Action() == nil || ev.Job() != nil {
		t.Errorf("event has %v, %v, %v", ev.Time(), ev.Priority(), ev.Sequence())
	}
	for _, part := range []string{"event 1", "sched_test.someAction", "2026-07-05T13:30:00Z", "priority 3"} {
		if !strings.Contains(ev.String(), part) {
			t.Errorf("%q lacks %q", ev, part)
		}
	}
	var zero sched.Event
	if zero.Action() != nil || zero.Job() != nil || !strings.Contains(zero.String(), "no action") {
		t.Errorf("zero event: %v", &zero)
	}
	before := must(s.EnterAbs(at, 2, nothing))
	later := must(s.EnterAbs(at.Add(1), 0, nothing))
	if ev.Compare(ev) != 0 || ev.Compare(before) != 1 || before.Compare(ev) != -1 || ev.Compare(later) != -1 {
		t.Error("Compare is wrong")
	}
}

// An action knows its event, through derived contexts too, and its context is
// that of the Run otherwise.
func TestCurrent(t *testing.T) {
	type key struct{}
	ctx, cancel := context.WithCancelCause(context.WithValue(t.Context(), key{}, "value"))
	if sched.Current(ctx) != nil {
		t.Error("there is a current event outside of any")
	}
	var s sched.Scheduler
	stop := errors.New("stop")
	var ev *sched.Event
	ev = must(s.Enter(0, 0, func(ctx context.Context) error {
		child, free := context.WithTimeout(ctx, time.Hour)
		defer free()
		if sched.Current(ctx) != ev || sched.Current(child) != ev {
			t.Error("the current event is another one")
		}
		if child.Value(key{}) != "value" {
			t.Error("the value of the context is lost")
		}
		if _, ok := ctx.Deadline(); ok || ctx.Err() != nil {
			t.Error("the context has ended or will")
		}
		cancel(stop)
		<-child.Done()
		if context.Cause(child) != stop || ctx.Err() != context.Canceled {
			t.Errorf("the context ended with %v, %v", context.Cause(child), ctx.Err())
		}
		return nil
	}))
	if err := s.Run(ctx); err != nil {
		t.Fatal(err)
	}
}

// An event is one allocation, with its context and its place in the queue.
func TestAllocs(t *testing.T) {
	ctx := t.Context()
	for name, s := range map[string]*sched.Scheduler{
		"system": new(sched.Scheduler),
		"clock":  sched.New(sched.Config{Clock: new(jumpClock)}),
	} {
		const n = 100
		got := testing.AllocsPerRun(100, func() {
			for range n {
				s.Enter(time.Microsecond, 0, nothing)
			}
			if err := s.Run(ctx); err != nil {
				t.Fatal(err)
			}
		})
		if got < n || got > n+10 { // and a few for Run
			t.Errorf("%s: %v allocations for %d events", name, got, n)
		}
	}
}

// Values that were replaced or taken out are not kept.
func TestNothingIsKept(t *testing.T) {
	var s sched.Scheduler
	gone := make(chan string, 2)
	func() {
		ran, cancelled := new([100]byte), new([100]byte)
		runtime.AddCleanup(ran, func(x string) { gone <- x }, "ran")
		runtime.AddCleanup(cancelled, func(x string) { gone <- x }, "cancelled")
		s.Enter(-1, 0, func(context.Context) error { ran[0]++; return nil })
		ev := must(s.Enter(time.Hour, 0, func(context.Context) error { cancelled[0]++; return nil }))
		s.Enter(time.Hour, 0, nothing)
		if _, _, err := s.RunPending(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s.Cancel(ev); err != nil {
			t.Fatal(err)
		}
	}()
	for range 2 {
		for done := false; !done; {
			runtime.GC()
			select {
			case <-gone:
				done = true
			default:
				runtime.Gosched()
			}
		}
	}
	if s.Len() != 1 {
		t.Errorf("%d events wait", s.Len())
	}
}
