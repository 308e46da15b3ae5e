package pool

import (
	"context"
	"errors"
	"iter"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/internal/watch"
)

// read is the feeder's goroutine: it reads the input until that ends or nobody
// wants more.
func (m *imap[A, R]) read(ctx context.Context, in iter.Seq[A]) {
	unwatch := context.AfterFunc(ctx, func() { m.halt(watch.Reason(ctx)) })
	returned := false
	var err error
	defer func() {
		if !returned {
			err = panicError(recover())
		}
		unwatch()
		p := m.job.p
		p.mu.Lock()
		p.unlink(&m.node)
		p.mu.Unlock()
		m.halt(err)
		m.done()
		p.fedUp()
	}()
	if m.chunk == 1 {
		for a := range in {
			s := &stretch[A, R]{m: m}
			s.arg[0] = a
			if !s.send(s.arg[:], s.val[:]) || !m.wait() {
				break
			}
		}
		returned = true
		return
	}
	var some []A
	more := true
	for a := range in {
		if some == nil {
			some = make([]A, 0, min(m.chunk, 1024)) // the input may be short
		}
		if some = append(some, a); len(some) == m.chunk {
			if more = m.send(some); !more {
				break
			}
			some = nil
		}
		if more = m.wait(); !more {
			break
		}
	}
	returned = true
	if len(some) > 0 && more {
		m.send(some)
	}
}

// wait waits until one more item may be read. It returns false if none is wanted.
func (m *imap[A, R]) wait() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for m.ahead >= m.buffer && !m.hurry && !m.stopped {
		m.room.Wait()
	}
	return !m.stopped
}

func (m *imap[A, R]) took() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ahead--
	m.room.Signal()
}

// halt settles the end of the iterator: behind what was sent so far stands err,
// or ErrStop for nil. The feeder ends when the input next yields.
func (m *imap[A, R]) halt(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stopped {
		return
	}
	m.stopped = true
	m.it.finish(err)
	m.room.Signal()
}

// done gives up one share of the context of the calls.
func (m *imap[A, R]) done() {
	m.mu.Lock()
	m.busy--
	last := m.busy == 0
	m.mu.Unlock()
	if last {
		m.cancel(nil)
	}
}

// wakeFeeder is called when the pool was closed: Join waits for the feeder, and
// nobody may be there to take results.
func (m *imap[A, R]) wakeFeeder() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.hurry = true
	m.room.Signal()
}

// stop is the iterator's Close.
func (m *imap[A, R]) stop() {
	m.halt(nil)
	m.cancel(futures.ErrCancelled)
}

// terminate is the pool's Terminate. The chunks are in its ring themselves.
func (m *imap[A, R]) terminate(err error) context.CancelCauseFunc {
	m.halt(err)
	return m.cancel
}

// A stretch is one chunk of an imap.
type stretch[A, R any] struct {
	m     *imap[A, R]
	job   job[A, R]
	chunk chunk[A, R]
	piece piece[R]
	node  node
	arg   [1]A // if it is one item
	val   [1]R
}

func (m *imap[A, R]) send(in []A) bool {
	s := &stretch[A, R]{m: m}
	return s.send(in, make([]R, len(in)))
}

// send submits a chunk. It returns false if no more will be taken.
func (s *stretch[A, R]) send(in []A, out []R) bool {
	m := s.m
	s.job = m.job
	s.job.in, s.job.out, s.job.own = in, out, s
	s.piece.out = out
	s.chunk.init(&s.job, 0, len(in))
	if !m.announce(&s.piece) {
		return false
	}
	if p := m.job.p; p.watched {
		p.mu.Lock()
		terminated := p.state.Load() == stateTerminate
		if !terminated {
			p.link(&s.node, s)
		}
		p.mu.Unlock()
		if terminated {
			s.terminate(ErrTerminated)
			return false
		}
	}
	err := s.chunk.submit()
	// What cannot be sent is the fault of the item. Anything else stays wrong.
	return err == nil || errors.Is(err, futures.ErrNotEncodable)
}

// announce makes room for a chunk in the iterator. It returns false if no more are
// wanted.
func (m *imap[A, R]) announce(p *piece[R]) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	it := &m.it
	it.mu.Lock()
	defer it.mu.Unlock()
	if m.stopped || it.closed {
		return false
	}
	m.ahead += len(p.out)
	m.busy++
	it.open++
	if m.ordered {
		it.push(p)
	}
	return true
}

func (s *stretch[A, R]) failed(from, to int, err error) {
	// Nobody looks at the piece before it is done.
	if s.piece.errs == nil {
		s.piece.errs = make([]error, len(s.piece.out))
	}
	for i := from; i < to; i++ {
		s.piece.errs[i] = err
	}
}

func (s *stretch[A, R]) ended() {
	m := s.m
	m.job.p.leave(&s.node)
	it := &m.it
	it.mu.Lock()
	s.piece.done = true
	if !it.closed {
		if !m.ordered {
			it.push(&s.piece)
		}
		if it.head == &s.piece {
			it.wake()
		}
	}
	it.mu.Unlock()
	m.done()
}

func (s *stretch[A, R]) terminate(err error) context.CancelCauseFunc {
	s.chunk.Fail(-1, err)
	return nil
}
