package pickle

import "fmt"

// Build says that f makes the value for an instance of the class, or for the
// result of the function, from its parts, which Unmarshal would otherwise give
// as an *Object. It allows the class.
//
// f is called where the pickle makes the instance, if it does so by a call, and
// else where it sets the instance's state, which is complete then. A
// value that is to be marshalled again says how with MarshalPickle. An error
// ends the decoding. f must not keep the decoding waiting; it may be called from
// several goroutines.
//
// It panics if f is nil, or if there is one for the class.
func (c *Classes) Build(class Global, f func(o *Object) (any, error)) {
	if f == nil || c.builders[class] != nil {
		panic(fmt.Sprintf("pickle: Build(%s): a nil function, or a second one", class))
	}
	if c.builders == nil {
		c.builders = make(map[Global]func(*Object) (any, error))
	}
	c.builders[class] = f
}

// builder returns the function for a class, or nil.
func (c *Classes) builder(g Global) func(*Object) (any, error) {
	if c == nil {
		return nil
	}
	return c.builders[g]
}
