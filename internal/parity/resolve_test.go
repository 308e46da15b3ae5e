package parity

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// modulePath is the module whose identifiers the table names.
const modulePath = "github.com/conexgo/conex"

// split parts "futures/process.Pool.Kill" into the package's path and the
// names. The root package is called conex.
func split(ident string) (path string, names []string) {
	slash := strings.LastIndexByte(ident, '/') + 1
	first, rest, _ := strings.Cut(ident[slash:], ".")
	if rest != "" {
		names = strings.Split(rest, ".")
	}
	if path = ident[:slash] + first; path == "conex" {
		return modulePath, names
	}
	return modulePath + "/" + path, names
}

// A resolver finds identifiers in what the compiler has built: the packages'
// export data, which hold every exported name with its methods and fields.
type resolver struct {
	imp   types.Importer
	known []string // import paths that may be asked for
}

// newResolver has the go command build the packages and everything they
// import; what is in its cache already costs nothing.
func newResolver(root string, paths []string) (*resolver, error) {
	cmd := exec.Command("go", append([]string{"list", "-e", "-export", "-deps", "-json=ImportPath,Export,Error"}, paths...)...)
	cmd.Dir = root
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w\n%s", err, &stderr)
	}
	export := map[string]string{}
	var errs []error
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			ImportPath, Export string
			Error              *struct{ Err string }
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		if p.Error != nil {
			errs = append(errs, fmt.Errorf("%s: %s", p.ImportPath, p.Error.Err))
		}
		export[p.ImportPath] = p.Export
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	lookup := func(path string) (io.ReadCloser, error) {
		file := export[path]
		if file == "" {
			return nil, fmt.Errorf("no export data for %s", path)
		}
		return os.Open(file)
	}
	return &resolver{importer.ForCompiler(token.NewFileSet(), "gc", lookup), paths}, nil
}

// resolve reports whether ident is an exported package-level name, or a field
// or method of one, promoted ones and those of pointers included.
func (r *resolver) resolve(ident string) error {
	path, names := split(ident)
	if !slices.Contains(r.known, path) {
		return fmt.Errorf("%s: no package %s", ident, path)
	}
	pkg, err := r.imp.Import(path)
	if err != nil {
		return fmt.Errorf("%s: %w", ident, err)
	}
	if len(names) == 0 {
		return nil // the package itself
	}
	for _, name := range names {
		if !token.IsExported(name) {
			return fmt.Errorf("%s: %q is not an exported name", ident, name)
		}
	}
	obj := pkg.Scope().Lookup(names[0])
	if obj == nil {
		return fmt.Errorf("%s: package %s has no %s", ident, path, names[0])
	}
	for i, name := range names[1:] {
		if _, isType := obj.(*types.TypeName); i == 0 && !isType {
			return fmt.Errorf("%s: %s is not a type", ident, names[0])
		}
		next, _, _ := types.LookupFieldOrMethod(obj.Type(), true, pkg, name)
		if next == nil {
			return fmt.Errorf("%s: %s has no field or method %s", ident, names[i], name)
		}
		obj = next
	}
	return nil
}

// packagesIn lists the module's packages below root that tests and tables can
// name, without asking the go command: directories with a Go file that is not
// a test, outside nested modules.
func packagesIn(root string) (paths []string, err error) {
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !d.IsDir() {
			return nil
		}
		name := d.Name()
		if path != root {
			if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "internal" || name == "testdata" {
				return fs.SkipDir
			}
			if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil {
				return fs.SkipDir
			}
		}
		files, err := filepath.Glob(filepath.Join(path, "*.go"))
		if err != nil {
			return err
		}
		for _, f := range files {
			// go test remembers a passed test until a file changes that
			// the test has looked at, and it does not see what the go
			// command reads.
			if _, err := os.Stat(f); err != nil {
				return err
			}
		}
		if slices.ContainsFunc(files, func(f string) bool { return !strings.HasSuffix(f, "_test.go") }) {
			rel, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			if rel == "." {
				paths = append(paths, modulePath)
			} else {
				paths = append(paths, modulePath+"/"+filepath.ToSlash(rel))
			}
		}
		return nil
	})
	return paths, err
}
