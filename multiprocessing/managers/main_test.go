package managers

import (
	"os"
	"testing"

	"github.com/conexgo/conex"
)

func TestMain(m *testing.M) {
	conex.Init()
	os.Exit(m.Run())
}
