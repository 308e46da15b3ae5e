package dummy

import (
	"context"

	"github.com/conexgo/conex/internal/watch"
)

// A DeadlockError is a call that would have waited, and what for: nobody else
// runs who could end the wait. It matches [ErrWouldDeadlock], and
// context.DeadlineExceeded as well if the context of the call had a deadline.
type DeadlockError struct {
	Op     string  // the call, such as "Lock.Acquire"
	Waiter *Thread // who called; nil if the call had no context, or one of no thread
	At     string  // file:line of the call
	Reason string  // what is in the way, such as "the lock is held by MainThread since bank.go:12"
	Holder *Thread // who is in the way; nil if nobody is, or nobody known
	Since  string  // file:line where Holder took it; "" if nothing was taken

	deadline bool // the wait would have ended, unsuccessfully
}

// Error says it in one line, with all that is known.
func (e *DeadlockError) Error() string {
	s := "threading: " + e.Op
	if e.Waiter != nil {
		s += " by " + e.Waiter.Name()
	}
	if e.At != "" {
		s += " at " + e.At
	}
	if e.deadline {
		s += " would wait in vain until its deadline: "
	} else {
		s += " would wait for ever: "
	}
	return s + e.Reason
}

// Unwrap returns ErrWouldDeadlock, and context.DeadlineExceeded if the context
// of the call had a deadline.
func (e *DeadlockError) Unwrap() []error {
	if e.deadline {
		return []error{ErrWouldDeadlock, context.DeadlineExceeded}
	}
	return []error{ErrWouldDeadlock}
}

// deadlock is the error of a call that cannot go on: why its context has ended,
// as it would be in package threading, or else that the wait would not end,
// because of what by did.
func deadlock(ctx context.Context, op string, by holder, did string) error {
	if ctx.Err() != nil {
		return watch.Reason(ctx)
	}
	_, deadline := ctx.Deadline()
	return &DeadlockError{
		Op: op, Waiter: Current(ctx), At: here(1).String(),
		Reason: by.did(did), Holder: by.thread, Since: by.at.String(),
		deadline: deadline,
	}
}
