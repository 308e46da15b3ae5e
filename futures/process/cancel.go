package process

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/conexgo/conex/internal/crew"
	"github.com/conexgo/conex/internal/watch"
)

// This file carries contexts to the workers. The pool's lock is held.

// idleCtxs is how many contexts a worker keeps that no task of it uses: the
// next one often has the same.
const idleCtxs = 16

// A sentCtx is a context that the worker knows.
type sentCtx struct {
	g        *watch.Group
	inFlight int32
}

// Know implements [crew.Sender].
func (w *worker) Know(g *watch.Group, begun bool) error {
	if w.ctxs[g.ID] != nil {
		return nil
	}
	if begun {
		return crew.ErrNextFrame
	}
	if err := w.sendCtx(g); err != nil {
		return err
	}
	if !w.reserve() {
		return crew.ErrNoRoom
	}
	return nil
}

// sendCtx makes w know the context of g.
func (w *worker) sendCtx(g *watch.Group) error {
	size := 16 + len(g.Values)
	b := w.tasks.Reserve(size)
	if b == nil {
		return fmt.Errorf("process: the values that propagators carry are %d bytes: the limit is about %d", len(g.Values), w.tasks.Max()/2)
	}
	binary.LittleEndian.PutUint32(b, g.ID)
	cancellable := uint32(0)
	if g.Ctx.Done() != nil {
		cancellable = 1
	}
	binary.LittleEndian.PutUint32(b[4:], cancellable)
	deadline := int64(0)
	if d, ok := g.Ctx.Deadline(); ok {
		deadline = d.UnixNano()
	}
	binary.LittleEndian.PutUint64(b[8:], uint64(deadline))
	copy(b[16:], g.Values)
	w.tasks.Commit(size, recCtx, 0)
	g.Join() // until w forgets it: else its number could be given away
	w.ctxs[g.ID] = &sentCtx{g: g}
	return nil
}

// Left implements [crew.Sender].
func (w *worker) Left(g *watch.Group, n int32) {
	c := w.ctxs[g.ID]
	if c == nil {
		return
	}
	c.inFlight -= n
	if len(w.ctxs) <= idleCtxs {
		return
	}
	for id, c := range w.ctxs {
		if c.inFlight == 0 && len(w.ctxs) > idleCtxs/2 {
			delete(w.ctxs, id)
			c.g.Leave()
			w.drops = append(w.drops, id)
		}
	}
}

// sendDrops tells w which contexts to forget.
func (w *worker) sendDrops() {
	for len(w.drops) > 0 {
		b := w.tasks.Reserve(4)
		if b == nil {
			return
		}
		binary.LittleEndian.PutUint32(b, w.drops[len(w.drops)-1])
		w.tasks.Commit(4, recCtxDrop, 0)
		w.drops = w.drops[:len(w.drops)-1]
	}
}

// CancelEnded implements [crew.Sender].
func (w *worker) CancelEnded() (any bool) {
	for id, c := range w.ctxs {
		if !c.g.Ended() {
			continue
		}
		var b [5]byte
		binary.LittleEndian.PutUint32(b[:], id)
		if c.g.Ctx.Err() == context.DeadlineExceeded {
			b[4] = 1
		}
		w.conn.Send(msgCancel, b[:], nil)
		if c.inFlight == 0 {
			delete(w.ctxs, id)
			c.g.Leave()
			w.drops = append(w.drops, id)
			continue
		}
		any = true
	}
	return any
}
