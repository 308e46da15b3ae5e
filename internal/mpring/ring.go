package mpring

import (
	"errors"
	"fmt"
	"sync/atomic"
	"unsafe"

	"github.com/conexgo/conex/internal/robust"
)

// Errors of Put and Peek.
var (
	// ErrFull: there is no room now.
	ErrFull = errors.New("conex: the ring is full")
	// ErrEmpty: there is no record now.
	ErrEmpty = errors.New("conex: the ring is empty")
	// ErrCorrupt: the memory holds what this package never writes.
	ErrCorrupt = errors.New("conex: corrupt ring")
)

const (
	places    = 1024 // of the ledger
	placeSize = 64
	ledgerAt  = 4096
	dataAt    = ledgerAt + places*placeSize

	headerSize = 8  // of a record
	minData    = 64 // a header, and it can be halved
	maxData    = 1 << 30

	posBits = 34
	posMask = 1<<posBits - 1
	maxItem = 1<<(64-posBits) - 1

	// lap is how much of the data a ring uses that is never long.
	lap = 64 << 10

	kindPad = 0
	magic   = 0xc0fe2a << 40
)

// A Ring is this process's side of a ring. There must be one for each memory in
// a process. It must not be copied.
type Ring struct {
	size uint64
	data []byte
	base unsafe.Pointer

	// PutLock protects the tail: take it to Put. GetLock protects the head: take
	// it to Peek and Take.
	PutLock, GetLock robust.Mutex

	tail, head         *atomic.Uint64
	seenTail, seenHead *atomic.Uint64
	number             *atomic.Uint64

	// Items rings when there is a record, Room when one was taken, Done when no
	// record is open any more.
	Items, Room, Done Bell

	books books

	order atomic.Uint32 // tells the race detector what comes first
}

// Size returns how much memory a ring with that many bytes of data needs.
func Size(data int) int { return dataAt + data }

// Create makes an empty ring of new memory, all zero, and opens it.
func Create(mem []byte, note uint64) (*Ring, error) {
	n := len(mem) - dataAt
	if n < minData || n > maxData || n&(n-1) != 0 {
		return nil, fmt.Errorf("conex: a ring of %d bytes: must be a power of two", n)
	}
	*(*uint64)(unsafe.Pointer(&mem[8])) = note
	*(*uint64)(unsafe.Pointer(&mem[0])) = uint64(n)
	return Open(mem)
}

// Open opens the ring in mem.
func Open(mem []byte) (*Ring, error) {
	if len(mem) < dataAt+minData {
		return nil, fmt.Errorf("%w: %d bytes", ErrCorrupt, len(mem))
	}
	size := *(*uint64)(unsafe.Pointer(&mem[0]))
	if size < minData || size > maxData || size&(size-1) != 0 || size > uint64(len(mem)-dataAt) {
		return nil, fmt.Errorf("%w: %d bytes of data in %d", ErrCorrupt, size, len(mem))
	}
	word := func(off int) *atomic.Uint64 { return (*atomic.Uint64)(unsafe.Pointer(&mem[off])) }
	bell := func(off int) Bell { return Bell{(*atomic.Uint32)(unsafe.Pointer(&mem[off]))} }
	r := &Ring{
		size: size,
		data: mem[dataAt : dataAt+size : dataAt+size],
		base: unsafe.Pointer(&mem[0]),
		tail: word(72), seenHead: word(80), number: word(88),
		head: word(136), seenTail: word(144),
		Items: bell(192), Room: bell(256), Done: bell(320),
	}
	r.PutLock.Init(word(64))
	r.GetLock.Init(word(128))
	r.books.init(mem)
	return r, nil
}

// Note is what Create was given.
func (r *Ring) Note() uint64 { return *(*uint64)(unsafe.Add(r.base, 8)) }

// Max is the largest payload that is sure to fit into an empty ring.
func (r *Ring) Max() int { return int(r.size/2) - headerSize }

// Len returns how many records are in the ring. By the time the caller looks at
// it there may be more, or fewer.
func (r *Ring) Len() int {
	h := r.head.Load()
	return int((items(r.tail.Load()) - items(h)) & maxItem)
}

// Empty reports whether there is no record now.
func (r *Ring) Empty() bool { return r.head.Load() == r.tail.Load() }

// Put returns how many records were put so far, mod 2³⁰.
func (r *Ring) put() uint64 { return items(r.tail.Load()) }

func pos(word uint64) uint64   { return word & posMask }
func items(word uint64) uint64 { return word >> posBits }

// moved is the word after n more bytes and k more records.
func moved(word, n, k uint64) uint64 { return (word+n)&posMask | (items(word)+k)<<posBits }

func padded(n uint64) uint64 { return (n + 7) &^ 7 }
