package dummy_test

import (
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// What is not the same, and why. Everything else has to be.
var (
	// in package threading
	threadingDiffers = map[string]string{}

	// in package lowlevel
	lowlevelDiffers = map[string]string{
		"InterruptMain":  "threading has the one without a signal",
		"NotifyMain":     "there are no signals",
		"ErrSignal":      "there are no signals",
		"DaemonsAllowed": "Python's _dummy_thread has none",

		"UnraisableHook":        "failures go to the ExceptHook",
		"UnraisableHookArgs":    "failures go to the ExceptHook",
		"SetUnraisableHook":     "failures go to the ExceptHook",
		"DefaultUnraisableHook": "failures go to the ExceptHook",
	}

	// in neither
	extra = map[string]string{
		"DeadlockError": "threads that wait have no such error",
	}
)

const module = "github.com/conexgo/conex"

// An apiImporter reads the packages of the module from their files, and of the
// standard library what those import. What that imports in turn, and all
// others, it takes for empty: only names are compared.
type apiImporter struct {
	fset *token.FileSet
	pkgs map[string]*types.Package
}

func (im *apiImporter) Import(path string) (*types.Package, error) {
	if p := im.pkgs[path]; p != nil {
		return p, nil
	}
	rel, ours := strings.CutPrefix(path, module)
	first, _, _ := strings.Cut(path, "/")
	switch {
	case ours:
		found, err := build.ImportDir(filepath.Join("..", "..", rel), 0)
		return im.load(path, found, err, im)
	case strings.Contains(first, "."):
		return empty(path)
	}
	found, err := build.Import(path, "", 0)
	return im.load(path, found, err, importerFunc(empty))
}

func (im *apiImporter) load(path string, found *build.Package, err error, imports types.Importer) (*types.Package, error) {
	if err != nil {
		return nil, err
	}
	var files []*ast.File
	for _, name := range found.GoFiles {
		f, err := parser.ParseFile(im.fset, filepath.Join(found.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	// Errors are what the packages that are taken for empty do not have.
	conf := types.Config{Importer: imports, IgnoreFuncBodies: true, FakeImportC: true, Error: func(error) {}}
	p, _ := conf.Check(path, im.fset, files, nil)
	im.pkgs[path] = p
	return p, nil
}

type importerFunc func(path string) (*types.Package, error)

func (f importerFunc) Import(path string) (*types.Package, error) { return f(path) }

func empty(path string) (*types.Package, error) {
	p := types.NewPackage(path, filepath.Base(path))
	p.MarkComplete()
	return p, nil
}

// unqualified writes the types of both packages alike.
func unqualified(p *types.Package) string {
	switch p.Path() {
	case module + "/threading", module + "/threading/dummy", module + "/threading/lowlevel":
		return ""
	}
	return p.Path()
}

// describe returns what an exported name offers to who uses it, line by line.
func describe(o types.Object) []string {
	name, ok := o.(*types.TypeName)
	if !ok {
		return []string{fmt.Sprintf("%T %s", o, typeString(o.Type()))}
	}
	lines := []string{"type"}
	t := types.Unalias(name.Type())
	methods := types.NewMethodSet(types.NewPointer(t))
	switch u := t.Underlying().(type) {
	case *types.Struct:
		for f := range u.Fields() {
			if f.Exported() && !f.Embedded() {
				lines = append(lines, "field "+f.Name()+" "+typeString(f.Type()))
			}
		}
	case *types.Interface:
		methods = types.NewMethodSet(t)
	default:
		lines = append(lines, typeString(u))
	}
	for m := range methods.Methods() {
		if m.Obj().Exported() {
			lines = append(lines, "method "+m.Obj().Name()+typeString(m.Type()))
		}
	}
	return lines
}

// typeString is types.TypeString without the names of parameters.
func typeString(t types.Type) string {
	sig, ok := t.(*types.Signature)
	if !ok {
		return types.TypeString(t, unqualified)
	}
	nameless := func(in *types.Tuple) *types.Tuple {
		var out []*types.Var
		for v := range in.Variables() {
			out = append(out, types.NewParam(token.NoPos, nil, "", v.Type()))
		}
		return types.NewTuple(out...)
	}
	s := types.TypeString(types.NewSignatureType(nil, nil, nil, nameless(sig.Params()), nameless(sig.Results()), sig.Variadic()), unqualified)
	var params []string
	for p := range sig.TypeParams().TypeParams() {
		params = append(params, p.String()+" "+types.TypeString(p.Constraint(), unqualified))
	}
	return fmt.Sprint(params, s)
}

func exported(p *types.Package) map[string][]string {
	names := map[string][]string{}
	for _, n := range p.Scope().Names() {
		if o := p.Scope().Lookup(n); o.Exported() {
			names[n] = describe(o)
		}
	}
	return names
}

// A program can swap one package for the other: neither has a name, a method or
// a field that the other lacks, but for those listed above.
func TestSameNames(t *testing.T) {
	im := &apiImporter{token.NewFileSet(), map[string]*types.Package{}}
	load := func(path string) map[string][]string {
		p, err := im.Import(module + path)
		if err != nil {
			t.Fatal(err)
		}
		return exported(p)
	}
	dummy, known := load("/threading/dummy"), map[string]bool{}
	for _, p := range []struct {
		name    string
		api     map[string][]string
		differs map[string]string
	}{
		{"threading", load("/threading"), threadingDiffers},
		{"lowlevel", load("/threading/lowlevel"), lowlevelDiffers},
	} {
		if len(p.api) < 5 {
			t.Fatalf("%s has the names %v: it was not read", p.name, p.api)
		}
		for _, n := range slices.Sorted(maps.Keys(p.api)) {
			known[n] = true
			want, got := p.api[n], dummy[n]
			_, may := p.differs[n]
			switch same := slices.Equal(want, got); {
			case same && may:
				t.Errorf("%s is the same in %s: it need not be listed", n, p.name)
			case same || may:
			case got == nil:
				t.Errorf("dummy lacks %s of %s", n, p.name)
			default:
				for _, l := range diff(want, got) {
					t.Errorf("%s: %s has, dummy has not: %s", n, p.name, l)
				}
				for _, l := range diff(got, want) {
					t.Errorf("%s: dummy has, %s has not: %s", n, p.name, l)
				}
			}
		}
		for n := range p.differs {
			if p.api[n] == nil {
				t.Errorf("%s is listed, but %s has none", n, p.name)
			}
		}
	}
	for _, n := range slices.Sorted(maps.Keys(dummy)) {
		if !known[n] && extra[n] == "" {
			t.Errorf("only dummy has %s", n)
		}
	}
	for n, why := range extra {
		if known[n] || dummy[n] == nil {
			t.Errorf("%s is listed (%s), but is not dummy's alone", n, why)
		}
	}
}

// diff returns what is in a and not in b.
func diff(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
}
