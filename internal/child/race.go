//go:build race

package child

// raceEnabled: the race detector's shadow memory makes RLIMIT_DATA unusable.
const raceEnabled = true
