package meter

import "time"

// Busy keeps a core busy for rounds steps that depend on each other, touching no memory and calling nothing: the same
// work wherever it runs. The result depends on every step.
//
//go:noinline
func Busy(rounds int) uint64 {
	x := uint64(rounds) | 1
	for range rounds {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
	}
	return x
}

// Calibrate returns how many rounds of [Busy] take about d on this machine, now. It takes the fastest of several
// tries: the slower ones were disturbed.
func Calibrate(d time.Duration) int {
	const rounds = 1 << 18
	best := time.Hour
	for range 20 {
		start := time.Now()
		Sink = Busy(rounds)
		best = min(best, time.Since(start))
	}
	return max(1, int(float64(rounds)*float64(d)/float64(max(1, best))))
}

// Sink keeps work that is done for its duration from being optimised away.
var Sink uint64
