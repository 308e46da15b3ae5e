package pickle

// A Marshaler is a Go type that says itself what it is in Python: it returns a
// value of this package's model, or another Go value that Marshal knows.
// MarshalPickle is called for each occurrence of a value that is no pointer,
// and once in a pickle for each pointer.
type Marshaler interface {
	MarshalPickle() (any, error)
}

// An Unmarshaler is a Go type that takes a value of Python in the types of this
// package's model. It must copy what it wants to change, since the value may be
// shared. For None it is called too, unless it is a pointer: that becomes nil.
type Unmarshaler interface {
	UnmarshalPickle(value any) error
}
