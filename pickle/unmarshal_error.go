package pickle

import "reflect"

// An UnmarshalTypeError says that a value of Python does not fit the Go variable
// that it was to be stored into, and which one that is:
//
//	pickle: at Users[3].Age: int 300 does not fit uint8
type UnmarshalTypeError struct {
	Path  string // such as `Users[3].Age`, "" for the whole value
	Value string // the type of the value in Python, and the value if it is short
	Type  reflect.Type
	Msg   string // more about it, or ""
	Err   error  // of UnmarshalPickle or UnmarshalText, or nil
}

func (e *UnmarshalTypeError) Error() string {
	s := "pickle: " + at(e.Path) + e.Value + " does not fit " + typeString(e.Type)
	if e.Msg != "" {
		s += ": " + e.Msg
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *UnmarshalTypeError) Unwrap() error { return e.Err }

// misfit says that a value is of the wrong type, unless it is none of Python's, and
// the variable takes it as it is: then PersistentLoad has meant that.
func misfit(v any, dst reflect.Value) error {
	if assignPersistent(v, dst) {
		return nil
	}
	return &UnmarshalTypeError{Value: TypeName(v), Type: dst.Type()}
}

// mismatch is misfit for a value that is to be shown.
func mismatch(v any, dst reflect.Value, msg string) error {
	return &UnmarshalTypeError{Value: TypeName(v) + " " + ReprMax(v, 60), Type: dst.Type(), Msg: msg}
}
