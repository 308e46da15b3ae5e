package progress

import (
	"math"
	"time"
)

// The rate remembers about this much: whichever of the two is longer.
const (
	memory      = 10 * time.Second
	memoryItems = 10
)

// meter smooths the rate of a count that is looked at now and then. It keeps the
// items and the time they took apart and lets both fade, so that the rate is a
// mean over time: a pause weighs as long as it lasted, however few items it hit.
//
// Looks at which the count had not moved are left out, else items that take
// longer than the memory would have no rate nearly always.
//
// The zero value starts at count 0 at elapsed time 0. Not safe for concurrent use.
type meter struct {
	at      time.Duration // of the last look at which the count had moved
	count   int64         // at that look
	items   float64       // faded
	seconds float64       // that the items took, faded likewise
	moves   float64       // looks at which the count had moved, faded likewise
}

// look takes note of the count at an elapsed time.
func (m *meter) look(at time.Duration, count int64) {
	switch {
	case count < m.count:
		// Set back: what was learnt of the speed stays true.
		m.at, m.count = at, count
	case count > m.count && at > m.at:
		n, d := float64(count-m.count), (at - m.at).Seconds()
		keep := math.Exp(-min(d/memory.Seconds(), n/memoryItems))
		m.items = m.items*keep + n
		m.seconds = m.seconds*keep + d
		m.moves = m.moves*keep + 1
		m.at, m.count = at, count
	}
}

// rate answers the items per second at an elapsed time, or 0 if not yet known.
func (m *meter) rate(at time.Duration) float64 {
	if m.items == 0 {
		return 0
	}
	// The time by which the next move is overdue counts already, so that the
	// rate sinks gently while nothing arrives, and not only afterwards. What is
	// due is a move and not an item: results may come in bursts.
	overdue := (at - m.at).Seconds() - m.seconds/m.moves
	return m.items / (m.seconds + max(overdue, 0))
}

// left answers the whole seconds that n more items take at a rate, rounded up. It
// is false if that cannot be said, or is too long to be worth saying.
func left(n int64, rate float64) (seconds int64, ok bool) {
	const century = 100 * 365 * 86400
	if n <= 0 || rate <= 0 {
		return 0, false
	}
	s := math.Ceil(float64(n) / rate)
	return int64(min(s, century)), s < century
}
