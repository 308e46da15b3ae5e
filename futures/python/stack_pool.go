package python

import (
	"context"
	"fmt"
	"time"
)

// stackTime is how long a worker is asked for its stacks if the context does not
// say less.
const stackTime = time.Second

// Stack returns the stacks of all threads of the worker with that number, as
// Python's faulthandler prints them, the most recent call first. It works also while
// the worker is stuck, in C code too: that is what it is for. [Pool.Stats] has the
// numbers; those of an [Object]'s worker are found, too.
//
// It takes some 20 ms, and a second at most. A worker that is stopped by a signal
// does not answer.
func (p *Pool) Stack(ctx context.Context, pid int) (string, error) {
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	d := stackTime
	if at, ok := ctx.Deadline(); ok {
		d = min(d, time.Until(at))
	}
	p.mu.Lock()
	pools := []*Pool{p}
	for host := range p.hosts {
		pools = append(pools, host)
	}
	p.mu.Unlock()
	for _, q := range pools {
		if text, ok := q.engine.Stack(pid, d); ok {
			if text == "" {
				return "", fmt.Errorf("python: worker %d does not answer", pid)
			}
			return text, nil
		}
	}
	return "", fmt.Errorf("python: %s has no worker with number %d", p.cfg.Name, pid)
}
