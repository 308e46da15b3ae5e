package managers

import (
	"sync"

	"github.com/conexgo/conex/pickle"
)

// ValueType is multiprocessing.managers.Value: something that is set and got.
// As in Python the typecode is kept and means nothing.
var ValueType = newType(valueClass, makeValue)

// A value is the referent of a ValueProxy.
type value struct {
	typecode any

	mu sync.Mutex
	v  any
}

var sigValue = sign("Value.__init__", "typecode", "value", "lock=True")

func makeValue(c *call) (any, error) {
	got, err := sigValue.bind(c)
	if err != nil {
		return nil, err
	}
	return &value{typecode: got[0], v: got[1]}, nil
}

func (v *value) get() any {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.v
}

func (v *value) set(x any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.v = x
}

var (
	sigValueGet = sign("Value.get")
	sigValueSet = sign("Value.set", "value")
)

var valueClass = &class{
	name:    "Value",
	exposed: []string{"get", "set"},
	methods: map[string]method{
		"get": func(c *call, self any) (any, error) {
			if _, err := sigValueGet.bind(c); err != nil {
				return nil, err
			}
			return self.(*value).get(), nil
		},
		"set": func(c *call, self any) (any, error) {
			got, err := sigValueSet.bind(c)
			if err == nil {
				self.(*value).set(got[0])
			}
			return nil, err
		},
	},
	repr: func(self any) string {
		v := self.(*value)
		return "Value(" + pickle.Repr(v.typecode) + ", " + pickle.Repr(v.get()) + ")"
	},
	value: func(self any) (any, error) {
		v := self.(*value)
		return instance("Value",
			pickle.Pair{Key: "_typecode", Value: v.typecode},
			pickle.Pair{Key: "_value", Value: v.get()}), nil
	},
}

// instance is one of a class of Python's multiprocessing.managers.
func instance(class string, attributes ...pickle.Pair) *pickle.Object {
	o := &pickle.Object{Make: pickle.NewObj, Class: pickle.Global{Module: "multiprocessing.managers", Name: class}}
	if len(attributes) > 0 {
		o.State, o.HasState = pickle.NewDict(attributes...), true
	}
	return o
}
