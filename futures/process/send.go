package process

import (
	"encoding/binary"
	"fmt"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/internal/crew"
)

// This file writes frames. The pool's lock is held.

// How much one frame holds.
const (
	frameBytes = 96 << 10
	inlineArg  = 32 << 10 // larger arguments go through a segment
)

// Begin implements [crew.Sender]. There is room: two frames always fit.
func (w *worker) Begin() bool {
	w.sendDrops()
	w.forgetSegments()
	return w.reserve()
}

// reserve gets room for a frame.
func (w *worker) reserve() bool {
	w.frame, w.used = w.tasks.Reserve(frameBytes+inlineArg+1024), frameHeaderSize
	return w.frame != nil
}

// End implements [crew.Sender].
func (w *worker) End(f crew.Frame) {
	epoch := extend(w.ctl.window, uint64(f.Items))
	frameHeader{f.First, f.Items, f.Entries, f.Claim, epoch}.put(w.frame)
	w.tasks.Commit(w.used, recTasks, 0)
	if w.tasks.Notify() {
		w.conn.Ring()
	}
}

// Idle implements [crew.Sender].
func (w *worker) Idle() {
	if w.bare {
		// A descriptor that it was sent for a task which another one has
		// run would keep the descriptor's other end waiting.
		w.forgetSegments()
		if w.tasks.Notify() {
			w.conn.Ring()
		}
	}
}

// Put implements [crew.Sender].
func (w *worker) Put(en *crew.Entry, n int64) (items int64, err error) {
	if w.used >= frameBytes {
		return 0, nil
	}
	items, size, err := w.put(en, n, w.frame[w.used:])
	w.used += size
	return items, err
}

// put writes up to n items of en, as one entry of a frame, into buf.
func (w *worker) put(en *crew.Entry, n int64, buf []byte) (items int64, size int, err error) {
	e := en.T.Entry()
	h := entryHeader{fn: e.ID}
	if w.funcs != nil {
		id := int32(-1)
		if int(e.ID) < len(w.funcs) {
			id = w.funcs[e.ID]
		}
		if id < 0 {
			return 0, 0, fmt.Errorf("process: function %q (%s) is not registered in the worker: call conex.Register while the program initialises, in a package variable or an init function: %w",
				e.Name, e.Sig, futures.ErrNotEncodable)
		}
		h.fn = uint32(id)
	}
	fixed := entryHeaderSize
	if d := en.T.Timeout(); d > 0 {
		h.flags |= entryTimeout
		binary.LittleEndian.PutUint64(buf[entryHeaderSize:], uint64(d))
		fixed += 8
	}
	if e.RunFlat != nil {
		h.flags |= entryFlat
	}
	m := memoryOf(en)
	if m.bufs != nil {
		k, err := w.putBuffers(m.bufs, buf[fixed:])
		if err != nil {
			return 0, 0, err
		}
		if k == 0 {
			return 0, 0, nil
		}
		h.flags |= entryShared
		fixed += k
	}
	from := int(en.From)
	argSize := en.T.ArgSize(from, from+int(n))
	room := len(buf) - fixed - 8
	for argSize > room && n > 1 && m.seg == nil {
		n = max(n/2, 1)
		argSize = en.T.ArgSize(from, from+int(n))
	}
	if m.seg == nil && argSize > inlineArg {
		if m, err = w.p.toSegment(en); err != nil {
			return 0, 0, err
		}
	}
	h.items, h.size = uint32(n), uint64(argSize)
	if m.seg != nil {
		if err := w.sendSegment(m.seg); err != nil {
			return 0, 0, err
		}
		h.flags |= entrySegment
		binary.LittleEndian.PutUint64(buf[fixed:], uint64(m.seg.id))
		binary.LittleEndian.PutUint64(buf[fixed+8:], uint64(en.T.ArgSize(0, from)))
		fixed += 16
		argSize = 0
	} else if argSize > room {
		return 0, 0, nil
	} else {
		en.T.AppendArgs(buf[fixed:fixed], from, from+int(n))
	}
	if en.Group != nil {
		h.ctx = en.Group.ID
		w.ctxs[h.ctx].inFlight++
	}
	h.put(buf)
	return n, pad8(fixed + argSize), nil
}
