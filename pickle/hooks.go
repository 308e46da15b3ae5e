package pickle

import "reflect"

// assign stores a value of the model into a variable of another Go type. shared
// says that parts of the value may be referred to more than once.
func assign(c *Config, value any, dst reflect.Value, shared bool) error {
	return &UnsupportedTypeError{Type: dst.Type()}
}

// A converter turns Go values that are not of the model into ones that are,
// during one Append. What it returns may hold Go values again: the encoder asks
// for them when it comes to them.
type converter struct{}

// convert returns the counterpart of v: never v itself.
func (c *converter) convert(cfg *Config, v any) (any, error) {
	return nil, &UnsupportedTypeError{Type: reflect.TypeOf(v)}
}

// reset forgets what was converted.
func (c *converter) reset() {}
