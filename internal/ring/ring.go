package ring

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"
	"unsafe"
)

const (
	headerSize = 256
	recordSize = 8 // of a record's own header
	kindPad    = 0
)

// ErrCorrupt means that the other side wrote something that is not a record.
var ErrCorrupt = errors.New("conex: corrupt ring")

type shared struct {
	tail, head                 *atomic.Uint64
	consumerSleeps, prodSleeps *atomic.Uint32
	data                       []byte
}

// Size returns how much memory a ring with capacity bytes of data needs.
func Size(capacity int) int { return headerSize + capacity }

func open(mem []byte) shared {
	n := len(mem) - headerSize
	if n < 64 || n&(n-1) != 0 {
		panic(fmt.Sprintf("ring: %d bytes of data: must be a power of two, at least 64", n))
	}
	word := func(off int) unsafe.Pointer { return unsafe.Pointer(&mem[off]) }
	return shared{
		tail:           (*atomic.Uint64)(word(0)),
		head:           (*atomic.Uint64)(word(64)),
		consumerSleeps: (*atomic.Uint32)(word(128)),
		prodSleeps:     (*atomic.Uint32)(word(192)),
		data:           mem[headerSize:],
	}
}

func padded(n int) int { return (n + 7) &^ 7 }

// A Producer is the writing side. Use it from one goroutine at a time.
type Producer struct {
	s    shared
	pos  uint64 // tail, our copy
	head uint64 // the last head seen
	room int    // payload that the last Reserve granted, -1 for none
}

// NewProducer opens the writing side of the ring in mem.
func NewProducer(mem []byte) *Producer {
	s := open(mem)
	return &Producer{s: s, pos: s.tail.Load(), head: s.head.Load(), room: -1}
}

// Max is the largest payload that is sure to fit into an empty ring.
func (p *Producer) Max() int { return len(p.s.data)/2 - recordSize }

// Reserve returns room for a payload of n bytes, or nil if the ring is too
// full now. Nothing is visible to the consumer until Commit; a second Reserve
// replaces the first.
func (p *Producer) Reserve(n int) []byte {
	p.room = -1
	size := uint64(len(p.s.data))
	need := uint64(recordSize + padded(n))
	if need > size {
		return nil
	}
	off := p.pos & (size - 1)
	pad := uint64(0)
	if off+need > size {
		pad = size - off
	}
	if p.pos+pad+need-p.head > size {
		p.head = p.s.head.Load()
		if p.pos+pad+need-p.head > size {
			return nil
		}
	}
	if pad > 0 {
		p.put(off, 0, kindPad, 0)
		p.pos += pad
		p.publish()
		off = 0
	}
	p.room = n
	return p.s.data[off+recordSize : off+need : off+need][:n]
}

// Commit makes the first n bytes of the last reservation a record of the
// given kind, which must not be 0. One store makes it visible; it does not
// tell whether anybody sleeps: see Notify. A record that was not granted would
// overwrite unread ones: that is a bug, and panics.
func (p *Producer) Commit(n int, kind uint8, extra uint32) {
	if n > p.room {
		panic("ring: Commit of more than was reserved")
	}
	p.room = -1
	p.put(p.pos&uint64(len(p.s.data)-1), n, kind, extra)
	p.pos += uint64(recordSize + padded(n))
	p.publish()
}

func (p *Producer) put(off uint64, n int, kind uint8, extra uint32) {
	binary.LittleEndian.PutUint64(p.s.data[off:], uint64(uint32(n))|uint64(kind)<<32|uint64(extra&0xffffff)<<40)
}

func (p *Producer) publish() { storeRelease(p.s.tail, p.pos) }

// Notify reports whether the consumer sleeps and so needs the doorbell. It
// answers yes once for each sleep.
func (p *Producer) Notify() bool {
	// The exchange orders the tail's store before the load of the flag, as
	// Sleep orders the flag before the tail: one of the two sides sees the
	// other.
	p.s.tail.Store(p.pos)
	return p.s.consumerSleeps.Load() != 0 && p.s.consumerSleeps.CompareAndSwap(1, 0)
}

// Nudge is Notify for what was committed some time ago. Any goroutine may call
// it while another one writes.
func (p *Producer) Nudge() bool {
	return p.s.consumerSleeps.Load() != 0 && p.s.consumerSleeps.CompareAndSwap(1, 0)
}

// Sleep announces that the producer waits for room for n bytes. It returns
// false, and announces nothing, if there is room by now.
func (p *Producer) Sleep(n int) bool {
	p.s.prodSleeps.Store(1)
	if p.Reserve(n) != nil {
		p.s.prodSleeps.Store(0)
		return false
	}
	return true
}

// A Consumer is the reading side. Use it from one goroutine at a time.
type Consumer struct {
	s    shared
	pos  uint64 // next record
	tail uint64 // the last tail seen
}

// NewConsumer opens the reading side of the ring in mem.
func NewConsumer(mem []byte) *Consumer {
	s := open(mem)
	return &Consumer{s: s, pos: s.head.Load()}
}

// A Record is one message. Its Payload is the ring's memory, valid until
// Release.
type Record struct {
	Payload []byte
	Kind    uint8
	Extra   uint32 // 24 bits
}

// Empty reports whether there is no record now. It is one load when so.
func (c *Consumer) Empty() bool { return c.pos == c.tail && c.s.tail.Load() == c.pos }

// Next returns the next record. ok is false if there is none; err
// matches ErrCorrupt if what is there is not a record, and then stays.
func (c *Consumer) Next() (r Record, ok bool, err error) {
	size := uint64(len(c.s.data))
	for {
		if c.pos == c.tail {
			if c.tail = c.s.tail.Load(); c.pos == c.tail {
				return Record{}, false, nil
			}
		}
		if c.tail-c.pos > size || (c.tail-c.pos)&7 != 0 {
			return Record{}, false, c.corrupt(0)
		}
		off := c.pos & (size - 1)
		h := binary.LittleEndian.Uint64(c.s.data[off:])
		r.Kind, r.Extra = uint8(h>>32), uint32(h>>40)
		if r.Kind == kindPad {
			if off == 0 || c.tail-c.pos < size-off {
				return Record{}, false, c.corrupt(h)
			}
			c.pos += size - off
			continue
		}
		n := uint64(uint32(h))
		need := recordSize + (n+7)&^7
		if need > c.tail-c.pos || off+need > size {
			return Record{}, false, c.corrupt(h)
		}
		r.Payload = c.s.data[off+recordSize : off+recordSize+n : off+recordSize+n]
		c.pos += need
		return r, true, nil
	}
}

func (c *Consumer) corrupt(header uint64) error {
	return fmt.Errorf("%w: record %#x at %d, tail %d, head %d, size %d", ErrCorrupt, header, c.pos, c.tail, c.s.head.Load(), len(c.s.data))
}

// Release gives the room of all records returned so far back to the producer
// and reports whether the producer sleeps for it and needs the doorbell.
func (c *Consumer) Release() bool {
	c.s.head.Store(c.pos)
	return c.s.prodSleeps.Load() != 0 && c.s.prodSleeps.CompareAndSwap(1, 0)
}

// Sleep announces that the consumer waits for the doorbell. It returns false,
// and announces nothing, if there is a record by now.
func (c *Consumer) Sleep() bool {
	c.s.consumerSleeps.Store(1)
	if c.s.tail.Load() != c.pos {
		c.s.consumerSleeps.Store(0)
		return false
	}
	return true
}

// Awake takes Sleep's announcement back.
func (c *Consumer) Awake() { c.s.consumerSleeps.Store(0) }

// Uncommitted returns n bytes of the payload that a dead producer had
// reserved after its last record: what it may have written there before it
// died. It is nil if they cannot be in the ring.
func (c *Consumer) Uncommitted(n int) []byte {
	size := uint64(len(c.s.data))
	off := c.s.tail.Load() & (size - 1)
	if n < 0 || off+recordSize+uint64(n) > size {
		return nil
	}
	return c.s.data[off+recordSize:][:n]
}
