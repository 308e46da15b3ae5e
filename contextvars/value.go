package contextvars

// Value returns the value of v in c, or an error matching [ErrKey] if it is not
// set there. The variable's default is not used.
func Value[T any](c *Context, v *Var[T]) (T, error) {
	val, ok := Lookup(c, v)
	if !ok {
		return val, v.wrap(ErrKey)
	}
	return val, nil
}

// Lookup returns the value of v in c, and false if it is not set there. The
// variable's default is not used.
func Lookup[T any](c *Context, v *Var[T]) (T, bool) {
	p := (*cell[T])(c.root.Load().find(&v.core))
	if p == nil {
		var zero T
		return zero, false
	}
	return p.val, true
}
