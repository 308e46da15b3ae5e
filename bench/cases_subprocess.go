package main

// Other programs, with os/exec and CPython's own module as the peers. What is run is the system's: true, head, cat, sh.

const osExec = "os/exec"

func subprocessCases() []benchCase {
	program := func(name string, mine effort, g goals) benchCase {
		return latency(benchCase{
			name: name, unit: "ns", rounds: usual,
			who: []party{
				ours(name, mine),
				peer(cpython, name, byPython, mine),
				peer(osExec, name, byPeers, mine),
			},
			goals: g,
		})
	}
	two := program("subprocess/true-2", times(800), goals{cpython: 2, osExec: 1})
	for i := range two.who {
		two.who[i].budget = false // a pass over all
	}
	return []benchCase{
		program("subprocess/true", times(1_000), goals{cpython: 1, osExec: 1}),
		two,
		program("subprocess/output-64MiB", times(20), goals{cpython: 1, osExec: 4}),
		program("subprocess/communicate-64MiB", times(12), goals{cpython: 1.2, osExec: 2}),
		program("subprocess/lines", times(20), goals{osExec: 2}),
		{
			// Both say their 99th percentile. What a user of os/exec writes, a signal to the group, is there to compare with:
			// it does not look for what has left the group.
			name: "subprocess/kill-tree", unit: "ns (p99)", rounds: usual,
			who: []party{
				ours("subprocess/kill-tree", times(100)),
				peer(osExec, "subprocess/kill-tree", byPeers, times(100)),
			},
			goals: goals{atMost: 5e6},
		},
	}
}
