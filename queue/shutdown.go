package queue

// Shutdown closes the queue: Put fails with [ErrShutDown] from now on, also
// where it waits already. What is in the queue can still be got; after that,
// Get fails with ErrShutDown too, also where it waits. Calling it again does
// nothing. It does not wait.
//
// Shutdown synchronizes before the return of every call that fails with
// ErrShutDown because of it.
func (q *core[T, K]) Shutdown() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.close()
}

// ShutdownNow closes the queue and throws away what is in it: Put and Get fail
// with [ErrShutDown] from now on, also where they wait already. The items that
// are thrown away are finished tasks; if there are no others, all that Join
// return. It may be called after Shutdown. It does not wait.
//
// It synchronizes as Shutdown does.
func (q *core[T, K]) ShutdownNow() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.close()
	q.finish(q.n)
	switch s := q.store.(type) {
	case nil:
		q.fifo = fifo[T]{}
	case interface{ drop() }:
		s.drop()
	default:
		for range q.n {
			if _, err := q.take(); err != nil {
				break // what is left is out of reach all the same
			}
		}
	}
	q.n = 0
}

// Closed reports whether the queue was shut down.
func (q *core[T, K]) Closed() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.closed
}

// close refuses further items and wakes all who wait: none will wait again.
func (q *core[T, K]) close() {
	q.prepare()
	q.closed = true
	for _, l := range []*line{&q.getters, &q.putters} {
		l.hungry = nil // or calls would line up behind it
		for w := l.pop(); w != nil; w = l.pop() {
			w.Wake()
		}
	}
	q.tune()
}
