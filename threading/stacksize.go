package threading

import (
	"fmt"
	"math"
	"sync/atomic"
	"time"
)

// TimeoutMax is the longest time that one can wait: that of a
// context.WithTimeout has no other limit. Python's is about as long.
const TimeoutMax time.Duration = math.MaxInt64

var stackSize atomic.Int64

// StackSize returns what was set by [SetStackSize], 0 if nothing.
func StackSize() int { return int(stackSize.Load()) }

// SetStackSize notes the size in bytes that the stacks of threads are to have,
// and returns the size noted before. It has no effect: the stack of a
// goroutine grows as it is needed, from 2 KiB on, up to the limit of
// runtime/debug.SetMaxStack. It is there for programs that are carried over,
// and makes the same demands as Python: n is 0, for the default, or at least
// 32768, else the error matches [ErrStackSize] and the old size stays.
func SetStackSize(n int) (old int, err error) {
	if n != 0 && n < 32<<10 {
		return StackSize(), fmt.Errorf("%w: %d", ErrStackSize, n)
	}
	return int(stackSize.Swap(int64(n))), nil
}
