package socket_test

import (
	"os"
	"testing"

	"github.com/conexgo/conex"
)

func TestMain(m *testing.M) {
	// What the race detector waits for at the end of a process is a second
	// for each child.
	if os.Getenv("GORACE") == "" {
		os.Setenv("GORACE", "atexit_sleep_ms=0")
	}
	conex.Init()
	os.Exit(m.Run())
}
