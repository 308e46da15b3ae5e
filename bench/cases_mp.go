package main

import (
	"slices"

	"github.com/conexgo/conex/bench/internal/meter"
)

// What processes share: package multiprocessing and those below it. The other side of a conversation is a process of the same
// program, started before the measurement, which is told how much to do and answers what came of it.

// mpCase is a case whose only peer is CPython's own module.
func mpCase(name string, place meter.Place, mine, theirs effort, goal float64) benchCase {
	c := benchCase{
		name: name, place: place, unit: "ns", rounds: usual,
		who: []party{
			ours(name, mine),
			peer(cpython, name, byPython, theirs),
		},
		goals: goals{cpython: goal},
	}
	if place != "" {
		c.name += "@" + string(place)
	}
	return c
}

// latency has everybody stop when the usual time is up.
func latency(c benchCase) benchCase {
	for i := range c.who {
		c.who[i] = c.who[i].budgeted()
	}
	return c
}

func mpCases() []benchCase {
	return slices.Concat(mpStartCases(), mpQueueCases(), mpPipeCases(), mpLockCases(), mpMemoryCases(), mpPoolCases())
}

const (
	cpythonFork       = "CPython-fork"
	cpythonSpawn      = "CPython-spawn"
	cpythonForkserver = "CPython-forkserver"
)

func mpStartCases() []benchCase {
	start := func(name string, g goals) benchCase {
		c := benchCase{name: name, unit: "ns", rounds: usual, who: []party{ours(name, times(100))}, goals: g}
		for _, p := range []string{cpythonSpawn, cpythonForkserver, cpythonFork} {
			if _, ok := g[p]; ok {
				c.who = append(c.who, peer(p, name, byPython, times(100)))
			}
		}
		return latency(c)
	}
	return []benchCase{
		start("mp/spawn", goals{cpythonSpawn: 25, cpythonFork: 1 / 1.5}),
		start("mp/warm", goals{cpythonForkserver: 60, cpythonFork: 4}),
		start("mp/spawn-2GiB", goals{cpythonFork: 15}),
	}
}

func mpQueueCases() []benchCase {
	var cases []benchCase
	for _, kind := range []string{"mp/queue", "mp/simplequeue"} {
		ints := mpCase(kind+"-int", "", times(1_000_000), times(60_000), 15)
		ints.who = append(ints.who, peer(osPipe, "mp/queue-int", byBench, times(200_000)))
		ints.goals[osPipe] = 2.5
		cases = append(cases, ints,
			mpCase(kind+"-int-2p2c", "", times(1_000_000), times(60_000), 10),
			mpCase(kind+"-1KiB", "", times(400_000), times(60_000), 12),
			mpCase(kind+"-1MiB", "", times(1_000), times(200), 5))
	}
	return append(cases, latency(mpCase("mp/queue-self", "", times(1_000_000), times(10_000), 200)))
}

// osPipe is numbers in frames of 64 bytes through the standard output of a command, as os/exec gives it.
const osPipe = "os/exec-pipe"

func mpPipeCases() []benchCase {
	idle := mpCase("mp/pipe-idle", meter.Free, effort{5, 3}, effort{5, 3}, 1)
	idle.rounds = effort{3, 1}
	return []benchCase{
		latency(mpCase("mp/pipe-hot", meter.TwoCore, times(100_000), times(10_000), 30)),
		latency(mpCase("mp/pipe-hot", meter.OneCore, times(100_000), times(10_000), 3)),
		idle,
		mpCase("mp/pipe-64B", "", times(1_000_000), times(100_000), 8),
		mpCase("mp/pipe-64KiB", "", times(20_000), times(10_000), 1.5),
		mpCase("mp/pipe-1MiB", "", times(1_000), times(400), 2),
	}
}

func mpLockCases() []benchCase {
	alone, theirs := times(5_000_000), times(1_000_000)
	contended := mpCase("mp/lock-contended", meter.TwoCore, times(4_000_000), times(400_000), 1.5)
	return []benchCase{
		mpCase("mp/lock", "", alone, theirs, 1.3),
		mpCase("mp/rlock", "", alone, theirs, 1.3),
		mpCase("mp/semaphore", "", alone, theirs, 2.5),
		contended,
		mpCase("mp/event", meter.TwoCore, times(200_000), times(10_000), 50),
		mpCase("mp/event", meter.OneCore, times(50_000), times(10_000), 4),
		mpCase("mp/barrier", meter.TwoCore, times(200_000), times(10_000), 10),
		mpCase("mp/barrier", meter.OneCore, times(50_000), times(10_000), 5),
		{
			name: "mp/waiters-threads", unit: "threads", rounds: effort{2, 1},
			who: []party{ours("mp/waiters-threads", effort{5000, 5000})}, goals: goals{atMost: 20},
		}, {
			name: "mp/waiters-memory", unit: "B", rounds: effort{2, 1},
			who: []party{ours("mp/waiters-memory", effort{5000, 5000})}, goals: goals{atMost: 40e6},
		},
	}
}

func mpMemoryCases() []benchCase {
	atomic := mpCase("mp/value", "", times(5_000_000), times(300_000), 60)
	atomic.name = "mp/value-atomic"
	atomic.who[0].run = "mp/value-atomic"
	return []benchCase{
		mpCase("mp/value", "", times(5_000_000), times(300_000), 12),
		atomic,
		mpCase("mp/shm", "", times(20_000), times(5_000), 2.5),
		mpCase("mp/shareablelist", "", times(2_000_000), times(100_000), 25),
		{
			name: "mp/worker-memory", unit: "B", rounds: effort{2, 1},
			who: []party{ours("mp/worker-memory", effort{2, 2})}, goals: goals{atMost: 2e6},
		},
	}
}

func mpPoolCases() []benchCase {
	return []benchCase{
		mpCase("mp/pool-map", "", effort{1_000_000, 1_000_000}, effort{1_000_000, 1_000_000}, 12),
		mpCase("mp/pool-map-1", "", effort{1_000_000, 500_000}, times(50_000), 100),
		latency(mpCase("mp/pool-apply", meter.TwoCore, times(50_000), times(3_000), 100)),
		latency(mpCase("mp/pool-apply", meter.OneCore, times(50_000), times(3_000), 6)),
	}
}
