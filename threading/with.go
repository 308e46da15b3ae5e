package threading

import (
	"context"
	"errors"
)

// with is the with-statement.
func with(ctx context.Context, acquire func(context.Context) error, release func() error, fn func(context.Context) error) (err error) {
	if err := acquire(ctx); err != nil {
		return err
	}
	defer func() {
		if e := release(); e != nil {
			err = errors.Join(err, e)
		}
	}()
	return fn(ctx)
}
