package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"sort"
	"time"

	"github.com/conexgo/conex"
	mp "github.com/conexgo/conex/multiprocessing"
)

var nothing = conex.Register("nothing", func(context.Context, struct{}) (struct{}, error) { return struct{}{}, nil })

func main() {
	if len(os.Args) > 1 && os.Args[1] == "exit" {
		os.Exit(0)
	}
	conex.Main(run)
}

func p50(n int, f func()) (a, b time.Duration) {
	var t []time.Duration
	for range n {
		s := time.Now()
		f()
		t = append(t, time.Since(s))
	}
	sort.Slice(t, func(i, j int) bool { return t[i] < t[j] })
	return t[0], t[n/2]
}

func run(ctx context.Context) error {
	if err := mp.SetForkServer(mp.ForkServerConfig{Stock: 20}); err != nil {
		return err
	}
	sj := func(m mp.StartMethod) func() {
		return func() {
			p, err := mp.Go(ctx, nothing.Bind(struct{}{}), mp.WithContext(mp.Context{Method: m}))
			if err != nil {
				panic(err)
			}
			p.Join(ctx)
		}
	}
	for range 5 {
		a, b := p50(50, func() { exec.Command("/proc/self/exe", "exit").Run() })
		fmt.Println("exec       ", a, b)
		a, b = p50(50, sj(mp.Spawn))
		fmt.Println("spawn      ", a, b)
		mp.WarmForkServer(ctx)
		time.Sleep(50 * time.Millisecond)
		a, b = p50(18, sj(mp.ForkServer))
		fmt.Println("warm burst ", a, b)
		a, b = p50(50, sj(mp.ForkServer))
		fmt.Println("warm steady", a, b)
		a, b = p50(20, func() { time.Sleep(5*time.Millisecond); s := time.Now(); sj(mp.ForkServer)(); d = append(d, time.Since(s)) })
		sort.Slice(d, func(i, j int) bool { return d[i] < d[j] })
		fmt.Println("warm paused", d[0], d[10])
		d = nil
		mp.StopForkServer()
	}
	return nil
}
var d []time.Duration
