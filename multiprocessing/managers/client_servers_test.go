package managers

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/conexgo/conex/pickle"
)

// The typed handles are tested with servers of this package and of CPython's.

// clientPythons are the CPythons from 3.8 on that pyenv has installed: the
// oldest and the newest, or all with CONEX_STRESS.
var clientPythons = sync.OnceValue(func() []string {
	root := os.Getenv("PYENV_ROOT")
	if root == "" {
		home, _ := os.UserHomeDir()
		root = filepath.Join(home, ".pyenv")
	}
	found, _ := filepath.Glob(filepath.Join(root, "versions", "3.*", "bin", "python3"))
	minor := func(path string) (n int) {
		fmt.Sscanf(filepath.Base(filepath.Dir(filepath.Dir(path))), "3.%d", &n)
		return n
	}
	found = slices.DeleteFunc(found, func(path string) bool { return minor(path) < 8 })
	slices.SortFunc(found, func(a, b string) int { return minor(a) - minor(b) })
	if n := len(found); n > 2 && os.Getenv("CONEX_STRESS") == "" {
		return []string{found[0], found[n-1]}
	}
	return found
})

// clientMaths is the Go server's part of what testdata/client_server.py has.
type clientMaths struct{}

func (clientMaths) Add(x, y int) int { return x + y }

func (clientMaths) Keywords(args ...any) []any { return args }

func (clientMaths) Fail(text string) error {
	return pickle.ValueError.New(text, 7)
}

func (clientMaths) Sleep(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

var clientTypes = sync.OnceValue(func() *Types {
	t := NewTypes("", SyncTypes)
	t.Register("Maths", func() *clientMaths { return &clientMaths{} })
	t.Register("get_queue", QueueType)
	return t
})

// clientEach runs a test with servers of all kinds.
func clientEach(t *testing.T, f func(t *testing.T, m *Manager)) {
	t.Run("Go", func(t *testing.T) {
		srv := clientServer(t, Config{Types: clientTypes()})
		f(t, clientConnect(t, srv.Address()))
	})
	if len(clientPythons()) == 0 {
		t.Run("CPython", func(t *testing.T) { t.Skip("no CPython from 3.8 on is installed by pyenv") })
	}
	for _, python := range clientPythons() {
		t.Run(filepath.Base(filepath.Dir(filepath.Dir(python))), func(t *testing.T) {
			f(t, clientConnect(t, clientPython(t, python)))
		})
	}
}

// clientPython starts a server of CPython's and returns its address.
func clientPython(t testing.TB, python string, args ...string) string {
	t.Helper()
	address, end := startPython(t, python, args...)
	t.Cleanup(end)
	return address
}

func startPython(t testing.TB, python string, args ...string) (address string, end func()) {
	t.Helper()
	cmd := exec.Command(python, append([]string{"testdata/client_server.py", string(clientKey)}, args...)...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	clientMust(t, err)
	out, err := cmd.StdoutPipe()
	clientMust(t, err)
	clientMust(t, cmd.Start())
	end = sync.OnceFunc(func() {
		in.Close()
		io.Copy(io.Discard, out)
		cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		end()
		t.Fatal("the server has not started:", err)
	}
	return strings.TrimSpace(line), end
}
