//go:build race

package park

// raceEnabled: the race detector does not know that sync.Cond orders what
// comes before Signal before what comes after Wait.
const raceEnabled = true
