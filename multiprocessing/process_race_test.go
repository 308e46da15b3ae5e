//go:build race

package multiprocessing_test

// patience divides the work of tests that start many processes: under the race
// detector each takes twenty times as long.
const patience = 5
