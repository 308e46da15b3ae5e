package python

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/conexgo/conex/futures"
)

// A fakeHost is the pool of an object, which has one or not.
type fakeHost struct {
	futures.Executor
	spec   objectSpec
	broken error
	never  bool // gets ready
	log    []string
}

func (h *fakeHost) note(what string) { h.log = append(h.log, what) }

func (h *fakeHost) Ready(ctx context.Context) error {
	if h.never {
		<-ctx.Done()
		return ctx.Err()
	}
	return h.broken
}

func (h *fakeHost) Submit(t futures.Task) error {
	h.note("submit " + t.Name())
	if err := checkTask(t, true); err != nil {
		return err
	}
	t.Start()
	t.Finish(0, []byte("K\x07."))
	return nil
}

func (h *fakeHost) Close() error                      { h.note("close"); return nil }
func (h *fakeHost) Shutdown(context.Context) error    { h.note("shutdown"); return nil }
func (h *fakeHost) ShutdownNow(context.Context) error { h.note("shutdown now"); return nil }
func (h *fakeHost) Terminate()                        { h.note("terminate") }
func (h *fakeHost) Kill()                             { h.note("kill") }

// hosting makes objects live in h until the end of t.
func hosting(t *testing.T, h *fakeHost) *fakeHost {
	real := startObject
	t.Cleanup(func() { startObject = real })
	startObject = func(_ *Pool, spec objectSpec) (objectHost, error) {
		h.spec = spec
		return h, nil
	}
	return h
}

func TestObject(t *testing.T) {
	ctx, h := t.Context(), hosting(t, &fakeHost{})
	o, err := NewObject(ctx, new(Pool), Func[Args, any]("model:Model"), Args{"weights", 3})
	if err != nil {
		t.Fatal(err)
	}
	key, arg, _, err := h.spec.make.encode()
	if h.spec.name != "model:Model" || string(key) != "f*model:Model" || string(arg) != "(\x8c\x07weightsK\x03t." || err != nil {
		t.Errorf("%q, %q, %v", key, arg, err)
	}
	if n, err := futures.Submit(ctx, o, Method[string, int]("predict"), "x").Result(ctx); n != 7 || err != nil {
		t.Error(n, err)
	}
	if n, err := futures.Submit(ctx, o, Expr[struct{}, int]("self.n"), struct{}{}).Result(ctx); n != 7 || err != nil {
		t.Error(n, err)
	}
	o.Close()
	o.Shutdown(ctx)
	o.ShutdownNow(ctx)
	o.Terminate()
	o.Kill()
	if got := strings.Join(h.log, ", "); o.Workers() != 1 ||
		got != "submit predict, submit self.n, close, shutdown, shutdown now, terminate, kill" {
		t.Error(got)
	}
}

// An object that cannot be made leaves no worker behind.
func TestObjectFails(t *testing.T) {
	why := &Error{Type: "builtins.ValueError", Message: "no such weights"}
	h := hosting(t, &fakeHost{broken: why})
	_, err := NewObject(t.Context(), new(Pool), Func[int, any]("model:Model"), 1)
	if !errors.Is(err, error(why)) || !strings.Contains(err.Error(), `object "model:Model"`) || len(h.log) != 1 || h.log[0] != "kill" {
		t.Error(err, h.log)
	}
	h = hosting(t, &fakeHost{never: true})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := NewObject(ctx, new(Pool), Func[int, any]("model:Model"), 1); !errors.Is(err, context.Canceled) || len(h.log) != 1 {
		t.Error(err, h.log)
	}
	startObject = func(*Pool, objectSpec) (objectHost, error) { return nil, futures.ErrShutdown }
	if _, err := NewObject(t.Context(), new(Pool), Func[int, any]("model:Model"), 1); !errors.Is(err, futures.ErrShutdown) {
		t.Error(err)
	}
}

// What is wrong with the arguments is known before anything is started.
func TestObjectRefused(t *testing.T) {
	h := hosting(t, &fakeHost{})
	ctx := t.Context()
	//lint:ignore SA1012 it is the point
	_, noContext := NewObject(nil, new(Pool), Func[int, any]("m:C"), 1)
	_, noPool := NewObject(ctx, nil, Func[int, any]("m:C"), 1)
	_, noClass := NewObject[int, any](ctx, new(Pool), nil, 1)
	_, ofGo := NewObject(ctx, new(Pool), futures.Local(func(context.Context, int) (int, error) { return 0, nil }), 1)
	_, zero := NewObject(ctx, new(Pool), InlineFunc[int, int]{}, 1)
	_, method := NewObject(ctx, new(Pool), Method[int, int]("m"), 1)
	_, name := NewObject(ctx, new(Pool), Func[int, any]("C"), 1)
	_, arg := NewObject(ctx, new(Pool), Func[any, any]("m:C"), any(make(chan int)))
	for _, test := range []struct {
		err, is error
		want    string
	}{
		{noContext, nil, "nil context"}, {noPool, nil, "nil context, pool or class"}, {noClass, nil, "class"},
		{ofGo, futures.ErrNotEncodable, "needs a class of Python"}, {zero, futures.ErrNotEncodable, "needs a class"},
		{method, ErrNotFound, "is a method"}, {name, ErrNotFound, "names no function"}, {arg, futures.ErrNotEncodable, "chan int"},
	} {
		if test.err == nil || !strings.Contains(test.err.Error(), test.want) || test.is != nil && !errors.Is(test.err, test.is) {
			t.Errorf("%v; want %q", test.err, test.want)
		}
	}
	if h.spec.name != "" {
		t.Error("something was started")
	}
}
