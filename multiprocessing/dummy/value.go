package dummy

import "fmt"

// A Value holds one value. Python's stand-in has no lock, nor has this: use one
// of your own where several threads write.
type Value[T any] struct{ V T }

// NewValue returns a Value that holds v. The error is always nil.
func NewValue[T any](v T) (*Value[T], error) { return &Value[T]{v}, nil }

// Get returns what it holds.
func (v *Value[T]) Get() T { return v.V }

// Set makes it hold x.
func (v *Value[T]) Set(x T) { v.V = x }

// String formats it.
func (v *Value[T]) String() string { return fmt.Sprintf("Value(%v)", v.V) }

// NewArray returns a slice of n zeros, Python's Array here. Fewer than none is
// an error.
func NewArray[T any](n int) ([]T, error) {
	if n < 0 {
		return nil, fmt.Errorf("multiprocessing/dummy: an array of %d items", n)
	}
	return make([]T, n), nil
}
