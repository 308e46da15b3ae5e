package managers

import (
	"context"

	"github.com/conexgo/conex/pickle"
)

// A Ref is a proxy that has come back to the server which has its object: in
// an argument, say, or as an item of a list. It keeps the object alive, and goes
// out again to clients as the proxy that it came as.
type Ref struct {
	obj *object
	srv *Server
	as  *pickle.Object // RebuildProxy and its arguments, as they came
}

// MarshalPickle gives the proxy as a client sent it.
func (r *Ref) MarshalPickle() (any, error) { return r.as, nil }

// Call calls an exposed method of the object, as a client does, but in this
// process: what Python has proxies do in the server.
func (r *Ref) Call(ctx context.Context, method string, args ...any) (any, error) {
	m := r.obj.methods[method]
	if m == nil {
		return nil, notExposed(r.obj, method)
	}
	c := &call{ctx: ctx, srv: r.srv, obj: r.obj, name: method, args: args}
	v, err := m(c, r.obj.self)
	if u, ok := v.(undoable); ok {
		v = u.value
	}
	return v, err
}

// TypeID returns the typeid of its object.
func (r *Ref) TypeID() string { return r.obj.typeid }

func (r *Ref) String() string { return r.obj.class.strOf(r.obj.self) }

// deref returns the referent of a proxy, and every other value as it is.
func deref(v any) any {
	if r, ok := v.(*Ref); ok {
		return r.obj.self
	}
	return v
}

// The names by which CPython pickles what belongs to managers.
var (
	rebuildProxy = pickle.Global{Module: "multiprocessing.managers", Name: "RebuildProxy"}
	tokenClass   = pickle.Global{Module: "multiprocessing.managers", Name: "Token"}
)

// rebuild makes a Ref of a pickled proxy if it is one of this server's objects,
// by whatever address the client reached the server; another server's proxy
// stays what it is.
func (s *Server) rebuild(o *pickle.Object) (any, error) {
	if len(o.Args) < 2 {
		return s.foreign(o)
	}
	tok, ok := readToken(o.Args[1])
	if !ok {
		return s.foreign(o)
	}
	obj := s.objects.get(tok.ID)
	if obj == nil || obj.typeid != tok.TypeID || !s.reachable(tok) || !s.harmless(o) {
		return s.foreign(o)
	}
	s.objects.nest(obj)
	return &Ref{obj: obj, srv: s, as: o}, nil
}

// A Token says which object of which server a proxy stands for.
type Token struct {
	TypeID  string
	Address any // as Python has it: a tuple of host and port, or a path
	ID      string
}

// MarshalPickle gives Python's Token.
func (t Token) MarshalPickle() (any, error) {
	return &pickle.Object{
		Make: pickle.NewObj, Class: tokenClass,
		State: pickle.Tuple{t.TypeID, t.Address, t.ID}, HasState: true,
	}, nil
}

func readToken(v any) (t Token, ok bool) {
	o, ok := v.(*pickle.Object)
	if !ok || o.Class != any(tokenClass) {
		return t, false
	}
	st, ok := o.State.(pickle.Tuple)
	if !ok || len(st) != 3 {
		return t, false
	}
	t.Address = st[1]
	var ok1, ok2 bool
	t.TypeID, ok1 = st[0].(string)
	t.ID, ok2 = st[2].(string)
	return t, ok1 && ok2
}

// className is the name of the proxy's class in Python.
func (r *Ref) className() string {
	name := "AutoProxy"
	if len(r.as.Args) > 0 {
		if g, ok := r.as.Args[0].(pickle.Global); ok {
			name = g.Name
		}
	}
	if name == "AutoProxy" {
		name += "[" + r.obj.typeid + "]"
	}
	return name
}

// PythonRepr is how a proxy is shown where it is an item of something: not what
// it stands for, which may contain it.
func (r *Ref) PythonRepr() string {
	return "<" + r.className() + " object, typeid " + pickle.Repr(r.obj.typeid) + " at " + address(r) + ">"
}
