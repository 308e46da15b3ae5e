package sched_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/conexgo/conex/sched"
)

func nothing(context.Context) error { return nil }

// must is for calls that have no reason to fail.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// A record is what has happened, in order.
type record struct {
	mu sync.Mutex
	xs []string
}

func (r *record) add(x string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.xs = append(r.xs, x)
}

// act is an action that records x.
func (r *record) act(x string) sched.Action {
	return func(context.Context) error {
		r.add(x)
		return nil
	}
}

// want compares the record, and starts a new one.
func (r *record) want(t *testing.T, want ...string) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Equal(r.xs, want) {
		t.Errorf("what has happened is %q, want %q", r.xs, want)
	}
	r.xs = nil
}

// A jumpClock is a simulated time: sleeping takes none of the real one. It is
// for one goroutine.
type jumpClock struct{ t time.Duration }

func (c *jumpClock) Now() time.Time { return time.Unix(0, int64(c.t)).UTC() }

func (c *jumpClock) Sleep(ctx context.Context, d time.Duration) error {
	c.t += d
	return ctx.Err()
}

// A stepClock is moved by the test: a sleep lasts until advance has let enough
// time pass. It heeds the context of Sleep only if it is told to.
type stepClock struct {
	heed bool

	mu      sync.Mutex
	t, stop time.Duration
	moved   chan struct{}
}

func newStepClock(heed bool) *stepClock {
	return &stepClock{heed: heed, moved: make(chan struct{})}
}

func (c *stepClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Unix(0, int64(c.t)).UTC()
}

func (c *stepClock) Sleep(ctx context.Context, d time.Duration) error {
	done := ctx.Done()
	if !c.heed {
		done = nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	end := c.t + d
	for c.stop < end {
		c.t = c.stop
		moved := c.moved
		c.mu.Unlock()
		select {
		case <-moved:
		case <-done:
			c.mu.Lock()
			return ctx.Err()
		}
		c.mu.Lock()
	}
	c.t = end
	return nil
}

func (c *stepClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stop += d
	close(c.moved)
	c.moved = make(chan struct{})
}
