package main

import "github.com/conexgo/conex/bench/internal/meter"

// Managers, and the pickles they speak. The server is a process of its own, started before the measurement; clients are
// goroutines, threads or processes, as each side's users would have them.

func managerCases() []benchCase {
	calls := func(name, run string, place meter.Place, mine, theirs effort, rpc bool, goal float64) benchCase {
		c := benchCase{
			name: name, place: place, unit: "ns/call", rounds: usual,
			who: []party{
				ours(name, mine),
				peer(cpython, run, byPython, theirs),
			},
			goals: goals{cpython: goal},
		}
		if rpc {
			c.who = append(c.who, peer("net/rpc", name, byPeers, mine))
			c.goals["net/rpc"] = 1.5
		}
		return c
	}
	connect := func(name string, mine effort, goal float64) benchCase {
		return latency(benchCase{
			name: name, unit: "ns", rounds: effort{3, 1},
			who:   []party{ours(name, mine), peer(cpython, "manager/connect", byPython, effort{5, 3})},
			goals: goals{cpython: goal},
		})
	}
	pickle := func(name string, n int) benchCase {
		return benchCase{
			name: name, unit: "ns", rounds: usual,
			who: []party{
				ours(name, times(n)),
				peer(cpython, name, byPython, times(n)),
				peer("og-rek", name, byPeers, times(n/4)),
			},
			goals: goals{cpython: 1, "og-rek": 5},
		}
	}
	return []benchCase{
		calls("manager/go-go", "manager/calls", meter.OneCore, times(20_000), times(5_000), true, 2),
		calls("manager/go-go-4", "manager/calls-4", "", times(40_000), times(8_000), true, 3),
		calls("manager/go-go-16", "manager/calls-16", "", times(40_000), times(8_000), true, 3),
		calls("manager/py-go", "manager/calls", meter.OneCore, times(5_000), times(5_000), false, 1.3),
		calls("manager/py-go-4", "manager/calls-4", "", times(8_000), times(8_000), false, 2),
		connect("manager/connect-go", times(2_000), 200),
		connect("manager/connect-py", times(200), 50),
		pickle("pickle/request", 1_000_000),
		pickle("pickle/64KiB", 100_000),
		{
			name: "manager/idle-connection", unit: "B", rounds: effort{3, 1},
			who: []party{
				ours("manager/idle-connection", effort{500, 300}),
				peer(cpython, "manager/idle-connection", byPython, effort{500, 300}),
			},
			goals: goals{cpython: 5},
		},
	}
}
