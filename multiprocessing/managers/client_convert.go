package managers

import "github.com/conexgo/conex/pickle"

// to converts what the server returned. Plain values take no detour.
func to[R any](v any) (R, error) {
	if r, ok := v.(R); ok {
		return r, nil
	}
	if n, ok := v.(int64); ok && int64(int(n)) == n {
		if r, ok := any(int(n)).(R); ok {
			return r, nil
		}
	}
	return convert[R](v)
}

func convert[R any](v any) (R, error) {
	var r R
	err := pickle.Assign(&r, v)
	if err != nil {
		var zero R
		return zero, err
	}
	return r, nil
}

// many converts the items of a list, a tuple or a set.
func many[R any](v any) ([]R, error) {
	var items []any
	switch v := v.(type) {
	case *pickle.List:
		items = v.Items
	case pickle.Tuple:
		items = v
	default:
		return convert[[]R](v)
	}
	rs := make([]R, len(items))
	for i, x := range items {
		var err error
		if rs[i], err = to[R](x); err != nil {
			return nil, err
		}
	}
	return rs, nil
}

// result converts the result of a call.
func result[R any](v any, err error) (R, error) {
	if err != nil {
		var zero R
		return zero, err
	}
	return to[R](v)
}

// results converts the result of a call that returns a sequence.
func results[R any](v any, err error) ([]R, error) {
	if err != nil {
		return nil, err
	}
	return many[R](v)
}

// boxed makes arguments of items.
func boxed[T any](items []T) []any {
	as := make([]any, len(items))
	for i, x := range items {
		as[i] = x
	}
	return as
}
