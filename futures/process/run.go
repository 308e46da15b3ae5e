//go:build unix

package process

import (
	"context"
	"encoding/binary"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/internal/inherit"
	"github.com/conexgo/conex/internal/remote"
	"github.com/conexgo/conex/internal/shm"
	"github.com/conexgo/conex/internal/wire"
)

// A frame is the frame being worked on. It is state, not a local variable,
// so that another goroutine can go on after a Goexit.
type frame struct {
	active  bool
	head    frameHeader
	rest    []byte // entries to come
	left    uint32 // how many
	seq     uint64 // number of the next item
	claimed uint64 // items below it are ours

	// The entry being worked on.
	fn      *wire.Entry
	items   uint32 // to run
	args    []byte // of those
	ctx     context.Context
	vars    inherit.Values // of which each item gets a copy
	timeout time.Duration
	flat    bool
	shared  []byte // ids of the memory that the arguments refer to

	// How long items of one function took: since is when they began.
	timed *wire.Entry
	count uint32
	since time.Time
}

type newSegment struct {
	id, forgets uint64
	seg         *shm.Segment
}

// arrivals hold what has arrived on the socket for the loop, whoever read it.
// The ring is another way, so what arrives may be older than a recForget that
// the loop has dealt with: it is dropped then.
type arrivals struct {
	mu      sync.Mutex
	list    []newSegment
	forgets uint64 // recForgets so far
}

func (b *arrivals) put(n newSegment) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n.forgets < b.forgets {
		n.seg.Close()
		return
	}
	b.list = append(b.list, n)
}

func (b *arrivals) take() []newSegment {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := b.list
	b.list = nil
	return list
}

// forget drops what arrived, or will arrive, and was sent before now.
func (b *arrivals) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.forgets++
	b.list = slices.DeleteFunc(b.list, func(n newSegment) bool {
		old := n.forgets < b.forgets
		if old {
			n.seg.Close()
		}
		return old
	})
}

func (b *arrivals) empty() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.list) == 0
}

// begin starts on a frame.
func (s *server) begin(b []byte) {
	h, rest, ok := getFrameHeader(b)
	if !ok {
		s.broken("truncated frame")
	}
	s.fr = frame{active: true, head: h, rest: rest, left: h.entries, seq: h.base, claimed: h.base, since: time.Now()}
	s.busy()
}

// run works on the frame until it is done.
func (s *server) run() {
	f := &s.fr
	for f.items > 0 || f.left > 0 {
		if f.items == 0 {
			if err := s.next(); err != nil {
				s.broken(err.Error())
			}
			continue
		}
		if f.seq == f.claimed {
			// Never beyond this frame: the next one claims its own.
			left := f.head.base + uint64(f.head.items) - f.seq
			k := claim(s.ctl.window, f.head.epoch, f.seq, min(uint64(max(f.head.claim, 1)), left))
			if k == 0 {
				break // revoked: somebody else has the rest
			}
			f.claimed += k
		}
		n := int(min(uint64(f.items), f.claimed-f.seq))
		if f.flat && f.timeout == 0 {
			s.runFlat(n)
		} else {
			s.runOne()
		}
		if s.watch.slow.Load() {
			s.flush()
		}
	}
	s.time()
	f.active, f.rest, f.args, f.ctx, f.vars = false, nil, nil, nil, inherit.Values{}
	s.watch.busy.Store(false)
	s.watch.slow.Store(false)
	if s.tasks.Release() {
		s.conn.Ring()
	}
	s.write(recEnd, nil)
	s.flush()
}

// next unpacks the next entry.
func (s *server) next() error {
	f := &s.fr
	h, b, ok := getEntryHeader(f.rest)
	if !ok || int(h.fn) >= len(s.entries) || h.items == 0 {
		return fmt.Errorf("entry of function %d of %d with %d items", h.fn, len(s.entries), h.items)
	}
	fn := s.entries[h.fn]
	used := entryHeaderSize
	f.timeout = 0
	if h.flags&entryTimeout != 0 && len(b) >= 8 {
		f.timeout = time.Duration(binary.LittleEndian.Uint64(b))
		b, used = b[8:], used+8
	}
	f.shared = nil
	if h.flags&entryShared != 0 {
		if len(b) < 8 || binary.LittleEndian.Uint64(b) > uint64(len(b)-8)/8 {
			return fmt.Errorf("truncated list of shared memory")
		}
		n := 8 + 8*int(binary.LittleEndian.Uint64(b))
		f.shared, b, used = b[8:n], b[n:], used+n
	}
	if h.flags&entrySegment != 0 {
		if len(b) < 16 {
			return fmt.Errorf("truncated reference to a segment")
		}
		seg := s.segment(binary.LittleEndian.Uint64(b))
		off := binary.LittleEndian.Uint64(b[8:])
		if off > uint64(len(seg.Mem)) || h.size > uint64(len(seg.Mem))-off {
			return fmt.Errorf("arguments outside of their segment")
		}
		f.args = seg.Mem[off:][:h.size]
		used += 16
	} else {
		if h.size > uint64(len(b)) {
			return fmt.Errorf("truncated arguments")
		}
		f.args = b[:h.size]
		used += int(h.size)
	}
	f.flat = h.flags&entryFlat != 0 && fn.RunFlat != nil
	if f.flat && uint64(h.items)*uint64(fn.ArgFlat) != h.size {
		return fmt.Errorf("%d arguments of %q in %d bytes", h.items, fn.Name, h.size)
	}
	f.rest = f.rest[min(pad8(used), len(f.rest)):]
	f.left--
	f.items = h.items
	if f.timed != fn {
		s.time()
		f.timed = fn
	}
	f.fn = fn
	f.ctx, f.vars = s.ctxs.get(h.ctx)
	return nil
}

// segment returns the segment with the given id, waiting for it to arrive on
// the socket.
func (s *server) segment(id uint64) *shm.Segment {
	for {
		for _, n := range s.newSegs.take() {
			if old := s.segs[n.id]; old != nil {
				old.Close()
			}
			s.segs[n.id] = n.seg
		}
		if seg := s.segs[id]; seg != nil {
			return seg
		}
		s.receive(s.newSegs.empty)
	}
}

// time reports how long the items since the last report took.
func (s *server) time() {
	f := &s.fr
	now := time.Now()
	if f.timed != nil && f.count > 0 {
		b := s.reserve(16)
		binary.LittleEndian.PutUint32(b, f.timed.ID)
		binary.LittleEndian.PutUint32(b[4:], f.count)
		binary.LittleEndian.PutUint64(b[8:], uint64(now.Sub(f.since)))
		s.results.Commit(16, recTime, 0)
	}
	f.count, f.since = 0, now
}

// runFlat runs up to n items of the entry at once.
func (s *server) runFlat(n int) {
	f := &s.fr
	size := f.fn.ResFlat
	n = min(n, max(s.results.Max()/2/size, 1))
	if f.ctx.Err() != nil {
		s.skip()
		return
	}
	res := s.reserve(n * size)
	s.meter.Base = f.seq + 1
	if atomic.LoadUint32(&s.meter.Stop) != 0 {
		atomic.StoreUint32(&s.meter.Stop, 0)
	}
	if s.watch.slow.Load() {
		n = 1
	}
	done, bad, err := s.callFlat(res, n)
	if done > 0 {
		s.results.Commit(done*size, recFlat, uint32(done))
	}
	s.advance(done)
	if bad != nil {
		s.failed(bad)
	} else if err != nil {
		s.write(recErr, remote.Append(nil, err))
		s.advance(1)
	}
}

// advance notes that n items of the entry have ended.
func (s *server) advance(n int) {
	f := &s.fr
	f.seq += uint64(n)
	f.items -= uint32(n)
	f.count += uint32(n)
	if f.flat {
		f.args = f.args[n*f.fn.ArgFlat:]
	}
}

// skip ends an item without running it.
func (s *server) skip() {
	f := &s.fr
	if !f.flat {
		// Its bytes tell their own length only when decoded, so the
		// rest of the entry goes with it: it has the same context.
		for f.items > 0 && f.seq < f.claimed {
			s.write(recSkip, nil)
			f.seq++
			f.items--
		}
		return
	}
	s.write(recSkip, nil)
	s.advance(1)
}

// callFlat calls RunFlat. bad is a panic or Goexit in the item after done.
func (s *server) callFlat(res []byte, n int) (done int, bad *failure, err error) {
	f := &s.fr
	normal := false
	defer func() {
		if normal {
			return
		}
		done = int(atomic.LoadUint64(s.ctl.begun) - s.meter.Base)
		if v := recover(); v != nil {
			bad = &failure{value: v, stack: debug.Stack()}
			return
		}
		// runtime.Goexit: nobody returns from here. Settle the item; the
		// next loop goes on with the frame.
		if done > 0 {
			s.results.Commit(done*f.fn.ResFlat, recFlat, uint32(done))
			s.advance(done)
		}
		s.failed(&failure{goexit: true})
	}()
	s.meter.Vars = f.vars
	done, err = f.fn.RunFlat(f.ctx, f.args, res, n, &s.meter)
	normal = true
	return done, nil, err
}

// A failure is an item that ended neither with a result nor with an error.
type failure struct {
	value  any
	stack  []byte
	goexit bool
}

// failed ends the current item with a failure.
func (s *server) failed(bad *failure) {
	if bad.goexit {
		s.write(recErr, remote.Append(nil, futures.ErrGoexit))
	} else {
		text := safeText(bad.value)
		b := binary.LittleEndian.AppendUint32(nil, uint32(len(text)))
		b = append(b, text...)
		b = append(b, bad.stack[:min(len(bad.stack), 32<<10)]...)
		s.write(recPanic, b)
	}
	s.advance(1)
}

// safeText formats a panic's value even if its own methods panic.
func safeText(v any) (text string) {
	defer func() {
		if recover() != nil {
			text = fmt.Sprintf("(%T whose text cannot be had)", v)
		}
	}()
	text = fmt.Sprint(v)
	return text[:min(len(text), 16<<10)]
}

// guess is the room that is reserved for a result before it is known.
const guess = 1024

// runOne runs one item of the entry.
func (s *server) runOne() {
	f := &s.fr
	if f.ctx.Err() != nil {
		s.skip()
		return
	}
	ctx, cancel := f.ctx, context.CancelFunc(nil)
	if f.timeout > 0 {
		ctx, cancel = context.WithTimeout(ctx, f.timeout)
		s.ctl.begunAt.Store(now())
	}
	ctx = f.vars.Give(ctx)
	room := s.reserve(guess)
	s.enc.Buf, s.enc.Handles = room[:0], nil
	s.enc.TailMin, s.enc.Tail = pieceSize, nil
	s.dec.Buf = f.args
	s.dec.Handles = nil
	if f.shared != nil {
		s.dec.Handles = s.lend
	}
	atomic.StoreUint64(s.ctl.begun, f.seq+1)
	encoding, bad, err := s.call(ctx)
	if cancel != nil {
		cancel()
	}
	if !f.flat {
		f.args = s.dec.Buf
	}
	out := s.enc.Buf
	if len(s.given) > 0 || len(s.enc.Handles) > 0 {
		defer s.takeBack()
	}
	switch {
	case bad != nil:
		s.failed(bad)
		return
	case err == nil && len(s.enc.Handles) > 0:
		s.writeShared(out)
	case err != nil:
		if encoding {
			err = fmt.Errorf("%w: %w", futures.ErrNotEncodable, err)
		}
		s.write(recErr, remote.Append(nil, err))
	case s.enc.Tail != nil:
		s.writeBig(out, s.enc.Tail)
		s.enc.Tail = nil
	case len(out) <= cap(room) && (len(out) == 0 || &out[0] == &room[:1][0]):
		s.results.Commit(len(out), recOK, 0)
	case len(out) <= s.results.Max()/2:
		s.write(recOK, out)
	default:
		s.writeBig(nil, out)
	}
	s.advance(1)
}

// call calls RunOne.
func (s *server) call(ctx context.Context) (encoding bool, bad *failure, err error) {
	normal := false
	defer func() {
		if normal {
			return
		}
		if v := recover(); v != nil {
			bad = &failure{value: v, stack: debug.Stack()}
			return
		}
		if !s.fr.flat {
			s.fr.args = s.dec.Buf
		}
		s.failed(&failure{goexit: true})
	}()
	err, encoding = s.fr.fn.RunOne(ctx, &s.dec, &s.enc)
	normal = true
	return encoding, nil, err
}

// pieceSize is how much of a large result is passed on at a time: the pool
// copies one piece out while the next is copied in.
const pieceSize = 48 << 10

// writeBig passes on a result that is too large for one record: a short head,
// which may lie in the ring itself, and a long rest.
func (s *server) writeBig(head, rest []byte) {
	head = append([]byte(nil), head...)
	if len(rest) < largeMin || !s.writeLarge(head, rest) {
		s.writeParts(head, rest)
	}
}

// writeParts passes it on in pieces through the ring.
func (s *server) writeParts(head, rest []byte) {
	total := len(head) + len(rest)
	n := min(len(rest), pieceSize)
	b := s.reserve(8 + len(head) + n)
	binary.LittleEndian.PutUint64(b, uint64(total))
	copy(b[8:], head)
	copy(b[8+len(head):], rest[:n])
	s.results.Commit(len(b), recPart, 1)
	for rest = rest[n:]; len(rest) > 0; rest = rest[n:] {
		s.flush()
		n = min(len(rest), pieceSize)
		copy(s.reserve(n), rest[:n])
		s.results.Commit(n, recPart, 0)
	}
	s.flush()
}

func now() int64 { return time.Now().UnixNano() }
