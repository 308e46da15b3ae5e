package subprocess_test

import (
	"context"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/conexgo/conex/subprocess"
)

// BenchmarkTrue starts a program that does nothing, and waits for it, by turns
// here and with os/exec, so that whatever else the machine does hits both. The
// figures are medians.
func BenchmarkTrue(b *testing.B) {
	path, err := exec.LookPath("true")
	if err != nil {
		b.Skip("no program true")
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		b.Fatal(err)
	}
	defer null.Close()
	var took [2][]time.Duration
	timed := func(i int, f func() error) {
		began := time.Now()
		if err := f(); err != nil {
			b.Fatal(err)
		}
		took[i] = append(took[i], time.Since(began))
	}
	for b.Loop() {
		timed(0, func() error {
			_, err := subprocess.Run(context.Background(), subprocess.Cmd{Args: []string{path}, Stdin: null})
			return err
		})
		timed(1, func() error {
			c := exec.Command(path)
			c.Stdin, c.Stdout, c.Stderr = null, os.Stdout, os.Stderr
			return c.Run()
		})
	}
	for i := range took {
		slices.Sort(took[i])
	}
	at := func(i, percent int) float64 { return float64(took[i][len(took[i])*percent/100]) }
	b.ReportMetric(at(0, 50)/1000, "µs/conex")
	b.ReportMetric(at(1, 50)/1000, "µs/exec")
	b.ReportMetric(at(0, 50)/at(1, 50), "ratio50")
	b.ReportMetric(at(0, 10)/at(1, 10), "ratio10")
}
