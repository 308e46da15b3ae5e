package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/conexgo/conex/bench/internal/meter"
)

// program is where a party's measurement is done.
type program int

const (
	byBench  program = iota // this program again, in a process of its own as everybody
	byPeers                 // the nested module's program
	byPython                // the Python script
)

// driver takes the measurements of cases, one process each, one after the other.
type driver struct {
	quick    bool
	commands map[program][]string // how each program is started
	missing  map[program]string   // or why it cannot be
	cores    []int                // those this process may use
	noCores  string               // why that is not known
	busy     map[time.Duration]int
	note     func(format string, args ...any) // progress
}

// outcome is everything that was measured in one case.
type outcome struct {
	c      benchCase
	ours   series            // the row's figure, of the rounds that could be completed
	values map[string]series // what each party measured
	p99    map[string]series // where there were latencies
	allocs map[string]series // where they were counted
	absent map[string]string // who was not measured, and why
	failed bool              // somebody who was there gave no figure, or a wrong one
}

// run has all parties of a case take turns: ours, peer, peer, ours, ... so that a change of the machine's mood meets all.
// Who fails once is not asked again; without ours, nothing more is measured. It stops early when ctx ends.
func (d *driver) run(ctx context.Context, c benchCase) *outcome {
	o := &outcome{c: c, values: map[string]series{}, p99: map[string]series{}, allocs: map[string]series{},
		absent: map[string]string{}}
	for _, p := range c.who {
		if why := d.cannot(c, p); why != "" {
			o.absent[p.name] = why
		}
	}
	rounds := c.rounds.of(d.quick)
	for r := range rounds {
		round := map[string]meter.Figure{}
		for _, p := range c.who {
			if o.absent[p.name] != "" {
				continue
			}
			d.note("%s %d/%d %s", c.name, r+1, rounds, p.name)
			f, err := d.measure(ctx, c, p)
			if ctx.Err() != nil {
				return o
			}
			if err != nil {
				o.absent[p.name], o.failed = err.Error(), true
				continue
			}
			round[p.name] = f
			o.values[p.name] = append(o.values[p.name], f.Value)
			if f.P99 > 0 {
				o.p99[p.name] = append(o.p99[p.name], f.P99)
			}
			if f.Allocs != nil {
				o.allocs[p.name] = append(o.allocs[p.name], *f.Allocs)
			}
		}
		o.addOurs(round)
	}
	return o
}

// addOurs works out the row's figure of a round, if all it is made of was measured.
func (o *outcome) addOurs(round map[string]meter.Figure) {
	mine, ok := round["ours"]
	if !ok {
		return
	}
	if o.c.figure == nil {
		o.ours = append(o.ours, mine.Value)
		return
	}
	for _, p := range o.c.who {
		if _, ok := round[p.name]; !ok {
			return
		}
	}
	o.ours = append(o.ours, o.c.figure(round))
}

// cannot says why a party cannot be measured at all; "" if it can.
func (d *driver) cannot(c benchCase, p party) string {
	if why := d.missing[p.by]; why != "" {
		return why
	}
	if why := d.missing[byPython]; why != "" && p.by == byBench && slices.Contains(withPython, p.run) {
		return why
	}
	if c.place == meter.OneCore || c.place == meter.TwoCore {
		if d.noCores != "" {
			return d.noCores
		}
		if c.place == meter.TwoCore && len(d.cores) < 2 {
			return "this machine has one core only"
		}
	}
	return ""
}

// spec says what exactly a party is asked for.
func (d *driver) spec(c benchCase, p party) meter.Spec {
	s := meter.Spec{Case: p.run, Peer: p.name, Place: c.place, N: p.n.of(d.quick)}
	if s.Place == "" {
		s.Place = meter.Free
	}
	if p.budget {
		s.Budget = fullBudget
		if d.quick {
			s.Budget = quickBudget
		}
	}
	if p.run == "process/idle-cpu" { // the budget is how long to be idle
		s.Budget = fullIdle
		if d.quick {
			s.Budget = quickIdle
		}
	}
	if p.busy > 0 {
		if _, ok := d.busy[p.busy]; !ok {
			d.busy[p.busy] = meter.Calibrate(p.busy)
		}
		s.Arg = d.busy[p.busy]
	}
	return s
}

// How long one measurement may take before it counts as hanging: many times what the slowest needs.
const measureTimeout = 60 * time.Second

// measure runs one measurement to its end and returns its figure. Everything the process started has ended with it.
func (d *driver) measure(ctx context.Context, c benchCase, p party) (meter.Figure, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, measureTimeout, fmt.Errorf("no figure within %v", measureTimeout))
	defer cancel()
	words := append(d.commands[p.by][:len(d.commands[p.by]):len(d.commands[p.by])], d.spec(c, p).Args()...)
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	var out, diagnosis bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &diagnosis
	cmd.WaitDelay = 2 * time.Second
	endWithItsGroup(cmd)

	start := cmd.Start
	if c.place == meter.OneCore {
		start = func() error { return meter.Start(cmd, d.cores[0]) }
	}
	if err := start(); err != nil {
		return meter.Figure{}, err
	}
	if err := cmd.Wait(); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return meter.Figure{}, fmt.Errorf("%w%s", err, lastLines(diagnosis.String()))
	}
	return readFigure(out.Bytes())
}

// readFigure takes the figure from the last line a measuring program printed.
func readFigure(out []byte) (meter.Figure, error) {
	var f meter.Figure
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	if err := json.Unmarshal(lines[len(lines)-1], &f); err != nil {
		return f, fmt.Errorf("the last line is no figure: %w", err)
	}
	if f.N < 1 {
		return f, errors.New("a figure over no operations")
	}
	return f, nil
}

// lastLines is the end of what a failed program said, for an error message.
func lastLines(text string) string {
	text = strings.TrimSpace(text)
	if text == "" {
		return ""
	}
	lines := strings.Split(text, "\n")
	return ": " + strings.Join(lines[max(0, len(lines)-3):], " | ")
}

// newDriver finds or builds the programs. What cannot be had is noted, never fatal. Files go to dir.
func newDriver(ctx context.Context, dir string, o options, note func(string, ...any)) (*driver, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	d := &driver{quick: o.quick, note: note, busy: map[time.Duration]int{}, missing: map[program]string{},
		commands: map[program][]string{byBench: {exe, "measure"}}}
	if d.cores, err = meter.Cores(); err != nil {
		d.noCores = err.Error()
	}
	if load, err := os.ReadFile("/proc/loadavg"); err == nil {
		note("load average before: %s", load[:max(0, bytes.IndexByte(load, ' '))])
	}
	note("building the peers")
	if bin, err := buildPeers(ctx, dir); err != nil {
		d.missing[byPeers] = "the peers cannot be built: " + err.Error()
	} else {
		d.commands[byPeers] = []string{bin}
	}
	if bin, err := buildSmall(ctx, dir); err != nil {
		note("the small program cannot be built, so mp/spawn starts this one: %v", err)
	} else {
		os.Setenv(smallEnv, bin) // for the measuring processes
	}
	if py, script, err := preparePython(ctx, dir, o.python); err != nil {
		d.missing[byPython] = "no Python: " + err.Error()
	} else {
		d.commands[byPython] = []string{py.path, "-I", script}
		os.Setenv(pythonEnv, py.path) // for our own parties with Python on the other side
		os.Setenv(scriptEnv, script)
		note("%v", py)
	}
	return d, ctx.Err()
}
