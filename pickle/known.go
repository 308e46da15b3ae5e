package pickle

// buildKnown makes the value of a class that has a type of its own in Go, from
// the arguments that the class is called with. It reports false if the class is
// not such a one, or if the arguments are none that Go could hold: then the
// instance is carried as an Object.
func buildKnown(g Global, args Tuple) (any, bool, error) { return nil, false, nil }

// reduceKnown is the way back: the class and the arguments that it is to be
// called with.
func reduceKnown(v any) (Global, Tuple, bool) { return Global{}, nil, false }
