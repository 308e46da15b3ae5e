package main

import (
	"context"

	"github.com/conexgo/conex/multiprocessing/managers"
	"github.com/conexgo/conex/pickle"
)

// An appendTrue stands in for the class of CPython's tests that a barrier calls
// in the server: it appends True to a list that it has the proxy of.
type appendTrue struct {
	obj *managers.Ref
	as  *pickle.Object
}

func newAppendTrue(o *pickle.Object) (any, error) {
	state, _ := o.State.(*pickle.Dict)
	if state == nil {
		return nil, pickle.TypeError.New("AppendTrue: no state")
	}
	obj, _ := state.Get("obj")
	ref, ok := obj.(*managers.Ref)
	if !ok {
		return nil, pickle.TypeError.Newf("AppendTrue: obj is %s, not a proxy of this server", pickle.TypeName(obj))
	}
	return &appendTrue{ref, o}, nil
}

// Call is Python's __call__: see managers.Callable.
func (a *appendTrue) Call(ctx context.Context, _ pickle.Tuple, _ *pickle.Dict) (any, error) {
	return a.obj.Call(ctx, "append", true)
}

// MarshalPickle sends it on as it came.
func (a *appendTrue) MarshalPickle() (any, error) { return a.as, nil }
