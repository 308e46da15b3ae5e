package dummy

import "github.com/conexgo/conex/threading"

// The errors are those of package threading: what matches there matches here.
var (
	ErrThread           = threading.ErrThread
	ErrNoThread         = threading.ErrNoThread
	ErrNotLocked        = threading.ErrNotLocked
	ErrNotOwner         = threading.ErrNotOwner
	ErrAlreadyStarted   = threading.ErrAlreadyStarted
	ErrNotStarted       = threading.ErrNotStarted
	ErrNotInitialized   = threading.ErrNotInitialized
	ErrJoinSelf         = threading.ErrJoinSelf
	ErrJoinDummy        = threading.ErrJoinDummy
	ErrShuttingDown     = threading.ErrShuttingDown
	ErrNegativeValue    = threading.ErrNegativeValue
	ErrTooManyPermits   = threading.ErrTooManyPermits
	ErrReleaseCount     = threading.ErrReleaseCount
	ErrReleasedTooOften = threading.ErrReleasedTooOften
	ErrParties          = threading.ErrParties
	ErrBranches         = threading.ErrBranches
	ErrStackSize        = threading.ErrStackSize
	ErrNotPinned        = threading.ErrNotPinned
	ErrWouldDeadlock    = threading.ErrWouldDeadlock
	ErrBrokenBarrier    = threading.ErrBrokenBarrier
	ErrExit             = threading.ErrExit
	ErrInterrupted      = threading.ErrInterrupted
)
