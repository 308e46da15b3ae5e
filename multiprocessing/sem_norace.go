//go:build !race

package multiprocessing

const semRace = false
