package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// goals says what a case is to reach: for a peer, how many times better ours must be; under atMost or atLeast, a bound for
// our figure itself, and under allocsAtMost one for the objects that our process allocates for an operation.
type goals map[string]float64

// The names of the absolute goals. No peer is called so.
const (
	atMost       = "at most"
	atLeast      = "at least"
	allocsAtMost = "allocs at most"
)

// ratio says how many times better ours is than theirs: above 1 it is the better one. It is 0 if a figure is missing or
// makes no sense.
func ratio(ours, theirs float64, higher bool) float64 {
	switch {
	case ours <= 0 || theirs <= 0:
		return 0
	case higher:
		return ours / theirs
	default:
		return theirs / ours
	}
}

// A verdict is what became of a case's goals.
type verdict string

const (
	reached verdict = "ok"
	below   verdict = "below"
	untaken verdict = "not taken" // our figure, or a peer that a goal is about, is missing; what was taken is reached
)

// judge compares our figure, our allocations and the ratios with the goals. A peer that is in no ratio was not measured. A
// missed goal outweighs a missing peer.
func (g goals) judge(ours, allocs *float64, ratios map[string]float64) verdict {
	if ours == nil {
		return untaken
	}
	v := reached
	for name, want := range g {
		met, taken := false, true
		switch name {
		case atMost:
			met = *ours <= want
		case atLeast:
			met = *ours >= want
		case allocsAtMost:
			taken = allocs != nil
			met = taken && *allocs <= want
		default:
			var r float64
			r, taken = ratios[name]
			met = r >= want
		}
		if !taken {
			if v == reached {
				v = untaken
			}
			continue
		}
		if !met {
			v = below
		}
	}
	return v
}

// absolute describes the goals that are not about a peer, in the case's unit; "" if there are none.
func (g goals) absolute(unit string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(g)) {
		switch name {
		case atMost, atLeast:
			parts = append(parts, fmt.Sprintf("goal %s %s", name, human(g[name], unit)))
		case allocsAtMost:
			parts = append(parts, fmt.Sprintf("goal %s %s", name, digits(g[name])))
		}
	}
	return strings.Join(parts, ", ")
}
