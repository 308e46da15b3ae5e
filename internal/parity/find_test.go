package parity

import (
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// testKinds are the prefixes of functions that go test runs.
var testKinds = []string{"Test", "Example", "Fuzz"}

// A testFinder finds tests, examples and subtests by directory and name.
type testFinder struct {
	root string
	dirs map[string]*testDir
}

func newTestFinder(root string) *testFinder { return &testFinder{root, map[string]*testDir{}} }

// A testDir is what the test files of a directory declare.
type testDir struct {
	funcs map[string]bool // functions; false for examples without output to compare
	names map[string]bool // what subtests may be called
}

// find reports whether a test such as futures/TestWait or
// futures/TestThreadPool/Cancel exists. An example counts only if its output
// is compared.
//
// That a subtest exists means that its name is a string in the tests of the
// directory, or in a suite of tests that they import: nothing is run.
func (f *testFinder) find(test string) error {
	parts := strings.Split(test, "/")
	at := slices.IndexFunc(parts, func(part string) bool {
		return slices.ContainsFunc(testKinds, func(kind string) bool { return strings.HasPrefix(part, kind) })
	})
	if at < 0 {
		return fmt.Errorf("%s: a test's name starts with one of %v", test, testKinds)
	}
	path := strings.Join(parts[:at], "/")
	dir := f.dirs[path]
	if dir == nil {
		var err error
		if dir, err = f.read(path); err != nil {
			return fmt.Errorf("%s: %w", test, err)
		}
		f.dirs[path] = dir
	}
	checked, ok := dir.funcs[parts[at]]
	if !ok {
		return fmt.Errorf("%s: the tests in %q have no function %s", test, path, parts[at])
	}
	if !checked {
		return fmt.Errorf("%s: its output is not compared with anything", test)
	}
	for _, sub := range parts[at+1:] {
		if !dir.names[sub] {
			return fmt.Errorf("%s: the tests in %q have no subtest %s", test, path, sub)
		}
	}
	return nil
}

// read parses the test files of a directory, and the suites that they import.
func (f *testFinder) read(path string) (*testDir, error) {
	dir := &testDir{map[string]bool{}, map[string]bool{}}
	files, err := f.parse(path, true)
	if err != nil {
		return nil, err
	}
	suites := map[string]bool{}
	for _, file := range files {
		for _, d := range file.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil {
				dir.funcs[fn.Name.Name] = true
			}
		}
		for _, e := range doc.Examples(file) {
			dir.funcs["Example"+e.Name] = e.Output != "" || e.EmptyOutput
		}
		dir.addNames(file)
		for path := range imports(file) {
			if path, ok := strings.CutPrefix(path, modulePath+"/"); ok {
				suites[path] = true
			}
		}
	}
	for path := range suites {
		files, err := f.parse(path, false)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			if imports(file)["testing"] {
				dir.addNames(file)
			}
		}
	}
	return dir, nil
}

// parse reads the Go files of a directory: those that are tests, or the
// others.
func (f *testFinder) parse(path string, tests bool) (files []*ast.File, err error) {
	names, err := filepath.Glob(filepath.Join(f.root, filepath.FromSlash(path), "*.go"))
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") != tests {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	return files, nil
}

// addNames collects the strings of a file in the form they take as the names
// of subtests.
func (d *testDir) addNames(file *ast.File) {
	ast.Inspect(file, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if s, err := strconv.Unquote(lit.Value); err == nil {
				d.names[strings.ReplaceAll(s, " ", "_")] = true
			}
		}
		return true
	})
}

// imports are the paths of a file's imports.
func imports(file *ast.File) map[string]bool {
	paths := map[string]bool{}
	for _, spec := range file.Imports {
		if path, err := strconv.Unquote(spec.Path.Value); err == nil {
			paths[path] = true
		}
	}
	return paths
}
