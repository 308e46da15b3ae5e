package managers

// segments are the names of the shared memory that clients have made.
type segments struct{}

func (s *segments) close() {}
