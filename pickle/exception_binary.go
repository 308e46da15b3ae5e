package pickle

import "errors"

// AppendBinary and UnmarshalBinary let an exception cross to another process of
// this program as it is, within an error: see conex.RegisterType. What they write
// is for nobody else.

// AppendBinary appends the exception in its parts, as a pickle.
func (e *Exception) AppendBinary(b []byte) ([]byte, error) {
	return new(Config).Append(b, Tuple{e.Class.Module, e.Class.Name, e.Args, e.State})
}

// UnmarshalBinary reads what AppendBinary wrote.
func (e *Exception) UnmarshalBinary(b []byte) error {
	var v any
	if err := Unmarshal(b, &v); err != nil {
		return err
	}
	parts, _ := v.(Tuple)
	if len(parts) != 4 {
		return errNoException
	}
	module, ok1 := parts[0].(string)
	name, ok2 := parts[1].(string)
	args, ok3 := parts[2].(Tuple)
	if !ok1 || !ok2 || !ok3 {
		return errNoException
	}
	*e = Exception{Class: Global{module, name}, Args: args, State: parts[3]}
	return nil
}

var errNoException = errors.New("pickle: no exception in its binary form")
