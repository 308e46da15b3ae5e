package sharedmemory

import (
	"fmt"
	"iter"
	"runtime/debug"
	"strings"

	"github.com/conexgo/conex/internal/codec"
)

// A ShareableList is a list of simple values in a block of shared memory, byte
// for byte as CPython's, so that programs in Go and in Python read and write the
// same one. It is made by [NewShareableList], [CreateShareableList] or
// [AttachShareableList]; the zero value is a closed one.
//
// Items are whole numbers of 64 bits (read as int64), float64, bool, string,
// []byte and nil. A list does not grow: neither in number, nor in the room for a
// string or bytes, which is 8 for each 8 characters that they had at first and 8
// more, as with CPython (8 bytes for other items). Otherwise any item may become of any
// type. Trailing zero bytes of strings and bytes are lost, as with CPython: add a
// byte that is not zero and take it off again.
//
// It must not be copied, but can be sent to other processes, as a [SharedMemory]
// can. It is safe for concurrent use with respect to Close only: its items are
// not coordinated with other goroutines or processes, so that one that is read
// while it is written may be neither the old nor the new. Put a lock before it,
// that of package multiprocessing between processes; that lock's Release
// synchronizes before the next Acquire. Whatever other programs write into the
// block, calls return: with an error matching [ErrCorrupt] at worst.
//
// Two lists are the same only if they have the same name. There is no equality
// of lists, as in Python: compare their Items.
type ShareableList struct {
	_   noCopy
	shm *SharedMemory
	lay layout
}

// NewShareableList makes a list of the items in a new block with a new name.
//
// Errors: [ErrType], [ErrOverflow] (a uint64), [ErrSize] (a string of 10 MB), and
// those of [Create].
func NewShareableList(items ...any) (*ShareableList, error) {
	return CreateShareableList(Config{}, items...)
}

// CreateShareableList is NewShareableList with a name and rules of cfg, whose
// Size must be 0: the items say it.
func CreateShareableList(cfg Config, items ...any) (*ShareableList, error) {
	return createList(cfg, items, creation{})
}

func createList(cfg Config, values []any, how creation) (*ShareableList, error) {
	if cfg.Size != 0 {
		return nil, fail(ErrSize, "the items of a list say how large it is: Config.Size must be 0")
	}
	items := make([]item, len(values))
	slots := make([]int, len(values))
	for i, v := range values {
		var err error
		if items[i], err = itemOf(v); err == nil {
			slots[i], err = items[i].slot()
		}
		if err != nil {
			return nil, fmt.Errorf("item %d: %w", i, err)
		}
	}
	l := &ShareableList{lay: planLayout(slots)}
	cfg.Size = l.lay.end
	how.fill = func(mem []byte) {
		for i := range items {
			l.lay.store(mem, i, &items[i]) // has room
		}
		l.lay.writeHead(mem)
	}
	var err error
	l.shm, err = create(cfg, how)
	if err != nil {
		return nil, err
	}
	return l, nil
}

// AttachShareableList opens the list in the block of that name. Lists of
// CPython 3.8 have another layout than those of 3.9 (3.9.18 was tried) and later;
// both are known.
//
// A block that holds no list matches [ErrCorrupt]; else the errors are those of
// [Attach].
func AttachShareableList(name string) (*ShareableList, error) {
	s, err := Attach(name)
	if err != nil {
		return nil, err
	}
	l := &ShareableList{shm: s}
	if err := l.read(); err != nil {
		s.Close()
		return nil, about("attaching to the list", s.Name(), err)
	}
	return l, nil
}

// read learns the layout, once: what others do to it later does no harm.
func (l *ShareableList) read() (err error) {
	if !l.shm.a.enter() {
		return ErrClosed
	}
	defer l.leave(debug.SetPanicOnFault(true), &err)
	l.lay, err = readLayout(l.shm.a.mem)
	return err
}

// enter is the beginning of each use of the memory; leave must be deferred.
func (l *ShareableList) enter() (mem []byte, err error) {
	if l.shm == nil || !l.shm.a.enter() {
		return nil, ErrClosed
	}
	return l.shm.a.mem, nil
}

// leave ends a use of the memory. If the file was cut, by some other program,
// touching what is lost is a fault: then it sets *err.
func (l *ShareableList) leave(old bool, err *error) {
	r := recover()
	debug.SetPanicOnFault(old)
	l.shm.a.leave()
	if r == nil {
		return
	}
	if f, ok := r.(interface {
		error
		Addr() uintptr
	}); !ok || f == nil {
		panic(r)
	}
	*err = fail(ErrTooShort, "another program has cut the file of %q", l.shm.Name())
}

// AppendHandle is how a list is sent. Programs do not call it.
func (l *ShareableList) AppendHandle(e *codec.Encoder) error {
	if l.shm == nil {
		return ErrClosed
	}
	return l.shm.AppendHandle(e)
}

// ReadHandle is how a list arrives. Programs do not call it.
func (l *ShareableList) ReadHandle(d *codec.Decoder) error {
	s := new(SharedMemory)
	if err := s.ReadHandle(d); err != nil {
		return err
	}
	l.shm = s
	if err := l.read(); err != nil {
		s.Close()
		return about("attaching to the sent list", s.Name(), err)
	}
	return nil
}

// SharedMemory returns the block, nil for the zero value. Closing it closes the
// list.
func (l *ShareableList) SharedMemory() *SharedMemory { return l.shm }

// Name returns the name of the block: others attach to the list by it.
func (l *ShareableList) Name() string {
	if l.shm == nil {
		return ""
	}
	return l.shm.Name()
}

// Close gives up this attachment, as [SharedMemory.Close] does.
func (l *ShareableList) Close() error {
	if l.shm == nil {
		return nil
	}
	return l.shm.Close()
}

// Unlink takes the name away, as [SharedMemory.Unlink] does.
func (l *ShareableList) Unlink() error {
	if l.shm == nil {
		return ErrClosed
	}
	return l.shm.Unlink()
}

// Len returns the number of items, which never changes.
func (l *ShareableList) Len() int { return max(len(l.lay.at)-1, 0) }

// All iterates over copies of the items. An item that cannot be read comes as
// nil with its error, and the iteration goes on; of a closed list, only
// [ErrClosed] comes.
func (l *ShareableList) All() iter.Seq2[any, error] {
	return func(yield func(any, error) bool) {
		if l.shm == nil {
			yield(nil, ErrClosed)
			return
		}
		for i := range l.Len() {
			v, err := l.At(i)
			if !yield(v, err) || err == ErrClosed {
				return
			}
		}
	}
}

// Items returns copies of all items, or the first error.
func (l *ShareableList) Items() ([]any, error) {
	items := make([]any, 0, l.Len())
	for v, err := range l.All() {
		if err != nil {
			return nil, err
		}
		items = append(items, v)
	}
	return items, nil
}

// String shows items and name.
func (l *ShareableList) String() string {
	var b strings.Builder
	b.WriteString("ShareableList([")
	for i := range l.Len() {
		if i > 0 {
			b.WriteString(", ")
		}
		v, err := l.At(i)
		if err != nil {
			b.WriteString("?")
			continue
		}
		b.WriteString(literal(v))
	}
	fmt.Fprintf(&b, "], name=%q)", l.Name())
	return b.String()
}
