package futures

import "time"

// yieldOrdered yields everything in the order of the input. It returns false
// if the consumer wants no more.
func (m *mapper[A, R]) yieldOrdered(yield func(R, error) bool) bool {
	var zero R
	for {
		b := m.nextBatch()
		if b == nil {
			return true
		}
		for b.pos < len(b.args) {
			r := m.await(b)
			if r < 0 {
				if !m.leaveBehind(b, yield) {
					return false
				}
				break
			}
			if b.prog.Load()>>32 == 0 && b.errs.Load() == nil {
				res := b.res[b.pos:r]
				for i := range res {
					v := res[i]
					res[i] = zero // it belongs to the consumer now
					if !yield(v, nil) {
						return false
					}
				}
			} else {
				for i := b.pos; i < r; i++ {
					v := b.res[i]
					b.res[i] = zero
					if !yield(v, b.errAt(i)) {
						return false
					}
				}
			}
			m.took(r - b.pos)
			b.pos = r
		}
		if b.pos == len(b.args) {
			m.releaseChunk(b.chunk)
		}
	}
}

// nextBatch takes the first batch off the list. It returns nil at the end.
func (m *mapper[A, R]) nextBatch() *batch[A, R] {
	for {
		m.mu.Lock()
		if b := m.head; b != nil {
			if m.head = b.next; m.head == nil {
				m.last = nil
			}
			m.mu.Unlock()
			return b
		}
		ended := m.ended
		m.starving = true
		m.mu.Unlock()
		switch {
		case ended:
			return nil
		case m.ctxOver.Load():
			m.endEarly()
		default:
			<-m.wakeup
		}
	}
}

// endEarly ends the input without its consent: ctx is over, and the feeder may
// be deep inside the input.
func (m *mapper[A, R]) endEarly() {
	m.send.Lock()
	defer m.send.Unlock()
	if !m.inputDone {
		m.cutShort = true
		m.sendRest()
	}
}

// took notes that n items have been yielded.
func (m *mapper[A, R]) took(n int) {
	m.taken += uint64(n)
	m.yielded.Store(m.taken)
	if m.feedWaits.Load()&forRoom != 0 && m.freed(m.tail.Load()) {
		m.wakeFeeder()
	}
}

// await returns how many items of b have ended, once that is more than have
// been yielded, or -1 if they are not worth waiting for.
func (m *mapper[A, R]) await(b *batch[A, R]) int {
	for {
		if r := b.ready(); r > b.pos {
			return r
		}
		if r := b.runner.Load(); r != nil && r.Poll != nil {
			r.Poll(b)
			if b.ready() > b.pos {
				continue
			}
		}
		b.armed.Store(true)
		if b.ready() > b.pos {
			continue
		}
		if !m.sleep(b) {
			return -1
		}
	}
}

// sleep waits to be woken. Once ctx is over it waits only for as long as tasks
// that heed their context need, or an engine that can kill; then it returns
// false.
func (m *mapper[A, R]) sleep(b *batch[A, R]) bool {
	if !m.ctxOver.Load() {
		<-m.wakeup
		return true
	}
	if r := b.runner.Load(); r != nil && r.Kill != nil {
		<-m.wakeup
		return true
	}
	if m.expired {
		return false
	}
	if m.grace == nil {
		m.grace = time.NewTimer(lastWords)
	}
	select {
	case <-m.wakeup:
	case <-m.grace.C:
		m.expired = true
	}
	return true
}

// leaveBehind yields the rest of a batch that is not waited for any longer.
func (m *mapper[A, R]) leaveBehind(b *batch[A, R], yield func(R, error) bool) bool {
	for i := b.pos; i < len(b.args); i++ {
		v, err := m.lookAt(b, i)
		if !yield(v, err) {
			return false
		}
	}
	return true
}

// lookAt is item i of a batch that is not waited for.
func (m *mapper[A, R]) lookAt(b *batch[A, R], i int) (v R, err error) {
	b.mu.Lock()
	ended := b.hasEnded(i)
	b.mu.Unlock()
	if !ended {
		return v, stillRunning(m.outer, "the item goes on in the background")
	}
	return b.res[i], b.errAt(i)
}

// yieldUnordered yields items as they end.
func (m *mapper[A, R]) yieldUnordered(yield func(Item[A, R], error) bool) bool {
	for {
		b := m.nextReady()
		if b == nil {
			return !m.expired || m.leaveAll(yield)
		}
		if b.pos == len(b.args) {
			continue // it was put into the queue once more meanwhile
		}
		// From here on whoever ends an item puts b into the queue again.
		b.armed.Store(true)
		if !m.yieldReady(b, yield) {
			return false
		}
		if b.pos == len(b.args) {
			m.releaseChunk(b.chunk)
			m.spent++
		}
	}
}

// prune drops from the list what has been yielded: at its front always, since a
// batch may be over before it is linked, and everywhere when that is most of
// it, since the first item may take for ever. The caller holds mu.
func (m *mapper[A, R]) prune() {
	for m.head != nil && m.head.pos == len(m.head.args) {
		m.head = m.head.next
		m.linked--
		m.spent--
	}
	if m.spent > 64 && 2*m.spent > m.linked {
		at := &m.head
		m.last, m.linked, m.spent = nil, 0, 0
		for b := m.head; b != nil; b = b.next {
			if b.pos < len(b.args) {
				*at, at = b, &b.next
				m.last = b
				m.linked++
			}
		}
		*at = nil
	}
	if m.head == nil {
		m.last = nil
	}
}

// yieldRun yields the items from..to-1 of b, which have ended.
func (m *mapper[A, R]) yieldRun(b *batch[A, R], from, to int, yield func(Item[A, R], error) bool) bool {
	if b.prog.Load()>>32 != 0 || b.errs.Load() != nil {
		for i := from; i < to; i++ {
			if !m.yieldItem(b, i, yield) {
				return false
			}
		}
		return true
	}
	var zero R
	args, res := b.args[from:to], b.res[from:to]
	first := b.base + from
	for i, a := range args {
		v := res[i]
		res[i] = zero
		if !yield(Item[A, R]{first + i, a, v}, nil) {
			return false
		}
	}
	return true
}

func (m *mapper[A, R]) yieldItem(b *batch[A, R], i int, yield func(Item[A, R], error) bool) bool {
	var zero R
	item := Item[A, R]{Index: b.base + i, Arg: b.args[i], Value: b.res[i]}
	b.res[i] = zero
	return yield(item, b.errAt(i))
}

// yieldReady yields what has ended of b and has not been yielded.
func (m *mapper[A, R]) yieldReady(b *batch[A, R], yield func(Item[A, R], error) bool) bool {
	r := b.ready()
	if b.gappy.Load() {
		// What has ended out of order goes first. Whatever of it ready
		// has passed by now is in fresh, or was there before.
		b.mu.Lock()
		fresh := b.fresh
		b.fresh = nil
		r = b.ready()
		b.mu.Unlock()
		for _, x := range fresh {
			b.ahead.add(x)
			if !m.yieldRun(b, x.from, x.to, yield) {
				return false
			}
			m.took(x.to - x.from)
		}
	}
	for b.pos < r {
		from, to := b.pos, b.ahead.before(b.pos, r)
		b.pos = b.ahead.after(to)
		if from == to {
			continue
		}
		if !m.yieldRun(b, from, to, yield) {
			return false
		}
		m.took(to - from)
	}
	return true
}

// nextReady returns a batch with items that have not been yielded, or nil at
// the end, or nil with expired set when it gives up waiting.
func (m *mapper[A, R]) nextReady() *batch[A, R] {
	polled := false
	for {
		m.mu.Lock()
		if len(m.ready) > 0 {
			b := m.ready[0]
			m.ready[0] = nil
			m.ready = m.ready[1:]
			m.mu.Unlock()
			return b
		}
		m.prune()
		b, ended := m.head, m.ended
		m.starving = b == nil
		m.mu.Unlock()
		switch {
		case b == nil && ended:
			return nil
		case m.ctxOver.Load() && !ended:
			m.endEarly()
			continue
		case b == nil:
			<-m.wakeup
			continue
		}
		if r := b.runner.Load(); r != nil && r.Poll != nil && !polled {
			polled = true
			r.Poll(b)
			continue
		}
		if !m.sleep(b) {
			return nil
		}
		polled = false
	}
}

// leaveAll yields the items that are not waited for any longer.
func (m *mapper[A, R]) leaveAll(yield func(Item[A, R], error) bool) bool {
	m.mu.Lock()
	b := m.head
	m.mu.Unlock()
	for ; b != nil; b = b.next {
		for i := b.pos; i < len(b.args); i++ {
			if b.ahead.has(i) {
				continue
			}
			v, err := m.lookAt(b, i)
			if !yield(Item[A, R]{Index: b.base + i, Arg: b.args[i], Value: v}, err) {
				return false
			}
		}
	}
	return true
}
