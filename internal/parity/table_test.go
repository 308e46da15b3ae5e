package parity

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// header is the first line of the table.
const header = "# id\tstatus\tgo\ttest\tnote"

// A row is one line of the table.
type row struct {
	line       int
	id, status string
	idents     []string // empty for "-"
	tests      []string // empty for "-"
	note       string
}

// A table is docs/parity.tsv.
type table struct {
	rows     []row
	complete []string // the modules that promise a row for each id
}

// parse reads a table and lists everything that is wrong with its form.
// Lines that cannot be read as a row are left out.
func parse(in io.Reader) (t table, problems []string) {
	data, err := io.ReadAll(in)
	if err != nil {
		return t, []string{err.Error()}
	}
	seen := map[string]int{}
	n := 0
	for text := range strings.Lines(string(data)) {
		n++
		wrong := func(format string, args ...any) {
			problems = append(problems, fmt.Sprintf("line %d: "+format, append([]any{n}, args...)...))
		}
		text, ended := strings.CutSuffix(text, "\n")
		if !ended {
			wrong("the last line has no newline")
		}
		if n == 1 && text != header {
			wrong("%q instead of the header %q", text, header)
		}
		if comment, ok := strings.CutPrefix(text, "#"); ok {
			if module, ok := strings.CutPrefix(comment, " complete: "); ok {
				t.complete = append(t.complete, module)
			}
			continue
		}
		cols := strings.Split(text, "\t")
		if len(cols) != 5 {
			wrong("%d columns instead of 5", len(cols))
			continue
		}
		for i, c := range cols {
			if c == "" && i != 4 || c != strings.TrimSpace(c) {
				wrong("column %d is %q: empty, or with space around it", i+1, c)
			}
		}
		r := row{line: n, id: cols[0], status: cols[1], idents: list(cols[2]), tests: list(cols[3]), note: cols[4]}
		if first, ok := seen[r.id]; ok {
			wrong("%s: second row, the first is in line %d", r.id, first)
			continue
		}
		seen[r.id] = n
		if what := r.lacks(); what != "" {
			wrong("%s: %s", r.id, what)
		}
		t.rows = append(t.rows, r)
	}
	if n == 0 {
		problems = append(problems, "the table is empty")
	}
	return t, problems
}

func list(col string) []string {
	if col == "-" {
		return nil
	}
	return strings.Fields(col)
}

// lacks says what r's status asks for and r does not have, or has and should
// not.
func (r row) lacks() string {
	hasGo, hasTest, hasNote := len(r.idents) > 0, len(r.tests) > 0, r.note != ""
	switch r.status {
	case "done":
		if !hasTest {
			return "done without a test"
		}
		if !hasGo && !hasNote {
			return "done with neither a Go identifier nor a note"
		}
	case "maps":
		if !hasNote {
			return "maps without a note"
		}
	case "none", "later":
		if !hasNote {
			return r.status + " without a note"
		}
		if hasGo || hasTest {
			return r.status + " with a Go identifier or a test"
		}
	default:
		return fmt.Sprintf("status is %q: it must be done, maps, none or later", r.status)
	}
	return ""
}

// An inventory maps the id of each row of Python's documentation to its module.
type inventory map[string]string

// parseInventory reads the first two columns of a tab-separated file with one
// header line.
func parseInventory(data string) inventory {
	inv := inventory{}
	for text := range strings.Lines(data) {
		id, rest, _ := strings.Cut(strings.TrimSpace(text), "\t")
		module, _, ok := strings.Cut(rest, "\t")
		if ok && id != "id" {
			inv[id] = module
		}
	}
	return inv
}

// compare holds t against the inventory: problems are rows for ids that do not
// exist and missing rows of a module that is said to be complete; missing
// counts the ids without a row in each module.
func (t table) compare(inv inventory) (problems []string, missing map[string]int) {
	has := map[string]bool{}
	for _, r := range t.rows {
		has[r.id] = true
		if _, ok := inv[r.id]; !ok {
			problems = append(problems, fmt.Sprintf("line %d: the inventory has no %s", r.line, r.id))
		}
	}
	missing = map[string]int{}
	known := map[string]bool{}
	for id, module := range inv {
		known[module] = true
		if has[id] {
			continue
		}
		missing[module]++
		if slices.Contains(t.complete, module) {
			problems = append(problems, fmt.Sprintf("%s has no row, but %s is said to be complete", id, module))
		}
	}
	for _, module := range t.complete {
		if !known[module] {
			problems = append(problems, fmt.Sprintf("%s is said to be complete, but the inventory has no such module", module))
		}
	}
	slices.Sort(problems)
	return problems, missing
}
