package threading

import (
	"context"
	"errors"
)

// An Acquirer is what a with-statement can hold: [Lock], [RLock], [Condition],
// [Semaphore] and [BoundedSemaphore], all by their pointers.
type Acquirer interface {
	// Acquire takes it for the thread of ctx, and waits until ctx ends.
	Acquire(ctx context.Context) error

	releaseFor(ctx context.Context) error
}

func (l *Lock) releaseFor(context.Context) error             { return l.Release() }
func (r *RLock) releaseFor(ctx context.Context) error        { return r.Release(ctx) }
func (c *Condition) releaseFor(ctx context.Context) error    { return c.Release(ctx) }
func (s *Semaphore) releaseFor(context.Context) error        { return s.Release() }
func (s *BoundedSemaphore) releaseFor(context.Context) error { return s.Release() }

// With calls fn while holding x, Python's with-statement, and returns fn's
// error. It waits for x as long as ctx allows, and if that fails returns the
// error and does not call fn. It releases x however fn ends, also by a panic
// or [runtime.Goexit]. If x cannot be released, since fn did that, the error
// says so, too. fn gets ctx; a nil
// fn is [ErrNilFunc].
//
// Everything that can be held has a method With as well; this is for code that
// does not care what it holds.
func With(ctx context.Context, x Acquirer, fn func(ctx context.Context) error) (err error) {
	if fn == nil {
		return ErrNilFunc
	}
	if err := x.Acquire(ctx); err != nil {
		return err
	}
	defer func() {
		if e := x.releaseFor(ctx); e != nil {
			err = errors.Join(err, e)
		}
	}()
	return fn(ctx)
}
