//go:build unix

package python

import (
	"github.com/conexgo/conex/internal/crew"
	"github.com/conexgo/conex/internal/watch"
	"golang.org/x/sys/unix"
)

// socketBytes is how much may be in the socket: less than what fits into it by
// default on Linux, 208 KiB, since small messages take more room than their bytes.
const socketBytes = 144 << 10

// Begin begins a unit.
func (l *link) Begin() bool {
	l.mu.Lock()
	bytes := l.bytes
	l.mu.Unlock()
	l.limit = min(maxMessage, socketBytes-bytes)
	l.unit.reset()
	l.opened = l.opened[:0]
	l.forgetSegments()
	return true
}

// Put adds items to the unit.
func (l *link) Put(en *crew.Entry, n int64) (int64, error) {
	e := entry{fn: en.T.Entry(), deadline: l.deadlineOf(en.Group), timeout: int64(en.T.Timeout())}
	e.flags = e.fn.Flags
	if e.timeout > 0 {
		e.flags |= flagTimed
	}
	args, _ := en.Mem.(*arguments)
	if args != nil && len(args.handles) > 0 {
		e.flags |= flagHandles
	}
	from := int(en.From)
	room := l.limit - len(l.unit.buf) - l.unit.cost(&e)
	size := en.T.ArgSize(from, from+int(n))
	for size > room && n > 1 {
		n /= 2
		size = en.T.ArgSize(from, from+int(n))
	}
	switch {
	case size > inlineArg && n == 1, size > room && l.unit.entries == 0 && l.limit == maxMessage:
		e.flags |= flagLarge
		if room = l.limit - len(l.unit.buf) - l.unit.cost(&e); room < largeItem {
			return 0, nil
		}
		if err := l.putLarge(en, &e); err != nil {
			return 0, err
		}
		n = 1
	case size > room:
		return 0, nil
	default:
		l.open(en, &e, n)
		l.unit.buf = en.T.AppendArgs(l.unit.buf, from, from+int(n))
	}
	if args != nil {
		l.sendHandles(args.handles)
	}
	return n, nil
}

// open begins the items of an entry; that of a stream is told.
func (l *link) open(en *crew.Entry, e *entry, n int64) {
	if e.flags&flagStream != 0 {
		e.window = l.openStream(en.T)
	}
	l.unit.open(e, n)
}

// putLarge adds one item whose argument is in a segment.
func (l *link) putLarge(en *crew.Entry, e *entry) error {
	seg, err := l.p.inSegment(en)
	if err != nil {
		return err
	}
	if !l.segs[seg.id] {
		if l.segs == nil {
			l.segs = make(map[uint64]bool)
		}
		l.segs[seg.id] = true
		seg.Join()
		l.out.put(letter{frameSegment, segmentFrame(seg.id, len(seg.s.Mem)), seg.s.File(), seg.Leave})
	}
	from := int(en.From)
	l.open(en, e, 1)
	b := le.AppendUint64(l.unit.buf, seg.id)
	b = le.AppendUint64(b, uint64(en.T.ArgSize(0, from)+itemHead))
	l.unit.buf = le.AppendUint64(b, uint64(en.T.ArgSize(from, from+1)-itemHead))
	return nil
}

// sendHandles makes the worker know the memory of arrays.
func (l *link) sendHandles(handles []any) {
	for _, s := range l.table.add(handles) {
		if s.Retain() {
			l.out.put(letter{frameSegment, segmentFrame(s.ID, s.Size), s.File(), func() { s.Release() }})
		}
	}
}

// forgetSegments lets the worker unmap what it has no use for any more.
func (l *link) forgetSegments() {
	for _, id := range l.table.gone() {
		l.out.put(letter{kind: frameForget, payload: le.AppendUint64(nil, id)})
	}
	if len(l.segs) < mappedSegments || l.w.Busy() {
		return
	}
	for id := range l.segs {
		l.out.put(letter{kind: frameForget, payload: le.AppendUint64(nil, id)})
	}
	clear(l.segs)
}

func segmentFrame(id uint64, size int) []byte {
	return le.AppendUint64(le.AppendUint64(nil, id), uint64(size))
}

// deadlineOf returns when the context of g ends, in Unix nanoseconds, 0 if it has no
// deadline.
func (l *link) deadlineOf(g *watch.Group) int64 {
	if g == nil {
		return 0
	}
	if g != l.group {
		l.group, l.deadline = g, 0
		if d, ok := g.Ctx.Deadline(); ok {
			l.deadline = d.UnixNano()
		}
	}
	return l.deadline
}

// End sends the unit.
func (l *link) End(f crew.Frame) {
	b := l.unit.finish(f.First)
	for _, s := range l.opened {
		s.number += f.First
		s.sent.Store(true)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.frames = append(l.frames, frame{f.First, f.Items, len(b)})
	l.bytes += len(b)
	if f.Items > 1 {
		l.arm()
	}
	if len(l.unsent) > 0 || !l.send(b) {
		l.unsent = append(l.unsent, append([]byte(nil), b...))
		l.arm()
	}
}

// send reports whether the socket has taken a unit. One for a dead worker is taken,
// too: its death brings it back.
func (l *link) send(b []byte) bool {
	for {
		switch err := unix.Send(l.tfd, b, unix.MSG_DONTWAIT|noSignal); err {
		case unix.EINTR:
		case unix.EAGAIN, unix.ENOBUFS:
			return false
		default:
			return true
		}
	}
}

// resend sends what the socket had no room for.
func (l *link) resend() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.unsent) > 0 && l.send(l.unsent[0]) {
		l.unsent = l.unsent[1:]
	}
}

// frameEnded takes a frame out of those in flight.
func (l *link) frameEnded() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.frames) > 0 {
		l.bytes -= l.frames[0].bytes
		l.frames = append(l.frames[:0], l.frames[1:]...)
	}
}
