package pickle

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// A DecodeError says why bytes are not a pickle that can be read, and where.
// A pickle that ends too early is one that matches io.ErrUnexpectedEOF.
type DecodeError struct {
	Offset int64  // of the opcode, from the beginning of the pickle
	Op     string // name of the opcode, as pickletools has it; "" at the end
	Msg    string
	Err    error // what is behind it, or nil
}

func (e *DecodeError) Error() string {
	s := "pickle: at offset " + strconv.FormatInt(e.Offset, 10)
	if e.Op != "" {
		s += " (" + e.Op + ")"
	}
	if e.Msg != "" {
		s += ": " + e.Msg
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *DecodeError) Unwrap() error { return e.Err }

// A LimitError says which limit of the Config a value or a pickle went beyond.
type LimitError struct {
	Limit  string // name of the field of Config, such as "MaxDepth"
	Max    int64
	Offset int64 // decoding: where; encoding: how much was written
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("pickle: at offset %d: more than %s %d; raise it in the Config if this is meant",
		e.Offset, e.Limit, e.Max)
}

// A ForbiddenError says that a pickle names a class or function that the
// Classes of the Config do not allow.
type ForbiddenError struct {
	Global Global
	Offset int64
}

func (e *ForbiddenError) Error() string {
	return fmt.Sprintf("pickle: at offset %d: %s is not allowed; allow it with Classes.Allow if it is meant",
		e.Offset, e.Global)
}

// An UnsupportedTypeError says that a Go value has no counterpart in Python.
type UnsupportedTypeError struct {
	Type reflect.Type
	Path string // where in the value, such as `["jobs"][3].Done`; "" for itself
}

func (e *UnsupportedTypeError) Error() string {
	return "pickle: " + at(e.Path) + "a " + typeString(e.Type) + " cannot be pickled"
}

// An UnsupportedValueError says that a value is of a type that has a
// counterpart in Python, but cannot be had there: a string that is not UTF-8,
// an Object without a class.
type UnsupportedValueError struct {
	Path string
	Msg  string
}

func (e *UnsupportedValueError) Error() string { return "pickle: " + at(e.Path) + e.Msg }

// An UnmarshalTargetError says that what was given to receive a value is not a
// pointer to a variable.
type UnmarshalTargetError struct {
	Type reflect.Type
}

func (e *UnmarshalTargetError) Error() string {
	return "pickle: a value cannot be stored into a " + typeString(e.Type) +
		": give a pointer that is not nil"
}

// at begins a message with where in a value it was.
func at(path string) string {
	if path == "" {
		return ""
	}
	return "at " + strings.TrimPrefix(path, ".") + ": "
}

// typeString is for a type that may be that of nil.
func typeString(t reflect.Type) string {
	if t == nil {
		return "nil"
	}
	return t.String()
}
