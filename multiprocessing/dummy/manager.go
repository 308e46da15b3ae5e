package dummy

// A Manager stands for the server process of a real manager: here everything is
// in this process already, so what it makes are plain values. The zero value is
// ready.
type Manager struct{}

// NewManager returns a Manager. The error is always nil.
func NewManager() (*Manager, error) { return new(Manager), nil }

// Shutdown does nothing.
func (*Manager) Shutdown() {}

// Lock returns a new Lock.
func (*Manager) Lock() *Lock { return new(Lock) }

// RLock returns a new RLock.
func (*Manager) RLock() *RLock { return new(RLock) }

// Event returns a new Event.
func (*Manager) Event() *Event { return new(Event) }

// Condition returns a new Condition on l, or on a new RLock.
func (*Manager) Condition(l ConditionLock) (*Condition, error) { return NewCondition(l) }

// Semaphore returns a new Semaphore with n permits.
func (*Manager) Semaphore(n int) (*Semaphore, error) { return NewSemaphore(n) }

// Barrier returns a new Barrier.
func (*Manager) Barrier(parties int, opts ...BarrierOption) (*Barrier, error) {
	return NewBarrier(parties, opts...)
}

// Namespace returns a new, empty Namespace.
func (*Manager) Namespace() *Namespace { return new(Namespace) }

// A Dict is a Go map. Like Python's here it needs a lock of the user's when
// several threads use it.
type Dict[K comparable, V any] = map[K]V

// A List is a Go slice, likewise.
type List[T any] = []T

// NewDict returns a copy of m.
func NewDict[K comparable, V any](m map[K]V) Dict[K, V] {
	d := make(Dict[K, V], len(m))
	for k, v := range m {
		d[k] = v
	}
	return d
}

// NewList returns a list of items.
func NewList[T any](items ...T) List[T] { return append(List[T]{}, items...) }
