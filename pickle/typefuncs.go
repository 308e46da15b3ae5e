package pickle

import (
	"reflect"
	"sync"
)

// makeFunc has the function for a type made, and stored in funcs, once. A type
// may be a part of itself, as a struct with a pointer to its kind is: whoever
// asks for its function meanwhile gets what later makes of get, which waits
// until there is one. The type's own function asks while it is made, and calls
// only when there is a value.
func makeFunc[F any](funcs *sync.Map, t reflect.Type, newFunc func(reflect.Type) F, later func(get func() F) F) F {
	var (
		ready sync.WaitGroup
		f     F
	)
	ready.Add(1)
	first, loaded := funcs.LoadOrStore(t, later(func() F {
		ready.Wait()
		return f
	}))
	if loaded {
		return first.(F)
	}
	f = newFunc(t)
	ready.Done()
	funcs.Store(t, f)
	return f
}
