package main

import (
	"os"
	"testing"
	"time"

	"github.com/conexgo/conex"
)

// The test binary plays our pools' workers, and the program that measures.
func TestMain(m *testing.M) {
	// With the race detector every measuring process and worker would take a second to exit.
	os.Setenv("GORACE", os.Getenv("GORACE")+" atexit_sleep_ms=0")
	conex.Init()
	if len(os.Args) > 1 && os.Args[1] == "measure" {
		conex.Main(run)
		return
	}
	os.Exit(m.Run())
}

// busyForTests spares the tests the calibration: the work is the same little for all lengths.
var busyForTests = map[time.Duration]int{100 * time.Microsecond: 1000, time.Millisecond: 1000}
