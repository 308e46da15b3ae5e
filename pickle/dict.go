package pickle

// A Dict is Python's dict.
type Dict struct{}
