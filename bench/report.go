package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
)

// row is what -json prints for a case, one object a line. The names of the keys are relied on by others.
type row struct {
	Case    string             `json:"case"`
	Unit    string             `json:"unit"`
	Ours    *float64           `json:"ours"`   // median over the rounds; null if not measured
	Spread  *[2]float64        `json:"spread"` // smallest and largest of them
	Peers   map[string]float64 `json:"peers"`
	Ratio   map[string]float64 `json:"ratio"` // how many times better ours is
	Goal    goals              `json:"goal"`
	OK      bool               `json:"ok"` // all goals were taken and reached
	P99     map[string]float64 `json:"p99,omitempty"`
	Allocs  map[string]float64 `json:"allocs,omitempty"`  // objects a measuring process allocated for an operation
	Missing map[string]string  `json:"missing,omitempty"` // who was not measured, and why
	verdict verdict
	names   []string // of the peers, in the order of the case
}

// row works out what is to be told about an outcome.
func (o *outcome) row() row {
	r := row{Case: o.c.name, Unit: o.c.unit, Goal: o.c.goals, Peers: map[string]float64{}, Ratio: map[string]float64{},
		P99: map[string]float64{}, Allocs: map[string]float64{}, Missing: o.absent}
	if len(o.ours) > 0 {
		median, spread := tidy(o.ours.median()), o.ours.spread()
		r.Ours, r.Spread = &median, &[2]float64{tidy(spread[0]), tidy(spread[1])}
	}
	for name, s := range o.p99 {
		r.P99[name] = tidy(s.median())
	}
	var allocs *float64 // ours
	for name, s := range o.allocs {
		median := tidy(s.median())
		r.Allocs[name] = median
		if name == "ours" {
			allocs = &median
		}
	}
	for _, p := range o.c.who[1:] {
		r.names = append(r.names, p.name)
		s := o.values[p.name]
		if len(s) == 0 {
			continue
		}
		r.Peers[p.name] = tidy(s.median())
		// A figure made of several measurements has another unit than any of them: nothing to compare.
		if r.Ours != nil && o.c.figure == nil {
			if t := ratio(*r.Ours, r.Peers[p.name], o.c.higher); t > 0 {
				r.Ratio[p.name] = tidy(t)
			}
		}
	}
	r.verdict = r.Goal.judge(r.Ours, allocs, r.Ratio)
	if o.c.most > 0 && r.Ours != nil && *r.Ours > o.c.most {
		r.verdict = untaken
		r.Missing = maps.Clone(o.absent)
		if r.Missing == nil {
			r.Missing = map[string]string{}
		}
		r.Missing["a quiet machine"] = "more than what is possible was measured; something else had the cores meanwhile"
	}
	r.OK = r.verdict == reached
	return r
}

// tidy leaves five significant digits: the sixth is noise.
func tidy(v float64) float64 {
	if v == 0 || math.IsInf(v, 0) || math.IsNaN(v) {
		return 0
	}
	unit := math.Pow(10, 4-math.Floor(math.Log10(math.Abs(v))))
	return math.Round(v*unit) / unit
}

// printJSON writes r as one line.
func (r row) printJSON(w io.Writer) error { return json.NewEncoder(w).Encode(r) }

// printText writes r as one line for people, with what is missing on lines of its own.
func (r row) printText(w io.Writer) error {
	var parts []string
	for _, name := range r.names {
		theirs, ok := r.Peers[name]
		if !ok {
			continue
		}
		part := name + " " + human(theirs, peerUnit(r.Unit))
		if t, ok := r.Ratio[name]; ok {
			part += fmt.Sprintf(" = %sx", digits(t))
		}
		if g, ok := r.Goal[name]; ok {
			part += fmt.Sprintf(" (goal %sx)", digits(g))
		}
		parts = append(parts, part)
	}
	if g := r.Goal.absolute(r.Unit); g != "" {
		parts = append(parts, g)
	}
	mine, spread := "-", ""
	if r.Ours != nil {
		mine = human(*r.Ours, r.Unit)
		spread = fmt.Sprintf("(%s – %s)", human(r.Spread[0], r.Unit), human(r.Spread[1], r.Unit))
		if p, ok := r.P99["ours"]; ok && !strings.Contains(r.Unit, "p99") {
			spread += " p99 " + human(p, r.Unit)
		}
		if _, asked := r.Goal[allocsAtMost]; asked {
			if a, ok := r.Allocs["ours"]; ok {
				spread += " " + digits(a) + " allocs"
			}
		}
	}
	_, err := fmt.Fprintf(w, "%-9s %-29s %10s %-34s %s\n", r.verdict, r.Case, mine, spread, strings.Join(parts, "; "))
	byReason := map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(r.Missing)) {
		byReason[r.Missing[name]] = append(byReason[r.Missing[name]], name)
	}
	for _, why := range slices.Sorted(maps.Keys(byReason)) {
		if err == nil {
			_, err = fmt.Fprintf(w, "%10s%s: missing: %s: %s\n", "", r.Case, strings.Join(byReason[why], ", "), why)
		}
	}
	return err
}

// peerUnit is the unit of single measurements in a row of the given unit: time, where the row is a percentage of it.
func peerUnit(unit string) string {
	if unit == "% of ideal" {
		return "ns"
	}
	return unit
}

// human writes a figure with the prefix that suits it. The unit's first word says what it is; the rest is the row's.
func human(v float64, unit string) string {
	switch {
	case strings.HasPrefix(unit, "ns"):
		return scaled(v, 1000, "ns", "µs", "ms", "s")
	case strings.HasPrefix(unit, "B/s"):
		return scaled(v, 1000, "B/s", "kB/s", "MB/s", "GB/s")
	case strings.HasPrefix(unit, "B/"):
		return scaled(v, 1000, "B", "kB", "MB")
	case strings.HasPrefix(unit, "%"):
		return digits(v) + " %"
	default:
		return digits(v) + " " + unit
	}
}

func scaled(v, step float64, names ...string) string {
	for len(names) > 1 && math.Abs(v) >= step {
		v, names = v/step, names[1:]
	}
	return digits(v) + " " + names[0]
}

// digits writes v with three significant digits, without an exponent.
func digits(v float64) string {
	switch a := math.Abs(v); {
	case a >= 100 || a == math.Trunc(a) && a < 1e6:
		return fmt.Sprintf("%.0f", v)
	case a >= 10:
		return fmt.Sprintf("%.1f", v)
	case a >= 0.1:
		return fmt.Sprintf("%.2f", v)
	default:
		return fmt.Sprintf("%.2g", v)
	}
}
