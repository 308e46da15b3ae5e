package managers

import (
	"slices"
	"strings"
	"sync"

	"github.com/conexgo/conex/pickle"
)

// NamespaceType is multiprocessing.managers.Namespace: attributes to be set and
// got, the first ones from keywords.
var NamespaceType = newType(namespaceClass, makeNamespace)

// A namespace is the referent of a NamespaceProxy.
type namespace struct {
	mu sync.Mutex
	d  pickle.Dict
}

func makeNamespace(c *call) (any, error) {
	if n := len(c.args); n > 0 {
		return nil, pickle.TypeError.Newf("Namespace.__init__() takes 1 positional argument but %d were given", n+1)
	}
	n := &namespace{}
	if c.kwds != nil {
		for k, v := range c.kwds.All() {
			if _, ok := k.(string); !ok {
				return nil, pickle.TypeError.New("keywords must be strings")
			}
			n.d.Set(k, v)
		}
	}
	return n, nil
}

var namespaceClass = &class{
	name:    "Namespace",
	exposed: []string{"__getattribute__", "__setattr__", "__delattr__"},
	methods: map[string]method{
		"__getattribute__": slot("__getattribute__", 1, (*namespace).get),
		"__setattr__":      slot("__setattr__", 2, (*namespace).set),
		"__delattr__":      slot("__delattr__", 1, (*namespace).delete),
	},
	repr: func(self any) string { return self.(*namespace).repr() },
	value: func(self any) (any, error) {
		return instance("Namespace", self.(*namespace).attributes().Pairs()...), nil
	},
}

// attributeName checks a name, and makes the error for one that is not there.
func attributeName(v any) (name string, err error) {
	name, ok := v.(string)
	if !ok {
		return "", pickle.TypeError.Newf("attribute name must be string, not '%s'", typeName(v))
	}
	return name, nil
}

func (n *namespace) get(_ *call, args []any) (any, error) {
	name, err := attributeName(args[0])
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if v, ok := n.d.Get(name); ok {
		return v, nil
	}
	switch name {
	case "__dict__":
		return n.d.Clone(), nil
	case "__class__":
		return pickle.Global{Module: "multiprocessing.managers", Name: "Namespace"}, nil
	}
	return nil, noAttribute("Namespace", name)
}

func (n *namespace) set(_ *call, args []any) (any, error) {
	name, err := attributeName(args[0])
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return nil, n.d.Set(name, args[1])
}

func (n *namespace) delete(_ *call, args []any) (any, error) {
	name, err := attributeName(args[0])
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.d.Delete(name) {
		return nil, noAttribute("Namespace", name)
	}
	return nil, nil
}

func (n *namespace) attributes() *pickle.Dict {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.d.Clone()
}

// repr shows the public attributes, sorted by what is shown of them.
func (n *namespace) repr() string {
	var parts []string
	for k, v := range n.attributes().All() {
		if name := k.(string); !strings.HasPrefix(name, "_") {
			parts = append(parts, name+"="+pickle.Repr(v))
		}
	}
	slices.Sort(parts)
	return "Namespace(" + strings.Join(parts, ", ") + ")"
}
