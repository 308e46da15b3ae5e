package managers

import (
	"context"
	"iter"
	"math"
	"math/big"
	"reflect"
	"slices"

	"github.com/conexgo/conex/pickle"
)

// A Number is what an [Array] can have.
type Number interface {
	~int8 | ~uint8 | ~int16 | ~uint16 | ~int32 | ~uint32 | ~int64 | ~uint64 | ~int | ~uint | ~float32 | ~float64
}

// An Array is numbers of one kind in a server: the proxy of an array.array. A
// number that does not fit into the kind is an error that matches
// pickle.OverflowError. A negative index counts from the end; one that is out of
// range is an error that matches pickle.IndexError.
//
// Make one with [NewArray], or with [ArrayOf] of a proxy that came otherwise. It
// is safe for concurrent use and must not be copied. Other errors are those of
// [Proxy.Call].
type Array[T Number] struct{ handle }

// NewArray makes an array with items, of the kind that T is; int is 64 bits.
func NewArray[T Number](ctx context.Context, m *Manager, items ...T) (*Array[T], error) {
	code := typecodes[reflect.TypeFor[T]().Kind()]
	h, err := create(ctx, m, "Array", code, listOf(items))
	if err != nil {
		return nil, err
	}
	return &Array[T]{h}, nil
}

// ArrayOf returns the array that p stands for, of whatever typeid, and takes p
// over.
func ArrayOf[T Number](p *Proxy) *Array[T] { return &Array[T]{handle{p}} }

// Len returns the number of items.
func (a *Array[T]) Len(ctx context.Context) (int, error) {
	return result[int](a.p.call(ctx, "__len__"))
}

// At returns the item at an index.
func (a *Array[T]) At(ctx context.Context, i int) (T, error) {
	return result[T](a.p.call(ctx, "__getitem__", i))
}

// SetAt replaces the item at an index.
func (a *Array[T]) SetAt(ctx context.Context, i int, v T) error {
	return a.p.do(ctx, "__setitem__", i, v)
}

// Slice returns the items from index i to before j: a[i:j] in Python, so that
// indexes beyond an end mean the end.
func (a *Array[T]) Slice(ctx context.Context, i, j int) ([]T, error) {
	return arrayItems[T](a.p.call(ctx, "__getitem__", between(i, j)))
}

// SetSlice replaces the items from index i to before j by others, of any number.
func (a *Array[T]) SetSlice(ctx context.Context, i, j int, items ...T) error {
	o, err := arrayOf(items)
	if err != nil {
		return err
	}
	return a.p.do(ctx, "__setitem__", between(i, j), o)
}

// Copy returns all items, as they are at one moment.
func (a *Array[T]) Copy(ctx context.Context) ([]T, error) {
	return arrayItems[T](a.p.call(ctx, "__getitem__", pickle.Slice{}))
}

// All returns an iterator over the items as they are now, with their indexes.
// It asks the server once.
func (a *Array[T]) All(ctx context.Context) (iter.Seq2[int, T], error) {
	items, err := a.Copy(ctx)
	if err != nil {
		return nil, err
	}
	return slices.All(items), nil
}

// arrayOf makes Python's array of items.
func arrayOf[T Number](items []T) (*pickle.Object, error) {
	list := make([]any, len(items))
	for i, v := range items {
		switch r := reflect.ValueOf(v); {
		case r.CanInt():
			list[i] = r.Int()
		case r.CanFloat():
			list[i] = r.Float()
		case r.Uint() > math.MaxInt64:
			list[i] = new(big.Int).SetUint64(r.Uint())
		default:
			list[i] = int64(r.Uint())
		}
	}
	a, err := newArray(typecodes[reflect.TypeFor[T]().Kind()], pickle.NewList(list...))
	if err != nil {
		return nil, err
	}
	return a.object(), nil
}

// arrayItems makes items of Python's array.
func arrayItems[T Number](v any, err error) ([]T, error) {
	if o, ok := v.(*pickle.Object); ok && err == nil && isArray(o) {
		a, err := readArray(o)
		if err != nil {
			return nil, err
		}
		return many[T](pickle.Tuple(a.iter()))
	}
	return results[T](v, err)
}
