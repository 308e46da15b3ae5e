package managers

import (
	"testing"

	"github.com/conexgo/conex/pickle"
)

func TestSignature(t *testing.T) {
	get := sign("Queue.get", "block=True", "timeout=None")
	put := sign("Queue.put", "item", "block=True", "timeout=None")
	pop := sign("pop", "/index=-1")
	value := sign("Value.__init__", "typecode", "value", "lock=True")
	create := sign("create", "/typeid", "*args", "**")
	find := sign("find", "key", "default=?")
	three := sign("C.three", "a", "b", "c")
	kw := func(pairs ...any) *pickle.Dict {
		d := new(pickle.Dict)
		for i := 0; i < len(pairs); i += 2 {
			d.Set(pairs[i], pairs[i+1])
		}
		return d
	}
	for _, c := range []struct {
		s    *signature
		args pickle.Tuple
		kwds *pickle.Dict
		want string // repr of what is bound, or the error
	}{
		{get, nil, nil, "(True, None)"},
		{get, pickle.Tuple{false}, kw("timeout", 1.5), "(False, 1.5)"},
		{get, pickle.Tuple{false, nil, nil}, nil, "TypeError: Queue.get() takes from 1 to 3 positional arguments but 4 were given"},
		{get, pickle.Tuple{false}, kw("block", true), "TypeError: Queue.get() got multiple values for argument 'block'"},
		{get, nil, kw("wait", true), "TypeError: Queue.get() got an unexpected keyword argument 'wait'"},
		{get, nil, kw(int64(1), true), "TypeError: keywords must be strings"},
		{put, nil, nil, "TypeError: Queue.put() missing 1 required positional argument: 'item'"},
		{put, nil, kw("item", int64(1)), "(1, True, None)"},
		{pop, nil, nil, "(-1,)"},
		{pop, nil, kw("index", int64(1)), "TypeError: pop() got an unexpected keyword argument 'index'"},
		{pop, pickle.Tuple{nil, nil}, nil, "TypeError: pop() takes at most 1 arguments (2 given)"},
		{value, nil, nil, "TypeError: Value.__init__() missing 2 required positional arguments: 'typecode' and 'value'"},
		{value, pickle.Tuple{"i"}, nil, "TypeError: Value.__init__() missing 1 required positional argument: 'value'"},
		{three, nil, nil, "TypeError: C.three() missing 3 required positional arguments: 'a', 'b', and 'c'"},
		{three, pickle.Tuple{nil, nil, nil, nil}, nil, "TypeError: C.three() takes 4 positional arguments but 5 were given"},
		{create, pickle.Tuple{"list", int64(1), int64(2)}, kw("typeid", int64(3), "args", nil), "('list', (1, 2))"},
		{create, nil, nil, "TypeError: create() missing required argument: 'typeid'"},
		{find, pickle.Tuple{"k"}, nil, "('k', None)"}, // not given
		{find, pickle.Tuple{"k", nil}, nil, "('k', None)"},
	} {
		got, err := c.s.bind(&call{args: c.args, kwds: c.kwds})
		text := ""
		if err != nil {
			text = err.Error()
		} else {
			bound := pickle.Tuple{}
			for _, v := range got[:len(c.s.params)] {
				if !given(v) {
					v = nil
				}
				bound = append(bound, v)
			}
			text = pickle.Repr(bound)
		}
		if text != c.want {
			t.Errorf("%s%s%s: %s, want %s", c.s.name, pickle.Repr(c.args), pickle.Repr(c.kwds), text, c.want)
		}
	}
	got, err := find.bind(&call{args: pickle.Tuple{"k"}})
	if err != nil || given(got[1]) {
		t.Errorf("an argument that was not given is %v, %v", got[1], err)
	}
}
