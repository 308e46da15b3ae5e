//go:build !amd64 || race

package mpring

import "sync/atomic"

func (r *Ring) publish(p *atomic.Uint64, v uint64) {
	r.ordered()
	p.Store(v)
}

// ordered tells the race detector, which does not look at shared memory, that
// putting a record comes before taking it.
func (r *Ring) ordered() { r.order.Add(1) }
