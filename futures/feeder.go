package futures

import (
	"iter"
	"time"
)

// read is the feeder: it reads the input until that ends or nobody wants more.
func (m *mapper[A, R]) read(in iter.Seq[A]) {
	returned := false
	defer func() {
		var p any
		if !returned {
			p = recover()
		}
		m.endInput(p, !returned && p == nil)
	}()
	if m.slow() {
		c, tail := m.cur, uint64(0)
		for a := range in {
			c.args[tail-c.base] = a
			tail++
			m.tail.Store(tail)
			if tail >= m.limit.Load() {
				if !m.slow() {
					break
				}
				c = m.cur
			}
		}
	}
	returned = true
}

// slow is where the feeder goes when tail has reached limit: it sends what is
// to be sent, waits for room for one more item, and sets a new limit. It
// returns false if no more input is wanted.
func (m *mapper[A, R]) slow() bool {
	m.send.Lock()
	defer m.send.Unlock()
	for {
		if m.stopped.Load() || m.refused != nil {
			return false
		}
		tail := m.tail.Load()
		pending := tail - m.sent
		size := uint64(m.size.Load())
		room := m.yielded.Load() + m.readAhead()
		full := m.cur == nil || tail == m.cur.end()
		if m.asleep && pending > 0 {
			m.maybeAwake()
		}
		if pending > 0 && (full || m.out.Load() < m.maxOut &&
			(pending >= size || m.asleep || tail >= room)) {
			m.cut(min(pending, size))
			continue
		}
		if full {
			m.newChunk()
			continue
		}
		var waitFor uint32
		if pending >= size {
			waitFor |= forBatch
		}
		if tail >= room {
			waitFor |= forRoom
			if pending > 0 {
				waitFor |= forBatch
			}
		}
		if waitFor == 0 {
			break
		}
		m.feedWaits.Store(waitFor)
		// Those who change what is waited for do it first and then look
		// at feedWaits.
		if m.stopped.Load() ||
			waitFor&forBatch != 0 && m.out.Load() <= m.maxOut/2 ||
			waitFor&forRoom != 0 && m.freed(tail) {
			m.feedWaits.Store(0)
			continue
		}
		m.parked = true
		m.send.Unlock()
		<-m.feed
		m.send.Lock()
		m.parked = false
	}
	m.setLimit()
	return true
}

// freed reports whether enough has been yielded to wake a feeder that has read
// tail items.
func (m *mapper[A, R]) freed(tail uint64) bool {
	ahead := m.readAhead()
	used := tail - m.yielded.Load()
	return used < ahead && ahead-used >= max(ahead/4, 1)
}

// setLimit says up to where the feeder may read without looking up. The caller
// holds send.
func (m *mapper[A, R]) setLimit() {
	tail := m.tail.Load()
	limit := min(m.sent+uint64(m.size.Load()), m.cur.end(), m.yielded.Load()+m.readAhead())
	if m.asleep {
		limit = 0
	}
	m.limit.Store(limit)
	if m.stopped.Load() {
		m.limit.Store(0)
	}
	if (limit > tail+1 || tail > m.sent) && !m.ticking {
		// Items may wait for others that are long in coming.
		m.tickSent = m.sent
		m.tick()
	}
}

func (m *mapper[A, R]) tick() {
	m.ticking = true
	if m.timer == nil {
		m.timer = time.AfterFunc(flushTime, m.flush)
	} else {
		m.timer.Reset(flushTime)
	}
}

// maybeAwake ends the time of sending every item at once. That is the right
// thing while items come slowly, or one by one because the consumer has to see
// one before it asks for the next; it is wrong when they come faster than the
// workers can finish them, or in a burst.
func (m *mapper[A, R]) maybeAwake() {
	out := m.out.Load()
	if out > 0 {
		m.napBusy++
	}
	if m.napItems++; m.napItems < napItems && out < m.maxOut {
		return
	}
	now := time.Since(m.began)
	if out >= m.maxOut || m.napBusy >= napItems/4 && now-m.napStart < flushTime/2 {
		m.asleep = false
	}
	m.napItems, m.napBusy, m.napStart = 0, 0, now
}

// napItems is how many items maybeAwake looks at.
const napItems = 8

// flush runs every flushTime while the feeder reads on its fast path. When a
// batch does not fill in that time it sends the items there are, and makes the
// feeder send those that follow at once.
func (m *mapper[A, R]) flush() {
	m.send.Lock()
	defer m.send.Unlock()
	m.ticking = false
	if m.stopped.Load() || m.refused != nil || m.inputDone || m.parked {
		return
	}
	if m.sent != m.tickSent {
		m.tickSent = m.sent
		m.tick()
		return
	}
	m.asleep = true
	m.napItems, m.napBusy, m.napStart = 0, 0, time.Since(m.began)
	// The feeder stores tail and then looks at limit, here it is the other
	// way round, so an item that arrives now is seen by one of the two.
	m.limit.Store(0)
	pending := m.tail.Load() - m.sent
	if pending == 0 {
		return
	}
	if m.out.Load() >= m.maxOut {
		// All workers are busy: a batch that ends sees to these items.
		m.late.Store(true)
		if m.out.Load() >= m.maxOut || !m.late.CompareAndSwap(true, false) {
			return
		}
	}
	m.cut(pending)
}

// sendLate sends items that flush had to leave.
func (m *mapper[A, R]) sendLate() {
	m.send.Lock()
	defer m.send.Unlock()
	if pending := m.tail.Load() - m.sent; pending > 0 && !m.inputDone {
		m.cut(pending)
	}
}

// endInput sends the rest: the input is at its end, or nobody wants more.
func (m *mapper[A, R]) endInput(panicked any, exited bool) {
	m.send.Lock()
	if m.inputDone {
		m.send.Unlock()
		return // the consumer did not wait for it
	}
	m.panicked, m.exited = panicked, exited
	m.cutShort = m.ctxOver.Load() && m.stopped.Load() && panicked == nil && !exited
	m.sendRest()
	m.send.Unlock()
}

// sendRest sends the last items. The caller holds send.
func (m *mapper[A, R]) sendRest() {
	m.inputDone = true
	for {
		pending := m.tail.Load() - m.sent
		if pending == 0 {
			break
		}
		m.cut(min(pending, uint64(m.size.Load())))
	}
	m.mu.Lock()
	m.ended = true
	m.mu.Unlock()
	m.wake()
}

// cut makes a batch of the next n items, which have been read and lie in the
// current chunk, and submits it. The caller holds send.
func (m *mapper[A, R]) cut(n uint64) {
	lo := int(m.sent - m.cur.base)
	b := m.newBatch(m.cur, lo, int(n))
	m.sent += n
	m.submit(b)
}

func (m *mapper[A, R]) newBatch(c *chunk[A, R], lo, n int) *batch[A, R] {
	hi := lo + n
	b := &batch[A, R]{
		m: m, chunk: c, bad: -1,
		args: c.args[lo:hi:hi], res: c.res[lo:hi:hi],
		base: int(c.base) + lo,
	}
	b.armed.Store(m.unordered)
	c.refs.Add(1)
	return b
}

// submit hands b to the executor and links it into the consumer's list.
func (m *mapper[A, R]) submit(b *batch[A, R]) {
	m.out.Add(1)
	err := m.refused
	if err == nil && m.ctxOver.Load() {
		err = ctxError(m.outer)
	}
	if err == nil {
		err = m.ex.Submit(b)
		if err != nil && b.bad >= 0 {
			m.out.Add(-1)
			m.split(b, err)
			return
		}
		if err != nil {
			err = refusal(m.outer, err)
			if m.ctx.Err() == nil {
				m.refused = err
			}
		}
	}
	if err != nil {
		b.Fail(-1, err)
	}
	m.link(b)
}

// split is for a batch with an argument that cannot be encoded: that one fails,
// and the others are sent without it.
func (m *mapper[A, R]) split(b *batch[A, R], err error) {
	lo := b.base - int(b.chunk.base)
	if b.bad > 0 {
		m.submit(m.newBatch(b.chunk, lo, b.bad))
	}
	one := m.newBatch(b.chunk, lo+b.bad, 1)
	m.out.Add(1)
	one.Fail(0, err)
	m.link(one)
	if rest := len(b.args) - b.bad - 1; rest > 0 {
		m.submit(m.newBatch(b.chunk, lo+b.bad+1, rest))
	}
	m.releaseChunk(b.chunk)
}

// link makes b the last batch of the consumer's list.
func (m *mapper[A, R]) link(b *batch[A, R]) {
	m.mu.Lock()
	if m.last == nil {
		m.head = b
	} else {
		m.last.next = b
	}
	m.last = b
	m.linked++
	starving := m.starving
	m.starving = false
	m.mu.Unlock()
	if starving {
		m.wake()
	}
}
