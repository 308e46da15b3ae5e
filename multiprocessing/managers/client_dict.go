package managers

import (
	"context"
	"errors"
	"iter"
	"maps"
	"slices"

	"github.com/conexgo/conex/pickle"
)

// A Dict is a dict in a server, shared by Go and Python programs: DictProxy.
// It keeps the order in which keys were set.
//
// Keys and values travel as copies: to change a part of a value, get it, change
// it and set it again; or make the value a shared object of its own, such as a
// [List], and set that. Python's idea of equal keys holds: 1, 1.0 and True are
// one.
//
// Make one with [NewDict], or with [DictOf] of a proxy that came otherwise. It
// is safe for concurrent use and must not be copied. Each method takes effect at
// one moment, as seen by the others of all programs. Errors are those of
// [Proxy.Call], and those of the conversion of keys and values.
type Dict[K comparable, V any] struct{ handle }

// NewDict makes a dict with the pairs of init, which may be nil.
func NewDict[K comparable, V any](ctx context.Context, m *Manager, init map[K]V) (*Dict[K, V], error) {
	var args []any
	if len(init) > 0 {
		args = []any{init}
	}
	h, err := create(ctx, m, "dict", args...)
	if err != nil {
		return nil, err
	}
	return &Dict[K, V]{h}, nil
}

// DictOf returns the dict that p stands for, of whatever typeid, and takes p
// over.
func DictOf[K comparable, V any](p *Proxy) *Dict[K, V] { return &Dict[K, V]{handle{p}} }

// Get returns the value of a key, and whether there is one.
func (d *Dict[K, V]) Get(ctx context.Context, key K) (value V, ok bool, err error) {
	v, err := d.p.call(ctx, "__getitem__", key)
	return found[V](v, err)
}

// found makes of a KeyError that there is nothing.
func found[V any](v any, err error) (value V, ok bool, _ error) {
	if err != nil {
		if isKeyError(err) {
			err = nil
		}
		return value, false, err
	}
	value, err = to[V](v)
	return value, err == nil, err
}

func isKeyError(err error) bool {
	return errors.Is(err, pickle.KeyError) && !errors.Is(err, ErrRemote)
}

// Set sets the value of a key.
func (d *Dict[K, V]) Set(ctx context.Context, key K, value V) error {
	return d.p.do(ctx, "__setitem__", key, value)
}

// SetDefault returns the value of a key, after setting it if there was none.
func (d *Dict[K, V]) SetDefault(ctx context.Context, key K, value V) (V, error) {
	return result[V](d.p.call(ctx, "setdefault", key, value))
}

// Delete removes a key, and reports whether it was there.
func (d *Dict[K, V]) Delete(ctx context.Context, key K) (bool, error) {
	err := d.p.do(ctx, "__delitem__", key)
	if err != nil && isKeyError(err) {
		return false, nil
	}
	return err == nil, err
}

// Has reports whether a key is there.
func (d *Dict[K, V]) Has(ctx context.Context, key K) (bool, error) {
	return result[bool](d.p.call(ctx, "__contains__", key))
}

// Len returns the number of keys.
func (d *Dict[K, V]) Len(ctx context.Context) (int, error) {
	return result[int](d.p.call(ctx, "__len__"))
}

// Pop removes a key and returns its value, if it was there.
func (d *Dict[K, V]) Pop(ctx context.Context, key K) (value V, ok bool, err error) {
	v, err := d.p.call(ctx, "pop", key)
	return found[V](v, err)
}

// PopItem removes the key that was set last, and returns it with its value. If
// the dict is empty the error matches pickle.KeyError.
func (d *Dict[K, V]) PopItem(ctx context.Context) (key K, value V, err error) {
	v, err := d.p.call(ctx, "popitem")
	if err != nil {
		return key, value, err
	}
	return pairOf[K, V](v)
}

func pairOf[K, V any](v any) (key K, value V, err error) {
	t, ok := v.(pickle.Tuple)
	if !ok || len(t) != 2 {
		return key, value, badAnswer("a pair", v)
	}
	if key, err = to[K](t[0]); err == nil {
		value, err = to[V](t[1])
	}
	return key, value, err
}

// Update sets all pairs of a map, at one moment.
func (d *Dict[K, V]) Update(ctx context.Context, pairs map[K]V) error {
	if len(pairs) == 0 {
		return nil
	}
	return d.p.do(ctx, "update", pairs)
}

// Clear removes all keys.
func (d *Dict[K, V]) Clear(ctx context.Context) error { return d.p.do(ctx, "clear") }

// Copy returns all pairs, as they are at one moment.
func (d *Dict[K, V]) Copy(ctx context.Context) (map[K]V, error) {
	ps, err := d.pairs(ctx)
	if err != nil {
		return nil, err
	}
	all := make(map[K]V, len(ps))
	for _, p := range ps {
		all[p.key] = p.value
	}
	return all, nil
}

// Merged returns all pairs with those of a map, which win: the | of Python 3.14,
// here with every server.
func (d *Dict[K, V]) Merged(ctx context.Context, pairs map[K]V) (map[K]V, error) {
	all, err := d.Copy(ctx)
	if err == nil {
		maps.Copy(all, pairs)
	}
	return all, err
}

// Keys returns all keys, in their order.
func (d *Dict[K, V]) Keys(ctx context.Context) ([]K, error) {
	return results[K](d.p.call(ctx, "keys"))
}

// Values returns all values, in the order of their keys.
func (d *Dict[K, V]) Values(ctx context.Context) ([]V, error) {
	return results[V](d.p.call(ctx, "values"))
}

// All returns an iterator over the pairs as they are now, in their order. It
// asks the server once.
func (d *Dict[K, V]) All(ctx context.Context) (iter.Seq2[K, V], error) {
	ps, err := d.pairs(ctx)
	if err != nil {
		return nil, err
	}
	return func(yield func(K, V) bool) {
		for _, p := range ps {
			if !yield(p.key, p.value) {
				return
			}
		}
	}, nil
}

type dictPair[K, V any] struct {
	key   K
	value V
}

func (d *Dict[K, V]) pairs(ctx context.Context) ([]dictPair[K, V], error) {
	v, err := d.p.call(ctx, "items")
	if err != nil {
		return nil, err
	}
	list, ok := v.(*pickle.List)
	if !ok {
		return nil, badAnswer("items", v)
	}
	ps := make([]dictPair[K, V], len(list.Items))
	for i, x := range list.Items {
		if ps[i].key, ps[i].value, err = pairOf[K, V](x); err != nil {
			return nil, err
		}
	}
	return ps, nil
}

// Backward returns the keys, the one that was set last first: reversed(d).
func (d *Dict[K, V]) Backward(ctx context.Context) ([]K, error) {
	keys, err := d.Keys(ctx)
	slices.Reverse(keys)
	return keys, err
}
