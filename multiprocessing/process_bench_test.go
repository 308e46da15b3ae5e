package multiprocessing_test

import (
	"context"
	"os/exec"
	"runtime"
	"testing"
	"time"

	mp "github.com/conexgo/conex/multiprocessing"
)

func startJoin(b *testing.B, opt mp.Option) {
	p, err := mp.Go(context.Background(), nothing.Bind(none{}), opt)
	if err != nil {
		b.Fatal(err)
	}
	p.Join(context.Background())
}

// BenchmarkStartJoin is one process after the other, from Start to the end of
// Join. "exec" is this program, which ends at once, by os/exec: the floor.
func BenchmarkStartJoin(b *testing.B) {
	b.Run("exec", func(b *testing.B) {
		for b.Loop() {
			cmd := exec.Command("/proc/self/exe", "-test.run=^$")
			if err := cmd.Run(); err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, m := range mp.AllStartMethods() {
		b.Run(string(m), func(b *testing.B) {
			defer mp.StopForkServer()
			for b.Loop() {
				startJoin(b, mp.WithContext(mp.Context{Method: m}))
			}
		})
	}
}

// BenchmarkWarm is a start from a full stock, with time to fill it up between
// two of them.
func BenchmarkWarm(b *testing.B) {
	defer mp.StopForkServer()
	mp.SetForkServer(mp.ForkServerConfig{Stock: 8})
	defer mp.SetForkServer(mp.ForkServerConfig{})
	for i := 0; b.Loop(); i++ {
		if i%4 == 0 {
			b.StopTimer()
			mp.WarmForkServer(context.Background())
			time.Sleep(5 * time.Millisecond)
			b.StartTimer()
		}
		startJoin(b, warmly)
	}
}

// BenchmarkBigParent is Spawn from a program with a gigabyte of heap.
func BenchmarkBigParent(b *testing.B) {
	heap := make([]byte, 1<<30)
	for i := 0; i < len(heap); i += 4096 {
		heap[i] = 1
	}
	for b.Loop() {
		startJoin(b, mp.WithContext(mp.Context{Method: mp.Spawn}))
	}
	runtime.KeepAlive(heap)
}
