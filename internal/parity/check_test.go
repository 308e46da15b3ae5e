package parity

import (
	"slices"
	"strings"
	"testing"
)

// The checks themselves, tried on tables that are wrong.

func TestParse(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		problem    string // part of the only problem, "" for none
	}{
		{"good", header + "\na.b\tdone\tfutures.Wait\tfutures/TestWait\t\n", ""},
		{"two of each", header + "\na\tdone\tx.A x.B\tx/TestA x/TestB\t\n", ""},
		{"behaviour", header + "\na\tdone\t-\tx/TestA\tIt is so.\n", ""},
		{"comment", header + "\n# nothing\n", ""},
		{"empty", "", "the table is empty"},
		{"no header", "a\tnone\t-\t-\tNo.\n", "instead of the header"},
		{"columns", header + "\na\tdone\tx.A\tx/TestA\n", "4 columns instead of 5"},
		{"no newline", header + "\na\tnone\t-\t-\tNo.", "no newline"},
		{"spaces", header + "\na \tnone\t-\t-\tNo.\n", "with space around it"},
		{"no id", header + "\n\tnone\t-\t-\tNo.\n", "empty"},
		{"twice", header + "\na\tnone\t-\t-\tNo.\na\tnone\t-\t-\tNo.\n", "second row"},
		{"status", header + "\na\tperhaps\t-\t-\tNo.\n", `status is "perhaps"`},
		{"done without test", header + "\na\tdone\tx.A\t-\tYes.\n", "done without a test"},
		{"done without anything", header + "\na\tdone\t-\tx/TestA\t\n", "neither a Go identifier nor a note"},
		{"maps without note", header + "\na\tmaps\tx.A\tx/TestA\t\n", "maps without a note"},
		{"none without note", header + "\na\tnone\t-\t-\t\n", "none without a note"},
		{"none with test", header + "\na\tnone\t-\tx/TestA\tNo.\n", "none with a Go identifier or a test"},
		{"later with code", header + "\na\tlater\tx.A\t-\tSoon.\n", "later with a Go identifier or a test"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, problems := parse(strings.NewReader(tc.text))
			switch {
			case tc.problem == "" && len(problems) > 0:
				t.Errorf("problems: %q", problems)
			case tc.problem != "" && (len(problems) != 1 || !strings.Contains(problems[0], tc.problem)):
				t.Errorf("problems: %q, want one with %q", problems, tc.problem)
			}
		})
	}
}

func TestCompare(t *testing.T) {
	inv := parseInventory("id\tmodule\tkind\na.x\ta\tclass\na.y\ta\tclass\nb.x\tb\tclass\nb.y\tb\tclass\n")
	const row = "\tnone\t-\t-\tNo.\n"
	for _, tc := range []struct {
		name, text string
		problems   []string // parts of them, in order
		missing    map[string]int
	}{
		{"nothing promised", "a.x" + row, nil, map[string]int{"a": 1, "b": 2}},
		{"promise kept", "# complete: a\na.x" + row + "a.y" + row, nil, map[string]int{"a": 0, "b": 2}},
		{"promise broken", "# complete: b\nb.x" + row, []string{"b.y has no row"}, map[string]int{"a": 2, "b": 1}},
		{"unknown id", "a.z" + row, []string{"inventory has no a.z"}, map[string]int{"a": 2, "b": 2}},
		{"unknown module", "# complete: c\n", []string{"no such module"}, map[string]int{"a": 2, "b": 2}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tab, wrong := parse(strings.NewReader(header + "\n" + tc.text))
			if len(wrong) > 0 {
				t.Fatal(wrong)
			}
			problems, missing := tab.compare(inv)
			if !slices.EqualFunc(problems, tc.problems, strings.Contains) {
				t.Errorf("problems: %q, want %q", problems, tc.problems)
			}
			for module, n := range tc.missing {
				if missing[module] != n {
					t.Errorf("%d missing in %s, want %d", missing[module], module, n)
				}
			}
		})
	}
}

func TestResolve(t *testing.T) {
	r, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	for ident, problem := range map[string]string{
		"conex":                           "", // a package
		"conex.Register":                  "",
		"conex.Func.Call":                 "", // generic, pointer receiver
		"futures.Future.Cancel":           "", // promoted from an unexported embedded field
		"futures.Executor.Submit":         "", // of an interface
		"futures/process.Config.MaxTasks": "", // a field
		"futures.WorkerDiedError.Signal":  "",
		"futures.ErrCancelled":            "",
		"futures.Nothing":                 "has no Nothing",
		"futures.Future.Nothing":          "has no field or method Nothing",
		"futures.Future.core":             "not an exported name",
		"futures.newThreadPool":           "not an exported name",
		"futures.ErrCancelled.Error":      "is not a type",
		"nowhere.Pool":                    "no package",
		"internal/ring.Producer":          "no package", // nobody outside can use it
	} {
		err := r.resolve(ident)
		if problem == "" && err != nil {
			t.Error(err)
		}
		if problem != "" && (err == nil || !strings.Contains(err.Error(), problem)) {
			t.Errorf("%s: error %v, want one with %q", ident, err, problem)
		}
	}
}

func TestFind(t *testing.T) {
	f := newTestFinder(root)
	for test, problem := range map[string]string{
		"internal/parity/TestFind":                "",
		"progress/ExampleSeq":                     "",
		"ExampleRegisterError":                    "", // of the root package
		"internal/parity/TestParse/two_of_each":   "",
		"futures/TestThreadPool/Cancel":           "", // of a suite in another package
		"internal/parity/TestNot":                 "have no function TestNot",
		"internal/parity/TestParse/three_of_each": "have no subtest three_of_each",
		"internal/parity/row":                     "a test's name starts with",
		"nowhere/TestFind":                        "have no function TestFind",
	} {
		err := f.find(test)
		if problem == "" && err != nil {
			t.Error(err)
		}
		if problem != "" && (err == nil || !strings.Contains(err.Error(), problem)) {
			t.Errorf("%s: error %v, want one with %q", test, err, problem)
		}
	}
}

func TestNamesIn(t *testing.T) {
	text := "futures.No, `concurrent.futures.Future.cancel()`, `f.Cancel()`, `futures.Map(ctx, process.Fail)`\n" +
		"```go\nx := conex.Func.Call\n```\n"
	got := namesIn(text)
	want := []string{"futures.Map", "futures/process.Fail", "conex.Func.Call"}
	if !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
}
