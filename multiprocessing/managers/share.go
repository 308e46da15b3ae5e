package managers

import (
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/conexgo/conex/pickle"
)

// Shared says that a server has one object of the typeid, which all clients get
// that ask for it: what they meet at when they have nothing but the address and
// the key. It is made with args when the server is, and lives as long as the
// server. Clients give no arguments.
//
//	types.Register("jobs", managers.QueueType, managers.Shared())
//	types.Register("state", managers.DictType, managers.Shared())
//
//	jobs, err := m.Create(ctx, "jobs") // in every client
//
// In Python that is a callable which returns the same object again, as in the
// documentation's example of a remote manager. What is shared can be kept over
// a restart: see [Server.Snapshot].
func Shared(args ...any) TypeOption {
	return func(ty *Type) error {
		if ty.make == nil {
			return fmt.Errorf("nothing that a server can make, so nothing to share")
		}
		ty.shared = &sharing{args: args}
		return nil
	}
}

// sharing is what a Type has whose objects are shared.
type sharing struct{ args []any }

// sharedObjects are the objects of a server that all clients get. It is set up before
// the server serves, and read only from then on.
type sharedObjects struct {
	objects map[string]*object // by typeid

	saving sync.Mutex
	told   map[string]bool // which proxies were left out of a snapshot: said once
}

// makeShared makes the shared objects. Their first reference is the server's.
func (s *Server) makeShared() error {
	s.shared.objects = map[string]*object{}
	for _, typeid := range s.types.TypeIDs() {
		ty := s.types.get(typeid)
		if ty.shared == nil {
			continue
		}
		o, err := s.makeOne(typeid, ty)
		if err != nil {
			return fmt.Errorf("managers: making the shared object %q: %w", typeid, err)
		}
		s.shared.objects[typeid] = o
	}
	return nil
}

func (s *Server) makeOne(typeid string, ty *Type) (o *object, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	v, err := ty.make(&call{ctx: s.ctx, srv: s, name: typeid, args: slices.Clone(ty.shared.args)})
	if err != nil {
		return nil, err
	}
	if v, ty, err = ty.adopt(v); err != nil {
		return nil, err
	}
	o = s.objects.add(typeid, ty, v, 0)
	s.objects.pin(o)
	return o, nil
}

// share gives a client the shared object of a typeid.
func (s *session) share(typeid string, c *call) (*object, error) {
	if len(c.args) > 0 || c.kwds != nil && c.kwds.Len() > 0 {
		return nil, pickle.TypeError.Newf("%s() takes no arguments: it is the same object for all", typeid)
	}
	o := s.srv.shared.objects[typeid]
	if o == nil {
		return nil, pickle.KeyError.New(typeid)
	}
	return o, s.incref(o.ident)
}

// sharedIDs returns the typeids of what is shared, in order.
func (s *Server) sharedIDs() []string { return slices.Sorted(maps.Keys(s.shared.objects)) }
