package sharedctypes

import (
	"fmt"
	"reflect"
	"unicode/utf8"
)

// of makes objects of a code whose type is T.
type of[T Number] struct{ code Code }

func (of[T]) typ() reflect.Type { return reflect.TypeFor[T]() }

func (o of[T]) value(v any) (Object, error) {
	x, err := o.convert(reflect.ValueOf(v))
	if err != nil {
		return nil, err
	}
	return object(NewRawValue(x))
}

func (o of[T]) lockedValue(v any, opts []Option) (Object, error) {
	x, err := o.convert(reflect.ValueOf(v))
	if err != nil {
		return nil, err
	}
	return object(NewValue(x, opts...))
}

func (o of[T]) array(init any) (Object, error) {
	a, err := o.row(init)
	if err != nil {
		return nil, err
	}
	if b, ok := any(a).(*RawArray[byte]); ok && o.code == CodeChar {
		return object(asString(b, nil))
	}
	return a, nil
}

func (o of[T]) lockedArray(init any, opts []Option) (Object, error) {
	raw, err := o.array(init)
	if err != nil {
		return nil, err
	}
	if s, ok := raw.(*RawString); ok {
		return object(SynchronizedString(s, opts...))
	}
	return object(SynchronizedArray(raw.(*RawArray[T]), opts...))
}

// object drops the nil pointer that comes with an error.
func object[O Object](o O, err error) (Object, error) {
	if err != nil {
		return nil, err
	}
	return o, nil
}

// row makes the array for a length or for values.
func (o of[T]) row(init any) (*RawArray[T], error) {
	if n, ok := init.(int); ok {
		return NewRawArray[T](n)
	}
	if s, ok := init.(string); ok {
		switch o.code {
		case CodeChar:
			init = []byte(s)
		case CodeWChar:
			init = []rune(s)
		}
	}
	v := reflect.ValueOf(init)
	if k := v.Kind(); k != reflect.Slice && k != reflect.Array {
		return nil, fmt.Errorf("%w %v: an array is made of an int or of a slice, not of %T", ErrCode, o.code, init)
	}
	s := make([]T, v.Len())
	for i := range s {
		x, err := o.convert(v.Index(i))
		if err != nil {
			return nil, fmt.Errorf("element %d: %w", i, err)
		}
		s[i] = x
	}
	return NewRawArrayFrom(s)
}

// convert makes a T of v as C does: integers wrap around, and become floats; but
// no float becomes an integer.
func (o of[T]) convert(v reflect.Value) (x T, err error) {
	if v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	isFloat := T(1)/2 != 0
	switch {
	case !v.IsValid():
		return 0, nil
	case v.CanInt():
		return T(v.Int()), nil
	case v.CanUint() && v.Kind() != reflect.Uintptr:
		return T(v.Uint()), nil
	case v.CanFloat() && isFloat:
		return T(v.Float()), nil
	}
	switch s := character(v); {
	case o.code == CodeChar && len(s) == 1:
		return T(s[0]), nil
	case o.code == CodeWChar && utf8.RuneCountInString(s) == 1:
		r, _ := utf8.DecodeRuneInString(s)
		return T(r), nil
	}
	return 0, fmt.Errorf("%w %v: its type is %v, and %v is none", ErrCode, o.code, o.typ(), v.Type())
}

// character returns the bytes of a string or a []byte.
func character(v reflect.Value) string {
	switch {
	case v.Kind() == reflect.String:
		return v.String()
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8:
		return string(v.Bytes())
	}
	return ""
}
