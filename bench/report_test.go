package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/conexgo/conex/bench/internal/meter"
)

// measured is an outcome of two rounds with one peer measured and one missing.
func measured() *outcome {
	return &outcome{
		c: benchCase{name: "process/x@1core", unit: "ns", goals: goals{"fast": 2, "gone": 1},
			who: []party{{name: "ours"}, {name: "fast"}, {name: "gone"}}},
		ours:   series{100, 120},
		values: map[string]series{"ours": {100, 120}, "fast": {330, 330}},
		p99:    map[string]series{"ours": {400, 600}},
		allocs: map[string]series{"ours": {2, 2}},
		absent: map[string]string{"gone": "no Python: none found"},
	}
}

func TestJSON(t *testing.T) {
	var out bytes.Buffer
	if err := measured().row().printJSON(&out); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "\n"); n != 1 {
		t.Errorf("%d lines, want one: %s", n, &out)
	}
	var got map[string]any
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"case": "process/x@1core", "unit": "ns", "ours": 110.0, "spread": []any{100.0, 120.0},
		"peers": map[string]any{"fast": 330.0}, "ratio": map[string]any{"fast": 3.0},
		"goal": map[string]any{"fast": 2.0, "gone": 1.0}, "ok": false,
		"p99": map[string]any{"ours": 500.0}, "missing": map[string]any{"gone": "no Python: none found"},
		"allocs": map[string]any{"ours": 2.0},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

// Whoever reads the objects finds every promised key in every one of them, also where nothing was measured.
func TestJSONKeysAlways(t *testing.T) {
	o := &outcome{c: benchCase{name: "x", unit: "ns", who: []party{{name: "ours"}}, goals: goals{atMost: 1}},
		absent: map[string]string{"ours": "failed"}}
	var out bytes.Buffer
	if err := o.row().printJSON(&out); err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"case", "unit", "ours", "spread", "peers", "ratio", "goal", "ok"} {
		if _, ok := got[key]; !ok {
			t.Errorf("no %q among %v", key, slices.Sorted(maps.Keys(got)))
		}
	}
	if got["ours"] != nil || got["ok"] != false {
		t.Errorf("ours = %v and ok = %v for what was not measured", got["ours"], got["ok"])
	}
}

func TestText(t *testing.T) {
	var out bytes.Buffer
	if err := measured().row().printText(&out); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"not taken", "process/x@1core", "110 ns", "(100 ns – 120 ns)", "p99 500 ns",
		"fast 330 ns = 3x (goal 2x)", "missing: gone: no Python: none found"} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("no %q in\n%s", part, &out)
		}
	}
}

// Allocations are shown where a goal is about them.
func TestTextOfAllocations(t *testing.T) {
	for want, g := range map[bool]goals{true: {allocsAtMost: 0}, false: {"fast": 2}} {
		o := measured()
		o.c.goals = g
		var out bytes.Buffer
		if err := o.row().printText(&out); err != nil {
			t.Fatal(err)
		}
		text := out.String()
		if got := strings.Contains(text, " 2 allocs") && strings.Contains(text, "goal allocs at most 0"); got != want {
			t.Errorf("goals %v: %s", g, &out)
		}
	}
}

// A figure made of several measurements is not compared with any of them.
func TestDerivedFigure(t *testing.T) {
	o := &outcome{c: benchCase{name: "x", unit: "% of ideal", higher: true, goals: goals{atLeast: 90},
		who:    []party{{name: "ours"}, {name: "plain"}},
		figure: func(r map[string]meter.Figure) float64 { return 100 * r["plain"].Value / 2 / r["ours"].Value }},
		values: map[string]series{"ours": {52}, "plain": {100}}}
	o.addOurs(map[string]meter.Figure{"ours": {Value: 52}}) // a round without its other half makes no figure
	o.addOurs(map[string]meter.Figure{"ours": {Value: 50}, "plain": {Value: 95}})
	r := o.row()
	if r.Ours == nil || *r.Ours != 95 || len(r.Ratio) != 0 || !r.OK {
		t.Errorf("ours %v, ratios %v, ok %v; want 95, none, true", r.Ours, r.Ratio, r.OK)
	}
}

// What cannot be is not taken for a success.
func TestTooGoodToBeTrue(t *testing.T) {
	for ours, want := range map[float64]verdict{89: below, 99: reached, 102: reached, 151: untaken} {
		o := &outcome{c: benchCase{name: "x", unit: "% of ideal", higher: true, goals: goals{atLeast: 90}, most: 102,
			who: []party{{name: "ours"}}}, ours: series{ours}}
		r := o.row()
		if r.verdict != want || r.OK != (want == reached) || (len(r.Missing) > 0) != (want == untaken) {
			t.Errorf("%v %%: %v, ok %v, missing %v; want %v", ours, r.verdict, r.OK, r.Missing, want)
		}
	}
}

func TestHuman(t *testing.T) {
	for _, c := range []struct {
		v    float64
		unit string
		want string
	}{
		{153, "ns/task", "153 ns"}, {1530, "ns", "1.53 µs"}, {5e6, "ns (p99)", "5 ms"}, {7.2e9, "ns", "7.20 s"},
		{9.06e9, "B/s", "9.06 GB/s"}, {0.013, "% of a core", "0.013 %"}, {97, "% of ideal", "97 %"}, {-12, "ns", "-12 ns"},
		{0, "ns", "0 ns"}, {2690, "B/thread", "2.69 kB"}, {300, "x", "300 x"},
	} {
		if got := human(c.v, c.unit); got != c.want {
			t.Errorf("human(%v, %q) = %q, want %q", c.v, c.unit, got, c.want)
		}
	}
}

func TestTidy(t *testing.T) {
	for _, c := range [][2]float64{{123456.789, 123460}, {0.00123456, 0.0012346}, {-123456, -123460}, {0, 0}, {7, 7}} {
		if got := tidy(c[0]); got != c[1] {
			t.Errorf("tidy(%v) = %v, want %v", c[0], got, c[1])
		}
	}
}
