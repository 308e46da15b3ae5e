package lowlevel

import (
	"context"
	"runtime"

	"github.com/conexgo/conex/threading"
)

// An ID identifies a thread; see [threading.ID].
type ID = threading.ID

// LockType is the type of locks, which is threading.Lock: it has Acquire,
// TryAcquire, Release, Locked and With.
type LockType = threading.Lock

// RLock is the type of locks that their owner can take again.
type RLock = threading.RLock

// TimeoutMax is the longest time that one can wait.
const TimeoutMax = threading.TimeoutMax

// AllocateLock returns a new lock, which is free. The zero LockType is one as
// well.
func AllocateLock() *LockType { return new(LockType) }

// Ident returns the identity of the thread that ctx carries, 0 if none; see
// [threading.Ident].
func Ident(ctx context.Context) ID { return threading.Ident(ctx) }

// NativeID returns the operating system's number of the caller's thread; see
// [threading.NativeID] for when there is one.
func NativeID() (int, error) { return threading.NativeID() }

// SetOSName makes the operating system show the caller's thread under name; see
// [threading.SetOSName] for when it can.
func SetOSName(name string) error { return threading.SetOSName(name) }

// StackSize returns what SetStackSize has noted; see [threading.StackSize].
func StackSize() int { return threading.StackSize() }

// SetStackSize notes the size of stacks, without effect; see
// [threading.SetStackSize]. A size that makes no sense is an error matching
// threading.ErrStackSize.
func SetStackSize(n int) (old int, err error) { return threading.SetStackSize(n) }

// DaemonsAllowed reports whether threads may be daemons, which is always so:
// Python's sub-interpreters, which can forbid it, do not exist here.
func DaemonsAllowed() bool { return true }

// Exit ends the calling goroutine, silently, with its deferred calls: it is
// runtime.Goexit. A thread's function can also return threading.ErrExit, which
// is better style. Called from the goroutine of main it ends the program, with
// a crash when no other goroutine is left.
func Exit() { runtime.Goexit() }
