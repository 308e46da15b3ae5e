//go:build race

package multiprocessing

// semRace: the race detector does not see what memory shared with other
// processes orders, so permits tell it.
const semRace = true
