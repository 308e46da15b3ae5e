package managers

import (
	"github.com/conexgo/conex/pickle"
)

// A function is one of the server itself.
type serverFunc struct {
	sig *signature
	run func(s *session, got *[maxParams]any, c *call) (any, error)
}

// public has the functions that the first request of a connection may call.
var public map[string]serverFunc

func init() {
	public = map[string]serverFunc{
		"dummy":  {sign("dummy"), func(s *session, _ *[maxParams]any, _ *call) (any, error) { return nil, nil }},
		"create": {sign("create", "/typeid", "*args", "**"), (*session).create},
		"incref": {sign("incref", "ident"), func(s *session, got *[maxParams]any, _ *call) (any, error) {
			return nil, s.incref(got[0])
		}},
		"decref": {sign("decref", "ident"), func(s *session, got *[maxParams]any, _ *call) (any, error) {
			return nil, s.decref(got[0])
		}},
		"get_methods": {sign("get_methods", "token"), func(s *session, got *[maxParams]any, _ *call) (any, error) {
			tok, ok := readToken(got[0])
			if r, is := got[0].(*Ref); is {
				return tuple(r.obj.exposed), nil
			}
			if !ok {
				return nil, pickle.TypeError.Newf("get_methods: a Token is needed, not %s", pickle.TypeName(got[0]))
			}
			o := s.srv.objects.get(tok.ID)
			if o == nil {
				return nil, pickle.KeyError.New(tok.ID)
			}
			return tuple(o.exposed), nil
		}},
		"accept_connection": {sign("accept_connection", "name"), func(s *session, got *[maxParams]any, _ *call) (any, error) {
			name, ok := got[0].(string)
			if !ok || len(name) > 1000 {
				return nil, pickle.TypeError.New("accept_connection: the name must be a str of at most 1000 bytes")
			}
			s.name = name
			return nil, nil
		}},
		"number_of_objects": {sign("number_of_objects"), func(s *session, _ *[maxParams]any, _ *call) (any, error) {
			return int64(s.srv.objects.len()), nil
		}},
		"debug_info": {sign("debug_info"), func(s *session, _ *[maxParams]any, _ *call) (any, error) {
			return s.srv.objects.info(), nil
		}},
		"track_segment":   {sign("track_segment", "segment_name"), (*session).trackSegment},
		"release_segment": {sign("release_segment", "segment_name"), (*session).releaseSegment},
		"list_segments":   {sign("list_segments"), (*session).listSegments},
		"shutdown": {sign("shutdown"), func(s *session, _ *[maxParams]any, _ *call) (any, error) {
			s.srv.segs.close() // before the answer: who has it may look
			return nil, nil
		}},
	}
}

// first answers the first request of a connection. It reports whether the
// connection is to go on with requests to objects.
func (s *session) first(req request) bool {
	f, ok := public[req.method]
	if !ok {
		s.answer(trouble(pickle.AssertionError.Newf("'%s' unrecognized", req.method)))
		return false
	}
	v, err := s.function(f, req)
	if err != nil {
		s.answer(trouble(err))
		return false
	}
	err = s.answer(returned(v))
	if req.method == "shutdown" {
		s.srv.Close()
	}
	return err == nil && req.method == "accept_connection"
}

func (s *session) function(f serverFunc, req request) (any, error) {
	c := call{ctx: s.ctx, srv: s.srv, name: req.method, args: req.args, kwds: req.kwds}
	got, err := f.sig.bind(&c)
	if err != nil {
		return nil, err
	}
	v, err := f.run(s, &got, &c)
	s.settle()
	return v, err
}

// create makes an object: create(typeid, *args, **kwds) is (ident, exposed).
func (s *session) create(got *[maxParams]any, c *call) (v any, err error) {
	typeid, ok := got[0].(string)
	if !ok {
		return nil, pickle.TypeError.Newf("a typeid is a str, not %s", pickle.TypeName(got[0]))
	}
	ty := s.srv.types.get(typeid)
	if ty == nil || ty.noCreate {
		return nil, pickle.KeyError.New(typeid)
	}
	if ty.make == nil {
		return nil, pickle.TypeError.Newf("'%s' objects cannot be created", typeid)
	}
	args, _ := got[1].(pickle.Tuple)
	o, err := s.make(typeid, ty, &call{ctx: c.ctx, srv: s.srv, name: typeid, args: args, kwds: c.kwds})
	if err != nil {
		return nil, err
	}
	return pickle.Tuple{o.ident, tuple(o.exposed)}, nil
}

func (s *session) make(typeid string, ty *Type, c *call) (o *object, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = pickle.RuntimeError.Newf("panic while a %s was made: %v", typeid, p)
		}
	}()
	if ty.shared != nil {
		return s.share(typeid, c)
	}
	v, err := ty.make(c)
	if err != nil {
		return nil, err
	}
	return s.made(typeid, v)
}

func (s *session) incref(ident any) error {
	id, ok := ident.(string)
	if !ok {
		return pickle.KeyError.New(ident)
	}
	if err := s.srv.objects.incref(id); err != nil {
		return err
	}
	s.credit(id)
	return nil
}

func (s *session) decref(ident any) error {
	id, ok := ident.(string)
	if !ok {
		return pickle.KeyError.New(ident)
	}
	s.accountOf().remove(id)
	return s.srv.objects.decref(id)
}
