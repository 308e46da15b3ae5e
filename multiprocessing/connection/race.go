//go:build race

package connection

// raceEnabled: the race detector does not look at shared memory, so it has to
// be told that what comes before sending comes before receiving.
const raceEnabled = true
