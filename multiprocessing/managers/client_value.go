package managers

import (
	"context"
	"reflect"
)

// A Value is a single value in a server that Go and Python programs get and set:
// the proxy of what multiprocessing.Manager().Value makes. To change it by what
// it was, hold a shared [Lock] meanwhile.
//
// Make one with [NewValue], or with [ValueOf] of a proxy that came otherwise. It
// is safe for concurrent use and must not be copied. Errors are those of
// [Proxy.Call].
type Value[T any] struct{ handle }

// NewValue makes one that is v. Python wants a type code with it, which means
// nothing; it is that of T, or 'O'.
func NewValue[T any](ctx context.Context, m *Manager, v T) (*Value[T], error) {
	code := typecodes[reflect.TypeFor[T]().Kind()]
	if code == "" {
		code = "O"
	}
	h, err := create(ctx, m, "Value", code, v)
	if err != nil {
		return nil, err
	}
	return &Value[T]{h}, nil
}

// ValueOf returns the value that p stands for, of whatever typeid, and takes p
// over.
func ValueOf[T any](p *Proxy) *Value[T] { return &Value[T]{handle{p}} }

// Get returns the value.
func (v *Value[T]) Get(ctx context.Context) (T, error) { return result[T](v.p.call(ctx, "get")) }

// Set sets the value.
func (v *Value[T]) Set(ctx context.Context, x T) error { return v.p.do(ctx, "set", x) }

// typecodes are those of Python's module array.
var typecodes = map[reflect.Kind]string{
	reflect.Int8: "b", reflect.Uint8: "B", reflect.Int16: "h", reflect.Uint16: "H",
	reflect.Int32: "i", reflect.Uint32: "I", reflect.Int64: "q", reflect.Uint64: "Q",
	reflect.Int: "q", reflect.Uint: "Q", reflect.Float32: "f", reflect.Float64: "d",
}
