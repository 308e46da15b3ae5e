package queue

// Shutdown closes the queue: Put fails with [ErrShutDown] from now on, also
// where it waits already. What is in the queue can still be got; after that,
// Get fails with ErrShutDown too, also where it waits. Calling it again does
// nothing. It does not wait.
//
// Shutdown synchronizes before the return of every call that fails with
// ErrShutDown because of it.
func (c *core[T, K]) Shutdown() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.close()
}

// ShutdownNow closes the queue and throws away what is in it: Put and Get fail
// with [ErrShutDown] from now on, also where they wait already. The items that
// are thrown away are finished tasks; if there are no others, all that Join
// return. It may be called after Shutdown. It does not wait.
//
// It synchronizes as Shutdown does.
func (c *core[T, K]) ShutdownNow() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.close()
	c.finish(c.n)
	switch s := c.store.(type) {
	case nil:
		c.fifo = fifo[T]{}
	case interface{ drop() }:
		s.drop()
	default:
		for range c.n {
			if _, err := s.Pop(); err != nil {
				break // what is left is out of reach all the same
			}
		}
	}
	c.n = 0
}

// Closed reports whether the queue was shut down.
func (c *core[T, K]) Closed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}

// close refuses further items and wakes all who wait: none will wait again.
func (c *core[T, K]) close() {
	c.prepare()
	c.closed = true
	c.tune()
	for _, l := range []*line{&c.getters, &c.putters} {
		for w := l.pop(); w != nil; w = l.pop() {
			w.Wake()
		}
	}
}
