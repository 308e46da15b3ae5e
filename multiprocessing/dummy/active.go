package dummy

import (
	"context"
	"slices"
	"sync"

	"github.com/conexgo/conex/threading"
)

// family is who has started whom.
type family struct {
	mu sync.Mutex
	of map[*threading.Thread][]*Process // protected by mu; nil is who is no thread
}

var children family

// add makes p a child of t, and forgets t's dead ones.
func (f *family) add(t *threading.Thread, p *Process) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.of == nil {
		f.of = map[*threading.Thread][]*Process{}
	}
	f.bury()
	f.of[t] = append(f.of[t], p)
}

// bury forgets all that have ended, so that nobody is kept who has ended and
// started no more. The caller holds mu.
func (f *family) bury() {
	for t, list := range f.of {
		list = slices.DeleteFunc(list, func(p *Process) bool { return !p.Alive() })
		if len(list) == 0 {
			delete(f.of, t)
			continue
		}
		f.of[t] = list
	}
}

// ActiveChildren returns the processes that live of those that the thread of
// ctx has started, the oldest first.
func ActiveChildren(ctx context.Context) []*Process {
	children.mu.Lock()
	defer children.mu.Unlock()
	children.bury()
	return slices.Clone(children.of[threading.Current(ctx)])
}
