package managers

import (
	"context"
	"errors"
	"os"
	"testing"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/futures/process"
	"github.com/conexgo/conex/pickle"
)

var (
	poolPID = conex.Register("managers_test/pid", func(context.Context, struct{}) (int, error) { return os.Getpid(), nil })
	poolAdd = conex.Register("managers_test/add", func(_ context.Context, p poolPoint) (int, error) {
		if p.Name != "" {
			return 0, &pickle.Exception{Class: pickle.Global{Module: "mine", Name: "Wrong"}, Args: pickle.Tuple{p.Name, int64(p.X)}}
		}
		return p.X + p.Y, nil
	})
	poolDie = conex.Register("managers_test/die", func(_ context.Context, n int) (int, error) {
		if n == 1 {
			self, err := os.FindProcess(os.Getpid())
			if err != nil {
				return 0, err
			}
			self.Kill()
			select {}
		}
		return n, nil
	})
	poolPanic = conex.Register("managers_test/panic", func(_ context.Context, n int) (int, error) { panic("ouch") })
)

// Pools of worker processes: what is different.
func TestPoolProcesses(t *testing.T) {
	types := NewTypes("", SyncTypes)
	Function(types, "m.pid", poolPID)
	Function(types, "m.add", poolAdd)
	Function(types, "m.die", poolDie)
	Function(types, "m.panic", poolPanic)
	Function(types, "m.local", futures.Local(func(context.Context, int) (int, error) { return 0, nil }))
	s := poolServe(t, Config{Types: types, Executor: func(n int) (futures.Executor, error) {
		return process.NewPool(process.Config{Workers: n})
	}})
	id := poolCreate(t, s, "Pool", int64(2))
	c := poolDial(t, s).serving()
	if v, err := c.call(id, "apply", "m.pid"); err != nil || v == int64(os.Getpid()) {
		if errors.Is(err, errors.ErrUnsupported) {
			t.Skip("no worker processes here")
		}
		t.Fatal(v, err)
	}
	if v, err := c.call(id, "apply", "m.add", pickle.Tuple{int64(1), int64(2)}); v != int64(3) || err != nil {
		t.Fatal(v, err)
	}
	// An exception arrives as what it is, whether this package knows its class
	// or not.
	_, err := c.call(id, "apply", "m.add", pickle.Tuple{int64(1), int64(2), "x"})
	var e *pickle.Exception
	if !errors.As(err, &e) || e.Class != (pickle.Global{Module: "mine", Name: "Wrong"}) || !pickle.Equal(e.Args, pickle.Tuple{"x", int64(1)}) {
		t.Fatal(err)
	}
	_, err = c.call(id, "apply", "m.panic", pickle.Tuple{int64(2)})
	poolFail(t, err, pickle.RuntimeError, "panic in m.panic: ouch")
	// A worker that dies fails what it ran; the pool goes on.
	_, err = c.call(id, "apply", "m.die", pickle.Tuple{int64(1)})
	if !errors.As(err, &e) || e.Class.Name != "ProcessError" {
		t.Fatal(err)
	}
	if v, err := c.call(id, "apply", "m.die", pickle.Tuple{int64(2)}); v != int64(2) || err != nil {
		t.Fatal(v, err)
	}
	// A closure stays where it is.
	_, err = c.call(id, "apply", "m.local", pickle.Tuple{int64(2)})
	poolFail(t, err, pickle.TypeError, "")
	if v, err := c.call(id, "terminate"); v != nil || err != nil {
		t.Fatal(v, err)
	}
	if v, err := c.call(id, "join"); v != nil || err != nil {
		t.Fatal(v, err)
	}
}
