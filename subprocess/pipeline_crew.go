package subprocess

import "sync"

// A crew are the goroutines that serve the stages of a pipeline. The caller's
// readers and writers may panic in them; then the pipeline is killed, and the
// panic goes on in whoever waits for the crew.
type crew struct {
	pipes *Pipes
	all   sync.WaitGroup

	mu    sync.Mutex
	crash any // under mu: the first panic
}

// serve calls f in a goroutine.
func (c *crew) serve(f func()) {
	c.all.Go(func() {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			c.mu.Lock()
			if c.crash == nil {
				c.crash = v
			}
			c.mu.Unlock()
			_ = c.pipes.Kill()
		}()
		f()
	})
}

// wait waits for all of them, and panics if one did.
func (c *crew) wait() {
	c.all.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.crash != nil {
		panic(c.crash)
	}
}
