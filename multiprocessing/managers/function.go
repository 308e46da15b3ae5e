package managers

// A function runs one of Go's functions on a pool's executor. See [Function].
type function struct {
	name string
}
