package sharedmemory

import (
	"fmt"
	"runtime"
)

// A SharedMemory is a block of memory with a name, attached to this process.
// Every process that knows the name can attach to it, and all see the same
// bytes. It is made by [Create] or [Attach]; the zero value is a closed one.
//
// It must not be copied, but can be sent to other processes inside arguments
// and results: the receiver attaches to the block by its name, and gets a
// SharedMemory of its own. Sending does not keep the block: it must still have
// its name when the receiver decodes.
//
// Its methods are safe for concurrent use; what they do to the bytes is not
// coordinated with anybody. Package sync/atomic works on them, also between
// processes, and so do the locks of package multiprocessing, whose Release
// synchronizes before the next Acquire.
//
// A SharedMemory that nothing refers to any more is closed by the collector. It
// never unlinks.
type SharedMemory struct {
	_ noCopy
	a *attachment // set once, before anybody else knows s
}

// noCopy makes go vet complain about copies.
type noCopy struct{}

func (*noCopy) Lock()   {}
func (*noCopy) Unlock() {}

// Create makes a new block, all zero, that only programs of the same user can
// open (mode 0600), and attaches to it.
//
// The memory is there when Create returns: nobody who uses it is killed for the
// lack of it later, unless Config.Sparse asks for that. Other processes find the
// name only when the block has its size.
//
// Errors: [ErrSize], [ErrName]; [io/fs.ErrExist] if a living block or another
// program's has the name; [ErrNoSpace], [ErrNoDescriptor]; [errors.ErrUnsupported]
// on systems other than Linux. After an error there is no block.
func Create(cfg Config) (*SharedMemory, error) { return create(cfg, creation{}) }

// A creation is what callers inside the package want beside a Config.
type creation struct {
	fill func(mem []byte)       // before others can see the block
	tell func(m *mapping) error // before the block has its name
}

func create(cfg Config, how creation) (*SharedMemory, error) {
	name, err := cfg.check()
	if err != nil {
		return nil, err
	}
	m, err := createMapping(name, cfg, how)
	if err != nil {
		return nil, err
	}
	return newSharedMemory(m), nil
}

// Attach opens the block of that name, whoever created it. Two attachments in
// one process are independent of each other but share the mapping.
//
// A name that nobody has matches [io/fs.ErrNotExist]. A block of no bytes
// matches [ErrTooShort]: its creator, a program other than this library's, has
// named it and not yet given it its size. Also [ErrName], [ErrNoDescriptor], and
// [io/fs.ErrPermission] if the block is another user's.
func Attach(name string) (*SharedMemory, error) {
	name, err := checkName(name)
	if err != nil {
		return nil, err
	}
	m, err := attachMapping(name)
	if err != nil {
		return nil, about("attaching to", name, err)
	}
	return newSharedMemory(m), nil
}

func newSharedMemory(m *mapping) *SharedMemory {
	s := new(SharedMemory)
	s.init(m, false)
	return s
}

func (s *SharedMemory) init(m *mapping, sent bool) {
	s.a = &attachment{m: m, mem: m.mem[:m.size:m.size], sent: sent}
	runtime.AddCleanup(s, (*attachment).collected, s.a)
}

// Bytes returns the block, Size bytes that other processes may change at any
// time, or nil after Close. It does not block and does not allocate.
//
// The bytes are the block itself. They must not be used after Close: that is a
// fault, which ends the program. A [View] has no such edge. And if s came inside
// an argument, keep s as long as the bytes (a deferred Close does): they do not
// keep it, and the collector closes it when nothing refers to it. One that the
// program created or attached to itself stays open once Bytes was called, until
// Close.
//
// A program that cuts the file of a block in two makes everybody who touches
// the lost half fault. Neither this library nor CPython does that.
func (s *SharedMemory) Bytes() []byte {
	if !s.a.enter() {
		return nil
	}
	s.a.pinned.Store(true)
	mem := s.a.mem
	s.a.leave()
	return mem
}

// Name returns the name by which others attach to the block, without a leading
// slash, also after Close and Unlink.
func (s *SharedMemory) Name() string {
	if s.a == nil {
		return ""
	}
	return s.a.m.name
}

// Size returns the number of bytes, also after Close.
func (s *SharedMemory) Size() int {
	if s.a == nil {
		return 0
	}
	return s.a.m.size
}

// Close gives up this attachment. The block itself and other attachments,
// also of this process, stay. Closing again does nothing. While a [View] is
// open, Close answers [ErrInUse] and changes nothing.
func (s *SharedMemory) Close() error {
	if s.a == nil {
		return nil
	}
	return s.a.close()
}

// Unlink takes the block's name away: nobody can attach to it any more, and its
// memory is freed when the last process that has it open is through. It may be
// called before or after Close, once for each block, by any process.
//
// A name that is gone already, or that belongs to another block now, matches
// [io/fs.ErrNotExist].
func (s *SharedMemory) Unlink() error {
	if s.a == nil {
		return ErrClosed
	}
	if err := s.a.m.unlink(); err != nil {
		return about("unlinking", s.a.m.name, err)
	}
	return nil
}

// String shows name and size.
func (s *SharedMemory) String() string {
	return fmt.Sprintf("SharedMemory(%q, size=%d)", s.Name(), s.Size())
}
