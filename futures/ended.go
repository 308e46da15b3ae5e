package futures

import (
	"context"
	"errors"
	"fmt"

	"github.com/conexgo/conex/internal/remote"
	"github.com/conexgo/conex/internal/watch"
)

// A worker's calls may use futures too, and return their errors.
func init() {
	remote.Register("futures.ErrCancelled", ErrCancelled)
	remote.Register("futures.ErrStillRunning", ErrStillRunning)
	remote.Register("futures.ErrShutdown", ErrShutdown)
	remote.Register("futures.ErrBroken", ErrBroken)
	remote.Register("futures.ErrInvalidState", ErrInvalidState)
	remote.Register("futures.ErrKilled", ErrKilled)
	remote.Register("futures.ErrWorkerDied", ErrWorkerDied)
	remote.Register("futures.ErrGoexit", ErrGoexit)
	remote.Register("futures.ErrNotEncodable", ErrNotEncodable)
}

// errNoKill is Kill's answer for a goroutine.
var errNoKill = fmt.Errorf("futures: Kill: the call runs on a goroutine, which nothing can end from outside: cancel its context, or use a process pool: %w", errors.ErrUnsupported)

// stillRunning is the error of a wait that ran out because ctx ended.
func stillRunning(ctx context.Context, what string) error {
	if what == "" {
		return fmt.Errorf("%w: %w", ErrStillRunning, ctxError(ctx))
	}
	return fmt.Errorf("%w: %s: %w", ErrStillRunning, what, ctxError(ctx))
}

// ctxError says why ctx ended; it matches ctx.Err and context.Cause.
func ctxError(ctx context.Context) error { return watch.Reason(ctx) }

// notRegistered is the error of a function that cannot leave the process.
func notRegistered(name string) error {
	return fmt.Errorf("%w: %q is not a registered function: give it a name with conex.Register", ErrNotEncodable, name)
}

// badResult is the error of a result whose bytes are too few or too many.
func badResult(name string, got, want int) error {
	return fmt.Errorf("futures: result of %q has %d bytes instead of %d", name, got, want)
}
