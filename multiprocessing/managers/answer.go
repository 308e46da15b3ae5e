package managers

import (
	"errors"
	"fmt"

	"github.com/conexgo/conex/pickle"
)

// An answer is what the server sends back.
type answer struct {
	kind  string
	value any
	giver giver // takes value back, if it does not reach the client; or nil
}

// giveBack puts back what was taken for an answer that was not sent.
func (a *answer) giveBack() {
	if a.giver != nil {
		a.giver.giveBack(a.value)
	}
}

// An undoable is a result that was taken from somewhere, and can be put back:
// what a method returns that does not set call.giver.
type undoable struct {
	value any
	undo  func()
}

func (u undoable) giveBack(any) { u.undo() }

func returned(v any) answer {
	if u, ok := v.(undoable); ok {
		return answer{kind: "#RETURN", value: u.value, giver: u}
	}
	return answer{kind: "#RETURN", value: v}
}

// trouble is an error that is not a method's. Clients get text, whose last line
// is what Python's traceback has there: the class, and what it says.
func trouble(err error) answer {
	e := exception(err)
	text := "Traceback (most recent call last):\n  in a server in Go\n" + e.Error() + "\n"
	return answer{kind: "#TRACEBACK", value: text}
}

// proxy makes an object of a result, and the answer that makes a proxy of it.
func (s *session) proxy(typeid string, v any) answer {
	o, err := s.made(typeid, v)
	if err != nil {
		return trouble(err)
	}
	tok := Token{o.typeid, s.srv.ln.Address().Value(), o.ident}
	return answer{kind: "#PROXY", value: pickle.Tuple{tuple(o.exposed), tok}}
}

// made makes an object of what a method or factory has returned. The first
// reference belongs to the client.
func (s *session) made(typeid string, v any) (*object, error) {
	if r, ok := v.(*Ref); ok && r.srv == s.srv { // a proxy: of what it stands for
		if err := s.srv.objects.incref(r.obj.ident); err != nil {
			return nil, err
		}
		s.credit(r.obj.ident)
		return r.obj, nil
	}
	ty := s.srv.types.get(typeid)
	if ty == nil && typeid == "Iterator" {
		ty = IteratorType // which methods may return in every server
	}
	if ty == nil {
		return nil, pickle.KeyError.New(typeid)
	}
	v, ty, err := ty.adopt(v)
	if err != nil {
		return nil, err
	}
	o := s.srv.objects.add(typeid, ty, v, s.srv.cfg.MaxObjects)
	if o == nil {
		if ty.class.close != nil {
			ty.class.close(v)
		}
		return nil, pickle.RuntimeError.Newf("%v objects: the limit is %d", ErrTooMany, s.srv.cfg.MaxObjects)
	}
	s.credit(o.ident)
	return o, nil
}

// answer sends an answer. What cannot be pickled is said to be so: then it is
// gone, for if it went back to where it was, it would be in the way there.
func (s *session) answer(a answer) error {
	s.held = a.value
	out, err := s.srv.dump(s.out[:0], a.kind, a.value)
	if err != nil {
		s.held = nil
		text := fmt.Sprintf("%s (%v)", pickle.ReprMax(a.value, int(min(1000, s.srv.cfg.MaxMessage/4))), err)
		kind := "#UNSERIALIZABLE"
		var limit *pickle.LimitError
		if errors.As(err, &limit) {
			kind, text = "#TRACEBACK", text+"\n"
		}
		if out, err = s.srv.dump(s.out[:0], kind, text); err != nil {
			return err
		}
	}
	if s.out = out; cap(out) > keep {
		s.out = nil
	}
	if a.giver != nil && s.tcp && !s.conn.Alive() {
		return errHungUp // TCP takes the answer all the same
	}
	return s.conn.WriteFrame(s.srv.last, out)
}

// keep is how much memory a session keeps for its next answer.
const keep = 64 << 10
