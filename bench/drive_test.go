//go:build unix

package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/conexgo/conex/bench/internal/meter"
)

// fakeDriver drives one shell script in place of all programs. The script finds the peer's name in $4, as the protocol has it.
func fakeDriver(t *testing.T, script string) (d *driver, log string) {
	t.Helper()
	dir := t.TempDir()
	log = filepath.Join(dir, "log")
	path := filepath.Join(dir, "program")
	text := "#!/bin/sh\necho $4 >> " + log + "\n" + script + "\n"
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	return &driver{note: func(string, ...any) {}, busy: map[time.Duration]int{}, missing: map[program]string{},
		commands: map[program][]string{byBench: {path}, byPeers: {path}}}, log
}

func fakeCase(names ...string) benchCase {
	c := benchCase{name: "x", unit: "ns", rounds: effort{3, 1}, goals: goals{}}
	for _, n := range names {
		c.who = append(c.who, party{name: n, by: byBench, run: "x", n: effort{10, 10}})
	}
	return c
}

func TestPartiesTakeTurns(t *testing.T) {
	d, log := fakeDriver(t, `echo a first line; echo '{"value": 5, "p99": 7, "n": 10}'`)
	o := d.run(context.Background(), fakeCase("ours", "a", "b"))
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(strings.Fields(string(text)), " "), "ours a b ours a b ours a b"; got != want {
		t.Errorf("turns: %s, want %s", got, want)
	}
	if len(o.ours) != 3 || len(o.values["b"]) != 3 || len(o.p99["ours"]) != 3 || o.failed || len(o.absent) != 0 {
		t.Errorf("outcome %+v", o)
	}
}

func TestFailedPartyIsNotAskedAgain(t *testing.T) {
	for name, c := range map[string]struct{ script, why string }{
		"exit status":   {`echo wrong results >&2; exit 1`, "exit status 1: wrong results"},
		"no figure":     {`echo hello`, "the last line is no figure"},
		"no output":     {``, "the last line is no figure"},
		"no operations": {`echo '{"value": 5}'`, "a figure over no operations"},
	} {
		d, log := fakeDriver(t, `case $4 in a) `+c.script+`;; *) echo '{"value":5,"n":1}';; esac`)
		o := d.run(context.Background(), fakeCase("ours", "a"))
		if !o.failed || !strings.Contains(o.absent["a"], c.why) {
			t.Errorf("%s: failed %v, absent %q; want %q", name, o.failed, o.absent, c.why)
		}
		text, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(text), "a\n"); n != 1 {
			t.Errorf("%s: asked %d times", name, n)
		}
		if len(o.ours) != 3 {
			t.Errorf("%s: %d rounds of ours, want 3", name, len(o.ours))
		}
	}
}

func TestMissingIsSaid(t *testing.T) {
	d, _ := fakeDriver(t, `echo '{"value":5,"n":1}'`)
	d.missing[byPython] = "no Python: none found"
	c := fakeCase("ours", "py")
	c.who[1].by = byPython
	o := d.run(context.Background(), c)
	if o.failed || o.absent["py"] != "no Python: none found" || len(o.ours) != 3 {
		t.Errorf("outcome %+v", o)
	}

	c = fakeCase("ours") // ours needs it, too
	c.who[0].run = "python/call"
	if o := d.run(context.Background(), c); o.failed || o.absent["ours"] != "no Python: none found" || o.row().verdict != untaken {
		t.Errorf("ours with Python: %+v", o)
	}

	c = fakeCase("ours")
	c.place, d.cores = meter.TwoCore, []int{0}
	if o := d.run(context.Background(), c); o.absent["ours"] == "" || o.failed || o.row().verdict != untaken {
		t.Errorf("two cores on one: %+v", o)
	}
}

// A measurement that is given up is ended with everything it started.
func TestCancelEndsTheGroup(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	// The script and its child both hold the pipe open: its end is theirs.
	d, _ := fakeDriver(t, "exec 3>"+fifo+"\n echo up >&3\n sleep 60 & wait")
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan *outcome)
	go func() { done <- d.run(ctx, fakeCase("ours")) }()
	pipe, err := os.Open(fifo)
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	if _, err := io.ReadFull(pipe, make([]byte, len("up\n"))); err != nil {
		t.Fatal(err)
	}
	cancel()
	if o := <-done; len(o.ours) != 0 {
		t.Errorf("a figure %v of a measurement that was given up", o.ours)
	}
	if err := pipe.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(pipe); err != nil || len(rest) > 0 {
		t.Errorf("somebody is left: %q, %v", rest, err)
	}
}

func TestSpec(t *testing.T) {
	d := &driver{busy: map[time.Duration]int{time.Millisecond: 77}}
	p := party{name: "a", run: "process/x", n: effort{100, 20}, budget: true, busy: time.Millisecond}
	want := meter.Spec{Case: "process/x", Peer: "a", Place: meter.Free, N: 100, Budget: fullBudget, Arg: 77}
	if got := d.spec(benchCase{}, p); got != want {
		t.Errorf("full: %+v, want %+v", got, want)
	}
	d.quick = true
	want.N, want.Budget, want.Place = 20, quickBudget, meter.TwoCore
	if got := d.spec(benchCase{place: meter.TwoCore}, p); got != want {
		t.Errorf("quick: %+v, want %+v", got, want)
	}
}
