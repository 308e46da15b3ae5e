package pickle

// uuidFromState returns the UUID whose state is {'int': n}, as CPython has it.
// One that knows whether its making was safe has more in its state, and is
// carried as an Object.
func uuidFromState(state any) (any, bool) {
	s, ok := state.(*Dict)
	if !ok || s.Len() != 1 {
		return nil, false
	}
	n, ok := s.Get("int")
	if !ok || !isInt(n) {
		return nil, false
	}
	return uuidOf(n)
}
