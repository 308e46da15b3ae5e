package main

import "slices"

// What happens inside one process: threading, queue, sched and contextvars. Everybody does the same task, and everybody's
// result is checked: counts under locks, sums of what went through queues, the order of jobs and events.

// The peers that most of these cases have.
const (
	cpython   = "CPython" // its module of the same name
	mutex     = "sync.Mutex"
	cond      = "sync.Cond"
	chanPeer  = "channel"
	xsem      = "x/sync/semaphore"
	gocronJob = "gocron"
)

// contended says how often the cases have a turn in which goroutines compete: who meets whom on which core is decided
// anew in every process, and no figure is like another.
var contended = effort{9, 3}

func insideCases() []benchCase {
	return slices.Concat(lockCases(), wakeCases(), lifeOfThreadCases(), queueCases(), schedCases(), contextvarsCases())
}

// lockCases: an operation is one pass through a guarded section, in which a number is counted up.
func lockCases() []benchCase {
	alone, two := times(20_000_000), times(5_000_000)
	return []benchCase{{
		name: "threading/lock", unit: "ns", rounds: usual,
		who: []party{
			ours("threading/lock", alone),
			peer(mutex, "threading/lock", byBench, alone),
			peer(cpython, "threading/lock", byPython, times(3_000_000)),
		},
		goals: goals{mutex: 1 / 1.3, cpython: 4, allocsAtMost: 0},
	}, {
		name: "threading/lock-contended", unit: "ns", rounds: contended,
		who: []party{
			ours("threading/lock-contended", two),
			peer(mutex, "threading/lock-contended", byBench, two),
			peer(cpython, "threading/lock-contended", byPython, times(1_500_000)),
		},
		goals: goals{mutex: 1, cpython: 4, allocsAtMost: 0},
	}, {
		name: "threading/lock-ctx", unit: "ns", rounds: usual,
		who: []party{
			ours("threading/lock-ctx", alone),
			peer(mutex, "threading/lock", byBench, alone),
		},
		goals: goals{mutex: 1 / 1.5, allocsAtMost: 0},
	}, {
		name: "threading/semaphore", unit: "ns", rounds: usual,
		who: []party{
			ours("threading/semaphore", alone),
			peer(xsem, "threading/semaphore", byPeers, alone),
			peer(cpython, "threading/semaphore", byPython, times(400_000)),
		},
		goals: goals{xsem: 1, cpython: 25},
	}, {
		name: "threading/semaphore-contended", unit: "ns", rounds: contended,
		who: []party{
			ours("threading/semaphore-contended", times(2_000_000)),
			peer(xsem, "threading/semaphore-contended", byPeers, times(2_000_000)),
			peer(cpython, "threading/semaphore-contended", byPython, times(400_000)),
		},
		goals: goals{xsem: 2, cpython: 25},
	}}
}

// wakeCases: an operation is a round trip between two that wake each other.
func wakeCases() []benchCase {
	pingPong := func(name string) benchCase {
		return benchCase{
			name: name, unit: "ns", rounds: usual,
			who: []party{
				ours(name, times(1_000_000)),
				peer(cond, "threading/condition-pingpong", byBench, times(1_000_000)),
				peer(cpython, name, byPython, times(8_000)),
			},
			goals: goals{cond: 1, cpython: 20},
		}
	}
	return []benchCase{pingPong("threading/event-pingpong"), pingPong("threading/condition-pingpong")}
}

func lifeOfThreadCases() []benchCase {
	return []benchCase{{
		name: "threading/thread", unit: "ns", rounds: usual,
		who: []party{
			ours("threading/thread", times(800_000)),
			peer("WaitGroup.Go", "threading/thread", byBench, times(800_000)),
			peer(cpython, "threading/thread", byPython, times(5_000)),
		},
		goals: goals{"WaitGroup.Go": 1 / 1.7, cpython: 80},
	}, {
		name: "threading/timer", unit: "ns", rounds: usual,
		who: []party{
			ours("threading/timer", times(1_500_000)),
			peer("AfterFunc", "threading/timer", byBench, times(1_500_000)),
			peer(cpython, "threading/timer", byPython, times(4_000)),
		},
		goals: goals{"AfterFunc": 1 / 2., cpython: 200},
	}, {
		name: "threading/memory", unit: "B/thread", rounds: effort{3, 1},
		who: []party{
			ours("threading/memory", times(100_000)),
			peer("goroutine", "threading/memory", byBench, times(100_000)),
		},
		goals: goals{"goroutine": 1 / 1.5},
	}}
}

func queueCases() []benchCase {
	// The channel is the peer of the unbounded queues too: Go has no other.
	moving := func(name, channels string, python effort, g goals) benchCase {
		return benchCase{
			name: name, unit: "ns/item", rounds: contended,
			who: []party{
				ours(name, times(3_000_000)),
				peer(chanPeer, channels, byBench, times(3_000_000)),
				peer(cpython, name, byPython, python),
			},
			goals: g,
		}
	}
	locked, simple := times(150_000), times(2_000_000)
	return []benchCase{
		moving("queue/1p1c", "queue/1p1c", locked, goals{chanPeer: 0.8, cpython: 30}),
		moving("queue/4p4c", "queue/4p4c", locked, goals{chanPeer: 0.8, cpython: 30}),
		moving("queue/simple-1p1c", "queue/1p1c", simple, goals{chanPeer: 1, cpython: 1}),
		moving("queue/simple-4p4c", "queue/4p4c", simple, goals{chanPeer: 1, cpython: 1}),
		{
			name: "queue/priority", unit: "ns/item", rounds: usual,
			who: []party{
				ours("queue/priority", effort{1_000_000, 200_000}),
				peer("container/heap", "queue/priority", byBench, effort{1_000_000, 200_000}),
				peer(cpython, "queue/priority", byPython, effort{200_000, 100_000}),
			},
			goals: goals{"container/heap": 2, cpython: 8},
		},
	}
}

func schedCases() []benchCase {
	return []benchCase{{
		// The more events there are, the more each costs: both have as many, though CPython takes ten seconds for a
		// million. A job of gocron costs the same whatever their number.
		name: "sched/run", unit: "ns/event", rounds: effort{2, 2},
		who: []party{
			ours("sched/run", effort{1_000_000, 30_000}),
			peer(cpython, "sched/run", byPython, effort{1_000_000, 30_000}),
			peer(gocronJob, "sched/run", byPeers, times(20_000)),
		},
		goals: goals{cpython: 10, gocronJob: 20},
	}, {
		name: "sched/cancel", unit: "ns", rounds: usual,
		who: []party{
			ours("sched/cancel", times(2_000_000)),
			peer(cpython, "sched/cancel", byPython, effort{5_000, 1_000}),
			peer(gocronJob, "sched/cancel", byPeers, times(20_000)),
		},
		goals: goals{cpython: 300},
	}}
}

func contextvarsCases() []benchCase {
	const get = "contextvars/get-1"
	gets, pythonGets := times(40_000_000), times(6_000_000)
	return []benchCase{{
		name: get, unit: "ns", rounds: usual,
		who: []party{
			ours(get, gets),
			peer("ctx.Value", get, byBench, gets),
			peer(cpython, get, byPython, pythonGets),
		},
		goals: goals{"ctx.Value": 1 / 2.},
	}, {
		name: "contextvars/get-1000", unit: "ns", rounds: usual,
		who: []party{
			ours("contextvars/get-1000", gets),
			peer("ours-of-1", get, byBench, gets),
			peer("ctx.Value", get, byBench, gets),
			peer(cpython, "contextvars/get-1000", byPython, pythonGets),
		},
		goals: goals{"ours-of-1": 1 / 1.5, "ctx.Value": 1 / 2.},
	}, {
		name: "contextvars/set", unit: "ns", rounds: usual,
		who: []party{
			ours("contextvars/set", times(4_000_000)),
			peer("context.WithValue", "contextvars/set", byBench, times(4_000_000)),
			peer(cpython, "contextvars/set", byPython, times(2_000_000)),
		},
		goals: goals{"context.WithValue": 1 / 1.5},
	}}
}
