package multiprocessing

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"

	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/handle"
	"github.com/conexgo/conex/internal/peer"
	"github.com/conexgo/conex/internal/robust"
	"github.com/conexgo/conex/threading"
)

// An RLock is a lock that its holder may take again: it belongs to a thread of
// a process, and is free when that thread has released it as often as it took
// it. Make one with [NewRLock]; the zero value is not ready, and says so. An
// RLock must not be copied. Its methods are safe for concurrent use.
//
// The thread is the one that the context of the call carries, see
// threading.Current: in the functions of processes, of pools' tasks and of
// threads it does. With a context that carries none, what needs one returns an
// error that matches threading.ErrNoThread. Goroutines that share a context are
// one thread to an RLock, so that it does not protect them from each other.
//
// How it travels, what happens when its holder dies, fairness, and the memory
// model are those of [Lock]; nested calls, which do not change who holds the
// lock, do not count. Acquire and Release together take some 20 ns if nobody
// else wants the lock, nested ones 5 ns.
type RLock struct{ s *rlockState }

// An rlockState is what a process has of an RLock. Of the memory the processes
// share, that a process holds the lock is all there is.
type rlockState struct {
	m     robust.Mutex
	owner atomic.Pointer[threading.Thread] // the thread of this process that holds it; written by it
	depth int                              // how often, for the owner
	block *handle.Block                    // of one word
}

var rlocks handle.Locals[rlockState]

// NewRLock returns an RLock that is free. It fails like [NewLock].
func NewRLock() (*RLock, error) {
	b, err := newBlock(lockSize)
	if err != nil {
		return nil, err
	}
	l := new(RLock)
	return l, l.open(b)
}

func (l *RLock) open(b *handle.Block) (err error) {
	l.s, err = rlocks.Get(b, func() (*rlockState, error) {
		s := &rlockState{block: b}
		s.m.Init(word64(b, 0))
		return s, nil
	})
	return err
}

// AppendHandle makes an *RLock travel. It is for the codec.
func (l *RLock) AppendHandle(e *codec.Encoder) error {
	if l.s == nil {
		return errZeroLock
	}
	return l.s.block.Append(e)
}

// ReadHandle is the other half of AppendHandle.
func (l *RLock) ReadHandle(d *codec.Decoder) error {
	b, err := readBlock(d, lockSize)
	if err != nil {
		return err
	}
	return l.open(b)
}

// Acquire takes l for the thread of ctx. If that thread holds it already it
// holds it once more, at once. If another does, here or in another process,
// Acquire waits until l is free or ctx ends; in the latter case it returns an
// error that matches both ctx.Err() and context.Cause(ctx). A free lock is taken
// even if ctx has ended.
//
// With [ErrOwnerDied] the caller does hold l: see [Lock]. It must release it.
func (l *RLock) Acquire(ctx context.Context) error {
	s := l.s
	if s == nil {
		return errZeroLock
	}
	t := threading.Current(ctx)
	switch {
	case t == nil:
		return errNoThread
	case s.owner.Load() == t:
		s.depth++
		return nil
	}
	died, err := s.m.Lock(ctx)
	if err != nil {
		return err
	}
	return s.taken(t, 1, died)
}

// taken notes that t has taken the lock so often.
func (s *rlockState) taken(t *threading.Thread, depth int, died bool) error {
	s.owner.Store(t)
	s.depth = depth
	runtime.KeepAlive(s)
	if died {
		return ErrOwnerDied
	}
	return nil
}

// TryAcquire takes l for the thread of ctx if it is free, if that thread holds
// it, or if the process that held it has died, and reports whether it did. It
// never waits. With true the error is [ErrOwnerDied] or nil; else it is nil or
// matches threading.ErrNoThread.
func (l *RLock) TryAcquire(ctx context.Context) (bool, error) {
	s := l.s
	if s == nil {
		return false, errZeroLock
	}
	t := threading.Current(ctx)
	switch {
	case t == nil:
		return false, errNoThread
	case s.owner.Load() == t:
		s.depth++
		return true, nil
	}
	ok, died := s.m.TryLock()
	if !ok {
		return false, nil
	}
	return true, s.taken(t, 1, died)
}

// Release undoes one Acquire of the thread of ctx; the last one frees l. If
// that thread does not hold l, it returns an error that matches
// threading.ErrNotOwner, or threading.ErrNoThread, and changes nothing.
func (l *RLock) Release(ctx context.Context) error {
	s, err := l.held(ctx)
	if err != nil {
		return err
	}
	if s.depth--; s.depth == 0 {
		s.free()
	}
	return nil
}

// held returns the state if the thread of ctx holds l.
func (l *RLock) held(ctx context.Context) (*rlockState, error) {
	s := l.s
	if s == nil {
		return nil, errZeroLock
	}
	switch t := threading.Current(ctx); {
	case t == nil:
		return nil, errNoThread
	case s.owner.Load() != t:
		return nil, errNotOwner
	}
	return s, nil
}

// free gives the lock up, however often it is held.
func (s *rlockState) free() {
	s.owner.Store(nil)
	s.m.Unlock()
	runtime.KeepAlive(s)
}

// Locked reports whether some thread of some process holds l; one that has died
// does, until the next one acquires it. The answer may be out of date by the
// time the caller has it.
func (l *RLock) Locked() bool { return l.process() != 0 }

// process is the one that holds l, or 0.
func (l *RLock) process() peer.ID {
	if l.s == nil {
		return 0
	}
	id := l.s.m.Owner()
	runtime.KeepAlive(l.s)
	return id
}

// OwnedBy reports whether the thread of ctx holds l. That does not change but
// by what this thread does.
func (l *RLock) OwnedBy(ctx context.Context) bool {
	_, err := l.held(ctx)
	return err == nil
}

// With calls fn while holding l for the thread of ctx, and returns fn's error.
// For the rest it is [Lock.With]. Calls may be nested.
func (l *RLock) With(ctx context.Context, fn func(ctx context.Context) error) error {
	return withLock(ctx, l, fn)
}

// String says what l is, and which thread or process holds it.
func (l *RLock) String() string {
	id := l.process()
	if id == peer.Self() {
		if t := l.s.owner.Load(); t != nil {
			return fmt.Sprintf("RLock(held by %s)", t.Name())
		}
	}
	return "RLock(" + holder(id) + ")"
}

func (l *RLock) releaseFor(ctx context.Context) error { return l.Release(ctx) }
