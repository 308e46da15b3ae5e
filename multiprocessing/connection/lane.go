package connection

import (
	"encoding/binary"
	"fmt"
	"sync/atomic"
	"unsafe"

	"github.com/conexgo/conex/internal/robust"
)

// A lane is one direction of a pipe: a ring of records in shared memory. Any
// process that has the sending end may put records in, and any that has the
// other end may take them out, each kind under a lock of its own. A record
// appears by one store to tail and goes by one to head, so that a process
// killed anywhere leaves it whole, or not there at all; whoever gets the lock
// after it has nothing to repair.
//
// Layout, in the machine's byte order, since it never leaves the machine:
//
//	  0  u64  lock of those who send
//	  8  u64  bytes of large messages ever sent
//	 16  u32  number of the last packet of descriptors
//	 64  u64  tail: bytes ever put in
//	128  u64  lock of those who receive
//	192  u64  head: bytes ever taken out
//	200  u64  bytes of large messages ever received
//	256  u32  1 while somebody may sleep until there is a record
//	260  u32  changes when they are woken
//	320  u32  1 while somebody may sleep until there is room
//	324  u32  changes when they are woken
//	384       data, a power of two
//
// A record is a header of 16 bytes and the payload, padded to 16. It may wrap
// around the end of the data anywhere but in the header.
//
//	0  u32  length of the message
//	4  u8   kind
//	5  u8   flags
//	8  u32  type
//	12 u32  number of the packet that has the descriptors
//
// The payload of a large message travels in a file of its own; the record has
// the sum of all large messages up to it instead.
type lane struct {
	send, recv robust.Mutex

	largeSent *atomic.Uint64
	packets   *atomic.Uint32
	tail      *atomic.Uint64
	head      *atomic.Uint64
	largeGot  *atomic.Uint64
	filled    event // there is a record
	freed     event // there is room
	data      []byte

	// What this process last saw of the other side's position: no load of a
	// line that the other side writes while this is enough.
	seenTail, seenHead atomic.Uint64

	order atomic.Uint32 // tells the race detector that sending comes first
}

// An event is what those sleep on who wait for a lane to change.
type event struct {
	waiters *atomic.Uint32
	seq     *atomic.Uint32
}

const (
	laneHeader = 384
	headerSize = 16

	flagLarge = 1 // the payload is in a file
	flagFiles = 2 // descriptors go with it
)

// A record is a record's header.
type record struct {
	length uint32
	kind   kind
	flags  uint8
	hash   uint32
	packet uint32
}

// inRing is how many bytes of payload the ring has.
func (r record) inRing() uint64 {
	if r.flags&flagLarge != 0 {
		return 8
	}
	return uint64(r.length)
}

// room is how many bytes of the ring the record takes.
func (r record) room() uint64 { return headerSize + (r.inRing()+headerSize-1)&^(headerSize-1) }

// init opens the lane in mem, whose data must be a power of two.
func (l *lane) init(mem []byte) {
	if n := len(mem) - laneHeader; n < 64 || n&(n-1) != 0 {
		panic(fmt.Sprintf("connection: a ring of %d bytes", n))
	}
	u64 := func(off int) *atomic.Uint64 { return (*atomic.Uint64)(unsafe.Pointer(&mem[off])) }
	u32 := func(off int) *atomic.Uint32 { return (*atomic.Uint32)(unsafe.Pointer(&mem[off])) }
	l.send.Init(u64(0))
	l.recv.Init(u64(128))
	l.largeSent, l.packets, l.tail = u64(8), u32(16), u64(64)
	l.head, l.largeGot = u64(192), u64(200)
	l.filled, l.freed = event{u32(256), u32(260)}, event{u32(320), u32(324)}
	l.data = mem[laneHeader:]
}

func (l *lane) size() uint64 { return uint64(len(l.data)) }

// mostInRing is the largest payload that goes through the ring.
func (l *lane) mostInRing() int { return len(l.data)/2 - headerSize }

// pending reports whether there is a record, or what looks like one.
func (l *lane) pending() bool {
	head := l.head.Load()
	if int64(l.seenTail.Load()-head) > 0 {
		return true
	}
	tail := l.tail.Load()
	l.seenTail.Store(tail)
	return tail != head
}

// front returns the next record and where it is. The caller holds recv.
func (l *lane) front() (r record, at uint64, ok bool, err error) {
	at = l.head.Load()
	tail := l.seenTail.Load()
	if int64(tail-at) <= 0 {
		tail = l.tail.Load()
		l.seenTail.Store(tail)
	}
	if tail == at {
		return r, at, false, nil
	}
	if tail-at > l.size() || tail&(headerSize-1) != 0 || at&(headerSize-1) != 0 {
		return r, at, false, l.corrupt("positions")
	}
	h := l.data[at&(l.size()-1):]
	a, b := binary.NativeEndian.Uint64(h), binary.NativeEndian.Uint64(h[8:16])
	r = record{uint32(a), kind(a >> 32), uint8(a >> 40), uint32(b), uint32(b >> 32)}
	if a>>48 != 0 || r.kind == 0 || r.kind > lastKind || r.flags&^(flagLarge|flagFiles) != 0 || r.length > MaxMessage || r.room() > tail-at {
		return r, at, false, l.corrupt(fmt.Sprintf("record %#x %#x", a, b))
	}
	return r, at, true, nil
}

func (l *lane) corrupt(what string) error {
	return fmt.Errorf("%w: %s, head %d, tail %d", ErrCorrupt, what, l.head.Load(), l.tail.Load())
}

// read copies the payload of the record at a position to dst, which is as long.
// The caller holds recv.
func (l *lane) read(at uint64, dst []byte) {
	off := (at + headerSize) & (l.size() - 1)
	n := copy(dst, l.data[off:])
	copy(dst[n:], l.data)
}

// drop takes the record at a position out, which front returned. It reports
// whether somebody who sleeps for room should be woken. The caller holds recv.
func (l *lane) drop(at uint64, r record) bool {
	if r.flags&flagLarge != 0 {
		var b [8]byte
		l.read(at, b[:])
		l.largeGot.Store(binary.NativeEndian.Uint64(b[:]))
	}
	at += r.room()
	l.head.Store(at)
	// Not for every few bytes: each side would sleep again at once.
	return l.freed.waiters.Load() != 0 && (r.flags != 0 || l.seenTail.Load()-at <= l.size()/2)
}

// fits reports whether there is room for a record, and where, or why there will
// never be. Who does not hold send learns what was true a moment ago.
func (l *lane) fits(r record) (at uint64, ok bool, err error) {
	tail, head := l.tail.Load(), l.seenHead.Load()
	if tail-head > l.size()-r.room() || tail&(headerSize-1) != 0 {
		head = l.head.Load()
		l.seenHead.Store(head)
		if tail-head > l.size() || (tail|head)&(headerSize-1) != 0 {
			if tail != l.tail.Load() { // others sent, and their records were received
				return 0, false, nil
			}
			return 0, false, l.corrupt("positions")
		}
		if tail-head > l.size()-r.room() {
			return 0, false, nil
		}
	}
	if r.flags&flagLarge == 0 {
		return tail, true, nil
	}
	// Several may be under way, if they are small enough together. The sums are
	// good enough for that when somebody was killed between two steps, too.
	waiting := int64(l.largeSent.Load() - l.largeGot.Load())
	return tail, waiting <= mostLarge || l.head.Load() == tail, nil
}

// half reports whether half of the ring is free: a sender that polls waits for
// that, so as not to follow the receiver step by step.
func (l *lane) half() bool { return l.tail.Load()-l.head.Load() <= l.size()/2 }

// put makes a record at the place that fits has found. The caller holds send.
func (l *lane) put(tail uint64, r record, payload []byte) {
	h := l.data[tail&(l.size()-1):]
	binary.NativeEndian.PutUint64(h, uint64(r.length)|uint64(r.kind)<<32|uint64(r.flags)<<40)
	binary.NativeEndian.PutUint64(h[8:], uint64(r.hash)|uint64(r.packet)<<32)
	var sum uint64
	if r.flags&flagLarge != 0 {
		sum = l.largeSent.Load() + uint64(r.length)
		payload = binary.NativeEndian.AppendUint64(nil, sum)
	}
	off := (tail + headerSize) & (l.size() - 1)
	n := copy(l.data[off:], payload)
	copy(l.data, payload[n:])
	if raceEnabled {
		l.order.Add(1)
	}
	l.tail.Store(tail + r.room())
	if r.flags&flagLarge != 0 {
		l.largeSent.Store(sum)
	}
}

// copyOut copies the payload of the record at a position into buf if it fits,
// else into memory of its own. The caller holds recv.
func (l *lane) copyOut(at uint64, n int, buf []byte) []byte {
	switch {
	case n == 0:
		return []byte{}
	case n <= len(buf):
		l.read(at, buf[:n])
		return buf[:n:n]
	}
	off := (at + headerSize) & (l.size() - 1)
	if rest := l.size() - off; uint64(n) > rest {
		b := make([]byte, n)
		l.read(at, b)
		return b
	}
	return append([]byte{}, l.data[off:off+uint64(n)]...) // does not clear what it fills
}
