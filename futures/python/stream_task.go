package python

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/inherit"
	"github.com/conexgo/conex/internal/watch"
	"github.com/conexgo/conex/internal/wire"
)

// A streamTask is what a link sees in a task whose entry has flagStream. It has one
// item for the engine, which ends when the stream does, and many results:
//
//   - When the link sends the unit, to whichever worker, it calls open. The window that
//     open returns goes into the unit: so many results may come before there is more
//     credit. The link passes on what it gets by the function that it gave to open. That
//     is called on the consumer's goroutine, with no lock held, at any time, also after
//     the item has ended: then it does nothing. It must not wait for the worker. If the
//     unit is taken back and sent again, open is called again, and the function of
//     before does nothing.
//   - For each result with the status of a stream's item it calls item. Its bytes are
//     not kept unless owned says that they may be. item does not block.
//   - At the end of the stream it calls Finish, with anything; an exception, or the
//     death of the worker, is a Fail as ever. What comes later is ignored.
//   - A consumer that leaves ends the context of the task: a stream in the queue is
//     dropped, and Grace holds for one that runs. When that context has ended, closed is
//     true: the reason for the worker is that nobody reads any more, not that it is
//     cancelled.
//
// A task that has had an item must not be tried again after the death of its worker:
// the consumer has seen it. An engine asks Again before it does. If it does not ask,
// Start returns false, and the task has failed with a poorer error.
type streamTask interface {
	futures.Task
	open(credit func(items uint32)) (window uint32)
	item(b []byte, owned bool, handles func(id uint64) (any, error))
	closed() bool
	Again() bool
}

var _ streamTask = (*stream[int, int])(nil)

// A stream is one call of a Stream: the task of the engine, and a queue from the
// goroutine of the link to that of the consumer.
type stream[A, R any] struct {
	outer  context.Context // the caller's
	ctx    context.Context // derived: ended when the consumer leaves
	cancel context.CancelCauseFunc
	vars   inherit.Values
	w      *wire.Func[A, R]
	entry  wire.Entry // w's, with flagStream
	arg    A
	buf    []byte // the encoded argument
	window uint32
	wake   chan struct{} // tells the consumer that something has changed

	mu     sync.Mutex // protects what follows
	phase  phase
	items  []R   // that have arrived
	seen   bool  // an item has ever arrived
	err    error // how it ended; nil: well
	broken bool  // an item could not be decoded: what comes later is dropped
	credit func(items uint32)
	owed   uint32 // items that were yielded, for which no credit was given yet
}

type phase int8

const (
	pending phase = iota
	running
	ended
)

// Causes of the end of a stream's context that are not the caller's.
var (
	errLeft   = errors.New("python: the stream is not read any more")
	errNoRest = errors.New("python: the worker died in the middle of a stream, which is not begun again")
)

func makeStream[A, R any](ctx context.Context, w *wire.Func[A, R], arg A, window int) *stream[A, R] {
	s := &stream[A, R]{
		outer: ctx, vars: inherit.Take(ctx), w: w, entry: w.Entry, arg: arg,
		window: uint32(window), wake: make(chan struct{}, 1),
	}
	s.entry.Flags = s.entry.Flags&^flagNoResult | flagStream
	s.ctx, s.cancel = context.WithCancelCause(ctx)
	return s
}

// yieldAll yields items until the stream ends, or the consumer leaves: errLeft.
func (s *stream[A, R]) yieldAll(yield func(R, error) bool) error {
	var batch []R
	for {
		var err error
		if batch, err = s.next(batch); len(batch) == 0 {
			return err
		}
		for i, item := range batch {
			var zero R
			batch[i] = zero
			s.pay()
			if !yield(item, nil) {
				return errLeft
			}
		}
	}
}

// next waits for items and returns all that are there. spare is a slice to use for
// those to come. If there are none and will be none, it returns how that came.
func (s *stream[A, R]) next(spare []R) ([]R, error) {
	for {
		s.mu.Lock()
		if len(s.items) > 0 {
			batch := s.items
			s.items = spare[:0]
			s.mu.Unlock()
			return batch, nil
		}
		over, err := s.phase == ended || s.broken, s.err
		s.mu.Unlock()
		if over {
			return nil, err
		}
		select {
		case <-s.wake:
			continue
		default:
		}
		select {
		case <-s.wake:
		case <-s.outer.Done():
			return nil, watch.Reason(s.outer)
		}
	}
}

// pay counts an item as yielded, and gives the worker credit once it is worth a
// message.
func (s *stream[A, R]) pay() {
	s.mu.Lock()
	s.owed++
	n, credit := s.owed, s.credit
	if s.phase == ended || credit == nil || n < (s.window+1)/2 {
		s.mu.Unlock()
		return
	}
	s.owed = 0
	s.mu.Unlock()
	credit(n)
}

// leave ends what the consumer does not wait for.
func (s *stream[A, R]) leave() {
	s.mu.Lock()
	if s.phase == pending {
		s.phase = ended
	}
	s.items, s.broken = nil, true
	s.mu.Unlock()
	s.cancel(errLeft)
}

// notify wakes the consumer.
func (s *stream[A, R]) notify() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// The methods for the link.

func (s *stream[A, R]) open(credit func(items uint32)) uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.credit, s.owed = credit, 0
	return s.window
}

func (s *stream[A, R]) closed() bool { return context.Cause(s.ctx) == errLeft }

// Again reports whether the call may be made again.
func (s *stream[A, R]) Again() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.seen
}

func (s *stream[A, R]) item(b []byte, owned bool, handles func(id uint64) (any, error)) {
	d := codec.Decoder{Buf: b, Owned: owned, Handles: handles}
	var v R
	err := s.w.ReadResult(&d, &v)
	s.mu.Lock()
	defer s.notify()
	defer s.mu.Unlock()
	s.seen = true
	switch {
	case s.phase == ended || s.broken:
	case err != nil:
		s.err, s.broken = err, true // the consumer leaves when it gets there
	default:
		s.items = append(s.items, v)
	}
}

// end ends the stream for the engine, once.
func (s *stream[A, R]) end(err error) {
	s.mu.Lock()
	if s.phase != ended {
		s.phase = ended
		if !s.broken {
			s.err = err
		}
	}
	s.mu.Unlock()
	s.notify()
}

// The methods of a Task.

func (s *stream[A, R]) Entry() *wire.Entry        { return &s.entry }
func (s *stream[A, R]) Name() string              { return s.entry.Name }
func (s *stream[A, R]) Context() context.Context  { return s.ctx }
func (s *stream[A, R]) Inherited() inherit.Values { return s.vars }
func (s *stream[A, R]) Timeout() time.Duration    { return 0 }
func (s *stream[A, R]) Len() int                  { return 1 }
func (s *stream[A, R]) Attach(*futures.Runner)    {}

func (s *stream[A, R]) Start() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.phase == running && s.seen {
		s.phase = ended
		if !s.broken {
			s.err = fmt.Errorf("%w: %w", futures.ErrWorkerDied, errNoRest)
		}
		defer s.notify()
	}
	if s.phase == ended {
		return false
	}
	s.phase = running
	return true
}

func (s *stream[A, R]) Done() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.phase == ended
}

// Run is for engines that run tasks on goroutines: they cannot.
func (s *stream[A, R]) Run(context.Context, int, int) { s.end(elsewhere(s.entry.Name)) }

func (s *stream[A, R]) SizeHint() int { return s.w.ArgSizeHint(&s.arg) }

func (s *stream[A, R]) Encode(buf []byte) (handles []any, err error) {
	e := codec.Encoder{Buf: buf}
	if err := s.w.AppendArg(&e, &s.arg); err != nil {
		return e.Handles, err
	}
	s.buf = slices.Clip(e.Buf[len(buf):])
	return e.Handles, nil
}

func (s *stream[A, R]) AppendArgs(dst []byte, from, to int) []byte {
	if from > 0 || to < 1 {
		return dst
	}
	return append(dst, s.buf...)
}

func (s *stream[A, R]) ArgSize(from, to int) int {
	if from > 0 || to < 1 {
		return 0
	}
	return len(s.buf)
}

func (s *stream[A, R]) Finish(i int, _ []byte) {
	if i == 0 {
		s.end(nil)
	}
}

func (s *stream[A, R]) FinishOwned(i int, b []byte, _ func(id uint64) (any, error)) { s.Finish(i, b) }

func (s *stream[A, R]) FinishRange(from, to int, b []byte) {
	if from < 1 && to > 0 {
		s.Finish(0, b)
	}
}

func (s *stream[A, R]) Fail(i int, err error) {
	if i <= 0 {
		s.end(err)
	}
}
