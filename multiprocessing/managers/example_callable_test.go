package managers_test

import (
	"context"
	"fmt"

	"github.com/conexgo/conex/multiprocessing/managers"
	"github.com/conexgo/conex/pickle"
)

// An announcement is what an instance of this class of Python's is in a server:
//
//	class Announce:
//	    def __init__(self, to): self.to = to
//	    def __reduce__(self): return Announce, (self.to,)
//	    def __call__(self): self.to.append('all are here')
type announcement struct {
	to *managers.Ref  // the list that the proxy stands for
	as *pickle.Object // as it came
}

func (a *announcement) Call(ctx context.Context, _ pickle.Tuple, _ *pickle.Dict) (any, error) {
	return a.to.Call(ctx, "append", "all are here")
}

func (a *announcement) MarshalPickle() (any, error) { return a.as, nil }

// A server in Go does not run Python. It can have a Go value for the instances
// of a Python class, though, such as the action of a barrier.
func ExampleCallable() {
	ctx := context.Background()
	types := managers.NewTypes("", managers.SyncTypes)
	types.Class("mymodule", "Announce", func(o *pickle.Object) (any, error) {
		if len(o.Args) == 1 {
			if to, ok := o.Args[0].(*managers.Ref); ok {
				return &announcement{to, o}, nil
			}
		}
		return nil, pickle.TypeError.New("Announce takes a shared list")
	})
	m, end := serve(ctx, types)
	defer end()

	log := must(managers.NewList[string](ctx, m))
	announce := &pickle.Object{ // what Announce(log) is in Python
		Class: pickle.Global{Module: "mymodule", Name: "Announce"}, Args: pickle.Tuple{log},
	}
	b := managers.BarrierOf(must(m.Create(ctx, "Barrier", 1, announce)))
	must(b.Wait(ctx))
	fmt.Println(must(log.Copy(ctx)))
	// Output: [all are here]
}
