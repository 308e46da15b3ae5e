package main

import "testing"

func TestSeries(t *testing.T) {
	for _, c := range []struct {
		s      series
		median float64
		spread [2]float64
	}{
		{nil, 0, [2]float64{}},
		{series{7}, 7, [2]float64{7, 7}},
		{series{3, 1, 2}, 2, [2]float64{1, 3}},
		{series{4, 1, 3, 2}, 2.5, [2]float64{1, 4}},
		{series{5, 5, 100, 5, 5}, 5, [2]float64{5, 100}}, // one disturbed round
	} {
		before := append(series(nil), c.s...)
		if got := c.s.median(); got != c.median {
			t.Errorf("%v.median() = %v, want %v", c.s, got, c.median)
		}
		if got := c.s.spread(); got != c.spread {
			t.Errorf("%v.spread() = %v, want %v", c.s, got, c.spread)
		}
		for i := range before {
			if c.s[i] != before[i] {
				t.Fatalf("the series was reordered: %v, was %v", c.s, before)
			}
		}
	}
}
