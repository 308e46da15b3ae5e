package pickle

import (
	"encoding/binary"
	"io"
	"math"
	"sync"
)

// A decoder is CPython's unpickling machine, except that it makes nothing but
// data: it has a stack of values, a stack of marks in it, and a memo. It is
// flat: nothing that a pickle says makes it recurse.
type decoder struct {
	recycler recycler

	cfg *Config
	buf []byte // what there is of the pickle
	pos int
	r   io.Reader // where more of it comes from, or nil

	base  int64 // offset of buf[0] from the beginning of the pickle
	op    byte  // the opcode under way, 0 if there is none yet
	start int   // where in buf it is
	frame int64 // offset of the end of the frame
	spent int64 // bytes made by copying what a pickle has only once

	stack    []any
	marks    []int // where in stack the marks are
	fence    int   // the last mark, or 0: nothing below can be popped
	memo     memo
	items    int // how many more values there may be
	maxMemo  int
	maxBytes int64
	proto    int

	containers int             // how many were made that may hold others
	shared     bool            // some container was taken from the memo
	persistent bool            // some value came from PersistentLoad
	settled    map[*Object]any // those that turned into another value at BUILD
	words      [words]any      // short strings, boxed
	globals    [globals]any    // the last Globals, boxed
	err        error
}

// How many strings and Globals a decoder keeps for the next pickle: messages of
// one program have the same few keys and classes again and again.
const (
	words   = 128
	globals = 16
)

// decoders are kept with their stacks, memos and words.
var decoders = sync.Pool{New: func() any { return new(decoder) }}

func newDecoder(c *Config) *decoder {
	d := decoders.Get().(*decoder)
	d.cfg = c
	return d
}

// free gives d back, without what it has of the pickle; it keeps words.
func (d *decoder) free() {
	d.reset()
	d.recycler.reset()
	d.cfg, d.buf, d.r = nil, nil, nil
	d.pos, d.start, d.base = 0, 0, 0
	decoders.Put(d)
}

// reset makes d ready for the next pickle, which begins at d.pos.
func (d *decoder) reset() {
	if cap(d.stack) > 256 {
		d.stack = nil
	}
	clear(d.stack[:cap(d.stack)])
	d.stack = d.stack[:0]
	d.marks = d.marks[:0]
	d.memo.reset()
	d.fence, d.frame, d.spent, d.proto, d.containers = 0, 0, 0, 0, 0
	d.shared, d.persistent, d.settled, d.err = false, false, nil, nil
}

// decode reads one pickle.
func (d *decoder) decode() (any, error) {
	d.items, d.maxMemo, d.maxBytes = d.cfg.maxItems(), d.cfg.maxMemo(), d.cfg.maxBytes()
	if int64(len(d.buf)) > d.maxBytes && d.r == nil {
		// Only the pickle counts, not what follows it: cut, and see.
		d.buf = d.buf[:d.maxBytes]
	}
	d.run()
	if d.err != nil {
		return nil, d.err
	}
	v := d.stack[len(d.stack)-1] // CPython, too, forgets what is below
	if d.containers > d.cfg.maxDepth() && !d.shallow(v) {
		return nil, d.limit("MaxDepth", int64(d.cfg.maxDepth()))
	}
	return v, nil
}

// run executes opcodes up to STOP, or to an error. What executes one reports
// false if it is the last. Those that the plain values of protocols 2 to 5 are
// made of are executed here, all others by stepRare.
func (d *decoder) run() {
	for ok := true; ok; {
		d.start, d.op = d.pos, 0
		if d.pos >= len(d.buf) && !d.fill(1) {
			return
		}
		op := d.buf[d.pos]
		d.op = op
		d.pos++
		ok = false // unless the opcode says otherwise: so it is if take fails
		switch op {
		case opStop:
			ok = d.stop()
		case opProto:
			ok = d.setProtocol()
		case opFrame:
			ok = d.beginFrame()

		case opNone:
			ok = d.push(nil)
		case opNewTrue:
			ok = d.push(true)
		case opNewFalse:
			ok = d.push(false)
		case opBinInt1:
			if b := d.take(1); b != nil {
				ok = d.push(int64(b[0]))
			}
		case opBinInt2:
			if b := d.take(2); b != nil {
				ok = d.push(int64(binary.LittleEndian.Uint16(b)))
			}
		case opBinInt:
			if b := d.take(4); b != nil {
				ok = d.push(int64(int32(binary.LittleEndian.Uint32(b))))
			}
		case opBinFloat:
			if b := d.take(8); b != nil {
				ok = d.push(math.Float64frombits(binary.BigEndian.Uint64(b)))
			}
		case opLong1:
			if b := d.take(1); b != nil {
				ok = d.long(uint64(b[0]))
			}
		case opLong4:
			if b := d.take(4); b != nil {
				if b[3] >= 0x80 {
					d.fail("a negative length")
					return
				}
				ok = d.long(uint64(binary.LittleEndian.Uint32(b)))
			}

		case opShortBinUnicode:
			if b := d.take(1); b != nil {
				ok = d.text(uint64(b[0]))
			}
		case opBinUnicode:
			if b := d.take(4); b != nil {
				ok = d.text(uint64(binary.LittleEndian.Uint32(b)))
			}
		case opBinUnicode8:
			if b := d.take(8); b != nil {
				ok = d.text(binary.LittleEndian.Uint64(b))
			}
		case opShortBinBytes:
			if b := d.take(1); b != nil {
				ok = d.bytes(uint64(b[0]))
			}
		case opBinBytes:
			if b := d.take(4); b != nil {
				ok = d.bytes(uint64(binary.LittleEndian.Uint32(b)))
			}
		case opBinBytes8:
			if b := d.take(8); b != nil {
				ok = d.bytes(binary.LittleEndian.Uint64(b))
			}
		case opByteArray8:
			if b := d.take(8); b != nil {
				ok = d.byteArray(binary.LittleEndian.Uint64(b))
			}

		case opMark:
			d.marks = append(d.marks, len(d.stack))
			d.fence = len(d.stack)
			ok = d.count(1)
		case opEmptyTuple:
			ok = d.push(emptyTuple)
		case opTuple1:
			ok = d.tuple(1)
		case opTuple2:
			ok = d.tuple(2)
		case opTuple3:
			ok = d.tuple(3)
		case opTuple:
			if n, has := d.sinceMark(); has {
				d.popMark()
				ok = d.tuple(n)
			}
		case opEmptyList:
			ok = d.pushContainer(d.recycler.list())
		case opList:
			ok = d.list()
		case opAppend:
			ok = d.appendItems(1)
		case opAppends:
			if n, has := d.sinceMark(); has {
				d.popMark()
				ok = d.appendItems(n)
			}
		case opEmptyDict:
			ok = d.pushContainer(d.recycler.dict())
		case opDict:
			ok = d.dict()
		case opSetItem:
			ok = d.setItems(2)
		case opSetItems:
			if n, has := d.sinceMark(); has {
				d.popMark()
				ok = d.setItems(n)
			}
		case opEmptySet:
			ok = d.pushContainer(new(Set))
		case opAddItems:
			ok = d.addItems()
		case opFrozenSet:
			ok = d.frozenSet()

		case opMemoize:
			ok = d.memoize()
		case opBinPut:
			if b := d.take(1); b != nil {
				ok = d.put(uint64(b[0]))
			}
		case opLongBinPut:
			if b := d.take(4); b != nil {
				ok = d.put(uint64(binary.LittleEndian.Uint32(b)))
			}
		case opBinGet:
			if b := d.take(1); b != nil {
				ok = d.get(uint64(b[0]))
			}
		case opLongBinGet:
			if b := d.take(4); b != nil {
				ok = d.get(uint64(binary.LittleEndian.Uint32(b)))
			}
		default:
			ok = d.stepRare(op)
		}
	}
}

// stepRare executes the opcodes that are about classes, those of the protocols
// before 2, and those that nobody should use.
func (d *decoder) stepRare(op byte) bool {
	switch op {
	case opPop:
		return d.popOne()
	case opPopMark:
		if n, ok := d.sinceMark(); ok {
			d.popMark()
			d.drop(n)
			return true
		}
		return false
	case opDup:
		return d.dup()

	case opStackGlobal:
		return d.stackGlobal()
	case opGlobal:
		return d.global()
	case opReduce:
		return d.reduce()
	case opNewObj:
		return d.newObj()
	case opNewObjEx:
		return d.newObjEx()
	case opBuild:
		return d.build()
	case opInst:
		return d.inst()
	case opObj:
		return d.obj()

	case opInt:
		return d.intLine()
	case opLong:
		return d.longLine()
	case opFloat:
		return d.floatLine()
	case opString:
		return d.stringLine()
	case opUnicode:
		return d.unicodeLine()
	case opGet, opPut:
		return d.memoLine(op)
	case opShortBinString:
		if b := d.take(1); b != nil {
			return d.oldString(uint64(b[0]))
		}
		return false
	case opBinString:
		if b := d.take(4); b != nil {
			if b[3] >= 0x80 {
				return d.fail("a negative length")
			}
			return d.oldString(uint64(binary.LittleEndian.Uint32(b)))
		}
		return false

	case opPersID, opBinPersID:
		return d.persistentLoad(op)
	case opExt1, opExt2, opExt4:
		return d.fail("a code of the extension registry: what it stands for is known to its writer only")
	case opNextBuffer, opReadonlyBuffer:
		return d.fail("a buffer that travels outside the pickle: write it without buffer_callback")
	default:
		return d.failf("%#02x is no opcode", op)
	}
}

// stop checks that there is a value on the stack at STOP, and nothing begun that
// has not ended. It reports false, since it is the last opcode; d.err tells.
func (d *decoder) stop() bool {
	switch {
	case d.offset() > d.maxBytes:
		return d.overBytes() // a stream that was read ahead
	case len(d.marks) > 0:
		return d.fail("a mark is left on the stack")
	case len(d.stack) == 0:
		return d.fail("there is no value on the stack")
	case d.offset() < d.frame:
		return d.fail("the frame is longer than the pickle")
	}
	return false
}

// setProtocol is PROTO. As in CPython it may be anywhere; the last one says whose
// names follow.
func (d *decoder) setProtocol() bool {
	b := d.take(1)
	if b == nil {
		return false
	}
	if b[0] > highestProtocol {
		return d.failf("protocol %d; the highest known is %d", b[0], highestProtocol)
	}
	d.proto = int(b[0])
	return true
}

// beginFrame checks the length of a frame. Nothing is allocated by it, and
// nothing is read ahead by it: it is what CPython needs for that.
func (d *decoder) beginFrame() bool {
	b := d.take(8)
	if b == nil {
		return false
	}
	n := binary.LittleEndian.Uint64(b)
	switch {
	case d.offset() < d.frame:
		return d.fail("a frame inside a frame")
	case !d.within(n):
		return false
	case d.r == nil && n > uint64(len(d.buf)-d.pos):
		return d.failErr("a frame longer than the pickle", io.ErrUnexpectedEOF)
	}
	d.frame = d.offset() + int64(n)
	return true
}
