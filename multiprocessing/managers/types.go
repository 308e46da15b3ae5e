package managers

import (
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/conexgo/conex/pickle"
)

// Types is a set of typeids, each with what a server makes for it: what a class
// derived from BaseManager is in Python. Make one with [NewTypes], at package
// level, and register in an init function or at the begin of main; after the
// first server has been made with it a Types must not be changed.
type Types struct {
	name string

	mu      sync.Mutex
	types   map[string]*Type
	classes map[pickle.Global]func(*pickle.Object) (any, error)
	funcs   map[string]function // by Python's names: see Function
}

var byName struct {
	mu sync.Mutex
	m  map[string]*Types
}

// NewTypes returns a set with the typeids that the parents have now. The name
// is that by which a child process finds it (see [Start]): it must be unique in
// the program. An empty name is that of none: such a set is for servers in this
// process only.
func NewTypes(name string, parents ...*Types) *Types {
	t := &Types{
		name: name, types: map[string]*Type{},
		classes: map[pickle.Global]func(*pickle.Object) (any, error){},
		funcs:   map[string]function{},
	}
	for _, p := range parents {
		p.mu.Lock()
		maps.Copy(t.types, p.types)
		maps.Copy(t.classes, p.classes)
		maps.Copy(t.funcs, p.funcs)
		p.mu.Unlock()
	}
	if name != "" {
		byName.mu.Lock()
		defer byName.mu.Unlock()
		if byName.m[name] != nil {
			panic(fmt.Sprintf("managers: NewTypes: there is a set %q already", name))
		}
		if byName.m == nil {
			byName.m = map[string]*Types{}
		}
		byName.m[name] = t
	}
	return t
}

// Register adds a typeid, or replaces one. The factory is one of:
//
//   - a function that makes the object, from arguments of any types that
//     [pickle.Assign] can give them, with a first context.Context and a last
//     [Kwds] or error result if it wants; what it returns is served by
//     reflection, see the package documentation;
//   - a *Type, such as [QueueType];
//   - nil, for a typeid that only methods return: what it can do depends on what
//     they return, or on [Expose].
//
// A factory that returns the same pointer again returns the same object, so that
// clients can share one.
//
// Register panics if the factory is none of these, or an option names a method
// that is not there: that is a mistake in the program.
func (t *Types) Register(typeid string, factory any, opts ...TypeOption) {
	ty, err := typeOf(factory)
	if err != nil {
		panic(fmt.Sprintf("managers: Register(%q): %v", typeid, err))
	}
	ty, err = ty.with(opts)
	if err != nil {
		panic(fmt.Sprintf("managers: Register(%q): %v", typeid, err))
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.types[typeid] = ty
}

// Class says that instances of a Python class are to become Go values when they
// arrive in a server: build gets the parts. What it returns is sent on as its
// MarshalPickle method says, if it is sent on.
func (t *Types) Class(module, name string, build func(*pickle.Object) (any, error)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.classes[pickle.Global{Module: module, Name: name}] = build
}

// get returns the Type for a typeid.
func (t *Types) get(typeid string) *Type {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.types[typeid]
}

// TypeIDs returns the registered typeids in order.
func (t *Types) TypeIDs() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Sorted(maps.Keys(t.types))
}

// Functions returns the names of the registered functions in order: see
// [Function].
func (t *Types) Functions() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Sorted(maps.Keys(t.funcs))
}

// A Type says how the objects of a typeid are made and what clients may call.
// The exported variables of this package are what SyncManager has in Python;
// [Types.Register] takes them under any typeid.
type Type struct {
	class    *class                     // nil if only the made object tells: see adopt
	make     func(c *call) (any, error) // nil: cannot be created by clients
	exposed  []string
	methods  map[string]method
	proxies  map[string]string
	noCreate bool
	shared   *sharing // see Shared; nil: an object for each that asks
}

// newType returns the Type of a class as it is by default.
func newType(k *class, mk func(c *call) (any, error)) *Type {
	t := &Type{class: k, make: mk, proxies: k.proxies}
	t.expose(k.exposed)
	return t
}

func (ty *Type) expose(names []string) {
	ty.exposed = names
	if ty.class == nil {
		return
	}
	ty.methods = make(map[string]method, len(names))
	for _, n := range names {
		ty.methods[n] = ty.class.methods[n]
	}
}

// A TypeOption changes what [Types.Register] registers.
type TypeOption func(*Type) error

// Expose says which methods clients may call: no others. The names are Python's.
func Expose(names ...string) TypeOption {
	return func(ty *Type) error {
		for _, n := range names {
			if ty.class != nil && ty.class.methods[n] == nil {
				return fmt.Errorf("cannot expose: %w", ty.class.lacks(n))
			}
		}
		ty.expose(names)
		return nil
	}
}

// ReturnsProxy says that the result of a method stays in the server, as a new
// object of the given typeid, and that the caller gets a proxy for it. It is
// Python's method_to_typeid.
func ReturnsProxy(method, typeid string) TypeOption {
	return func(ty *Type) error {
		if ty.class != nil && ty.class.methods[method] == nil {
			return fmt.Errorf("cannot return a proxy: %w", ty.class.lacks(method))
		}
		ty.proxies = maps.Clone(ty.proxies)
		if ty.proxies == nil {
			ty.proxies = map[string]string{}
		}
		ty.proxies[method] = typeid
		return nil
	}
}

// NoCreate says that clients cannot make objects of the typeid: only methods
// return them. It is Python's create_method=False.
func NoCreate() TypeOption {
	return func(ty *Type) error {
		ty.noCreate = true
		return nil
	}
}

func (ty *Type) with(opts []TypeOption) (*Type, error) {
	if len(opts) == 0 {
		return ty, nil
	}
	c := *ty
	for _, o := range opts {
		if err := o(&c); err != nil {
			return nil, err
		}
	}
	return &c, nil
}
