package managers

import (
	"context"
	"fmt"
)

// A Caller calls methods of an object by name: a [Proxy], any typed handle, and
// in the server a [Ref].
type Caller interface {
	Call(ctx context.Context, method string, args ...any) (any, error)
}

// Call calls a method of an object in a server and converts the result into an
// R, as package pickle does: a struct from a dict or an instance, a slice from
// a list, any for the value as it is, *Proxy or a typed handle such as
// *Queue[int] for what stays in the server. All else is as in [Proxy.Call].
//
//	sum, err := managers.Call[int](ctx, maths, "add", 4, 3)
func Call[R any](ctx context.Context, c Caller, method string, args ...any) (R, error) {
	v, err := c.Call(ctx, method, args...)
	if err != nil {
		var zero R
		return zero, err
	}
	r, err := to[R](v)
	if err != nil {
		return r, fmt.Errorf("managers: result of %s: %w", method, err)
	}
	return r, nil
}
