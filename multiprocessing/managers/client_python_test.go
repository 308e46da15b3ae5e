package managers

import (
	"context"
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/conexgo/conex/internal/cpython"
	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/pickle"
)

// clientPythonEach runs a test with servers of CPython's.
func clientPythonEach(t *testing.T, f func(t *testing.T, m *Manager)) {
	if len(cpython.Some()) == 0 {
		t.Skip("no CPython from 3.8 on is installed by pyenv")
	}
	for _, python := range cpython.Some() {
		t.Run(filepath.Base(filepath.Dir(filepath.Dir(python))), func(t *testing.T) {
			f(t, clientConnect(t, clientPython(t, python)))
		})
	}
}

// A queue that the Python program made before, which all clients get.
func TestClientPythonShared(t *testing.T) {
	leak.Check(t)
	clientPythonEach(t, func(t *testing.T, m *Manager) {
		ctx := t.Context()
		q := QueueOf[map[string]int](clientChild(m.Create(ctx, "get_queue")))
		clientMust(t, q.Put(ctx, map[string]int{"a": 1}))
		other := QueueOf[map[string]int](clientChild(clientConnect(t, m.Address()).Create(ctx, "get_queue")))
		got, err := other.Get(ctx)
		if err != nil || !maps.Equal(got, map[string]int{"a": 1}) {
			t.Errorf("Get: %v, %v", got, err)
		}
	})
}

func TestClientPythonCall(t *testing.T) {
	leak.Check(t)
	clientPythonEach(t, func(t *testing.T, m *Manager) {
		ctx := t.Context()
		p := clientChild(m.Create(ctx, "Maths"))
		defer p.Close()
		got, err := p.Call(ctx, "keywords", 1, "x", Kwds{"b": []int{2}, "a": nil})
		clientMust(t, err)
		want := pickle.Tuple{pickle.NewList(int64(1), "x"), pickle.NewDict(
			pickle.Pair{Key: "a"}, pickle.Pair{Key: "b", Value: pickle.NewList(int64(2))})}
		if !pickle.Equal(got, want) {
			t.Errorf("keywords: %s; want %s", pickle.Repr(got), pickle.Repr(want))
		}
		_, err = p.Call(ctx, "fail", "oh")
		var o *ObjectError
		if !errors.As(err, &o) || o.Object.Name() != "__main__.Trouble" {
			t.Errorf("fail: %v", err)
		}
		_, err = p.Call(ctx, "lock")
		clientIs(t, "what cannot be pickled", err, ErrRemote)
		_, err = p.Value(ctx)
		clientMust(t, err)
	})
}

// A generator, to which values are sent.
func TestClientPythonIterator(t *testing.T) {
	leak.Check(t)
	clientPythonEach(t, func(t *testing.T, m *Manager) {
		ctx := t.Context()
		it := IteratorOf[int](clientChild(m.Create(ctx, "generate", 4)))
		defer it.Close()
		next := func(want int, wantOK bool) func(int, bool, error) {
			return func(v int, ok bool, err error) {
				t.Helper()
				if v != want || ok != wantOK || err != nil {
					t.Errorf("%v, %v, %v; want %v, %v", v, ok, err, want, wantOK)
				}
			}
		}
		// AutoProxy exposes what has no underscore; the others are those of
		// IteratorProxy, so this type has send, throw and close alone.
		if _, _, err := it.Next(ctx); !errors.Is(err, ErrRemote) {
			t.Errorf("Next: %v", err)
		}
		next(0, true)(it.Send(ctx, nil))
		next(11, true)(it.Send(ctx, 10))
		_, err := it.Throw(ctx, pickle.KeyError.New("out"))
		clientIs(t, "Throw", err, pickle.KeyError)
		next(0, false)(it.Send(ctx, nil))
		clientMust(t, it.Stop(ctx))

		d, err := NewDict(ctx, m, map[string]int{"a": 1, "b": 2})
		clientMust(t, err)
		defer d.Close()
		keys, err := Call[*Iterator[string]](ctx, d, "__iter__")
		clientMust(t, err)
		defer keys.Close()
		var got []string
		for k, err := range keys.All(ctx) {
			clientMust(t, err)
			got = append(got, k)
		}
		if !slices.Equal(got, []string{"a", "b"}) {
			t.Errorf("keys: %v", got)
		}
	})
}

func TestClientPythonPool(t *testing.T) {
	leak.Check(t)
	clientPythonEach(t, func(t *testing.T, m *Manager) {
		ctx := t.Context()
		p, err := NewPool[float64](ctx, m, 2)
		clientMust(t, err)
		defer p.Close()
		clientGot(t, "Apply", 3.0)(p.Apply(ctx, "math.sqrt", 9))
		clientSlice(t, "Map", 1.0, 2)(p.Map(ctx, "math.sqrt", []int{1, 4}))
		clientSlice(t, "StarMap", 8.0, 9)(p.StarMap(ctx, "math.pow", [][]int{{2, 3}, {3, 2}}))
		clientGot(t, "Apply", "ff")(PoolOf[string](p.Proxy()).Apply(ctx, "builtins.format", 255, "x"))
		r, err := p.ApplyAsync(ctx, pickle.Global{Module: "builtins", Name: "int"}, "ff", Kwds{"base": 16})
		clientMust(t, err)
		clientMust(t, r.Wait(ctx))
		clientGot(t, "Get", 255.0)(r.Get(ctx))
		clientGot(t, "Successful", true)(r.Successful(ctx))
		clientMust(t, r.Close())
		slow, err := PoolOf[any](p.Proxy()).ApplyAsync(ctx, "time.sleep", 0.3)
		clientMust(t, err)
		_, err = slow.Get(clientSoon(t))
		clientIs(t, "Get", err, context.DeadlineExceeded)
		clientIs(t, "Wait", slow.Wait(clientSoon(t)), context.DeadlineExceeded)
		_, err = slow.Successful(ctx)
		clientIs(t, "Successful", err, pickle.ValueError)
		long, cancel := context.WithTimeout(ctx, 20*time.Second)
		defer cancel()
		clientMust(t, slow.Wait(long))
		clientMust(t, slow.Close())
		bad, err := p.MapAsync(ctx, "math.sqrt", []int{-1})
		clientMust(t, err)
		_, err = bad.Get(long)
		clientIs(t, "Get", err, pickle.ValueError)
		clientMust(t, bad.Close())
		it, err := p.IMap(ctx, "math.sqrt", []int{16, -1, 25})
		clientMust(t, err)
		var got []float64
		var errs int
		for v, err := range it.All(ctx) {
			if err != nil {
				errs++
				continue
			}
			got = append(got, v)
		}
		if !slices.Equal(got, []float64{4, 5}) || errs != 1 {
			t.Errorf("IMap: %v, %d errors", got, errs)
		}
		clientMust(t, it.Close())
		clientMust(t, p.Finish(ctx))
		clientMust(t, p.Terminate(ctx))
		clientMust(t, p.Join(ctx))
	})
}

// By a socket's file and an abstract name.
func TestClientPythonUnix(t *testing.T) {
	leak.Check(t)
	if len(cpython.Some()) == 0 {
		t.Skip("no CPython from 3.8 on is installed by pyenv")
	}
	path := filepath.Join(t.TempDir(), "socket")
	m := clientConnect(t, clientPython(t, cpython.Some()[0], path))
	testClientQueue(t, m)
	testClientNested(t, m)
}
