package policy

// A Death says what happens to a task whose worker died while it ran. The zero
// value is that the task fails.
type Death struct {
	retries int
	breaks  bool
}

// Break makes one death the end of the pool.
func Break() Death { return Death{breaks: true} }

// Retry has the task tried again, n times at most.
func Retry(n int) Death { return Death{retries: n} }

// Retries is how often a task is tried again; a negative number is a mistake.
func (d Death) Retries() int { return d.retries }

// Breaks reports whether one death is the end of the pool.
func (d Death) Breaks() bool { return d.breaks }
