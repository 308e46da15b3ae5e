package process

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"
	"unsafe"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/internal/remote"
	"github.com/conexgo/conex/internal/ring"
	"github.com/conexgo/conex/internal/wait"
	"github.com/conexgo/conex/internal/watch"
)

// drain takes in every result that has arrived and finishes what it belongs
// to, then gives w new work. It reports whether there was anything. The caller
// holds rd, and not mu: finishing a future runs its owner's code.
func (w *worker) drain() bool {
	if w.dead || w.mad || w.results == nil || (w.large == nil && w.results.Empty()) {
		return false
	}
	defer w.account()
	if w.large != nil && !w.endLarge() {
		return false
	}
	any := false
	ends := int32(0)
	pend := 0            // bytes taken in since the last Release
	for w.large == nil { // what comes behind a large result must wait for it
		r, ok, err := w.results.Next()
		if err != nil {
			w.corrupt(err)
			break
		}
		if !ok {
			// In the middle of a large result the next piece is near.
			if w.part != nil && wait.CanSpin() {
				if w.results.Release() {
					w.conn.Ring()
				}
				if pend = 0; wait.Until(func() bool { return !w.results.Empty() }, wait.SpinFor) {
					continue
				}
			}
			break
		}
		any = true
		switch r.Kind {
		case recEnd:
			ends++
		case recTime:
			if len(r.Payload) == 16 {
				w.learn(r.Payload)
			}
		case recLarge:
			if err := w.beginLarge(r.Payload); err != nil {
				w.corrupt(err)
				return any
			}
			w.endLarge()
		default:
			if err := w.result(r); err != nil {
				w.corrupt(err)
				return any
			}
		}
		if pend += len(r.Payload); pend > ringSize/4 {
			pend = 0
			if w.results.Release() {
				w.conn.Ring()
			}
		}
	}
	if any && w.results.Release() {
		w.conn.Ring()
	}
	if ends > 0 {
		w.frameDone(ends)
	}
	return any
}

func (w *worker) learn(b []byte) {
	id := binary.LittleEndian.Uint32(b)
	if w.funcs != nil {
		for ours, theirs := range w.funcs {
			if theirs == int32(id) {
				id = uint32(ours)
				break
			}
		}
	}
	w.p.learn(id, binary.LittleEndian.Uint32(b[4:]), binary.LittleEndian.Uint64(b[8:]))
}

// result ends one item or several. An error means that the worker has gone
// mad.
func (w *worker) result(r ring.Record) error {
	if w.flight.empty() {
		return fmt.Errorf("result of kind %d for no task", r.Kind)
	}
	en := w.flight.front()
	i := int(en.from)
	n := int32(1)
	switch r.Kind {
	case recOK:
		w.p.done.Add(1)
		w.count(1)
		en.t.Finish(i, r.Payload)
	case recFlat:
		if n = int32(r.Extra); n == 1 {
			w.p.done.Add(1)
			w.count(1)
			en.t.Finish(i, r.Payload) // which checks its size
			break
		}
		if n > en.to-en.from || int(n)*en.t.Entry().ResFlat != len(r.Payload) {
			return fmt.Errorf("%d flat results of %d bytes for %d items", n, len(r.Payload), en.to-en.from)
		}
		w.p.done.Add(int64(n))
		w.count(n)
		en.t.FinishRange(i, i+int(n), r.Payload)
	case recPart:
		whole, err := w.assemble(r)
		if err != nil || whole == nil {
			return err
		}
		w.p.done.Add(1)
		w.count(1)
		en.t.FinishOwned(i, whole, nil)
	case recShared:
		return w.sharedResult(r.Payload)
	case recErr:
		err, _, bad := remote.Read(r.Payload)
		if bad != nil {
			err = bad
		}
		w.fail(en, err)
	case recPanic:
		w.fail(en, readPanic(r.Payload))
	case recSkip:
		w.fail(en, skipped(en))
	case recBroken:
		return fmt.Errorf("worker: %s", r.Payload)
	default:
		return fmt.Errorf("result of unknown kind %d", r.Kind)
	}
	w.settled(n)
	return nil
}

// fail ends the next item, of en, with err.
func (w *worker) fail(en *entry, err error) {
	w.p.failed.Add(1)
	w.count(1)
	en.t.Fail(int(en.from), err)
}

// settled takes the next n items, which are counted and finished, out of the
// flight.
func (w *worker) settled(n int32) {
	en := w.flight.front()
	en.from += n
	en.attempts = 0
	if en.from == en.to {
		w.finishedFlight(en)
		w.flight.drop()
	}
}

// endLarge copies at a large result and reports whether it is complete: then
// its item has ended.
func (w *worker) endLarge() bool {
	b := w.copyLarge()
	if b == nil {
		return false
	}
	if w.flight.empty() {
		w.corrupt(errors.New("large result for no task"))
		return false
	}
	en := w.flight.front()
	w.p.done.Add(1)
	w.count(1)
	en.t.FinishOwned(int(en.from), b, nil)
	w.settled(1)
	return true
}

// count notes that n more items end. It comes before they are finished: who
// waits for one may submit the next at once, and shall find this worker free.
func (w *worker) count(n int32) {
	w.ended.Store(w.ended.Load() + uint64(n))
	w.acc.items += int64(n)
}

// An account is what drain has to tell the pool: in one go, since the pool's
// counters and lock are everybody's.
type account struct {
	items   int64        // that ended
	entries int64        // of which every item has
	group   *watch.Group // to which the last entries belonged
	members int32
}

// account settles it. The caller holds rd.
func (w *worker) account() {
	p := w.p
	w.leaveGroup()
	if w.acc.items > 0 {
		p.running.Add(-w.acc.items)
		w.acc.items = 0
	}
	if n := w.acc.entries; n > 0 {
		w.acc.entries = 0
		if p.pending.Add(-n) == 0 {
			p.maybeEnd()
		}
	}
}

// leaveGroup gives up the memberships that are noted.
func (w *worker) leaveGroup() {
	g, n := w.acc.group, w.acc.members
	if g == nil {
		return
	}
	w.acc.group, w.acc.members = nil, 0
	w.p.mu.Lock()
	w.left(g, n)
	w.p.mu.Unlock()
	g.LeaveMany(n)
}

// skipped is the error of an item that the worker did not begin, since its
// context had ended. For a deadline that may be a moment earlier there than
// here.
func skipped(en *entry) error {
	if en.group != nil && en.group.Ctx.Err() != nil {
		return en.group.Cause()
	}
	return context.DeadlineExceeded
}

// assemble collects the pieces of a large result; it returns nil until the
// last.
func (w *worker) assemble(r ring.Record) ([]byte, error) {
	b := r.Payload
	if r.Extra == 1 {
		if len(b) < 8 || w.part != nil {
			return nil, fmt.Errorf("first piece of a result with %d bytes", len(b))
		}
		total := binary.LittleEndian.Uint64(b)
		if total == 0 || total > 1<<40 {
			return nil, fmt.Errorf("result of %d bytes", total)
		}
		w.part = unclear(int(total))
		b = b[8:]
	}
	if len(w.part)+len(b) > cap(w.part) {
		return nil, fmt.Errorf("result longer than announced")
	}
	w.part = append(w.part, b...)
	if len(w.part) < cap(w.part) {
		return nil, nil
	}
	whole := w.part
	w.part = nil
	return whole, nil
}

// unclear returns n bytes of capacity that nobody has cleared: they are about
// to be overwritten, and clearing costs as much as that.
func unclear(n int) []byte {
	var b strings.Builder
	b.Grow(n)
	b.WriteByte(0)
	return unsafe.Slice(unsafe.StringData(b.String()), n)[:0:n]
}

func readPanic(b []byte) error {
	if len(b) < 4 || int(binary.LittleEndian.Uint32(b)) > len(b)-4 {
		return &futures.PanicError{Value: "(unreadable)"}
	}
	n := binary.LittleEndian.Uint32(b)
	return &futures.PanicError{Value: string(b[4 : 4+n]), Stack: append([]byte(nil), b[4+n:]...)}
}

// finishedFlight ends an entry that w had.
func (w *worker) finishedFlight(en *entry) {
	w.acc.entries++
	if g := en.group; g != nil {
		if g != w.acc.group {
			w.leaveGroup()
			w.acc.group = g
		}
		w.acc.members++
	}
	en.free()
}

// frameDone notes that n frames have ended and gives w new ones.
func (w *worker) frameDone(n int32) {
	p := w.p
	left := w.frames.Add(-n)
	p.mu.Lock()
	w.tasksRun = int64(w.ended.Load())
	closing := false
	switch {
	case left > 0:
	case w.state == retiring:
		closing = true
	case w.state == ready && p.due(w):
		w.state = retiring
		p.restarts.Add(1)
		p.forget(w)
		closing = true
	default:
		p.putIdle(w)
	}
	p.full.Store(false)
	if p.queue.len() > 0 || p.in.count.Load() > 0 {
		p.dispatch()
	} else if left == 0 {
		p.watchStuck()
	}
	p.refill()
	p.mu.Unlock()
	if closing {
		w.conn.Close()
	}
}

// due reports whether w has served long enough. The caller holds mu.
func (p *Pool) due(w *worker) bool {
	r := p.cfg.recycle()
	if r.MaxTasks == 0 && r.MaxAge == 0 && r.MaxRSS == 0 {
		return false
	}
	rss := int64(0)
	if r.MaxRSS > 0 {
		rss, _ = w.child.RSS()
	}
	return r.Due(w.tasksRun, time.Since(w.born), rss) != ""
}

// corrupt ends a worker whose results make no sense, by memory corruption
// perhaps. The caller holds rd.
func (w *worker) corrupt(err error) {
	w.mad = true
	go w.kill(fmt.Errorf("process: worker sent nonsense: %w", err), false)
}

// pollTime is the longest that a task may usually take for a waiting
// goroutine to poll for its result.
const pollTime = 30 * time.Microsecond

// poll looks for t's result on the goroutine that waits for it: no other has
// to be woken then, here or in the worker. The reader's goroutine sleeps on;
// it takes over when poll gives up.
func (w *worker) poll(t futures.Task) {
	if !wait.CanSpin() {
		return
	}
	avg := w.p.avg[t.Entry().ID].Load()
	if avg == 0 || avg*int64(t.Len()) > int64(pollTime) || !w.rd.TryLock() {
		return
	}
	defer w.rd.Unlock()
	if w.dead {
		return
	}
	w.results.Awake()
	w.backoff.Spin(&wait.Place{Mine: w.ctl.poolCore, Theirs: w.ctl.workerCore}, func() bool {
		if !w.results.Empty() {
			w.drain()
		}
		return t.Done()
	}, wait.SpinFor)
	w.rest()
}

// rest hands the results back to the reader's goroutine: the worker rings for
// the next one. The caller holds rd.
func (w *worker) rest() {
	for !w.mad {
		if w.large != nil && w.large.seg == nil {
			return // its segment comes by the socket, and wakes the reader
		}
		if w.results.Sleep() && !w.moreLarge() {
			return
		}
		w.results.Awake()
		w.drain()
	}
}
