package managers

import (
	"fmt"
	"strings"

	"github.com/conexgo/conex/pickle"
)

// A signature binds the arguments of a call as Python does: by place or by
// name, with defaults, and a TypeError for what does not fit.
type signature struct {
	name   string
	params []param
	needed int  // how many have no default
	rest   bool // the last one takes what is left over, as a Tuple
	kwds   bool // keywords that are no parameter's are allowed: see call.kwds
}

type param struct {
	name    string
	byPlace bool // cannot be given by name
	deflt   any
}

// missing is what a parameter without default and argument has.
type missing struct{}

// given reports whether there was an argument for a parameter whose default is
// missing{}.
func given(v any) bool { return v != missing{} }

// sign describes a function in the way of Python's documentation:
//
//	sign("get", "block=True", "timeout=None")
//	sign("pop", "/index=-1")       a name after / cannot be given as keyword
//	sign("get", "key", "default=?")   no default: see given
//	sign("update", "*rest", "**")
func sign(name string, params ...string) *signature {
	s := &signature{name: name}
	for _, p := range params {
		if p == "**" {
			s.kwds = true
			continue
		}
		var q param
		if p, q.byPlace = strings.CutPrefix(p, "/"); q.byPlace {
			p = strings.TrimSpace(p)
		}
		if r, ok := strings.CutPrefix(p, "*"); ok {
			s.rest, p = true, r
		}
		name, deflt, ok := strings.Cut(p, "=")
		q.name = name
		switch {
		case !ok && !s.rest:
			s.needed++
			q.deflt = missing{}
		case deflt == "True", deflt == "False":
			q.deflt = deflt == "True"
		case deflt == "None", !ok:
		case deflt == "?":
			q.deflt = missing{}
		default:
			q.deflt = smallInt(deflt)
		}
		s.params = append(s.params, q)
	}
	if len(s.params) > maxParams {
		panic("managers: too many parameters: " + name)
	}
	return s
}

func smallInt(s string) any {
	n, neg := int64(0), false
	if s, neg = strings.CutPrefix(s, "-"); s == "" {
		panic("managers: bad default")
	}
	for _, d := range []byte(s) {
		if d < '0' || d > '9' {
			panic("managers: bad default: " + s)
		}
		n = n*10 + int64(d-'0')
	}
	if neg {
		n = -n
	}
	return n
}

// maxParams is how many parameters a signature may have.
const maxParams = 6

// bind returns the arguments in the order of the parameters.
func (s *signature) bind(c *call) (got [maxParams]any, err error) {
	n := len(s.params)
	places := n
	if s.rest {
		places--
	}
	if len(c.args) > places && !s.rest {
		return got, s.wrongNumber(len(c.args))
	}
	for i := range s.params {
		if i < len(c.args) && i < places {
			got[i] = c.args[i]
		} else {
			got[i] = s.params[i].deflt
		}
	}
	if s.rest {
		got[n-1] = append(pickle.Tuple(nil), c.args[min(places, len(c.args)):]...)
	}
	if c.kwds != nil && c.kwds.Len() > 0 {
		if err := s.bindNames(c, &got); err != nil {
			return got, err
		}
	}
	for i := range places {
		if got[i] == (missing{}) && i < s.needed {
			return got, s.lacking(got[:s.needed])
		}
	}
	return got, nil
}

// inPython reports whether the function is one that is written in Python, which
// says other things than those in C: its name is then that of a method with its
// class, such as Value.get, and self is counted as an argument.
func (s *signature) inPython() bool { return strings.Contains(s.name, ".") }

// lacking says which of the needed arguments there are not.
func (s *signature) lacking(got []any) error {
	var names []string
	for i, v := range got {
		if v == (missing{}) {
			names = append(names, "'"+s.params[i].name+"'")
		}
	}
	n := len(names)
	if !s.inPython() {
		return pickle.TypeError.Newf("%s() missing required argument: %s", s.name, names[0])
	}
	list := names[0]
	switch {
	case n == 2:
		list = names[0] + " and " + names[1]
	case n > 2:
		list = strings.Join(names[:n-1], ", ") + ", and " + names[n-1]
	}
	return pickle.TypeError.Newf("%s() missing %d required positional argument%s: %s", s.name, n, plural(n), list)
}

func (s *signature) bindNames(c *call, got *[maxParams]any) error {
next:
	for k, v := range c.kwds.All() {
		name, ok := k.(string)
		if !ok {
			return pickle.TypeError.New("keywords must be strings")
		}
		for i, p := range s.params {
			if p.name != name || p.byPlace || s.rest && i == len(s.params)-1 {
				continue
			}
			if i < len(c.args) {
				return pickle.TypeError.Newf("%s() got multiple values for argument '%s'", s.name, name)
			}
			got[i] = v
			continue next
		}
		if !s.kwds {
			return pickle.TypeError.Newf("%s() got an unexpected keyword argument '%s'", s.name, name)
		}
	}
	return nil
}

// wrongNumber says that n arguments are too many.
func (s *signature) wrongNumber(n int) error {
	if s.inPython() {
		most, least := len(s.params)+1, s.needed+1
		takes := fmt.Sprintf("%d positional argument%s", most, plural(most))
		if least < most {
			takes = fmt.Sprintf("from %d to %d positional arguments", least, most)
		}
		return pickle.TypeError.Newf("%s() takes %s but %d were given", s.name, takes, n+1)
	}
	if len(s.params) == 0 {
		return pickle.TypeError.Newf("%s() takes no arguments (%d given)", s.name, n)
	}
	return pickle.TypeError.Newf("%s() takes at most %d arguments (%d given)", s.name, len(s.params), n)
}
