package main

import "github.com/conexgo/conex/bench/internal/meter"

// Python functions called from Go, with what a program in Python would use in their place. Both sides run the same functions
// of the same file, on two workers of the same interpreter.

const (
	executor      = "ProcessPoolExecutor"
	executorFork  = executor + "-fork"
	executorSpawn = executor + "-spawn"
)

func pythonCases() []benchCase {
	call := func(place meter.Place) benchCase {
		return latency(benchCase{
			name: "python/call@" + string(place), place: place, unit: "ns", rounds: usual,
			who: []party{
				ours("python/call", times(10_000)),
				peer(executor, "python/call", byPython, times(3_000)),
			},
			goals: goals{executor: 3},
		})
	}
	array := func(name string, goal float64) benchCase {
		return benchCase{
			name: name, unit: "B/s", higher: true, rounds: usual,
			who: []party{
				ours(name, times(8)),
				peer("Pipe", name, byPython, times(4)),
			},
			goals: goals{"Pipe": goal},
		}
	}
	return []benchCase{
		call(meter.Free), call(meter.OneCore), call(meter.TwoCore),
		{
			name: "python/submit", unit: "ns/task", rounds: usual,
			who: []party{
				ours("python/submit", times(200_000)),
				peer(executor, "python/submit", byPython, times(20_000)),
				peer("Pool.map-1", "python/submit", byPython, times(50_000)),
			},
			goals: goals{executor: 5, "Pool.map-1": 2},
		}, {
			name: "python/map", unit: "ns/item", rounds: usual,
			who: []party{
				ours("python/map", effort{100_000, 100_000}),
				peer("Pool.map", "python/map", byPython, effort{100_000, 100_000}),
			},
			goals: goals{"Pool.map": 0.05},
		},
		latency(benchCase{
			name: "python/echo-1MiB", unit: "ns", rounds: usual,
			who: []party{
				ours("python/echo-1MiB", times(1_000)),
				peer(executor, "python/echo-1MiB", byPython, times(500)),
			},
			goals: goals{executor: 3},
		}),
		array("python/array-100MiB", 20),
		array("python/array-new-100MiB", 2),
		latency(benchCase{
			name: "python/start", unit: "ns", rounds: usual,
			who: []party{
				ours("python/start", times(20)),
				peer(executorSpawn, "python/start", byPython, times(20)),
				peer(executorFork, "python/start", byPython, times(20)),
			},
			goals: goals{executorSpawn: 0.75},
		}),
		latency(benchCase{
			name: "python/spare", unit: "ns", rounds: usual,
			who: []party{
				ours("python/spare", times(20)),
				peer("forkserver-Process", "python/spare", byPython, times(40)),
			},
			goals: goals{atMost: 0.5e6},
		}),
	}
}
