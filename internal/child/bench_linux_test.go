package child

import (
	"slices"
	"testing"
	"time"
)

// BenchmarkKill measures from Kill's call to Done for a busy child.
func BenchmarkKill(b *testing.B) {
	for _, kind := range []string{"burn", "deaf", "hold:200:block"} {
		b.Run(kind, func(b *testing.B) {
			var took, calls []time.Duration
			in := stuck(b)
			for range b.N {
				c, _ := startReady(b, kind, Spec{Stdin: in})
				begin := time.Now()
				c.Kill()
				calls = append(calls, time.Since(begin))
				<-c.Done()
				took = append(took, time.Since(begin))
			}
			slices.Sort(took)
			slices.Sort(calls)
			b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
			b.ReportMetric(float64(calls[len(calls)/2].Microseconds()), "call-p50-µs")
		})
	}
}

// BenchmarkStart measures Start and a whole life.
func BenchmarkStart(b *testing.B) {
	var took time.Duration
	for range b.N {
		begin := time.Now()
		c := start(b, "exit:0", Spec{})
		took += time.Since(begin)
		<-c.Done()
	}
	b.ReportMetric(float64(took.Microseconds())/float64(b.N), "start-µs")
}
