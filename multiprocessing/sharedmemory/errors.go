package sharedmemory

import (
	"errors"
	"fmt"

	"github.com/conexgo/conex/internal/mperr"
)

// Errors to be tested with errors.Is. A name that is taken matches
// [io/fs.ErrExist], one that nobody has matches [io/fs.ErrNotExist], and a
// system without this package's blocks matches [errors.ErrUnsupported].
var (
	// ErrClosed says that this SharedMemory, list or view was closed, or is a
	// zero value.
	ErrClosed = mperr.New("sharedmemory: closed", mperr.ErrClosed)

	// ErrInUse says that a block cannot be closed while views of it are open:
	// Python's BufferError.
	ErrInUse = errors.New("sharedmemory: views of the block are open: close them first")

	// ErrSize says that no block can have that size.
	ErrSize = errors.New("sharedmemory: bad size")

	// ErrName says that no block can have that name.
	ErrName = errors.New("sharedmemory: bad name")

	// ErrTooShort says that a block is shorter than asked, or than it must be.
	ErrTooShort = errors.New("sharedmemory: the block is too short")

	// ErrNoSpace says that the system has no room for the block. The error
	// also matches what the system said, such as syscall.ENOSPC.
	ErrNoSpace = errors.New("sharedmemory: no room for the block")

	// ErrNoDescriptor says that the process, or the system, has no descriptor
	// left. The error also matches syscall.EMFILE or syscall.ENFILE.
	ErrNoDescriptor = errors.New("sharedmemory: too many open files")

	// ErrType says that a value cannot be an item of a list, that an item is
	// of another type than asked for, or that a type cannot lie in memory
	// which other programs write to.
	ErrType = errors.New("sharedmemory: bad type")

	// ErrAlign says that a view would begin where its items must not.
	ErrAlign = errors.New("sharedmemory: bad alignment")

	// ErrIndex says that there is no such item.
	ErrIndex = errors.New("sharedmemory: index out of range")

	// ErrOverflow says that a whole number needs more than 64 bits with sign.
	ErrOverflow = errors.New("sharedmemory: number out of range")

	// ErrNoRoom says that a text or bytes are longer than the room that the
	// list has for this item. The item is as it was.
	ErrNoRoom = errors.New("sharedmemory: the item has no room for that")

	// ErrNotFound says that no item of the list is equal to the value.
	ErrNotFound = errors.New("sharedmemory: no such item")

	// ErrCorrupt says that the block does not hold a list, or that another
	// program has spoilt it.
	ErrCorrupt = mperr.New("sharedmemory: corrupt list", mperr.ErrCorrupt)
)

// fail makes an error that matches kind and says what was wrong.
func fail(kind error, format string, args ...any) error {
	return fmt.Errorf("%w: %s", kind, fmt.Sprintf(format, args...))
}

// About a block by its name: "sharedmemory: creating psm_12345678: …".
func about(doing, name string, err error) error {
	return fmt.Errorf("sharedmemory: %s %q: %w", doing, name, err)
}
