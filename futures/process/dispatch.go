package process

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/conexgo/conex/futures"
)

// How much goes into one frame. A frame is what a worker is given at a time:
// large enough that the hand-over does not matter, small enough that the
// workers finish together and a wrong guess costs little.
const (
	frameTime    = time.Millisecond      // of work, by the moving average
	claimTime    = 20 * time.Microsecond // of work that cannot be taken back
	prefetchTime = 5 * time.Millisecond  // longer items are not sent ahead
	frameBytes   = 96 << 10
	frameEntries = 2000
	frameItems   = 1 << 16
	inlineArg    = 32 << 10 // larger arguments go through a segment
)

// dispatch gives queued tasks to workers with room, and starts workers if
// there are too few. The caller holds mu.
func (p *Pool) dispatch() {
	for {
		p.merge()
		for p.queue.len() > 0 {
			w := p.pick()
			if w == nil {
				if p.grow() {
					continue // a spare was ready
				}
				// Fewer workers than there may be: the next task
				// may have one started.
				p.full.Store(len(p.workers) >= p.cfg.Workers)
				p.watchStuck()
				return
			}
			if !p.send(w) {
				return
			}
		}
		p.full.Store(false)
		if p.in.count.Load() == 0 {
			return
		}
	}
}

// pick chooses the worker for the next frame: one that is idle, the one that
// was busy last, since it may still poll; else one that may be sent a frame
// ahead.
func (p *Pool) pick() *worker {
	if n := len(p.idle); n > 0 {
		w := p.idle[n-1]
		p.idle = p.idle[:n-1]
		w.idle = false
		return w
	}
	if len(p.workers) < p.cfg.Workers && len(p.spares) > 0 {
		return nil // a spare first
	}
	avg := p.average(p.queue.front())
	if avg == 0 || avg > int64(prefetchTime) {
		return nil
	}
	for _, w := range p.workers {
		if w.room(true) && w.flight.room() > 0 {
			return w
		}
	}
	return nil
}

// average is how long an item of en takes, in nanoseconds; 0 is unknown.
func (p *Pool) average(en *entry) int64 {
	if id := int(en.t.Entry().ID); id < len(p.avg) {
		return p.avg[id].Load()
	}
	return 0
}

// learn takes in that items of function id took ns.
func (p *Pool) learn(id uint32, items uint32, ns uint64) {
	if int(id) >= len(p.avg) || items == 0 {
		return
	}
	a := &p.avg[id]
	now := max(int64(ns)/int64(items), 1)
	if old := a.Load(); old != 0 {
		now = max(old+(now-old)/4, 1)
	}
	a.Store(now)
}

// send fills a frame for w from the queue. It reports false if it could send
// nothing. The caller holds mu.
func (p *Pool) send(w *worker) bool {
	w.sendDrops()
	w.forgetSegments()
	var (
		share   = min(max(p.queued/int64(2*p.cfg.Workers), 1), w.quota())
		budget  = int64(frameTime)
		buf     = w.tasks.Reserve(frameBytes + inlineArg + 1024)
		used    = frameHeaderSize
		entries = uint32(0)
		items   = int64(0)
		claim   = int64(1) << 30
		timeout time.Duration
		gone    bool
	)
	if buf == nil {
		// Cannot be: two frames always fit. Leave the queue as it is.
		p.putIdle(w)
		return false
	}
	var dead []entry
	for p.queue.len() > 0 && entries < frameEntries && items < min(share, frameItems) &&
		used < frameBytes && w.flight.room() > 0 {
		head := p.queue.front()
		if head.group.Ended() || !head.t.Start() {
			p.queued -= head.items()
			dead = append(dead, p.queue.popFront())
			continue
		}
		avg := p.average(head)
		n := min(head.items(), share-items)
		if avg == 0 || head.attempts > 0 {
			n = 1
			if entries > 0 {
				break // an unknown one goes alone
			}
		} else if k := budget / avg; k < n {
			if k == 0 && entries > 0 {
				break
			}
			n = max(k, 1)
		}
		if head.group != nil && !w.knows(head.group) {
			// Its context must be sent before the frame: next time.
			if entries > 0 {
				break
			}
			if err := w.sendCtx(head.group); err != nil {
				p.queued -= head.items()
				en := p.queue.popFront()
				en.fail(err)
				dead = append(dead, en)
				continue
			}
			if buf = w.tasks.Reserve(frameBytes + inlineArg + 1024); buf == nil {
				p.putIdle(w)
				return false
			}
		}
		n, size, err := p.put(w, head, n, buf[used:])
		if err == errGone {
			gone = true
			break
		}
		if err != nil {
			p.queued -= head.items()
			en := p.queue.popFront()
			en.fail(err)
			dead = append(dead, en)
			continue
		}
		if n == 0 {
			break // the frame is full
		}
		used += size
		entries++
		items += n
		if avg == 0 {
			budget = 0
			claim = 1
		} else {
			budget -= n * avg
			claim = min(claim, max(int64(claimTime)/avg, 1))
		}
		if d := head.t.Timeout(); d > 0 {
			timeout = d
			claim = 1
		}
		var en entry
		if n == head.items() {
			en = p.queue.popFront()
		} else {
			en = p.split(head, int32(n))
		}
		p.queued -= n
		en.t.Attach(&w.runner)
		w.flight.push(en)
	}
	if len(dead) > 0 {
		go p.bury(dead)
	}
	if entries == 0 {
		if w.frames.Load() == 0 && !gone {
			p.putIdle(w)
		}
		return len(dead) > 0 && !gone
	}
	if entries == 1 && p.queue.len() == 0 {
		p.setSpinner(w) // somebody waits for this one
	} else {
		p.setSpinner(nil) // the cores have better things to do
	}
	p.running.Add(items)
	epoch := extend(w.ctl.window, uint64(items))
	frameHeader{w.sent, uint32(items), entries, uint32(claim), epoch}.put(buf)
	w.sent += uint64(items)
	w.frames.Add(1)
	if timeout > 0 {
		w.watchTimeout(timeout + p.cfg.Grace)
	}
	w.tasks.Commit(used, recTasks, 0)
	if w.tasks.Notify() {
		w.conn.Ring()
	}
	return true
}

// errGone means that the worker cannot be reached: it is dead, and its
// goroutine is about to find out.
var errGone = errors.New("process: worker is gone")

// bury ends tasks that are not going to run: cancelled ones, which know it
// already, and those whose context has ended.
func (p *Pool) bury(dead []entry) {
	for _, en := range dead {
		if en.group.Ended() {
			en.fail(en.group.Cause())
		}
		p.finished(en)
	}
}

// put writes up to n items of en, as one entry of a frame, into buf.
func (p *Pool) put(w *worker, en *entry, n int64, buf []byte) (items int64, size int, err error) {
	e := en.t.Entry()
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
	if d := en.t.Timeout(); d > 0 {
		h.flags |= entryTimeout
		binary.LittleEndian.PutUint64(buf[entryHeaderSize:], uint64(d))
		fixed += 8
	}
	if e.RunFlat != nil {
		h.flags |= entryFlat
	}
	if en.bufs != nil {
		k, err := w.putBuffers(en.bufs, buf[fixed:])
		if err != nil {
			return 0, 0, err
		}
		if k == 0 {
			return 0, 0, nil
		}
		h.flags |= entryShared
		fixed += k
	}
	from := int(en.from)
	argSize := en.t.ArgSize(from, from+int(n))
	room := len(buf) - fixed - 8
	for argSize > room && n > 1 && en.seg == nil {
		n = max(n/2, 1)
		argSize = en.t.ArgSize(from, from+int(n))
	}
	if en.seg == nil && argSize > inlineArg {
		if err := p.toSegment(en); err != nil {
			return 0, 0, err
		}
	}
	h.items, h.size = uint32(n), uint64(argSize)
	if en.seg != nil {
		if err := w.sendSegment(en.seg); err != nil {
			return 0, 0, err
		}
		h.flags |= entrySegment
		binary.LittleEndian.PutUint64(buf[fixed:], uint64(en.seg.id))
		binary.LittleEndian.PutUint64(buf[fixed+8:], uint64(en.t.ArgSize(0, from)))
		fixed += 16
		argSize = 0
	} else if argSize > room {
		return 0, 0, nil
	} else {
		en.t.AppendArgs(buf[fixed:fixed], from, from+int(n))
	}
	if en.group != nil {
		h.ctx = en.group.ID
		w.ctxs[h.ctx].inFlight++
	}
	h.put(buf)
	return n, pad8(fixed + argSize), nil
}

// putIdle notes that w has nothing to do.
func (p *Pool) putIdle(w *worker) {
	if w.state == ready && !w.spare && !w.idle {
		w.idle = true
		p.idle = append(p.idle, w)
		if w.bare {
			// A descriptor that it was sent for a task which another one has
			// run would keep the descriptor's other end waiting.
			w.forgetSegments()
			if w.tasks.Notify() {
				w.conn.Ring()
			}
		}
	}
}

// setSpinner lets w poll for its next task, and nobody else: a machine has
// few cores. nil: nobody at all.
func (p *Pool) setSpinner(w *worker) {
	if p.spinner == w {
		return
	}
	if p.spinner != nil {
		p.spinner.ctl.spin.Store(0)
	}
	if p.spinner = w; w != nil {
		w.ctl.spin.Store(1)
	}
}
