package contextvars

// A VarOption changes what [NewVar] makes.
type VarOption[T any] func(*varOptions[T])

type varOptions[T any] struct {
	def     T
	hasDef  bool
	travels bool
}

// WithDefault gives the variable a value for where it has not been set. All
// who get it share it: a default that can be changed, such as a map, is a
// global variable.
func WithDefault[T any](def T) VarOption[T] {
	return func(o *varOptions[T]) { o.def, o.hasDef = def, true }
}

// Propagated makes the variable's value cross the border of the process with
// the tasks that are submitted to it:
//
//	var trace = contextvars.NewVar("trace", contextvars.Propagated[string]())
//
// The name stands for the variable in every process of the program, so it must
// be unique among these and not empty. Values travel as arguments of
// registered functions do, as copies: see conex.Register for which types can.
// NewVar panics if the name or the type will not do. A value that proves not
// to be encodable, in an interface for example, makes Submit fail.
//
// Where a variable like this is set, each new value costs the submitter to a
// process pool some microseconds once. Other variables cost it nothing.
func Propagated[T any]() VarOption[T] {
	return func(o *varOptions[T]) { o.travels = true }
}
