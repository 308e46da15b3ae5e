package managers

import (
	"fmt"
	"maps"
	"slices"
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
