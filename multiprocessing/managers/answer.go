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
	undo  func() // puts back what was taken, if nobody gets the answer
}

// An undoable is a result that was taken from somewhere, and can be put back.
type undoable struct {
	value any
	undo  func()
}

func returned(v any) answer {
	if u, ok := v.(undoable); ok {
		return answer{kind: "#RETURN", value: u.value, undo: u.undo}
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
	tok := Token{typeid, s.srv.ln.Address().Value(), o.ident}
	return answer{kind: "#PROXY", value: pickle.Tuple{tuple(o.exposed), tok}}
}

// made makes an object of what a method or factory has returned. The first
// reference belongs to the client.
func (s *session) made(typeid string, v any) (*object, error) {
	ty := s.srv.types.get(typeid)
	if ty == nil {
		return nil, pickle.KeyError.New(typeid)
	}
	if max := s.srv.cfg.MaxObjects; max > 0 && s.srv.objects.len() >= max {
		return nil, pickle.RuntimeError.Newf("%v objects: the limit is %d", ErrTooMany, max)
	}
	if ty.made != nil {
		var err error
		if ty, err = ty.made(v); err != nil {
			return nil, err
		}
	}
	o := s.srv.objects.add(typeid, ty, v)
	s.account.add(o.ident)
	return o, nil
}

// answer sends an answer. What cannot be pickled is said to be so.
func (s *session) answer(a answer) error {
	s.held = a.value
	out, err := s.srv.dump(s.out[:0], a.kind, a.value)
	if err != nil {
		if a.undo != nil {
			a.undo()
		}
		s.held = nil
		text := fmt.Sprintf("%s (%v)", pickle.ReprMax(a.value, 1000), err)
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
	return s.conn.WriteFrame(s.srv.ctx, out)
}

// keep is how much memory a session keeps for its next answer.
const keep = 64 << 10
