package managers

import (
	"sync"

	"github.com/conexgo/conex/pickle"
)

// AsyncResultType is what the asynchronous methods of a pool return: get, wait,
// ready and successful.
var AsyncResultType = newType(asyncResultClass, nil)

var asyncResultClass = &class{
	name: "multiprocessing.pool.ApplyResult",
	methods: map[string]method{
		"get": func(c *call, self any) (any, error) {
			r := self.(*asyncResult)
			if err := r.wait(c, sigResultGet); err != nil {
				return nil, err
			}
			if !r.o.Ready() {
				return nil, &pickle.Exception{Class: pickle.Global{Module: "multiprocessing.context", Name: "TimeoutError"}}
			}
			v, err := r.o.get(c.ctx)
			return v, poolError(r.name, err)
		},
		"wait": func(c *call, self any) (any, error) {
			return nil, self.(*asyncResult).wait(c, sigResultWait)
		},
		"ready": func(c *call, self any) (any, error) {
			_, err := sigResultReady.bind(c)
			return self.(*asyncResult).o.Ready(), err
		},
		"successful": func(c *call, self any) (any, error) {
			if _, err := sigResultSuccessful.bind(c); err != nil {
				return nil, err
			}
			ok, err := self.(*asyncResult).o.Successful()
			if err != nil {
				return nil, pickle.ValueError.Newf("<multiprocessing.pool.ApplyResult object at %s> not ready", address(self))
			}
			return ok, nil
		},
	},
	exposed: []string{"get", "ready", "successful", "wait"},
	close:   func(self any) { self.(*asyncResult).close() },
}

var (
	sigResultGet        = sign("get", "timeout=None")
	sigResultWait       = sign("wait", "timeout=None")
	sigResultReady      = sign("ready")
	sigResultSuccessful = sign("successful")
)

// An asyncResult keeps its pool going until nobody can ask for it.
type asyncResult struct {
	o    outcome
	h    *hostPool
	name string // of the function
	once sync.Once
}

func (r *asyncResult) close() { r.once.Do(r.h.release) }

// wait waits as long as the timeout says. It is no error that this is over.
func (r *asyncResult) wait(c *call, sig *signature) error {
	got, err := sig.bind(c)
	if err != nil {
		return err
	}
	sp, err := patienceOf(got[0])
	if err != nil || r.o.Ready() || sp.limited && sp.d == 0 {
		return err
	}
	_, err = c.within(sp, r.o.Wait)
	return err
}
