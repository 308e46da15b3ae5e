package process

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"
	"unsafe"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/internal/crew"
	"github.com/conexgo/conex/internal/remote"
	"github.com/conexgo/conex/internal/ring"
	"github.com/conexgo/conex/internal/wait"
)

// Drain implements [crew.Receiver].
func (w *worker) Drain() bool {
	if !w.Reads() || (w.large == nil && w.results.Empty()) {
		return false
	}
	defer w.Account()
	if w.large != nil && !w.endLarge() {
		return false
	}
	any := false
	ends := int32(0)
	pend := 0            // bytes taken in since the last Release
	for w.large == nil { // what comes behind a large result must wait for it
		r, ok, err := w.results.Next()
		if err != nil {
			w.Corrupt(err)
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
				w.Corrupt(err)
				return any
			}
			w.endLarge()
		default:
			if err := w.result(r); err != nil {
				w.Corrupt(err)
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
		w.FrameDone(ends)
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
	w.p.engine.Learn(id, int64(binary.LittleEndian.Uint32(b[4:])), time.Duration(binary.LittleEndian.Uint64(b[8:])))
}

// result ends one item or several. An error means that the worker has gone
// mad.
func (w *worker) result(r ring.Record) error {
	if w.Front() == nil {
		return fmt.Errorf("result of kind %d for no task", r.Kind)
	}
	en := w.Front()
	i := int(en.From)
	n := int32(1)
	switch r.Kind {
	case recOK:
		w.Count(1, true)
		en.T.Finish(i, r.Payload)
	case recFlat:
		if n = int32(r.Extra); n == 1 {
			w.Count(1, true)
			en.T.Finish(i, r.Payload) // which checks its size
			break
		}
		if n > en.To-en.From || int(n)*en.T.Entry().ResFlat != len(r.Payload) {
			return fmt.Errorf("%d flat results of %d bytes for %d items", n, len(r.Payload), en.To-en.From)
		}
		w.Count(n, true)
		en.T.FinishRange(i, i+int(n), r.Payload)
	case recPart:
		whole, err := w.assemble(r)
		if err != nil || whole == nil {
			return err
		}
		w.Count(1, true)
		en.T.FinishOwned(i, whole, nil)
	case recShared:
		return w.sharedResult(r.Payload)
	case recErr:
		err, _, bad := remote.Read(r.Payload)
		if bad != nil {
			err = bad
		}
		w.Fail(err)
	case recPanic:
		w.Fail(readPanic(r.Payload))
	case recSkip:
		w.Fail(crew.Skipped(en))
	case recBroken:
		return fmt.Errorf("worker: %s", r.Payload)
	default:
		return fmt.Errorf("result of unknown kind %d", r.Kind)
	}
	w.Settled(n)
	return nil
}

// endLarge copies at a large result and reports whether it is complete: then
// its item has ended.
func (w *worker) endLarge() bool {
	b := w.copyLarge()
	if b == nil {
		return false
	}
	if w.Front() == nil {
		w.Corrupt(errors.New("large result for no task"))
		return false
	}
	en := w.Front()
	w.Count(1, true)
	en.T.FinishOwned(int(en.From), b, nil)
	w.Settled(1)
	return true
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

// pollTime is the longest that a task may usually take for a waiting
// goroutine to poll for its result.
const pollTime = 30 * time.Microsecond

// Poll implements [crew.Poller]: no other goroutine has to be woken then, here or
// in the worker. The reader's sleeps on; it takes over when Poll gives up.
func (w *worker) Poll(t futures.Task) {
	if !wait.CanSpin() {
		return
	}
	avg := w.p.engine.Average(t)
	if avg == 0 || avg*time.Duration(t.Len()) > pollTime || !w.TryLock() {
		return
	}
	defer w.Unlock()
	if w.Dead() {
		return
	}
	w.results.Awake()
	w.backoff.Spin(&wait.Place{Mine: w.ctl.poolCore, Theirs: w.ctl.workerCore}, func() bool {
		if !w.results.Empty() {
			w.Drain()
		}
		return t.Done()
	}, wait.SpinFor)
	w.rest()
}

// rest hands the results back to the reader's goroutine: the worker rings for
// the next one.
func (w *worker) rest() {
	for w.Reads() {
		if w.large != nil && w.large.seg == nil {
			return // its segment comes by the socket, and wakes the reader
		}
		if w.results.Sleep() && !w.moreLarge() {
			return
		}
		w.results.Awake()
		w.Drain()
	}
}
