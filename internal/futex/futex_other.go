//go:build !linux

package futex

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/conexgo/conex/internal/watch"
)

// Supported returns nil where waiting works.
func Supported() error {
	return fmt.Errorf("conex: processes cannot wait for shared memory on %s without cgo: %w", runtime.GOOS, errors.ErrUnsupported)
}

// Wait polls. Nothing that other processes share is offered here, so it is
// never called.
func Wait(ctx context.Context, word *atomic.Uint32, old uint32, most time.Duration) error {
	t := time.NewTimer(min(max(most, time.Millisecond), 10*time.Millisecond))
	defer t.Stop()
	if word.Load() != old {
		return nil
	}
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return watch.Reason(ctx)
	}
}

// Wake does nothing: see Wait.
func Wake(*atomic.Uint32, int) int { return 0 }

// Nudge does nothing: see Wait.
func Nudge() {}
