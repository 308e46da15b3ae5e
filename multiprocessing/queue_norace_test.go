//go:build !race

package multiprocessing_test

// raceEnabled: see queue_race_test.go.
const raceEnabled = false
