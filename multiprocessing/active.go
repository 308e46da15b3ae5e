package multiprocessing

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/conexgo/conex/internal/exit"
)

// active are the children that run.
var active children

type children struct {
	mu  sync.Mutex
	all map[*Process]struct{} // protected by mu
}

func (c *children) add(p *Process) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all == nil {
		c.all = make(map[*Process]struct{})
	}
	c.all[p] = struct{}{}
}

func (c *children) remove(p *Process) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.all, p)
}

// ActiveChildren returns the processes that this one has started and that have
// not ended, in the order in which they were made.
func ActiveChildren() []*Process {
	active.mu.Lock()
	defer active.mu.Unlock()
	list := make([]*Process, 0, len(active.all))
	for p := range active.all {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b *Process) int { return slices.Compare(a.identity, b.identity) })
	return list
}

// At its end the program ends its daemonic children and waits for the others.
// An interrupt does not shorten the wait: it has ended the contexts of those it
// is for, and a second one ends the program.
func init() {
	exit.Register(exit.Children, func(ctx context.Context) {
		ctx = context.WithoutCancel(ctx)
		var daemons []*Process
		for _, p := range ActiveChildren() {
			if p.Daemon() {
				p.Terminate()
				daemons = append(daemons, p)
			}
		}
		for _, p := range daemons {
			p.endDaemon()
		}
		for list := ActiveChildren(); len(list) > 0; list = ActiveChildren() {
			list[0].Join(ctx) // those that end meanwhile may have started more
		}
		stock.stop()
	})
}

// endDaemon waits for the end of a daemon that was told to, and kills one that
// does not listen.
func (p *Process) endDaemon() {
	t := time.NewTimer(defaultGrace)
	defer t.Stop()
	select {
	case <-p.done:
	case <-t.C:
		p.Kill()
		<-p.done
	}
}
