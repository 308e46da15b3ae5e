package multiprocessing

import (
	"context"
	"math"
	"runtime"
	"sync/atomic"
	"unsafe"

	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/futex"
	"github.com/conexgo/conex/internal/handle"
	"github.com/conexgo/conex/internal/wait"
	"github.com/conexgo/conex/internal/watch"
)

// An Event is a flag that goroutines of several processes can wait for. Make
// one with [NewEvent]; it is not set then. The zero value is not ready: to set it
// panics, and to wait for it is an error. An Event must not be
// copied. Its methods are safe for concurrent use.
//
// It travels, as an *Event, to other processes as a [Lock] does. No process
// owns anything of it, so it does not matter who dies: the one that is killed
// while it sets the Event has either done so or not, and if it has, those who
// wait go on within 100 ms.
//
// Wait polls for some microseconds before it sleeps, where there is more than
// one core: so an answer that comes at once from a process that runs already
// takes less than a microsecond. However many goroutines of a process wait, one
// thread of the system does.
//
// In the terminology of the Go memory model, a call of Set synchronizes before
// the return of every Wait that it causes, and before every call of IsSet that
// returns true for it, in whichever processes, for the memory they share.
type Event struct{ s *eventState }

// An eventState is what a process has of an Event.
type eventState struct {
	// In shared memory: the flags, and above them how often the event was
	// set, so that who was asleep meanwhile sees it.
	word *atomic.Uint32

	setter *atomic.Int32 // in shared memory: where the last one ran who woke somebody
	group  futex.Group
	spin   spinner
	race   raceOrder
	block  *handle.Block
}

const (
	eventSet    = 1 << iota
	eventAsleep // somebody may be
	eventStep

	eventSize = 12
)

var events handle.Locals[eventState]

// NewEvent returns an Event that is not set. It fails like [NewLock].
func NewEvent() (*Event, error) {
	b, err := newBlock(eventSize)
	if err != nil {
		return nil, err
	}
	e := new(Event)
	return e, e.open(b)
}

func (e *Event) open(b *handle.Block) (err error) {
	e.s, err = events.Get(b, func() (*eventState, error) {
		s := &eventState{word: word32(b, 0), setter: int32At(b, 8), block: b}
		s.spin.init(int32At(b, 4), s.setter)
		return s, nil
	})
	return err
}

func int32At(b *handle.Block, off int) *atomic.Int32 {
	return (*atomic.Int32)(unsafe.Pointer(&b.Mem()[off : off+4][0]))
}

// AppendHandle makes an *Event travel. It is for the codec.
func (e *Event) AppendHandle(enc *codec.Encoder) error {
	if e.s == nil {
		return errZeroLock
	}
	return e.s.block.Append(enc)
}

// ReadHandle is the other half of AppendHandle.
func (e *Event) ReadHandle(d *codec.Decoder) error {
	b, err := readBlock(d, eventSize)
	if err != nil {
		return err
	}
	return e.open(b)
}

// IsSet reports whether e is set.
func (e *Event) IsSet() bool {
	s := e.s
	if s == nil || s.word.Load()&eventSet == 0 {
		return false
	}
	s.race.mark()
	runtime.KeepAlive(s)
	return true
}

// Set sets e and wakes all who wait, in all processes. It does nothing if e is
// set. It panics for the zero Event.
func (e *Event) Set() {
	s := e.s
	if s == nil {
		panic(errZeroLock)
	}
	s.race.mark()
	for {
		w := s.word.Load()
		if w&eventSet != 0 {
			return
		}
		if s.word.CompareAndSwap(w, (w&^eventAsleep|eventSet)+eventStep) {
			if w&eventAsleep != 0 {
				wait.Mark(s.setter)
				futex.Wake(s.word, math.MaxInt32)
			}
			runtime.KeepAlive(s)
			return
		}
	}
}

// Clear makes e not set. It does nothing if e is not. Whoever was waiting when e
// was set goes on all the same. It panics for the zero Event.
func (e *Event) Clear() {
	s := e.s
	if s == nil {
		panic(errZeroLock)
	}
	if w := s.word.Load(); w&eventSet != 0 {
		s.word.CompareAndSwap(w, w&^eventSet) // if it fails, another Clear has done it
	}
	runtime.KeepAlive(s)
}

// Wait waits until e is set. If ctx ends first it returns an error that matches
// both ctx.Err() and context.Cause(ctx). If e is set it returns nil, even if ctx
// has ended. A Wait that was waiting when somebody called Set returns nil even
// if Clear follows at once. For the zero Event the error matches
// threading.ErrNotInitialized.
func (e *Event) Wait(ctx context.Context) error {
	s := e.s
	if s == nil {
		return errZeroLock
	}
	w := s.word.Load()
	if w&eventSet == 0 {
		if err := s.sleep(ctx, w, e); err != nil {
			return err
		}
	}
	s.race.mark()
	runtime.KeepAlive(s)
	return nil
}

// sleep waits until the event was set once more than in state w. It trusts in
// being woken only so long: who is to do it may be killed before.
func (s *eventState) sleep(ctx context.Context, w uint32, e *Event) error {
	set := func() bool { return s.word.Load()/eventStep != w/eventStep }
	if ctx.Err() != nil {
		if set() {
			return nil
		}
		return watch.Reason(ctx)
	}
	if s.spin.until(set) {
		return nil
	}
	var poll futex.Poll
	var err error
	for {
		now := s.word.Load()
		switch {
		case now/eventStep != w/eventStep || now&eventSet != 0:
			return nil
		case err != nil:
			return err
		case now&eventAsleep == 0:
			if !s.word.CompareAndSwap(now, now|eventAsleep) {
				continue
			}
			now |= eventAsleep
		}
		err = s.group.Wait(ctx, s.word, now, poll.Next(), e)
	}
}

// String says whether e is set.
func (e *Event) String() string {
	if e.IsSet() {
		return "Event(set)"
	}
	return "Event(not set)"
}
