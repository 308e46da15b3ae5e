package main

import "slices"

// series is one party's figures, one a round.
type series []float64

// median is the middle figure, or the mean of the two in the middle. It is 0 for an empty series.
func (s series) median() float64 {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	m := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[m]
	}
	return (sorted[m-1] + sorted[m]) / 2
}

// spread is the smallest and the largest figure. With the handful of rounds a case has, quantiles would pretend to more.
func (s series) spread() [2]float64 {
	if len(s) == 0 {
		return [2]float64{}
	}
	return [2]float64{slices.Min(s), slices.Max(s)}
}
