package main

import "testing"

func TestRatio(t *testing.T) {
	for _, c := range []struct {
		ours, theirs float64
		higher       bool
		want         float64
	}{
		{100, 500, false, 5},
		{500, 100, false, 0.2},
		{100, 500, true, 0.2},
		{500, 100, true, 5},
		{0, 500, false, 0},
		{100, 0, false, 0},
		{-3, 500, false, 0},
	} {
		if got := ratio(c.ours, c.theirs, c.higher); got != c.want {
			t.Errorf("ratio(%v, %v, %v) = %v, want %v", c.ours, c.theirs, c.higher, got, c.want)
		}
	}
}

func TestJudge(t *testing.T) {
	figure := func(v float64) *float64 { return &v }
	for name, c := range map[string]struct {
		goals  goals
		ours   *float64
		allocs *float64
		ratios map[string]float64
		want   verdict
	}{
		"all reached":                    {goals{"a": 2, "b": 1}, figure(1), nil, map[string]float64{"a": 2, "b": 9}, reached},
		"one missed":                     {goals{"a": 2, "b": 1}, figure(1), nil, map[string]float64{"a": 1.99, "b": 9}, below},
		"one peer missing":               {goals{"a": 2, "b": 1}, figure(1), nil, map[string]float64{"a": 3}, untaken},
		"a peer missing, another missed": {goals{"a": 2, "b": 1}, figure(1), nil, map[string]float64{"a": 1}, below},
		"peer without a goal":            {goals{"a": 2}, figure(1), nil, map[string]float64{"a": 2, "shown": 0.1}, reached},
		"ours missing":                   {goals{"a": 2}, nil, nil, nil, untaken},
		"at most, reached":               {goals{atMost: 5}, figure(5), nil, nil, reached},
		"at most, missed":                {goals{atMost: 5}, figure(5.1), nil, nil, below},
		"at least, reached":              {goals{atLeast: 92}, figure(92), nil, nil, reached},
		"at least, missed":               {goals{atLeast: 92}, figure(91.9), nil, nil, below},
		"absolute missed, peer missing":  {goals{atMost: 5, "a": 1}, figure(6), nil, nil, below},
		"allocations, reached":           {goals{allocsAtMost: 0, "a": 1}, figure(9), figure(0), map[string]float64{"a": 1}, reached},
		"allocations, missed":            {goals{allocsAtMost: 0, "a": 1}, figure(9), figure(0.5), map[string]float64{"a": 1}, below},
		"allocations not counted":        {goals{allocsAtMost: 0, "a": 1}, figure(9), nil, map[string]float64{"a": 1}, untaken},
		"not counted, another missed":    {goals{allocsAtMost: 0, "a": 1}, figure(9), nil, map[string]float64{"a": 0}, below},
		"no goals":                       {nil, figure(1), nil, nil, reached},
	} {
		for range 20 { // map order must not matter
			if got := c.goals.judge(c.ours, c.allocs, c.ratios); got != c.want {
				t.Errorf("%s: %v, want %v", name, got, c.want)
				break
			}
		}
	}
}
