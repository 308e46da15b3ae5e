package futex

import "time"

// A Poll says how long to wait at most before looking whether somebody has
// died: 5 ms at first, twice as long each time, up to 100 ms. The zero value is
// ready.
type Poll struct{ last time.Duration }

// Next is the next bound for Wait.
func (p *Poll) Next() time.Duration {
	p.last = min(max(2*p.last, 5*time.Millisecond), 100*time.Millisecond)
	return p.last
}
