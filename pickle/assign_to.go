package pickle

import (
	"fmt"
	"reflect"
)

// Assign stores a value, as Unmarshal gives it for any, in the variable that dst
// points to, by the rules of Unmarshal: it is the second half of that, for who
// has to look at a value first.
func Assign(dst, value any) error { return new(Config).Assign(dst, value) }

// Assign is the function [Assign] with the classes of c.
func (c *Config) Assign(dst, value any) error {
	v := reflect.ValueOf(dst)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return fmt.Errorf("pickle: Assign: dst must be a pointer that is not nil, not a %T", dst)
	}
	if p, ok := dst.(*any); ok {
		*p = value
		return nil
	}
	return assign(assigner{cfg: c, shared: true, persistent: c.PersistentLoad != nil}, value, v.Elem())
}
