package dummy

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/conexgo/conex/threading"
)

// TimeoutMax is 2³¹ seconds, as in Python's module. No call of this package
// waits for so long.
const TimeoutMax time.Duration = 1 << 31 * time.Second

// StackSize returns 0: a dummy thread has no stack of its own.
func StackSize() int { return 0 }

// SetStackSize returns an error that matches [ErrStackSize] if n is neither 0
// nor at least 32768, and else one that matches [ErrThread] and
// errors.ErrUnsupported: a dummy thread runs on the stack of its starter.
func SetStackSize(n int) (old int, err error) {
	if n != 0 && n < 32<<10 {
		return 0, fmt.Errorf("%w: %d", ErrStackSize, n)
	}
	return 0, errNoStack
}

var errNoStack = fmt.Errorf("%w: a dummy thread has no stack of its own: %w", ErrThread, errors.ErrUnsupported)

// NativeID returns what [threading.NativeID] does: the number by which the
// operating system knows the caller's thread, if the caller runs in a thread of
// package threading that has one to itself.
func NativeID() (int, error) { return threading.NativeID() }

// NativeID returns what the function [NativeID] returned where the thread was
// started, if that was no error and the thread was made with [WithOSThread].
func (t *Thread) NativeID() (int, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.native, t.native > 0
}

// SetOSName does what [threading.SetOSName] does.
func SetOSName(name string) error { return threading.SetOSName(name) }

var labelAll atomic.Bool

// SetLabels makes all threads that are started from now on have labels, as
// [WithLabels] does for one, or ends that. It returns what was set before.
func SetLabels(on bool) (old bool) { return labelAll.Swap(on) }
