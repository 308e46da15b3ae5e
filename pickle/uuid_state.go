package pickle

import "math/big"

// uuidFromState returns the UUID whose state is {'int': n}, as CPython has it.
func uuidFromState(state any) (any, bool) {
	s, ok := state.(*Dict)
	if !ok || s.Len() != 1 { // with is_safe there are two
		return nil, false
	}
	n, _ := s.Get("int")
	z := new(big.Int)
	switch n := n.(type) {
	case int64:
		z.SetInt64(n)
	case *big.Int:
		z = n
	default:
		return nil, false
	}
	if z.Sign() < 0 || z.BitLen() > 128 {
		return nil, false
	}
	v, ok, err := buildKnown(uuidClass, Tuple{nil, z.FillBytes(make([]byte, 16))})
	return v, ok && err == nil
}
