package managers

import (
	"context"
	"math"
	"math/big"
	"sync"
	"time"

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
	d, forever, err := poolTimeout(got[0])
	if err != nil || r.o.Ready() || !forever && d <= 0 {
		return err
	}
	ctx := c.ctx
	if !forever {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d)
		defer cancel()
	}
	if err := r.o.Wait(ctx); err != nil && c.ctx.Err() != nil {
		return err
	}
	return nil
}

// poolTimeout reads a timeout: a number of seconds, or None.
func poolTimeout(v any) (d time.Duration, forever bool, err error) {
	var s float64
	switch v := v.(type) {
	case nil:
		return 0, true, nil
	case bool:
		if v {
			s = 1
		}
	case int64:
		s = float64(v)
	case *big.Int:
		s, _ = new(big.Float).SetInt(v).Float64()
	case float64:
		if math.IsNaN(v) {
			return 0, false, pickle.ValueError.New("Invalid value NaN (not a number)")
		}
		s = v
	default:
		return 0, false, pickle.TypeError.Newf("'%s' object cannot be interpreted as a number of seconds", pickle.TypeName(v))
	}
	if s >= math.MaxInt64/1e9 {
		return 0, false, pickle.OverflowError.New("timeout value is too large")
	}
	return time.Duration(max(s, -1) * 1e9), false, nil
}
