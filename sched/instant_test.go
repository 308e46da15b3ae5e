package sched

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// The wall clock cannot be set in a test, so what happens then is tested on the
// queue, which is told what the clocks say.

func TestClockIsSet(t *testing.T) {
	const hour = int64(time.Hour)
	var s Scheduler
	var q queue
	now := time.Now()
	mono := s.newEvent(now.Add(2*time.Hour), 0, nil)
	wall := s.newEvent(now.Add(3*time.Hour).Round(0), 0, nil)
	if mono.wall || !wall.wall {
		t.Fatal("the events wait for the wrong clocks")
	}
	if !q.add(mono) || !q.add(wall) {
		t.Error("each is the first of its clock")
	}
	at := instantOf(now)
	later := func(elapsed, set int64) instant { return instant{at.mono + elapsed, at.wall + elapsed + set} }
	for _, tc := range []struct {
		name  string
		now   instant
		first *Event
		left  int64
	}{
		{"as it was", at, mono, 2 * hour},
		{"an hour later", later(hour, 0), mono, hour},
		{"set forward a little", later(hour, hour/2), mono, hour},
		{"set forward", later(hour, 3*hour/2), wall, hour / 2},
		{"suspended beyond", later(0, 4*hour), wall, -hour},
		{"set back", later(hour, -5*hour), mono, hour},
		{"set to 1970", instant{at.mono, 0}, mono, 2 * hour},
		{"set to the end", instant{at.mono, maxKey}, wall, wallKey(wall.at) - maxKey},
	} {
		ev, left := q.first(tc.now)
		if ev != tc.first || int64(left) != tc.left {
			t.Errorf("%s: %v in %v, want %v in %v", tc.name, ev, left, tc.first, time.Duration(tc.left))
		}
		if all := q.sorted(tc.now); len(all) != 2 || all[0] != tc.first {
			t.Errorf("%s: sorted as %v", tc.name, all)
		}
	}
	q.remove(mono, started)
	if ev, left := q.first(at); ev != wall || left != 3*time.Hour {
		t.Errorf("%v in %v", ev, left)
	}
	q.remove(wall, cancelled)
	if ev, _ := q.first(at); ev != nil || !q.empty() || mono.index != started || wall.index != cancelled {
		t.Error("the queue is not empty")
	}
}

// While an event waits for the wall clock that is looked at now and then; not
// where there is no other clock.
func TestRecheck(t *testing.T) {
	for _, tc := range []struct {
		name string
		wall bool
	}{
		{"monotonic", false},
		{"wall", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var s Scheduler
			at := time.Now().Add(time.Hour)
			if tc.wall {
				at = at.Round(0)
			}
			if got := s.nap(&runner{settable: true}, time.Hour); got != time.Hour {
				t.Errorf("without an event it sleeps %v", got)
			}
			if _, err := s.EnterAbs(at, 0, func(context.Context) error { return nil }); err != nil {
				t.Fatal(err)
			}
			want := time.Hour
			if tc.wall {
				want = recheck
			}
			if got := s.nap(&runner{settable: true}, time.Hour); got != want {
				t.Errorf("it sleeps %v, want %v", got, want)
			}
			if got := s.nap(&runner{settable: true}, time.Second); got != time.Second {
				t.Errorf("it sleeps %v, want 1 s", got)
			}
			if got := s.nap(&runner{}, time.Hour); got != time.Hour {
				t.Errorf("with one clock it sleeps %v", got)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		var s Scheduler
		r := newRunner(t.Context(), &s, false)
		s.Enter(time.Hour, 0, func(context.Context) error { return nil })
		s.look(r)
		s.mu.Unlock()
		if r.settable {
			t.Error("there are two clocks in a bubble")
		}
	})
	var s Scheduler
	r := newRunner(t.Context(), &s, false)
	s.Enter(time.Hour, 0, func(context.Context) error { return nil })
	s.look(r)
	s.mu.Unlock()
	if !r.settable {
		t.Error("there is one clock only")
	}
}

func TestMinus(t *testing.T) {
	for _, tc := range []struct{ a, b, want int64 }{
		{5, 3, 2}, {3, 5, -2}, {5, -3, 8},
		{maxKey, 5, maxKey}, {maxKey, -5, maxKey}, {minKey, 5, minKey}, {minKey, -5, minKey},
		{maxKey - 1, -5, maxKey}, {minKey + 1, 5, minKey},
		{0, maxKey, -maxKey}, {0, minKey, maxKey}, {1, minKey, maxKey}, {-1, minKey, maxKey},
		{maxKey, minKey, maxKey}, {minKey, maxKey, minKey},
	} {
		if got := minus(tc.a, tc.b); got != tc.want {
			t.Errorf("minus(%d, %d) = %d, want %d", tc.a, tc.b, got, tc.want)
		}
	}
}

func TestWallKey(t *testing.T) {
	for _, tc := range []struct {
		t    time.Time
		want int64
	}{
		{time.Unix(0, 7), 7},
		{time.Unix(-1, 0), -1e9},
		{time.Date(2261, 1, 1, 0, 0, 0, 0, time.UTC), 9183110400 * 1e9},
		{time.Date(2263, 1, 1, 0, 0, 0, 0, time.UTC), math.MaxInt64},
		{time.Date(1677, 1, 1, 0, 0, 0, 0, time.UTC), math.MinInt64},
		{time.Time{}, math.MinInt64},
	} {
		if got := wallKey(tc.t); got != tc.want {
			t.Errorf("wallKey(%v) = %d, want %d", tc.t, got, tc.want)
		}
	}
}

// The heap itself: order, indices, and the memory it gives back.
func TestHeap(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{1, 2, 5, 100, 5000} {
		var h heap
		var all []*Event
		for i := range n {
			ev := &Event{seq: uint64(i), prio: r.IntN(3)}
			all = append(all, ev)
			h.push(entry{r.Int64N(int64(n)), ev})
		}
		r.Shuffle(n, func(i, k int) { all[i], all[k] = all[k], all[i] })
		for _, ev := range all[:n/3] { // from anywhere
			if got := h.remove(int(ev.index)); got != ev {
				t.Fatalf("removed %v instead of %v", got, ev)
			}
			checkHeap(t, h)
		}
		var got []entry
		for len(h) > 0 {
			got = append(got, h[0])
			h.remove(0)
		}
		if len(got) != n-n/3 || !slices.IsSortedFunc(got, func(a, b entry) int {
			if a.less(&b) {
				return -1
			}
			return 1
		}) {
			t.Errorf("%d events came out as %v", n, got)
		}
		if cap(h) > 1024 {
			t.Errorf("an empty heap keeps room for %d", cap(h))
		}
	}
}

func checkHeap(t *testing.T, h heap) {
	t.Helper()
	for i := range h {
		if int(h[i].ev.index) != i {
			t.Fatalf("the event at %d says %d", i, h[i].ev.index)
		}
		if i > 0 && h[i].less(&h[(i-1)/4]) {
			t.Fatalf("the event at %d comes before its parent", i)
		}
	}
}
