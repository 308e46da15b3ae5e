package sched_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/conexgo/conex/sched"
)

// A model does what a scheduler does in the most obvious way: a list that is
// sorted whenever somebody looks.
type model struct {
	waiting []*modelEvent
	seq     uint64
	paused  bool
}

type modelEvent struct {
	at   time.Time
	prio int
	seq  uint64
	ev   *sched.Event
	adds time.Duration // its action enters an event with this delay, if not 0
}

func (m *model) sort() {
	slices.SortFunc(m.waiting, func(a, b *modelEvent) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.prio, b.prio), cmp.Compare(a.seq, b.seq))
	})
}

// take takes out the first event if it is due.
func (m *model) take(now time.Time) *modelEvent {
	m.sort()
	if m.paused || len(m.waiting) == 0 || m.waiting[0].at.After(now) {
		return nil
	}
	me := m.waiting[0]
	m.waiting = m.waiting[1:]
	return me
}

// Which clock FuzzScheduler runs by.
const (
	bubble = iota // that of a bubble, whose time the test moves
	own           // the same, as a Clock
	system        // the real one, with events hours away from now, of which some wait for its wall clock
	modes
)

// Sequences of calls on a scheduler and on the model.
func FuzzScheduler(f *testing.F) {
	for mode := range byte(modes) {
		f.Add(mode, []byte{0, 5, 0, 4, 0, 3, 4, 2, 5, 0, 4, 9, 5, 0})
		f.Add(mode, []byte{0, 5, 1, 4, 2, 3, 3, 1, 4, 2, 5, 0, 6, 9, 5, 0, 8, 0})
		f.Add(mode, []byte{1, 7, 1, 7, 0, 7, 2, 9, 8, 0, 3, 0, 3, 2, 7, 1, 4, 200, 5, 0, 7, 0, 5, 0})
	}
	f.Fuzz(func(t *testing.T, mode byte, ops []byte) {
		if len(ops) > 600 {
			return
		}
		switch mode %= modes; mode {
		case system:
			fuzzScheduler(t, mode, ops)
		default:
			synctest.Test(t, func(t *testing.T) { fuzzScheduler(t, mode, ops) })
		}
	})
}

// bubbleClock is the clock of the bubble, as a Clock.
var bubbleClock = funcClock{time.Now, func(context.Context, time.Duration) error { return nil }}

func fuzzScheduler(t *testing.T, mode byte, ops []byte) {
	s := new(sched.Scheduler)
	begin := time.Now()
	now, unit := time.Now, time.Nanosecond
	switch mode {
	case system:
		// Time stands still; times are hours and never the present one.
		now, unit = func() time.Time { return begin }, time.Hour
		begin = begin.Add(-time.Minute)
	case own:
		s = sched.New(sched.Config{Clock: bubbleClock})
	}
	var m model
	var all []*modelEvent
	var ran []string

	// enter enters the same event in both.
	var enter func(at time.Time, prio int, adds time.Duration)
	enter = func(at time.Time, prio int, adds time.Duration) {
		me := &modelEvent{at: at, prio: prio, seq: m.seq, adds: adds}
		m.seq++
		ev, err := s.EnterAbs(at, prio, func(ctx context.Context) error {
			ran = append(ran, fmt.Sprint(me.seq))
			if sched.Current(ctx) != me.ev {
				t.Errorf("%d runs as %v", me.seq, sched.Current(ctx))
			}
			if me.adds != 0 {
				enter(now().Add(me.adds*unit), 0, 0)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if ev.Sequence() != me.seq {
			t.Fatalf("event %d is %v", me.seq, ev)
		}
		me.ev = ev
		m.waiting = append(m.waiting, me)
		all = append(all, me)
	}

	for i := 0; i+1 < len(ops); i += 2 {
		arg := int(ops[i+1])
		switch ops[i] % 9 {
		case 0:
			enter(now().Add(time.Duration(arg%16-4)*unit), arg/16, 0)
		case 1:
			enter(now().Add(time.Duration(arg%16-4)*unit+unit/2).Round(0), arg/16, 0)
		case 2:
			enter(now().Add(time.Duration(arg%16)*unit), 0, time.Duration(arg/16-8))
		case 3: // cancel any event, also one that has run
			if len(all) == 0 {
				break
			}
			me := all[arg%len(all)]
			k := slices.Index(m.waiting, me)
			if err := s.Cancel(me.ev); (err == nil) != (k >= 0) || err != nil && !errors.Is(err, sched.ErrNotQueued) {
				t.Fatalf("Cancel: %v; the model has it at %d", err, k)
			}
			if k >= 0 {
				m.waiting = slices.Delete(m.waiting, k, k+1)
			}
		case 4:
			if mode != system {
				time.Sleep(time.Duration(arg % 8))
			}
		case 5, 6:
			// The actions have changed the model; what they entered is
			// in it, what they were is not.
			before := m
			before.waiting = slices.Clone(m.waiting)
			ran = nil
			next, ok, err := s.RunPending(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			added := m.waiting[len(before.waiting):]
			m.waiting = before.waiting
			var want []string
			for {
				me := m.take(now())
				if me == nil {
					break
				}
				want = append(want, fmt.Sprint(me.seq))
				if me.adds != 0 {
					m.waiting = append(m.waiting, added[0])
					added = added[1:]
				}
			}
			if !slices.Equal(ran, want) {
				t.Fatalf("ran %v, want %v", ran, want)
			}
			wantOK := len(m.waiting) > 0 && !m.paused
			if ok != wantOK || ok && mode != system && next != m.waiting[0].at.Sub(now()) {
				t.Fatalf("RunPending: %v, %v, want %v", next, ok, wantOK)
			}
		case 7:
			if m.paused = arg%2 == 1; m.paused {
				s.Pause()
			} else {
				s.Resume()
			}
		case 8:
			m.sort()
			var want []*sched.Event
			for _, me := range m.waiting {
				want = append(want, me.ev)
			}
			if got := s.Queue(); !slices.Equal(got, want) {
				t.Fatalf("Queue:\n%v, want\n%v", got, want)
			}
		}
		if s.Len() != len(m.waiting) || s.Empty() != (len(m.waiting) == 0) || s.Paused() != m.paused {
			t.Fatalf("%d events wait, paused %v; want %d, %v", s.Len(), s.Paused(), len(m.waiting), m.paused)
		}
	}
	// Run does all the rest.
	s.Resume()
	if mode != bubble {
		return // its clock stands still
	}
	n := len(m.waiting)
	for _, me := range m.waiting {
		if me.adds != 0 {
			n++
		}
	}
	ran = nil
	if err := s.Run(t.Context()); err != nil || len(ran) != n || !s.Empty() {
		t.Fatalf("Run: %v; ran %v of %d", err, ran, n)
	}
}
