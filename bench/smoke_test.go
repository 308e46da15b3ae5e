package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"slices"
	"testing"

	"github.com/conexgo/conex/bench/internal/meter"
)

// smallSpec asks a party for as little as makes sense.
func smallSpec(c benchCase, p party) meter.Spec {
	d := &driver{quick: true, busy: busyForTests}
	s := d.spec(c, p)
	s.Place, s.N = meter.Free, min(s.N, 20)
	s.Budget = min(s.Budget, quickBudget)
	return s
}

// The Python side knows every case it is asked for, and its results are right.
func TestPythonParties(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector does not see into Python: the test without it is the same")
	}
	ctx := context.Background()
	py, script, err := preparePython(ctx, t.TempDir(), "")
	if err != nil {
		t.Skip("no CPython here:", err) // it is the program under test
	}
	for _, c := range allCases() {
		for _, p := range c.who {
			if p.by != byPython || c.place != "" && c.place != meter.Free {
				continue
			}
			t.Run(c.name+"/"+p.name, func(t *testing.T) {
				t.Parallel()
				s := smallSpec(c, p)
				s.N = min(s.N, 3)
				cmd := exec.Command(py.path, append([]string{"-I", script}, s.Args()...)...)
				cmd.Stderr = os.Stderr
				out, err := cmd.Output()
				if err != nil {
					t.Fatal(err)
				}
				if f, err := readFigure(out); err != nil || f.Value <= 0 {
					t.Errorf("%q: %+v, %v", out, f, err)
				}
			})
		}
	}
}

// So does this program.
func TestOurParties(t *testing.T) {
	if raceEnabled {
		t.Skip("what is measured is tested under the race detector where it lives; this is half a minute")
	}
	py, script, noPython := preparePython(t.Context(), t.TempDir(), "")
	if noPython == nil {
		t.Setenv(pythonEnv, py.path)
		t.Setenv(scriptEnv, script)
	}
	for _, c := range allCases() {
		for _, p := range c.who {
			if p.by != byBench || c.place != "" && c.place != meter.Free {
				continue
			}
			t.Run(c.name+"/"+p.name, func(t *testing.T) {
				s := smallSpec(c, p)
				if slices.Contains(withPython, p.run) {
					if noPython != nil {
						t.Skip("no CPython here:", noPython) // it is the client
					}
					s.N = min(s.N, 10)
				}
				if p.run == "process/call-idle" || p.run == "process/bytes-100MiB" {
					s.N = 1 // a second each; gigabytes
				}
				if p.run == "threading/memory" {
					s.N = 2000 // more than what the tests before have left behind
				}
				var out bytes.Buffer
				if err := parties().Run(s.Args(), &out); err != nil {
					t.Fatal(err)
				}
				if f, err := readFigure(out.Bytes()); err != nil || f.Value < 0 {
					t.Errorf("%q: %+v, %v", &out, f, err)
				}
			})
		}
	}
}
