package python

// What goes between Go and worker.py, version 1. Integers are little-endian.
//
// The worker is started with these descriptors:
//
//	3  T, tasks and results: a socket for messages of at most 64 KiB
//	4  C, control: a stream of frames, u8 type, u32 length, payload
//	5  the page: shared memory of pageSize bytes
//	6  worker.py
//	7  a pipe, where faulthandler writes stacks
//
// On C, Go says hello, and the worker that it is ready, or what is wrong; these are
// JSON, as log records are. The end of C is the end of the worker.
//
// On T, Go sends units, and the worker results. A unit is a unitHead and entries:
// an entryHead, a key, and items. An item is u32 length and a pickle; with
// flagLarge, it is u64 segment, u64 offset, u64 length. Items are numbered from 0
// on, all through the life of the worker.
//
// Go takes units back by reading from the worker's end of T, of which it has a
// duplicate: the kernel says who got them. The numbers of their items are used
// again. If the worker reads a unit that does not begin with the number it expects,
// one before it has been taken back: it drops that unit as well, and Go knows.
//
// Results are a resultHead and, for each, u32 status, u32 length, payload. They are
// collected in the page, where Go can see them as well, and leave in one message at
// the end of the unit, or earlier, when they become many, or take long. Messages
// can bring descriptors.
const (
	protocolVersion = 1

	maxMessage = 64 << 10
	areaAt     = 4096 // of the page: where results are collected
	pageSize   = areaAt + maxMessage

	unitHead   = 16 // 'U', 0, u16 entries, u32 items, u64 number of the first item
	entryHead  = 32 // u16 key, u16 flags, u32 items, i64 deadline, i64 timeout, u32 window, u32 0
	largeItem  = 24
	resultsTop = 16 // 'R', u8 1 at the unit's end, 6 bytes, u64 number of the first item
	resultHead = 8
)

// Words of the page, by their index.
const (
	pageBegun   = 0 // 1 + the number of the item begun last
	pageUsed    = 1 // bytes of the area
	pageBegunAt = 2 // when it began, if it has a time limit: Unix nanoseconds
	pageTaken   = 3 // large results that Go has read
	pageEpoch   = 4 // counts how often the area was emptied
)

// What a result says.
const (
	statusOK         = 0  // a pickle
	statusRaised     = 1  // a pickle: see readError
	statusNotPickled = 2  // likewise: why the result cannot be pickled
	statusCancelled  = 3  // u8 why
	statusLarge      = 4  // u64 segment, u64 length; a new segment's descriptor comes along
	statusItem       = 5  // a pickle: an item of a stream, which goes on
	statusEnd        = 6  // the stream's end
	statusNotFound   = 7  // text
	statusArrays     = 8  // a pickle that refers to the descriptors that come along
	statusTime       = 9  // u32 items, u64 ns: what the items before it took, all of one function
	statusItemLarge  = 10 // statusItem, in a segment
	statusItemArrays = 11 // statusItem, as statusArrays
	// As statusArrays and statusItemArrays, but the pickle is in the memory of the
	// last descriptor: u64 0, u64 length.
	statusArraysLarge     = 12
	statusItemArraysLarge = 13
	// As statusLarge.
	statusRaisedLarge     = 14
	statusNotPickledLarge = 15
)

// Frames of C.
const (
	frameHello   = 1 // Go → worker: hello
	frameCancel  = 2 // u64 first number, u32 items, u8 why
	frameSegment = 3 // u64 segment, u64 size, with a descriptor
	frameForget  = 4 // u64 segment
	frameCredit  = 5 // u64 number, u32 items: of a stream

	frameReady = 10 // worker → Go: ready
	frameFault = 11 // fault
	frameLog   = 12 // logRecord
)

// Why an item is cancelled.
const (
	whyCancelled = 0
	whyDeadline  = 1
	whyClosed    = 2 // nobody reads the stream any more
)

// pickledNone is the pickle of None.
var pickledNone = []byte{opNone, opStop}
