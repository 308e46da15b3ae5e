package main

import (
	"io"
	"strings"
	"testing"
)

// Every case has ours first, and goals only for peers that take part.
func TestCasesAreWhole(t *testing.T) {
	names := map[string]bool{}
	for _, c := range allCases() {
		if names[c.name] {
			t.Errorf("%s: twice", c.name)
		}
		names[c.name] = true
		if c.who[0].name != "ours" || c.who[0].by != byBench {
			t.Errorf("%s: ours is not the first", c.name)
		}
		if len(c.goals) == 0 || c.unit == "" || c.rounds.quick < 1 || c.rounds.full < c.rounds.quick {
			t.Errorf("%s: incomplete", c.name)
		}
		peers := map[string]bool{atMost: true, atLeast: true, allocsAtMost: true}
		for _, p := range c.who[1:] {
			peers[p.name] = true
		}
		for g := range c.goals {
			if !peers[g] {
				t.Errorf("%s: a goal about %q, who does not take part", c.name, g)
			}
		}
		for _, p := range c.who {
			if p.n.quick < 1 || p.n.full < p.n.quick {
				t.Errorf("%s: %s does %+v operations", c.name, p.name, p.n)
			}
			if p.by == byBench && parties()[p.run][p.name] == nil {
				t.Errorf("%s: %s is not known to this program", c.name, p.name)
			}
		}
		if name, _, _ := strings.Cut(c.name, "@"); !strings.Contains(help(), name) &&
			!strings.HasPrefix(name, "process/grain") {
			t.Errorf("%s is not in the help", name)
		}
	}
}

func TestOptions(t *testing.T) {
	o, err := parseOptions([]string{"-quick", "-json", "-only", "^thread/", "-python", "/p"}, io.Discard)
	if err != nil || !o.quick || !o.json || o.python != "/p" || !o.only.MatchString("thread/map") ||
		o.only.MatchString("process/map") {
		t.Errorf("%+v, %v", o, err)
	}
	if o, err := parseOptions(nil, io.Discard); err != nil || !o.only.MatchString("anything") {
		t.Errorf("without arguments: %+v, %v", o, err)
	}
	for _, bad := range [][]string{{"-only", "("}, {"-no"}, {"x"}} {
		if _, err := parseOptions(bad, io.Discard); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
	var out strings.Builder
	if _, err := parseOptions([]string{"-h"}, &out); err != errHelp || !strings.Contains(out.String(), "-quick") ||
		strings.Contains(out.String(), "package main") {
		t.Errorf("-h: %v, %q", err, out.String())
	}
}
