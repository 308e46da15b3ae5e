package sched

import (
	"slices"
	"time"
)

// A queue holds the events that wait. Those whose time has a monotonic clock
// reading wait for that clock, the others for the wall clock: a delay is not to
// change when the clock is set, a time of day is.
type queue struct {
	mono, wall heap
}

func (q *queue) len() int    { return len(q.mono) + len(q.wall) }
func (q *queue) empty() bool { return len(q.mono) == 0 && len(q.wall) == 0 }

// add puts ev in and reports whether it may be the first now.
func (q *queue) add(ev *Event) bool {
	if ev.wall {
		return q.wall.push(entry{wallKey(ev.at), ev})
	}
	return q.mono.push(entry{monoKey(ev.at), ev})
}

// heapOf is the heap that ev is kept in.
func (q *queue) heapOf(ev *Event) *heap {
	if ev.wall {
		return &q.wall
	}
	return &q.mono
}

// remove takes out an event that waits, and leaves why in its place.
func (q *queue) remove(ev *Event, why int32) {
	q.heapOf(ev).remove(int(ev.index))
	ev.index = why
}

// first is the event that comes first, seen from now, and the time left until
// then, which is 0 or less if it is due. It is nil if there are no events.
func (q *queue) first(now instant) (ev *Event, left time.Duration) {
	var m, w entry
	if len(q.mono) > 0 {
		m = entry{minus(q.mono[0].key, now.mono), q.mono[0].ev}
	}
	if len(q.wall) > 0 {
		w = entry{minus(q.wall[0].key, now.wall), q.wall[0].ev}
		if m.ev == nil || w.less(&m) {
			m = w
		}
	}
	return m.ev, time.Duration(m.key)
}

// sorted lists the events in the order in which they would run if the wall
// clock were not set any more.
func (q *queue) sorted(now instant) []*Event {
	all := make([]entry, 0, q.len())
	for _, e := range q.mono {
		all = append(all, entry{minus(e.key, now.mono), e.ev})
	}
	for _, e := range q.wall {
		all = append(all, entry{minus(e.key, now.wall), e.ev})
	}
	slices.SortFunc(all, func(a, b entry) int {
		switch {
		case a.less(&b):
			return -1
		case b.less(&a):
			return 1
		}
		return 0
	})
	events := make([]*Event, len(all))
	for i, e := range all {
		events[i] = e.ev
	}
	return events
}
