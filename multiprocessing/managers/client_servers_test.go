package managers

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/conexgo/conex/internal/cpython"
	"github.com/conexgo/conex/pickle"
)

// The typed handles are tested with servers of this package and of CPython's.

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
	if len(cpython.Some()) == 0 {
		t.Run("CPython", func(t *testing.T) { t.Skip("no CPython from 3.8 on is installed by pyenv") })
	}
	for _, python := range cpython.Some() {
		t.Run(cpython.Name(python), func(t *testing.T) {
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
