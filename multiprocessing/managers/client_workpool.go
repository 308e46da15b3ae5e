package managers

import (
	"context"
	"fmt"
	"strings"

	"github.com/conexgo/conex/pickle"
)

// A Pool is a pool of workers in a server: the proxy of a
// multiprocessing.pool.Pool. R is the type of the results; any is for all.
//
// What it runs are functions of the server's, by name: in CPython's any that can
// be imported there, such as "math.sqrt"; in one of this package those that were
// registered with [Function]. A function is given as that string or as a
// pickle.Global. Errors of a function are exceptions, as those of [Proxy.Call].
//
// Make one with [NewPool], or with [PoolOf] of a proxy that came otherwise, also
// to have other results of the same workers. It is safe for concurrent use and
// must not be copied.
type Pool[R any] struct{ handle }

// NewPool makes a pool of n workers; 0 means as many as the server has
// processors.
func NewPool[R any](ctx context.Context, m *Manager, n int) (*Pool[R], error) {
	var args []any
	if n != 0 {
		args = []any{n}
	}
	h, err := create(ctx, m, "Pool", args...)
	if err != nil {
		return nil, err
	}
	return &Pool[R]{h}, nil
}

// PoolOf returns the pool that p stands for, of whatever typeid, and takes p
// over.
func PoolOf[R any](p *Proxy) *Pool[R] { return &Pool[R]{handle{p}} }

// Apply runs a function with arguments, the last of which may be [Kwds], and
// waits for its result. If ctx ends first, a server of this package ends the
// context of the function; CPython's goes on, see [Proxy.Call].
func (p *Pool[R]) Apply(ctx context.Context, fn any, args ...any) (R, error) {
	as, err := applyArgs(fn, args)
	if err != nil {
		var zero R
		return zero, err
	}
	return result[R](p.p.call(ctx, "apply", as...))
}

// ApplyAsync has a function run with arguments and returns where its result can
// be had.
func (p *Pool[R]) ApplyAsync(ctx context.Context, fn any, args ...any) (*AsyncResult[R], error) {
	as, err := applyArgs(fn, args)
	if err != nil {
		return nil, err
	}
	r, err := stays(p.p.call(ctx, "apply_async", as...))
	if err != nil {
		return nil, err
	}
	return AsyncResultOf[R](r), nil
}

// Map runs a function with each item of a slice and returns the results in its
// order. The first error is that of Map.
func (p *Pool[R]) Map(ctx context.Context, fn, items any) ([]R, error) {
	return p.all(ctx, "map", fn, items)
}

// StarMap is Map with items that are slices of arguments.
func (p *Pool[R]) StarMap(ctx context.Context, fn, items any) ([]R, error) {
	return p.all(ctx, "starmap", fn, items)
}

func (p *Pool[R]) all(ctx context.Context, method string, fn, items any) ([]R, error) {
	f, err := functionOf(fn)
	if err != nil {
		return nil, err
	}
	return results[R](p.p.call(ctx, method, f, items))
}

// MapAsync is Map that does not wait. The result has the results of all.
func (p *Pool[R]) MapAsync(ctx context.Context, fn, items any) (*AsyncResult[[]R], error) {
	return p.async(ctx, "map_async", fn, items)
}

// StarMapAsync is StarMap that does not wait. The result has the results of all.
func (p *Pool[R]) StarMapAsync(ctx context.Context, fn, items any) (*AsyncResult[[]R], error) {
	return p.async(ctx, "starmap_async", fn, items)
}

func (p *Pool[R]) async(ctx context.Context, method string, fn, items any) (*AsyncResult[[]R], error) {
	f, err := functionOf(fn)
	if err != nil {
		return nil, err
	}
	r, err := stays(p.p.call(ctx, method, f, items))
	if err != nil {
		return nil, err
	}
	return AsyncResultOf[[]R](r), nil
}

// IMap runs a function with each item of a slice and returns an iterator over
// the results as they are ready, in the order of the items. A failed item is an
// error of the iterator, which goes on.
func (p *Pool[R]) IMap(ctx context.Context, fn, items any) (*Iterator[R], error) {
	return p.lazy(ctx, "imap", fn, items)
}

// IMapUnordered is IMap in the order in which results are ready.
func (p *Pool[R]) IMapUnordered(ctx context.Context, fn, items any) (*Iterator[R], error) {
	return p.lazy(ctx, "imap_unordered", fn, items)
}

func (p *Pool[R]) lazy(ctx context.Context, method string, fn, items any) (*Iterator[R], error) {
	f, err := functionOf(fn)
	if err != nil {
		return nil, err
	}
	r, err := stays(p.p.call(ctx, method, f, items))
	if err != nil {
		return nil, err
	}
	return IteratorOf[R](r), nil
}

// Finish lets no more work in: the pool's close in Python, which here is the
// name of giving the reference back.
func (p *Pool[R]) Finish(ctx context.Context) error { return p.p.do(ctx, "close") }

// Terminate ends the workers without finishing what they do.
func (p *Pool[R]) Terminate(ctx context.Context) error { return p.p.do(ctx, "terminate") }

// Join waits until the workers have ended, after Finish or Terminate. Like
// [Queue.Join] it cannot leave CPython's server when ctx ends.
func (p *Pool[R]) Join(ctx context.Context) error {
	w := wait{p: p.p, method: "join"}
	return w.whole(ctx)
}

// applyArgs makes the arguments of apply.
func applyArgs(fn any, args []any) ([]any, error) {
	f, err := functionOf(fn)
	if err != nil {
		return nil, err
	}
	var kwds Kwds
	if n := len(args); n > 0 {
		if k, ok := args[n-1].(Kwds); ok {
			kwds, args = k, args[:n-1]
		}
	}
	if kwds == nil {
		return []any{f, pickle.Tuple(args)}, nil
	}
	return []any{f, pickle.Tuple(args), map[string]any(kwds)}, nil
}

// functionOf makes the name of a function of what the caller gave.
func functionOf(fn any) (any, error) {
	name, ok := fn.(string)
	if !ok {
		return fn, nil
	}
	i := strings.LastIndexByte(name, '.')
	if i <= 0 || i == len(name)-1 {
		return nil, fmt.Errorf("managers: function %q: give its module and its name, as in \"math.sqrt\"", name)
	}
	return pickle.Global{Module: name[:i], Name: name[i+1:]}, nil
}

// stays is the result of a call that must be a proxy.
func stays(v any, err error) (*Proxy, error) {
	if err != nil {
		return nil, err
	}
	p, ok := v.(*Proxy)
	if !ok {
		return nil, badAnswer("what returns a proxy", v)
	}
	return p, nil
}
