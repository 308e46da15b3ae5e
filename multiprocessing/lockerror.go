package multiprocessing

import (
	"github.com/conexgo/conex"
	"github.com/conexgo/conex/threading"
)

// A lockMisuse is a misuse of a lock: it matches the error that package
// threading has for it.
type lockMisuse struct {
	like error
	text string
}

func (e *lockMisuse) Error() string { return "multiprocessing: " + e.text }
func (e *lockMisuse) Unwrap() error { return e.like }

var (
	errZeroLock    = &lockMisuse{threading.ErrNotInitialized, "zero value used: make it with its New function, or get it from another process"}
	errNotLocked   = &lockMisuse{threading.ErrNotLocked, "release of a lock that is not locked"}
	errNotOwner    = &lockMisuse{threading.ErrNotOwner, "the lock is not held by the thread of this context"}
	errNotOwnerP   = &lockMisuse{threading.ErrNotOwner, "the lock is held by another process"}
	errNoThread    = &lockMisuse{threading.ErrNoThread, "the context carries no thread, so that nothing can be owned: pass the one that a process's or thread's function was given, or make one with threading.Adopt"}
	errNilFunction = &lockMisuse{threading.ErrNilFunc, "nil function"}
)

func init() {
	conex.RegisterError("multiprocessing.ErrOwnerDied", ErrOwnerDied)
	for name, err := range map[string]error{
		"NotInitialized": threading.ErrNotInitialized, "NotLocked": threading.ErrNotLocked, "NotOwner": threading.ErrNotOwner,
		"NoThread": threading.ErrNoThread, "BrokenBarrier": threading.ErrBrokenBarrier, "Parties": threading.ErrParties,
	} {
		conex.RegisterError("threading.Err"+name, err)
	}
}
