//go:build race

package multiprocessing_test

// queueRace: the detector's own allocations count.
const queueRace = true
