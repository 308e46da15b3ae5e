package managers

import (
	"fmt"
	"maps"
	"slices"
	"sync"
)

// Alias gives a method a second name for clients, and exposes it: for the names
// that Python's syntax calls, which no method of Go's has, as in
// Alias("__len__", "len").
func Alias(name, method string) TypeOption {
	return func(ty *Type) error {
		if ty.class == nil || ty.class.methods[method] == nil {
			return fmt.Errorf("no method %q to call %q", method, name)
		}
		k := *ty.class
		k.methods = maps.Clone(k.methods)
		k.methods[name] = k.methods[method]
		ty.class = &k
		ty.expose(append(slices.Clone(ty.exposed), name))
		return nil
	}
}

// Shared makes one object that all clients get, instead of one each: the
// arguments of the client who asks first are those that count. It lives as long
// as the program. In Python it is what register('get_queue', lambda: q) is for:
//
//	types.Register("get_queue", managers.QueueType, managers.Shared())
func Shared() TypeOption {
	return func(ty *Type) error {
		mk := ty.make
		if mk == nil {
			return fmt.Errorf("nothing to be shared: objects of this type are not created")
		}
		if ty.keeps = true; ty.class != nil {
			k := *ty.class
			k.close = nil
			ty.class = &k
		}
		var mu sync.Mutex
		var made bool
		var self any
		ty.make = func(c *call) (any, error) {
			mu.Lock()
			defer mu.Unlock()
			if made {
				return self, nil
			}
			v, err := mk(c)
			if err == nil {
				self, made = v, true
			}
			return v, err
		}
		return nil
	}
}
