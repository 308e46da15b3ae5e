//go:build race

package multiprocessing_test

// raceEnabled: the detector's own allocations count.
const raceEnabled = true
