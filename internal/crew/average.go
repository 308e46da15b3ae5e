package crew

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/conexgo/conex/futures"
)

// averages are how long an item of each function takes: what decides how many of
// them make a frame. A function is known by the ID of its wire.Entry.
type averages struct {
	list atomic.Pointer[[]*atomic.Int64] // nanoseconds; 0 is unknown
	mu   sync.Mutex                      // one grows the list at a time
}

// moreAverages is by how many functions the list grows, and mostAverages how many
// it can hold. Those beyond take turns, one item a frame.
const (
	moreAverages = 64
	mostAverages = 1 << 16
)

// of returns the place of function id, nil if there is none yet.
func (a *averages) of(id uint32) *atomic.Int64 {
	if l := a.list.Load(); l != nil && int(id) < len(*l) {
		return (*l)[id]
	}
	return nil
}

// Learn takes in that items of function id, of an engine's wire.Entry, took d.
func (p *Pool) Learn(id uint32, items int64, d time.Duration) {
	if items <= 0 {
		return
	}
	a := p.avg.of(id)
	if a == nil {
		if a = p.avg.grow(id); a == nil {
			return
		}
	}
	now := max(int64(d)/items, 1)
	if old := a.Load(); old != 0 {
		now = max(old+(now-old)/4, 1)
	}
	a.Store(now)
}

// Average is how long an item of t takes, 0 if that is unknown.
func (p *Pool) Average(t futures.Task) time.Duration {
	if a := p.avg.of(t.Entry().ID); a != nil {
		return time.Duration(a.Load())
	}
	return 0
}

// average is Average in nanoseconds.
func (p *Pool) average(en *Entry) int64 { return int64(p.Average(en.T)) }

// grow makes a place for function id.
func (a *averages) grow(id uint32) *atomic.Int64 {
	if id >= mostAverages {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	var list []*atomic.Int64
	if l := a.list.Load(); l != nil {
		list = *l
	}
	if int(id) >= len(list) {
		fresh := make([]atomic.Int64, int(id)+moreAverages-len(list))
		list = append([]*atomic.Int64(nil), list...)
		for i := range fresh {
			list = append(list, &fresh[i])
		}
		a.list.Store(&list)
	}
	return list[id]
}
