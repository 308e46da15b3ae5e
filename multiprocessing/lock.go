package multiprocessing

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"unsafe"

	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/futex"
	"github.com/conexgo/conex/internal/handle"
	"github.com/conexgo/conex/internal/peer"
	"github.com/conexgo/conex/internal/robust"
)

// A Lock is held by one at a time among all goroutines of all processes that
// have it. It belongs to no thread: anybody may release it. Make one with
// [NewLock]; the zero value is not ready, and says so. A Lock must not be
// copied. Its methods are safe for concurrent use.
//
// It travels, as a *Lock, to other processes: in arguments and results, in
// items of queues and connections, also within structs, slices and maps. What
// arrives is the same lock. It lives in memory that goes with the last process
// that has it; there is nothing to close.
//
// # When its holder dies
//
// A process that dies, however it dies, holds its locks no longer. Whoever
// acquires the lock next gets it together with [ErrOwnerDied], once: it holds
// the lock then, and is to see to what the lock protects, which may be half
// changed. Those who wait find out within 100 ms, and at once if the dead
// process was a child of theirs.
//
// The holder, as far as that goes, is the process that acquired the lock last.
//
// # Fairness and cost
//
// A lock that is released is free for whoever takes it first. The goroutines of
// one process wait in the order they came, however many they are in one thread
// of the system. Acquire and Release together take some 15 ns if nobody else
// wants the lock.
//
// # Memory model
//
// In the terminology of the Go memory model, the n'th release of a Lock
// synchronizes before the m'th acquisition for any n < m, in whichever
// processes, for the memory that they share.
type Lock struct{ s *lockState }

// A lockState is what a process has of a Lock.
type lockState struct {
	m     robust.Mutex
	block *handle.Block // of one word
}

const lockSize = 8

var locks handle.Locals[lockState]

// NewLock returns a Lock that is free. It fails with errors.ErrUnsupported
// where processes cannot share memory, and if there is no memory.
func NewLock() (*Lock, error) {
	b, err := newBlock(lockSize)
	if err != nil {
		return nil, err
	}
	l := new(Lock)
	return l, l.open(b)
}

// newBlock returns memory for something that can be waited for.
func newBlock(size int) (*handle.Block, error) {
	if err := futex.Supported(); err != nil {
		return nil, err
	}
	return handle.New(size)
}

// readBlock is the other half of newBlock, for what was sent.
func readBlock(d *codec.Decoder, size int) (*handle.Block, error) {
	if err := futex.Supported(); err != nil {
		return nil, err
	}
	return handle.Read(d, size)
}

func (l *Lock) open(b *handle.Block) (err error) {
	l.s, err = locks.Get(b, func() (*lockState, error) {
		s := &lockState{block: b}
		s.m.Init(word64(b, 0))
		return s, nil
	})
	return err
}

// word64 and word32 are words of b.
func word64(b *handle.Block, off int) *atomic.Uint64 {
	return (*atomic.Uint64)(unsafe.Pointer(&b.Mem()[off : off+8][0]))
}

func word32(b *handle.Block, off int) *atomic.Uint32 {
	return (*atomic.Uint32)(unsafe.Pointer(&b.Mem()[off : off+4][0]))
}

// AppendHandle makes a *Lock travel. It is for the codec.
func (l *Lock) AppendHandle(e *codec.Encoder) error {
	if l.s == nil {
		return errZeroLock
	}
	return l.s.block.Append(e)
}

// ReadHandle is the other half of AppendHandle.
func (l *Lock) ReadHandle(d *codec.Decoder) error {
	b, err := readBlock(d, lockSize)
	if err != nil {
		return err
	}
	return l.open(b)
}

// Acquire takes l. If l is held it waits until it is free or ctx ends; in the
// latter case it returns an error that matches both ctx.Err() and
// context.Cause(ctx), and does not hold l. A free lock is taken even if ctx has
// ended.
//
// With [ErrOwnerDied] the caller does hold l: see above. It must release it.
func (l *Lock) Acquire(ctx context.Context) error {
	s := l.s
	if s == nil {
		return errZeroLock
	}
	died, err := s.m.Lock(ctx)
	runtime.KeepAlive(s)
	if died {
		return ErrOwnerDied
	}
	return err
}

// TryAcquire takes l if it is free, or if the process that held it has died,
// and reports whether it did. It never waits. The error is [ErrOwnerDied], with
// true, or nil.
func (l *Lock) TryAcquire() (bool, error) {
	s := l.s
	if s == nil {
		return false, errZeroLock
	}
	ok, died := s.m.TryLock()
	runtime.KeepAlive(s)
	if died {
		return true, ErrOwnerDied
	}
	return ok, nil
}

// Release frees l, which anybody may do in any process. If nobody holds l it
// returns an error that matches threading.ErrNotLocked and changes nothing.
func (l *Lock) Release() error {
	s := l.s
	if s == nil {
		return errZeroLock
	}
	held := s.m.Unlock()
	runtime.KeepAlive(s)
	if !held {
		return errNotLocked
	}
	return nil
}

// Locked reports whether somebody holds l; somebody who has died does, until
// the next one acquires it. The answer may be out of date by the time the
// caller has it.
func (l *Lock) Locked() bool { return l.owner() != 0 }

// owner is the process that holds l, or 0.
func (l *Lock) owner() peer.ID {
	if l.s == nil {
		return 0
	}
	id := l.s.m.Owner()
	runtime.KeepAlive(l.s)
	return id
}

// With calls fn while holding l, and returns fn's error. It waits for l as
// Acquire does, and if that fails returns its error and does not call fn. It
// releases l however fn ends, also by a panic or [runtime.Goexit].
//
// If the process that held l has died, With does not call fn either: it frees l
// and returns [ErrOwnerDied], and the next caller hears nothing of it. Use
// Acquire where there is something to repair.
func (l *Lock) With(ctx context.Context, fn func(ctx context.Context) error) error {
	return withLock(ctx, l, fn)
}

// String says what l is and which process holds it.
func (l *Lock) String() string { return "Lock(" + holder(l.owner()) + ")" }

func holder(id peer.ID) string {
	switch id {
	case 0:
		return "free"
	case peer.Self():
		return "held by this process"
	}
	return fmt.Sprintf("held by process %d", id.PID())
}

func (l *Lock) releaseFor(context.Context) error { return l.Release() }

// An acquirer is what withLock can hold.
type acquirer interface {
	Acquire(ctx context.Context) error
	releaseFor(ctx context.Context) error
}

// withLock is the method With of whatever can be held.
func withLock(ctx context.Context, l acquirer, fn func(ctx context.Context) error) (err error) {
	if fn == nil {
		return errNilFunction
	}
	if err := l.Acquire(ctx); err != nil {
		if errors.Is(err, ErrOwnerDied) {
			l.releaseFor(ctx)
		}
		return err
	}
	defer func() {
		if e := l.releaseFor(ctx); e != nil {
			err = errors.Join(err, e)
		}
	}()
	return fn(ctx)
}
