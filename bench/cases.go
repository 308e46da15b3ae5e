package main

import (
	"slices"
	"time"

	"github.com/conexgo/conex/bench/internal/meter"
)

// A benchCase is one row of the table: our library and its peers, measured in turns on the same task.
type benchCase struct {
	name   string // with the place, where there is more than one: "process/call-hot@1core"
	place  meter.Place
	unit   string
	higher bool    // more is better; else less
	rounds effort  // how many times everybody has a turn
	who    []party // ours is the first
	// figure makes the row's figure of one round's measurements; nil: what ours measured.
	figure func(round map[string]meter.Figure) float64
	goals  goals
	most   float64 // a figure above it cannot be: somebody else had the cores meanwhile; 0: anything can be
}

// effort is a number for a full run and one for a quick run.
type effort struct{ full, quick int }

func (e effort) of(quick bool) int {
	if quick {
		return e.quick
	}
	return e.full
}

// times is an effort that a quick run divides by four.
func times(n int) effort { return effort{n, max(1, n/4)} }

// A party is one that takes part in a case.
type party struct {
	name   string
	by     program
	run    string        // the case it is asked for
	n      effort        // operations at most
	budget bool          // stops early when the usual time for a measurement is up
	busy   time.Duration // how much busy work a task is
}

// ours is the library's own part in a case.
func ours(run string, n effort) party { return party{name: "ours", by: byBench, run: run, n: n} }

func peer(name, run string, by program, n effort) party {
	return party{name: name, by: by, run: run, n: n}
}

// budgeted says that the party repeats its operation as often as the usual time for a measurement allows.
func (p party) budgeted() party {
	p.budget = true
	return p
}

// Usual time for one measurement whose operations are of unknown length, and the length of an idle spell.
const (
	fullBudget  = time.Second
	quickBudget = 200 * time.Millisecond
	fullIdle    = 5 * time.Second
	quickIdle   = 2 * time.Second
)

var usual = effort{5, 2} // rounds

// allCases returns the table in the order it is printed.
func allCases() []benchCase {
	return slices.Concat(processCases(), threadCases(), insideCases(), mpCases(), managerCases(), subprocessCases(), pythonCases())
}

func processCases() []benchCase {
	cases := []benchCase{{
		name: "process/submit", unit: "ns/task", rounds: usual,
		who: []party{
			ours("process/submit", effort{1_000_000, 250_000}),
			peer("ProcessPoolExecutor", "process/submit", byPython, effort{20_000, 4_000}),
			peer("net/rpc", "process/submit", byPeers, effort{200_000, 50_000}),
		},
		goals: goals{"ProcessPoolExecutor": 300, "net/rpc": 20},
	}, {
		name: "process/map", unit: "ns/item", rounds: usual,
		who: []party{
			ours("process/map", effort{1_000_000, 1_000_000}),
			peer("Pool.map", "process/map", byPython, effort{1_000_000, 1_000_000}),
		},
		goals: goals{"Pool.map": 12},
	}}
	for _, place := range []meter.Place{meter.Free, meter.OneCore, meter.TwoCore} {
		cases = append(cases, callHot(place))
	}
	for _, place := range []meter.Place{meter.Free, meter.OneCore, meter.TwoCore} {
		cases = append(cases, callIdle(place))
	}
	return append(cases, lifeCases()...)
}

func callHot(place meter.Place) benchCase {
	g := goals{"ProcessPoolExecutor": 100, "net/rpc": 40}
	if place == meter.OneCore {
		g = goals{"ProcessPoolExecutor": 6, "net/rpc": 4}
	}
	return benchCase{
		name: "process/call-hot@" + string(place), place: place, unit: "ns", rounds: usual,
		who: []party{
			ours("process/call-hot", times(50_000)).budgeted(),
			peer("ProcessPoolExecutor", "process/call-hot", byPython, times(3_000)).budgeted(),
			peer("net/rpc", "process/call-hot", byPeers, times(10_000)).budgeted(),
			peer("go-plugin", "process/call-hot", byPeers, times(10_000)).budgeted(),
		},
		goals: g,
	}
}

func callIdle(place meter.Place) benchCase {
	rounds, n := effort{4, 1}, effort{5, 5}
	if place != meter.Free {
		rounds, n = effort{2, 1}, effort{5, 1} // a second each, and nothing that a quick run would miss
	}
	return benchCase{
		name: "process/call-idle@" + string(place), place: place, unit: "ns", rounds: rounds,
		who: []party{
			ours("process/call-idle", n),
			peer("ProcessPoolExecutor", "process/call-idle", byPython, n),
		},
		goals: goals{"ProcessPoolExecutor": 2.5},
	}
}

// lifeCases are about workers rather than calls, and about what a call carries.
func lifeCases() []benchCase {
	return []benchCase{{
		name: "process/idle-cpu", unit: "% of a core", rounds: effort{2, 1},
		who: []party{
			ours("process/idle-cpu", effort{1, 1}),
			peer("ProcessPoolExecutor", "process/idle-cpu", byPython, effort{1, 1}),
		},
		goals: goals{atMost: 0.1},
	}, {
		name: "process/pool-start", unit: "ns", rounds: usual,
		who: []party{
			ours("process/pool-start", times(100)).budgeted(),
			peer("Pool-fork", "process/pool-start", byPython, times(100)).budgeted(),
			peer("Pool-spawn", "process/pool-start", byPython, times(20)).budgeted(),
		},
		goals: goals{"Pool-fork": 1, "Pool-spawn": 10},
	}, {
		name: "process/spare", unit: "ns", rounds: usual,
		who: []party{
			ours("process/spare", times(40)).budgeted(),
			peer("forkserver-Process", "process/spare", byPython, times(40)).budgeted(),
		},
		goals: goals{"forkserver-Process": 20},
	},
		grain("process/grain-100us", 100*time.Microsecond, effort{4_000, 4_000}, 92),
		grain("process/grain-1ms", time.Millisecond, effort{800, 400}, 97),
		{
			name: "process/kill", unit: "ns (p99)", rounds: usual,
			who:    []party{ours("process/kill", times(40))},
			figure: func(round map[string]meter.Figure) float64 { return round["ours"].P99 },
			goals:  goals{atMost: 5e6},
		}, {
			name: "process/bytes-100MiB", unit: "B/s", higher: true, rounds: usual,
			who: []party{
				ours("process/bytes-100MiB", times(8)),
				peer("memcpy", "process/bytes-100MiB", byBench, times(20)),
				peer("Pool.map-1MiB", "process/bytes-100MiB", byPython, times(128)),
			},
			goals: goals{"memcpy": 0.5, "Pool.map-1MiB": 5},
		}, {
			name: "process/struct", unit: "ns/task more than an int", rounds: usual,
			who: []party{
				ours("process/struct", effort{300_000, 100_000}),
				peer("int", "process/submit", byBench, effort{300_000, 100_000}),
			},
			figure: func(round map[string]meter.Figure) float64 { return round["ours"].Value - round["int"].Value },
			goals:  goals{atMost: 1500},
		}}
}

// grain is a case of busy work in pieces of d: the part of two cores' time that reaches the work. What two cores can do is
// measured by two plain processes at the same time, since cores that share a machine slow each other.
func grain(name string, d time.Duration, n effort, atLeastPercent float64) benchCase {
	work, plain := ours("process/grain", n), peer("plain", "process/grain", byBench, n)
	work.busy, plain.busy = d, d
	return benchCase{
		name: name, unit: "% of ideal", higher: true, rounds: effort{9, 4}, who: []party{work, plain},
		// The plain processes do a task each at a time, so that n of them take n/2 times as long.
		figure: func(round map[string]meter.Figure) float64 {
			return 100 * round["plain"].Value / 2 / round["ours"].Value
		},
		goals: goals{atLeast: atLeastPercent},
		most:  102, // two for what cores vary by from one moment to the next
	}
}

func threadCases() []benchCase {
	inProcess := func(name, run string, place meter.Place, mine, theirs, python effort, latency bool) benchCase {
		c := benchCase{name: name, place: place, unit: "ns/task", rounds: usual, who: []party{ours(run, mine)},
			goals: goals{"pond": 1, "ants": 1, "conc": 1, "errgroup": 1}} // not slower than the best is: than any
		for _, lib := range []string{"pond", "ants", "conc", "errgroup"} {
			c.who = append(c.who, peer(lib, run, byPeers, theirs))
		}
		c.who = append(c.who, peer("ThreadPoolExecutor", run, byPython, python))
		if latency {
			c.unit = "ns"
			for i := range c.who {
				c.who[i] = c.who[i].budgeted()
			}
		}
		return c
	}
	million := effort{1_000_000, 250_000}
	return []benchCase{
		inProcess("thread/submit", "thread/submit", meter.Free, million, million, times(50_000), false),
		inProcess("thread/call@free", "thread/call", meter.Free, times(400_000), times(400_000), times(10_000), true),
		inProcess("thread/call@1core", "thread/call", meter.OneCore, times(400_000), times(400_000), times(10_000), true),
		inProcess("thread/map", "thread/map", meter.Free, million, million, times(50_000), false),
	}
}
