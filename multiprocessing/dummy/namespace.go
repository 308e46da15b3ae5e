package dummy

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// A Namespace is a bag of values by their names. The zero value is empty and
// ready; it must not be copied, and is safe for concurrent use.
type Namespace struct{ m sync.Map }

// Set sets a value.
func (n *Namespace) Set(name string, v any) { n.m.Store(name, v) }

// Get returns a value, and whether there is one of that name.
func (n *Namespace) Get(name string) (any, bool) { return n.m.Load(name) }

// Delete removes a value.
func (n *Namespace) Delete(name string) { n.m.Delete(name) }

// String lists the values whose names do not begin with an underscore, sorted.
func (n *Namespace) String() string {
	values := map[string]string{}
	n.m.Range(func(k, v any) bool {
		if name := k.(string); !strings.HasPrefix(name, "_") {
			values[name] = fmt.Sprintf("%s=%#v", name, v)
		}
		return true
	})
	var list []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		list = append(list, values[name])
	}
	return "Namespace(" + strings.Join(list, ", ") + ")"
}
