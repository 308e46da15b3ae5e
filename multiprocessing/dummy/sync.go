package dummy

import "github.com/conexgo/conex/threading"

// What is shared between threads is package threading's.
type (
	// Lock is threading.Lock.
	Lock = threading.Lock
	// RLock is threading.RLock.
	RLock = threading.RLock
	// Semaphore is threading.Semaphore.
	Semaphore = threading.Semaphore
	// BoundedSemaphore is threading.BoundedSemaphore.
	BoundedSemaphore = threading.BoundedSemaphore
	// Condition is threading.Condition.
	Condition = threading.Condition
	// ConditionLock is what a Condition can be made with: a Lock or an RLock.
	ConditionLock = threading.ConditionLock
	// Event is threading.Event.
	Event = threading.Event
	// Barrier is threading.Barrier.
	Barrier = threading.Barrier
	// BarrierOption is threading.BarrierOption.
	BarrierOption = threading.BarrierOption
)

// NewLock returns a Lock that is free. The error is always nil.
func NewLock() (*Lock, error) { return new(Lock), nil }

// NewRLock returns an RLock that is free. The error is always nil.
func NewRLock() (*RLock, error) { return new(RLock), nil }

// NewSemaphore returns a semaphore with n permits; fewer than none is
// threading.ErrNegativeValue.
func NewSemaphore(n int) (*Semaphore, error) { return threading.NewSemaphore(n) }

// NewBoundedSemaphore returns a semaphore that has n permits and never more.
func NewBoundedSemaphore(n int) (*BoundedSemaphore, error) { return threading.NewBoundedSemaphore(n) }

// NewCondition returns a condition on l, or on a new RLock if l is nil. The error
// is always nil.
func NewCondition(l ConditionLock) (*Condition, error) { return threading.NewCondition(l), nil }

// NewEvent returns an Event that is not set. The error is always nil.
func NewEvent() (*Event, error) { return new(Event), nil }

// NewBarrier returns a barrier for that many parties; fewer than one is
// threading.ErrParties.
func NewBarrier(parties int, opts ...BarrierOption) (*Barrier, error) {
	return threading.NewBarrier(parties, opts...)
}
