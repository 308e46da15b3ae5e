package process

import (
	"encoding/binary"
	"sync/atomic"
	"unsafe"

	"github.com/conexgo/conex/internal/ring"
)

// kind is what this engine's workers are called in package worker.
const kind = "pool"

// The memory between the pool and one worker: a page of control words, the
// ring of tasks and the ring of results.
const (
	controlSize = 4096
	ringSize    = 512 << 10
	tasksAt     = controlSize
	resultsAt   = tasksAt + 512 + ringSize
	memorySize  = resultsAt + 512 + ringSize
)

// control is the control page. The pool and the worker write it both, each
// word by the operations named here.
type control struct {
	// window says which items the worker may begin: see window.go.
	window *atomic.Uint64
	// begun is the number of items the worker ever began. Only the worker
	// writes it, before each item.
	begun *uint64
	// begunAt is when the current item began, in Unix nanoseconds, if it
	// has a time limit.
	begunAt *atomic.Int64
	// spin allows the worker to poll for a while before it sleeps.
	spin *atomic.Uint32
	// poolCore and workerCore say where the two run that poll.
	poolCore, workerCore *atomic.Int32
}

func openControl(mem []byte) control {
	word := func(off int) unsafe.Pointer { return unsafe.Pointer(&mem[off]) }
	return control{
		window:  (*atomic.Uint64)(word(0)),
		begun:   (*uint64)(word(64)),
		begunAt: (*atomic.Int64)(word(128)),
		spin:    (*atomic.Uint32)(word(192)),

		poolCore:   (*atomic.Int32)(word(256)),
		workerCore: (*atomic.Int32)(word(320)),
	}
}

func tasksMem(mem []byte) []byte   { return mem[tasksAt : tasksAt+ring.Size(ringSize)] }
func resultsMem(mem []byte) []byte { return mem[resultsAt : resultsAt+ring.Size(ringSize)] }

// Records in the ring of tasks.
const (
	recTasks   = 1 // a frame: frameHeader, then entries
	recCtx     = 2 // a context: ctxHeader, then propagated values
	recCtxDrop = 3 // u32 id
	recForget  = 4 // unmap all segments
)

// Records in the ring of results. Each of the first five ends one item, or
// several, of the tasks in the order in which they were sent.
const (
	recOK     = 1  // an encoded result
	recFlat   = 2  // flat results, Extra of them
	recErr    = 3  // an encoded error
	recPanic  = 4  // u32 length, text, stack
	recSkip   = 5  // not run: its context had ended
	recPart   = 6  // a piece of a large result; the first has Extra 1 and starts with the u64 total
	recTime   = 7  // u32 function, u32 items, u64 ns: how long they took
	recEnd    = 8  // the frame is done
	recBroken = 9  // the worker does not understand the frame: text
	recLarge  = 11 // a large result: u64 segment, u64 size; its bytes follow there
	recShared = 10 // a result with memory that came by the socket: u32 how many, result
)

// Frames on the socket.
const (
	msgHello   = 1 // pool → worker: hello
	msgReady   = 2 // worker → pool: introduction
	msgCancel  = 3 // pool → worker: u32 context id, u8 1 if its deadline passed
	msgSegment = 4 // pool → worker: u64 id, u64 size, u64 recForgets before it, with a descriptor
	msgLog     = 5 // worker → pool: a log record
	msgLarge   = 7 // worker → pool: u64 id, u64 size, u64 id that is gone, with a descriptor: for large results
	msgShared  = 6 // worker → pool: u64 id, u64 size, with a descriptor: for the next recShared
)

// hello tells a new worker what it needs to know. Both sides are the same
// program, so the default codec is its format.
type hello struct {
	Name      string // of the pool
	Table     string // wire.Describe of the pool's table
	HasInit   bool
	Init      uint32 // function
	InitArg   []byte
	InitMem   []uint64 // what the argument refers to, sent before the hello
	MaxMemory int64
	Log       int    // minimum slog level
	Self      []byte // see package self
}

// introduction is the worker's answer.
type introduction struct {
	Table string // wire.Describe of the worker's table, if it differs
	Init  []byte // encoded error of the initialiser, nil if it succeeded
	Fault string // why the worker cannot serve, "" if it can
}

const frameHeaderSize = 24

// A frameHeader starts each frame of tasks.
type frameHeader struct {
	base    uint64 // number of the first item
	items   uint32 // in all entries
	entries uint32
	claim   uint32 // how many items to claim at once
	epoch   uint16
}

func (h frameHeader) put(b []byte) {
	binary.LittleEndian.PutUint64(b, h.base)
	binary.LittleEndian.PutUint32(b[8:], h.entries)
	binary.LittleEndian.PutUint32(b[12:], h.claim)
	binary.LittleEndian.PutUint32(b[16:], h.items)
	binary.LittleEndian.PutUint32(b[20:], uint32(h.epoch))
}

func getFrameHeader(b []byte) (h frameHeader, rest []byte, ok bool) {
	if len(b) < frameHeaderSize {
		return h, nil, false
	}
	h.base = binary.LittleEndian.Uint64(b)
	h.entries = binary.LittleEndian.Uint32(b[8:])
	h.claim = binary.LittleEndian.Uint32(b[12:])
	h.items = binary.LittleEndian.Uint32(b[16:])
	h.epoch = uint16(binary.LittleEndian.Uint32(b[20:]))
	return h, b[frameHeaderSize:], true
}

// Flags of an entry.
const (
	entryFlat    = 1 << iota // run with RunFlat
	entryTimeout             // a u64 follows: nanoseconds each item may run
	entrySegment             // u64 id, u64 offset follow instead of the bytes
	entryShared              // u64 n and n u64 ids of shared memory follow
)

const entryHeaderSize = 24

// An entryHeader starts each entry of a frame: items of one task.
type entryHeader struct {
	fn    uint32
	flags uint32
	ctx   uint32 // context id, 0 for none
	items uint32
	size  uint64 // of the arguments
}

func (h entryHeader) put(b []byte) {
	binary.LittleEndian.PutUint32(b, h.fn)
	binary.LittleEndian.PutUint32(b[4:], h.flags)
	binary.LittleEndian.PutUint32(b[8:], h.ctx)
	binary.LittleEndian.PutUint32(b[12:], h.items)
	binary.LittleEndian.PutUint64(b[16:], h.size)
}

func getEntryHeader(b []byte) (h entryHeader, rest []byte, ok bool) {
	if len(b) < entryHeaderSize {
		return h, nil, false
	}
	h.fn = binary.LittleEndian.Uint32(b)
	h.flags = binary.LittleEndian.Uint32(b[4:])
	h.ctx = binary.LittleEndian.Uint32(b[8:])
	h.items = binary.LittleEndian.Uint32(b[12:])
	h.size = binary.LittleEndian.Uint64(b[16:])
	return h, b[entryHeaderSize:], true
}

func pad8(n int) int { return (n + 7) &^ 7 }
