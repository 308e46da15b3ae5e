package python_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/futures/python"
	"github.com/conexgo/conex/internal/cpython"
	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/pickle"
)

// suiteBroken is what a pool that cannot work says: NewPool, or else Ready, and
// every task then.
func suiteBroken(t *testing.T, cfg python.Config) error {
	t.Helper()
	p, err := python.NewPool(suiteConfig(cfg))
	if err != nil {
		return err
	}
	ctx := suiteWithin(t, 10*time.Second)
	defer p.Kill()
	if err = p.Ready(ctx); err == nil {
		t.Errorf("%+v: the pool is ready", cfg)
		return nil
	}
	for range 2 {
		if err2 := futures.Submit(ctx, p, suiteInc, 1).Err(ctx); !errors.Is(err2, futures.ErrBroken) || !strings.Contains(err2.Error(), strings.TrimPrefix(err.Error(), "python: ")) {
			t.Errorf("a task says %v; Ready says %v", err2, err)
		}
	}
	if err := p.Shutdown(ctx); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	return err
}

// An interpreter that is none is told before the first call, or by it, with
// its path and what is wrong.
func TestBadInterpreter(t *testing.T) {
	dir := t.TempDir()
	script := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	tests := []struct {
		path string
		want []string
	}{
		{"/no/such/python3", []string{"/no/such/python3", "no such file"}},
		{"no-such-python-in-the-path", []string{"no-such-python-in-the-path", "not found"}},
		{dir, []string{dir, "director"}},
		{script("plain", "#!/bin/sh\nexit 0\n", 0o644), []string{"plain", "permission denied"}},
		{script("old", "#!/bin/sh\necho Python 2.7.18\nexit 1\n", 0o755), []string{"old"}},
		{script("sulky", "#!/bin/sh\necho I will not >&2\nexit 3\n", 0o755), []string{"sulky", "I will not"}},
		{script("garbage", "\x00\x01\x02", 0o755), []string{"garbage", "exec format"}},
		{script("lost", "#!/no/such/interpreter\n", 0o755), []string{"lost", "no such file"}},
		{"/bin/true", []string{"/bin/true"}},
		{"/bin/cat", []string{"/bin/cat"}},
	}
	for _, v := range []string{"2.7", "3.6", "3.7"} {
		found, _ := filepath.Glob(filepath.Join(filepath.Dir(filepath.Dir(filepath.Dir(suiteNewest(t)))), v+".*", "bin", "python"))
		for _, path := range found {
			tests = append(tests, struct {
				path string
				want []string
			}{path, []string{path, v, "3.8"}})
		}
	}
	for _, tt := range tests {
		t.Run(filepath.Base(tt.want[0]), func(t *testing.T) {
			leak.Check(t)
			err := suiteBroken(t, python.Config{Interpreter: tt.path, Workers: 1})
			if !errors.Is(err, python.ErrInterpreter) {
				t.Fatalf("got %v, want ErrInterpreter", err)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("no %q in: %v", want, err)
				}
			}
		})
	}
}

// One that starts and says nothing is waited for, as long as the caller likes.
func TestSilentInterpreter(t *testing.T) {
	leak.Check(t)
	path := filepath.Join(t.TempDir(), "silent")
	if err := os.WriteFile(path, []byte("#!/bin/sh\nexec sleep 1000\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	p, err := python.NewPool(suiteConfig(python.Config{Interpreter: path, Workers: 1}))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	if err := p.Ready(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Ready: %v", err)
	}
	f := futures.Submit(suiteWithin(t, 20*time.Second), p, suiteInc, 1)
	p.Kill()
	if err := f.Err(suiteWithin(t, 20*time.Second)); err == nil {
		t.Error("a task has a result")
	}
	if err := p.Shutdown(suiteWithin(t, 20*time.Second)); err != nil {
		t.Error(err)
	}
}

// A suiteWhere is where an error must say that it was.
type suiteWhere struct {
	file     string
	line     int
	function string // "": any
}

func suiteCheckError(t *testing.T, what string, err error, class error, where suiteWhere) *python.Error {
	t.Helper()
	e, ok := errors.AsType[*python.Error](err)
	if !ok {
		t.Errorf("%s: got %v, want a *python.Error", what, err)
		return nil
	}
	if !errors.Is(err, class) {
		t.Errorf("%s: got %v, want a %v", what, err, class)
	}
	if filepath.Base(e.File) != where.file || e.Line != where.line || where.function != "" && e.Function != where.function {
		t.Errorf("%s: it was at %s:%d in %s, want %v\n%s", what, e.File, e.Line, e.Function, where, e.Traceback)
	}
	return e
}

// Modules that cannot be imported are told with file and line: by the first
// call of a function of theirs, which costs nothing else, or at the start if
// they are in Preload.
func TestBadModules(t *testing.T) {
	suiteEach(t, func(t *testing.T, interpreter string) {
		leak.Check(t)
		p := suitePool(t, python.Config{Interpreter: interpreter, Workers: 1})
		ctx := suiteWithin(t, 50*time.Second)
		for _, tt := range []struct {
			module string
			class  error
			where  suiteWhere
		}{
			{"badimport", pickle.ModuleNotFoundError, suiteWhere{"badimport.py", 3, ""}},
			{"badsyntax", pickle.SyntaxError, suiteWhere{"badsyntax.py", 3, ""}},
			{"badbody", pickle.KeyError, suiteWhere{"badbody.py", 7, "fail"}},
			{"exitbody", pickle.SystemExit, suiteWhere{"exitbody.py", 5, ""}},
		} {
			for range 2 {
				err := futures.Submit(ctx, p, python.Func[int, int](tt.module+":f"), 1).Err(ctx)
				suiteCheckError(t, "a function of "+tt.module, err, tt.class, tt.where)
				if errors.Is(err, python.ErrNotFound) {
					t.Errorf("a function of %s: ErrNotFound hides the reason: %v", tt.module, err)
				}
			}
			err := suiteBroken(t, python.Config{Interpreter: interpreter, Workers: 1, Preload: []string{tt.module}})
			suiteCheckError(t, "Preload of "+tt.module, err, tt.class, tt.where)
			if err != nil && !strings.Contains(err.Error(), tt.module) {
				t.Errorf("Preload of %s: it is not named in %v", tt.module, err)
			}
		}
		err := futures.Submit(ctx, p, python.Func[int, int]("diebody:f"), 1).Err(ctx)
		if wd, ok := errors.AsType[*futures.WorkerDiedError](err); !ok || wd.ExitCode != 9 || !strings.Contains(wd.Stderr, "dying in the import") {
			t.Errorf("a module that dies: %v", err)
		}
		err = suiteBroken(t, python.Config{Interpreter: interpreter, Workers: 1, Preload: []string{"diebody"}})
		if err == nil || !strings.Contains(err.Error(), "dying in the import") {
			t.Errorf("Preload of a module that dies: %v", err)
		}
		err = suiteBroken(t, python.Config{Interpreter: interpreter, Workers: 1, Preload: []string{"no_such_module_here"}})
		if !errors.Is(err, python.ErrNotFound) || !strings.Contains(err.Error(), "no_such_module_here") {
			t.Errorf("Preload of nothing: %v", err)
		}
		if r, err := futures.Submit(ctx, p, suiteInc, 1).Result(ctx); r != 2 || err != nil {
			t.Errorf("afterwards: %v, %v", r, err)
		}
	})
}

// A function that is not there is an error of the call, with a suggestion.
func TestNotFound(t *testing.T) {
	leak.Check(t)
	p := suitePool(t, python.Config{Workers: 1})
	ctx := suiteWithin(t, 30*time.Second)
	for _, tt := range []struct{ name, want string }{
		{"conexsuite:incc", "'incc': did you mean 'inc'"},
		{"conexsuite:raise_name", "'raise_name': did you mean 'raise_named'"},
		{"conexsuite:Account.statik", "'statik': did you mean 'static'"},
		{"conexsuite:Acount.static", "'Acount': did you mean 'Account'"},
		{"conexsuite:nothing_like_it_at_all", "has no 'nothing_like_it_at_all'"},
		{"conexsuit:inc", "'conexsuit': did you mean 'conexsuite'"},
		{"conexsuite.sub:inc", "no module 'conexsuite.sub'"},
		{"os.path:joinn", "'joinn': did you mean 'join'"},
	} {
		for range 2 {
			err := futures.Submit(ctx, p, python.Func[int, int](tt.name), 1).Err(ctx)
			if !errors.Is(err, python.ErrNotFound) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s: got %v, want ErrNotFound with %q", tt.name, err, tt.want)
			}
		}
	}
	err := futures.Submit(ctx, p, python.Func[int, int]("conexsuite:not_callable"), 1).Err(ctx)
	if err == nil || !strings.Contains(err.Error(), "cannot be called") || !strings.Contains(err.Error(), "conexsuite:not_callable") {
		t.Errorf("a number as function: %v", err)
	}
	for _, name := range []string{"", "conexsuite", ":inc", "conexsuite:", "conex suite:inc", "conexsuite:inc:inc", "conexsuite:inc()", "../conexsuite:inc", "conexsuite:inc\x00", ".conexsuite:inc"} {
		err := futures.Submit(ctx, p, python.Func[int, int](name), 1).Err(ctx)
		if err == nil || !strings.Contains(err.Error(), "python") {
			t.Errorf("the name %q: %v", name, err)
		}
	}
	if r, err := futures.Submit(ctx, p, python.Func[int, int]("conexsuite:Account.static"), 4).Result(ctx); r != 8 || err != nil {
		t.Errorf("a static method: %v, %v", r, err)
	}
	if r, err := futures.Submit(ctx, p, python.Func[int, string]("conexsuite:Account.of_class"), 4).Result(ctx); r != "Account4" || err != nil {
		t.Errorf("a class method: %v, %v", r, err)
	}
}

// What cannot be sent names its type, and where it is or who returned it.
func TestNotSendable(t *testing.T) {
	suiteEach(t, func(t *testing.T, interpreter string) {
		leak.Check(t)
		p := suitePool(t, python.Config{Interpreter: interpreter, Workers: 1})
		ctx := suiteWithin(t, 30*time.Second)
		for name, want := range map[string]string{
			"lock": "_thread.lock", "lambda": "function", "generator": "generator", "module": "module", "socket": "socket",
			"refuses": "conexsuite.Refuses", "nested lock": "lock", "deep": "list",
		} {
			err := futures.Submit(ctx, p, suiteResultOf, name).Err(ctx)
			if !errors.Is(err, futures.ErrNotEncodable) {
				t.Errorf("%s: %v", name, err)
				continue
			}
			for _, want := range []string{want, "conexsuite.py:", "result_of"} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%s: no %q in: %v", name, want, err)
				}
			}
			if len(err.Error()) > 1000 {
				t.Errorf("%s: an error of %d bytes", name, len(err.Error()))
			}
		}
		type inner struct{ Done chan int }
		type outer struct{ Jobs []map[string]any }
		err := futures.Submit(ctx, p, python.Func[outer, any]("conexsuite:echo"), outer{[]map[string]any{{}, {"a": inner{make(chan int)}}}}).Err(ctx)
		if !errors.Is(err, futures.ErrNotEncodable) || !strings.Contains(err.Error(), `Jobs[1]["a"].Done`) || !strings.Contains(err.Error(), "chan int") {
			t.Errorf("a channel in the argument: %v", err)
		}
		// In the middle of a Map.
		i := 0
		for v, err := range futures.Map(ctx, p, suiteOptions.Funcs.Unsendable, func(yield func(int) bool) {
			for i := range 30 {
				if !yield(i % 3) {
					return
				}
			}
		}, futures.ChunkSize(10)) {
			if bad := i%3 != 0; bad != errors.Is(err, futures.ErrNotEncodable) || !bad && (v != "sent" || err != nil) {
				t.Errorf("item %d: %v, %v", i, v, err)
			}
			i++
		}
		if r, err := futures.Submit(ctx, p, suiteInc, 1).Result(ctx); r != 2 || err != nil {
			t.Errorf("afterwards: %v, %v", r, err)
		}
	})
}

// An engine of its own: functions of Go are refused here, and those of Python
// elsewhere.
func TestForeign(t *testing.T) {
	leak.Check(t)
	ctx := suiteWithin(t, 20*time.Second)
	if _, err := suiteInc.Call(ctx, 1); !errors.Is(err, python.ErrNotPython) || !strings.Contains(err.Error(), "conexsuite:inc") {
		t.Errorf("Call: %v", err)
	}
	threads, err := futures.NewThreadPool(futures.ThreadConfig{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer threads.Close()
	isolated, err := futures.NewIsolatedPool(futures.ThreadConfig{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer isolated.Close()
	for name, ex := range map[string]futures.Executor{"threads": threads, "isolated": isolated} {
		if err := futures.Submit(ctx, ex, suiteInc, 1).Err(ctx); !errors.Is(err, python.ErrNotPython) {
			t.Errorf("%s: %v", name, err)
		}
	}
	p := suitePool(t, python.Config{Workers: 1})
	err = futures.Submit(ctx, p, suiteGo, 1).Err(ctx)
	if err == nil || !strings.Contains(err.Error(), "suite.inGo") || errors.Is(err, futures.ErrBroken) {
		t.Errorf("a function of Go: %v", err)
	}
	if r, err := futures.Submit(ctx, p, suiteInc, 1).Result(ctx); r != 2 || err != nil {
		t.Errorf("afterwards: %v, %v", r, err)
	}
}

// Versions of the interpreters that the other tests use.
func TestVersions(t *testing.T) {
	suiteEach(t, func(t *testing.T, interpreter string) {
		leak.Check(t)
		p := suitePool(t, python.Config{Interpreter: interpreter, Workers: 1})
		ctx := suiteWithin(t, 20*time.Second)
		v, err := futures.Submit(ctx, p, python.Func[none, []int]("conexsuite:version"), none{}).Result(ctx)
		if err != nil || len(v) != 3 || v[0] != 3 || v[1] < 8 {
			t.Fatalf("version %v, %v", v, err)
		}
		if minor := cpython.Minor(interpreter); minor != 0 && v[1] != minor {
			t.Errorf("%s is 3.%d", interpreter, v[1])
		}
	})
}
