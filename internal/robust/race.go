//go:build race

package robust

// raceEnabled: the race detector knows nothing of what happens in memory that
// is not Go's.
const raceEnabled = true
