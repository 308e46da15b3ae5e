package managers

import (
	"context"
	"reflect"

	"github.com/conexgo/conex/pickle"
)

// A class says what can be done with the referents of one kind: a list, a
// lock, a value of some Go type.
type class struct {
	name string // what Python calls its type

	// methods has what may be exposed, by Python's names; exposed is what is
	// exposed unless the type says otherwise, in Python's order.
	methods map[string]method
	exposed []string

	// proxies says which methods return something that stays in the server, and
	// of what typeid its proxy is.
	proxies map[string]string

	// The methods that every object has, exposed or not. A nil value says that
	// the referent cannot be copied out of the server.
	str, repr func(self any) string
	value     func(self any) (any, error)

	// close ends a referent that nobody can reach any more. It may be nil.
	close func(self any)

	// adopt makes a referent of what a method has returned; nil: it is one.
	adopt func(v any) (any, error)

	// Of a Go type's class: the type, and why methods are not among the methods.
	goType reflect.Type
	unfit  map[string]error
}

// A method runs one call of self. What it returns is encoded after it has
// returned, while other calls of self run: so it must not be changed later on.
// An error is the method's own, and arrives in the client as an exception.
type method func(c *call, self any) (any, error)

// A call is what a method of a built-in type is called with.
type call struct {
	// ctx is that of the request. It ends when the client is gone, when the
	// client asks for that, and with the server. It carries the thread that the
	// client's connection is, for what has an owner.
	ctx context.Context

	srv  *Server
	obj  *object // nil if one is about to be made
	name string  // of the method
	args pickle.Tuple
	kwds *pickle.Dict // nil if there are none

	// giver is set by a method whose result was taken from somewhere: it takes
	// the result back if it does not reach the client.
	giver giver
}

// A giver takes back what a request was given.
type giver interface {
	giveBack(v any)
}

// spare returns Python's repr of a referent that has no other.
func (k *class) reprOf(self any) string {
	if k.repr != nil {
		return k.repr(self)
	}
	return "<" + k.name + " object at " + address(self) + ">"
}

func (k *class) strOf(self any) string {
	if k.str != nil {
		return k.str(self)
	}
	return k.reprOf(self)
}
