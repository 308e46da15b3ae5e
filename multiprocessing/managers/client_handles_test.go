package managers

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/pickle"
)

// clientSoon is a context that ends soon.
func clientSoon(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}

// clientIs checks the error of a call.
func clientIs(t testing.TB, what string, err error, wants ...error) {
	t.Helper()
	for _, want := range wants {
		if !errors.Is(err, want) {
			t.Errorf("%s: error %v; want one that matches %v", what, err, want)
		}
	}
}

// clientGot checks the result of a call.
func clientGot[T comparable](t testing.TB, what string, want T) func(T, error) {
	t.Helper()
	return func(got T, err error) {
		t.Helper()
		if err != nil || got != want {
			t.Errorf("%s: %v, %v; want %v", what, got, err, want)
		}
	}
}

func clientSlice[T comparable](t testing.TB, what string, want ...T) func([]T, error) {
	t.Helper()
	return func(got []T, err error) {
		t.Helper()
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v; want %v", what, got, err, want)
		}
	}
}

func TestClientHandles(t *testing.T) {
	leak.Check(t)
	clientEach(t, func(t *testing.T, m *Manager) {
		for _, test := range []struct {
			name string
			f    func(t *testing.T, m *Manager)
		}{
			{"Manager", testClientManager}, {"Call", testClientCall},
			{"Queue", testClientQueue}, {"Dict", testClientDict}, {"List", testClientList}, {"Set", testClientSet},
			{"Lock", testClientLock}, {"RLock", testClientRLock}, {"Semaphore", testClientSemaphore},
			{"Condition", testClientCondition}, {"Event", testClientEvent}, {"Barrier", testClientBarrier},
			{"Namespace", testClientNamespace}, {"Value", testClientValue}, {"Array", testClientArray},
			{"Nested", testClientNested},
		} {
			t.Run(test.name, func(t *testing.T) { test.f(t, m) })
		}
	})
}

func testClientManager(t *testing.T, m *Manager) {
	ctx := t.Context()
	clientMust(t, m.Ping(ctx))
	n, err := m.NumberOfObjects(ctx)
	clientMust(t, err)
	p, err := m.Create(ctx, "Event")
	clientMust(t, err)
	clientGot(t, "NumberOfObjects", n+1)(m.NumberOfObjects(ctx))
	if s, err := m.DebugInfo(ctx); err != nil || s == "" {
		t.Errorf("DebugInfo: %q, %v", s, err)
	}
	if names, err := p.Methods(ctx); err != nil || !slices.Contains(names, "is_set") {
		t.Errorf("Methods: %v, %v", names, err)
	}
	clientMust(t, p.Close())
	clientGot(t, "NumberOfObjects", n)(m.NumberOfObjects(ctx))
	_, err = m.Create(ctx, "nothing")
	clientIs(t, "Create", err, ErrRemote)
	_, err = m.Create(ctx, "Semaphore", -1)
	clientIs(t, "Create", err, ErrRemote)
}

func testClientCall(t *testing.T, m *Manager) {
	ctx := t.Context()
	p, err := m.Create(ctx, "Maths")
	clientMust(t, err)
	defer p.Close()
	clientGot(t, "add", 7)(Call[int](ctx, p, "add", 4, 3))
	_, err = p.Call(ctx, "_hidden")
	clientIs(t, "a method that is not exposed", err, ErrRemote)
	_, err = p.Call(ctx, "fail", "oh")
	var e *pickle.Exception
	var o *ObjectError
	switch {
	case errors.As(err, &e):
		clientIs(t, "fail", err, pickle.ValueError)
	case errors.As(err, &o):
		if o.Object.Args[0] != "oh" || o.Object.Args[1] != int64(7) {
			t.Errorf("fail: %v", o)
		}
	default:
		t.Errorf("fail: %v", err)
	}
	_, err = Call[[]string](ctx, p, "add", 1, 2)
	if err == nil {
		t.Error("an int became a []string")
	}
	_, err = p.Call(ctx, "add", func() {})
	if err == nil {
		t.Error("a func was an argument")
	}
	// What was wrong before has done no harm.
	clientGot(t, "add", 300)(Call[int](ctx, p, "add", 100, 200))
}
