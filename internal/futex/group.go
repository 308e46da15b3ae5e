package futex

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/conexgo/conex/internal/park"
	"github.com/conexgo/conex/internal/watch"
)

// A Group is the goroutines of this process that wait for the same word, all
// of whom can go on when it changes. One of them waits in the kernel, for all.
// The zero value is ready. It must not be copied.
type Group struct {
	q   park.Queue
	led bool // protected by q: somebody is in the kernel
}

// Wait is the function [Wait], for one of many. The bound is for the one in the
// kernel only: when it looks whether somebody has died, it does so for all, and
// is followed by the next.
func (g *Group) Wait(ctx context.Context, word *atomic.Uint32, old uint32, most time.Duration, obj any) error {
	for {
		// Whoever leaves while nobody is in the kernel sees to it that somebody
		// goes there: it may have been woken for that.
		g.q.Lock()
		switch {
		case word.Load() != old:
			g.leave(true)
			return nil
		case ctx.Err() != nil:
			g.leave(false)
			return watch.Reason(ctx)
		case !g.led:
			g.led = true
			g.q.Unlock()
			err := Wait(ctx, word, old, most)
			g.q.Lock()
			g.led = false
			g.leave(word.Load() != old)
			return err
		}
		w := park.New(ctx)
		g.q.PushBack(w)
		ok := g.q.Sleep(ctx, w, obj)
		if !ok {
			g.q.Unlock()
		}
		w.Free()
		if !ok {
			return watch.Reason(ctx)
		}
	}
}

// leave wakes, unless somebody is in the kernel, all others if the word has
// changed, else one, to go there. It unlocks q.
func (g *Group) leave(changed bool) {
	switch {
	case g.led:
		g.q.Unlock()
	case changed:
		g.q.WakeAll()
	default:
		w := g.q.Pop()
		g.q.Unlock()
		if w != nil {
			w.Wake()
		}
	}
}
