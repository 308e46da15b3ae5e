package watch

import (
	"context"
	"errors"
)

// Reason says why ctx has ended: an error that matches both what ctx.Err
// returns, which programs test for, and the cause, which says more.
func Reason(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if cause == nil || cause == err || errors.Is(cause, err) {
		return cause
	}
	return &endError{err, cause}
}

// An endError is the end of a context with a cause of its own.
type endError struct{ err, cause error }

func (e *endError) Error() string   { return e.cause.Error() }
func (e *endError) Unwrap() []error { return []error{e.cause, e.err} }
