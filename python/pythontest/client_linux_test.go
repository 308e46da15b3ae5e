package pythontest

import (
	"bufio"
	"cmp"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/conexgo/conex/internal/cpython"
	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/internal/tlstest"
)

// transports are how the Python tests connect, and the tests that run so: all,
// or those that tell something new. Each but the first runs with the newest
// Python only, unless CONEX_STRESS is set.
var transports = []struct{ name, tests string }{
	{"tcp", ""},
	{"unix", ""},
	{"tls", "test_connect"},
	{"mtls", ""},
}

// TestClient runs the tests of the Python package, each of which has servers in
// Go of its own. CONEX_PYTHON_TEST names those to run, as in
// test_calls.TestErrors.
func TestClient(t *testing.T) {
	leak.Check(t)
	pythons := cpython.NeedAny(t, 8)
	certs := t.TempDir()
	tlstest.Certificates(t, certs)
	server, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, transport := range transports {
		tests := []string{"-W", "error", "-m", "unittest"}
		if only := cmp.Or(os.Getenv("CONEX_PYTHON_TEST"), transport.tests); only != "" {
			tests = append(tests, "tests."+only)
		} else {
			tests = append(tests, "discover", "-q", "-t", ".", "-s", "tests")
		}
		t.Run(transport.name, func(t *testing.T) {
			t.Parallel()
			for i, python := range pythons {
				if transport.name != "tcp" && i < len(pythons)-1 && os.Getenv("CONEX_STRESS") == "" {
					continue
				}
				t.Run(cpython.Name(python), func(t *testing.T) {
					t.Parallel()
					run(t, "..", []string{
						"CONEX_TEST_SERVER=" + server, "CONEX_TEST_CERTS=" + certs, "CONEX_TEST_TRANSPORT=" + transport.name,
						"CONEX_TEST_KEY=" + serverKey, "PYTHONDONTWRITEBYTECODE=1",
					}, python, tests...)
				})
			}
		})
	}
}

// TestInstall installs the package with pip, which needs nothing but itself and
// the folder, and imports it from where that has put it.
func TestInstall(t *testing.T) {
	pythons := cpython.NeedAny(t, 8)
	for i, python := range pythons {
		t.Run(cpython.Name(python), func(t *testing.T) {
			if err := exec.CommandContext(t.Context(), python, "-m", "pip", "--version").Run(); err != nil {
				t.Skipf("%s has no pip: nothing is installed (%v)", python, err)
			}
			src, dir := t.TempDir(), t.TempDir()
			if err := os.CopyFS(src, os.DirFS("..")); err != nil {
				t.Fatal(err)
			}
			for _, kind := range []string{"plain", "editable"} {
				if kind == "editable" && i < len(pythons)-1 {
					continue // it takes its time
				}
				args := []string{"-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-index", "--root-user-action=ignore"}
				if cpython.Minor(python) < 9 {
					args = args[:len(args)-1]
				}
				to := filepath.Join(dir, kind)
				args = append(args, "--target", to)
				if kind == "editable" {
					args = append(args, "-e")
				}
				run(t, dir, nil, python, append(args, src)...)
				out := run(t, dir, []string{"PYTHONNOUSERSITE=1"}, python, "-c", strings.Join([]string{
					"import site; site.addsitedir('" + to + "')",
					"import conex_client, importlib.metadata, os",
					"assert importlib.metadata.version('conex-client') == conex_client.__version__",
					"assert os.path.exists(os.path.join(os.path.dirname(conex_client.__file__), 'py.typed'))",
					"print(conex_client.__file__)",
				}, "\n"))
				want := map[string]string{"plain": to, "editable": src}[kind]
				if !strings.HasPrefix(out, want) {
					t.Errorf("%s: imported from %s, not from %s", kind, out, want)
				}
			}
		})
	}
}

// TestExample runs the program in Go that the README speaks of, and the one in
// Python that calls it. Only the port is another one.
func TestExample(t *testing.T) {
	leak.Check(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	dir := t.TempDir()
	const example = "../../examples/manager/functions"
	run(t, ".", nil, "go", "build", "-o", filepath.Join(dir, "functions"), "./"+example)
	python, err := os.ReadFile(example + "/words.py")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "three.txt"), []byte("one two three"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, filepath.Join(dir, "functions"), "-address", "127.0.0.1:0")
	cmd.Dir = dir
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	address := strings.TrimSpace(strings.TrimPrefix(line, "functions at "))
	code := strings.Replace(string(python), "127.0.0.1:50001", address, 1)
	const want = `7 squared is 49
three.txt has 3 words
missing.txt: open missing.txt: no such file or directory (*fs.PathError)
the first squares are 0 1 4 9 16 25 36 49 64 81
`
	client, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, python := range cpython.NeedAny(t, 8) {
		got := run(t, dir, []string{"PYTHONPATH=" + client, "PYTHONDONTWRITEBYTECODE=1"}, python, "-c", code, "three.txt")
		if got != want {
			t.Errorf("%s: %s", python, got)
		}
	}
	cmd.Process.Signal(os.Interrupt)
}

// run runs a program, which must succeed, and returns what it prints.
func run(t *testing.T, dir string, env []string, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env, cmd.WaitDelay = dir, append(os.Environ(), env...), time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, out)
	}
	return string(out)
}
