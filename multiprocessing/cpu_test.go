package multiprocessing_test

import (
	"runtime"
	"testing"

	mp "github.com/conexgo/conex/multiprocessing"
)

func TestCPUCount(t *testing.T) {
	if n := mp.CPUCount(); n < 1 || n != runtime.GOMAXPROCS(0) {
		t.Error(n)
	}
	if n := mp.MachineCPUCount(); n < runtime.NumCPU() {
		t.Errorf("%d of %d processors", runtime.NumCPU(), n)
	}
}
