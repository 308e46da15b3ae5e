package python_test

import (
	"os"
	"os/exec"
	"slices"

	"github.com/conexgo/conex/futures/python"
)

// Examples are for a machine that has a python3. On others they are skipped, which an
// example cannot do by itself.
func init() {
	if exec.Command("python3", "-c", "import sys; sys.exit(sys.version_info < (3, 8))").Run() != nil {
		os.Args = slices.Insert(os.Args, 1, "-test.skip=^Example")
	}
}

// newPool is python.NewPool without the error, for examples about something else.
func newPool(cfg python.Config) *python.Pool {
	pool, err := python.NewPool(cfg)
	if err != nil {
		panic(err)
	}
	return pool
}
