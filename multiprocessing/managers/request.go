package managers

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/conexgo/conex/pickle"
)

// A request is what clients send.
type request struct {
	ident  any // nil or a string
	method string
	args   pickle.Tuple
	kwds   *pickle.Dict // nil if there are none
}

// errGone says that there is nobody to answer to.
var errGone = errors.New("managers: connection is gone")

// aliased is from which length on what a frame contains is not copied out of it.
const aliased = 16 << 10

// read waits for a request. An error that is not errGone can be answered.
func (s *session) read() (r request, err error) {
	// The server's end is told by hangUp; a context would cost a goroutine.
	s.in, err = s.conn.ReadFrameInto(context.Background(), s.in)
	if err != nil {
		return r, fmt.Errorf("%w: %w", errGone, err)
	}
	s.mu.Lock()
	if s.ended {
		s.mu.Unlock()
		return r, errGone
	}
	s.idle = false
	s.request++
	if s.ctx == nil {
		s.ctx = &requestCtx{base: s.base, s: s}
	}
	if s.given == s.request {
		s.given = 0
		ctx := s.ctx
		defer ctx.end(errAsked)
	}
	s.mu.Unlock()

	var v any
	if cfg := s.srv.decoder(len(s.in)); cfg == nil {
		v, err = xmlLoad(s.in)
	} else {
		err = cfg.Unmarshal(s.in, &s.value)
		v, s.value = s.value, nil
	}
	if len(s.in) > aliased {
		s.in = nil // it is the value's from now on
	}
	if err != nil {
		return r, err
	}
	return requestOf(v)
}

// decoder returns how to read a request of n bytes; nil means as XML.
func (s *Server) decoder(n int) *pickle.Config {
	switch {
	case s.cfg.Serializer == serializerXML:
		return nil
	case n > aliased:
		return &s.alias
	}
	return &s.decode
}

// requestOf takes a request apart. Lists are as good as tuples.
func requestOf(v any) (r request, err error) {
	parts, ok := items(v)
	if !ok {
		return r, pickle.TypeError.Newf("cannot unpack non-iterable %s object", pickle.TypeName(v))
	}
	if len(parts) != 4 {
		return r, pickle.ValueError.Newf("a request has 4 parts, not %d", len(parts))
	}
	r.ident = parts[0]
	if r.method, ok = parts[1].(string); !ok {
		return r, pickle.TypeError.Newf("a method's name is a str, not %s", pickle.TypeName(parts[1]))
	}
	if r.args, ok = items(parts[2]); !ok {
		return r, pickle.TypeError.Newf("arguments are a tuple, not %s", pickle.TypeName(parts[2]))
	}
	kwds, ok := parts[3].(*pickle.Dict)
	if !ok {
		return r, pickle.TypeError.Newf("keyword arguments are a dict, not %s", pickle.TypeName(parts[3]))
	}
	if kwds.Len() > 0 {
		r.kwds = kwds
	}
	return r, nil
}

func items(v any) (pickle.Tuple, bool) {
	switch v := v.(type) {
	case pickle.Tuple:
		return v, true
	case *pickle.List:
		return v.Items, true
	}
	return nil, false
}

// run answers one request to an object. An answer without a kind says that
// there is nobody to answer to.
func (s *session) run(req request) answer {
	if req.ident == nil {
		return s.extra(req)
	}
	ident, ok := req.ident.(string)
	if !ok {
		return trouble(pickle.KeyError.New(req.ident))
	}
	o := s.srv.objects.get(ident)
	if o == nil {
		return trouble(pickle.KeyError.New(ident))
	}
	m := o.methods[req.method]
	if m == nil {
		if m = fallbacks[req.method]; m == nil {
			return trouble(notExposed(o, req.method))
		}
	}
	s.present = call{ctx: s.ctx, srv: s.srv, obj: o, name: req.method, args: req.args, kwds: req.kwds}
	v, err := s.call(m)
	giver, cause := s.present.giver, s.settle()
	s.present = call{}
	switch {
	case cause == errHungUp:
		if giver != nil && err == nil {
			giver.giveBack(v)
		}
		return answer{}
	case err == nil:
	case cause == errStopped && (errors.Is(err, errStopped) || errors.Is(err, context.Canceled)):
		// It waited in vain. No answer is better than a wrong one: that the time
		// was over, say, to who has set no time.
		return answer{}
	default:
		if u, ok := err.(unserializable); ok {
			return answer{kind: "#UNSERIALIZABLE", value: string(u)}
		}
		return answer{kind: "#ERROR", value: exception(err)}
	}
	if typeid, ok := o.proxies[req.method]; ok {
		return s.proxy(typeid, v)
	}
	a := returned(v)
	if giver != nil {
		a.giver = giver
	}
	return a
}

// call runs a method with the present call. A panic is the method's error.
func (s *session) call(m method) (v any, err error) {
	defer func() {
		if p := recover(); p != nil {
			c := &s.present
			s.srv.log.Error("managers: panic", "typeid", c.obj.typeid, "method", c.name, "panic", p, "stack", string(debug.Stack()))
			err = pickle.RuntimeError.Newf("panic in %s: %v", c.name, p)
		}
	}()
	return m(&s.present, s.present.obj.self)
}

// fallbacks are the methods that every object has, exposed or not.
var fallbacks = map[string]method{
	"__str__":  func(c *call, self any) (any, error) { return c.obj.class.strOf(self), nil },
	"__repr__": func(c *call, self any) (any, error) { return c.obj.class.reprOf(self), nil },
	"#GETVALUE": func(c *call, self any) (any, error) {
		k := c.obj.class
		if k.value == nil {
			return nil, unserializable(fmt.Sprintf("('#RETURN', %s)", k.reprOf(self)))
		}
		return k.value(self)
	},
}

// unserializable says that a referent cannot leave the server.
type unserializable string

func (u unserializable) Error() string { return "managers: cannot be pickled: " + string(u) }

func notExposed(o *object, method string) error {
	return pickle.AttributeError.Newf("method '%s' of %s object is not in exposed=%s", method, o.class.name, pickle.Repr(tuple(o.exposed)))
}

func tuple(names []string) pickle.Tuple {
	t := make(pickle.Tuple, len(names))
	for i, n := range names {
		t[i] = n
	}
	return t
}
