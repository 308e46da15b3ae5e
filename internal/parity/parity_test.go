package parity

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// root is the repository's root, seen from this directory.
const root = "../.."

// inventoryFile holds the rows of Python's documentation, beside the
// repository; it is not part of it.
const inventoryFile = root + "/../shared/spec/INVENTORY.tsv"

// shared is the module's resolver, made once: it starts the go command.
var shared = sync.OnceValues(func() (*resolver, error) {
	paths, err := packagesIn(root)
	if err != nil {
		return nil, err
	}
	return newResolver(root, paths)
})

// TestParity holds docs/parity.tsv against the code, the tests and, where it
// is at hand, the inventory.
func TestParity(t *testing.T) {
	f, err := os.Open(root + "/docs/parity.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	table, problems := parse(f)
	r, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	tests := newTestFinder(root)
	for _, row := range table.rows {
		for _, ident := range row.idents {
			if err := r.resolve(ident); err != nil {
				problems = append(problems, row.id+": "+err.Error())
			}
		}
		for _, test := range row.tests {
			if err := tests.find(test); err != nil {
				problems = append(problems, row.id+": "+err.Error())
			}
		}
	}
	data, err := os.ReadFile(inventoryFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		t.Log("without an inventory: not checked whether rows are missing")
	case err != nil:
		t.Fatal(err)
	default:
		more, missing := table.compare(parseInventory(string(data)))
		problems = append(problems, more...)
		for _, module := range slices.Sorted(maps.Keys(missing)) {
			t.Logf("%s: %d ids have no row yet", module, missing[module])
		}
	}
	for _, p := range problems {
		t.Error(p)
	}
}

// goNames are the packages whose names docs/python.md may use without a path.
var goNames = map[string]string{
	"conex": "conex", "futures": "futures", "process": "futures/process", "contextvars": "contextvars", "sched": "sched", "pickle": "pickle",
	"connection": "multiprocessing/connection", "managers": "multiprocessing/managers",
	"sharedctypes": "multiprocessing/sharedctypes", "sharedmemory": "multiprocessing/sharedmemory",
	"subprocess": "subprocess", "subprocesstest": "subprocess/subprocesstest",
}

// TestCheatSheet checks that every Go name in docs/python.md exists.
func TestCheatSheet(t *testing.T) {
	text, err := os.ReadFile(root + "/docs/python.md")
	if err != nil {
		t.Fatal(err)
	}
	r, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, ident := range namesIn(string(text)) {
		found++
		if err := r.resolve(ident); err != nil {
			t.Error(err)
		}
	}
	if found < 20 {
		t.Errorf("only %d Go names found: is the pattern still right?", found)
	}
}

var goName = regexp.MustCompile(`\b[a-z]+(\.[A-Z]\w*)+`)

// namesIn finds the Go names in Markdown's code, which is between backquotes.
// A Python name that looks like one has more than one lower-case part.
func namesIn(text string) (idents []string) {
	for i, code := range strings.Split(strings.ReplaceAll(text, "```", "`"), "`") {
		if i%2 == 0 {
			continue
		}
		for _, at := range goName.FindAllStringIndex(code, -1) {
			if at[0] > 0 && code[at[0]-1] == '.' {
				continue // concurrent.futures.Future
			}
			name, rest, _ := strings.Cut(code[at[0]:at[1]], ".")
			if path, ok := goNames[name]; ok {
				idents = append(idents, path+"."+rest)
			}
		}
	}
	return idents
}
