package threading

import (
	"context"
	"errors"
	"fmt"
)

// ErrThread is matched by every error of this package that reports a misuse:
// Python's ThreadError, another name of its RuntimeError.
var ErrThread = errors.New("threading: misuse")

// misuse makes a sentinel that matches ErrThread, and reads as what it is.
func misuse(text string) error { return &misuseError{text} }

type misuseError struct{ text string }

func (e *misuseError) Error() string        { return "threading: " + e.text }
func (e *misuseError) Is(target error) bool { return target == ErrThread }

// The misuses. Whoever commits one gets the error and has changed nothing.
var (
	// ErrNoThread says that the context of the call carries no thread, so
	// that nothing can be owned: use the context that a thread's function,
	// conex.Main or Adopt was given.
	ErrNoThread = misuse("the context carries no thread: pass the one that a thread's function or conex.Main was given, or make one with Adopt")

	// ErrNotLocked says that a lock was to be released that nobody holds.
	ErrNotLocked = misuse("release of a lock that is not locked")

	// ErrNotOwner says that the thread of the call does not hold the lock.
	ErrNotOwner = misuse("the lock is not held by the thread of this context")

	// ErrAlreadyStarted says that a thread was to be started a second
	// time. Make a new one.
	ErrAlreadyStarted = misuse("a thread can be started once only")

	// ErrNotStarted says that a thread was to be joined that was never
	// started.
	ErrNotStarted = misuse("the thread was not started")

	// ErrNotInitialized says that a zero value was used of a type that
	// needs its constructor.
	ErrNotInitialized = misuse("zero value used: make it with its New function")

	// ErrJoinSelf says that a thread was to wait for its own end.
	ErrJoinSelf = misuse("a thread cannot join itself")

	// ErrJoinDummy says that a thread was to be joined that was adopted:
	// nobody knows when its goroutine ends.
	ErrJoinDummy = misuse("an adopted thread cannot be joined")

	// ErrShuttingDown says that the program is ending.
	ErrShuttingDown = misuse("the program is shutting down")

	// ErrNegativeValue says that a semaphore was to begin below zero.
	ErrNegativeValue = misuse("a semaphore cannot begin below zero")

	// ErrTooManyPermits says that a semaphore would have more permits than
	// can be counted: 2⁵⁸.
	ErrTooManyPermits = misuse("too many permits for a semaphore")

	// ErrReleaseCount says that fewer than one permit was to be released.
	ErrReleaseCount = misuse("at least one permit must be released")

	// ErrReleasedTooOften says that a bounded semaphore would have more
	// permits than it began with.
	ErrReleasedTooOften = misuse("semaphore released more often than acquired")

	// ErrParties says that a barrier was to be for fewer than one thread.
	ErrParties = misuse("a barrier needs at least one party")

	// ErrStackSize says that a stack size is neither 0 nor at least 32 KiB.
	ErrStackSize = misuse("the stack size must be 0 or at least 32768 bytes")

	// ErrNotPinned says that the caller has no thread of the operating
	// system to itself.
	ErrNotPinned = misuse("the caller is no thread made with WithOSThread")

	// ErrBranches says that ConcurrentTee was to make fewer than no
	// branches.
	ErrBranches = misuse("the number of branches cannot be negative")

	// ErrNilFunc says that there is no function to be called.
	ErrNilFunc = misuse("nil function")

	// ErrWouldDeadlock says that a call would wait for ever: nobody is
	// left who could end the wait. Package dummy finds that out.
	ErrWouldDeadlock = misuse("the call would wait for ever")
)

// What is no misuse.
var (
	// ErrBrokenBarrier says that a barrier was reset or broken while the
	// caller waited at it, or was broken before.
	ErrBrokenBarrier = errors.New("threading: broken barrier")

	// ErrExit ends a thread without being reported as a failure, when its
	// function returns it: Python's SystemExit.
	ErrExit = errors.New("threading: exit")

	// ErrInterrupted is the cause of the end of the main thread's context
	// after lowlevel.InterruptMain. It matches context.Canceled.
	ErrInterrupted = fmt.Errorf("threading: interrupted: %w", context.Canceled)
)
