//go:build !race

package multiprocessing_test

// queueRace: see queue_race_test.go.
const queueRace = false
