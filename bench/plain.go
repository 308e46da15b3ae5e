package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"time"

	"github.com/conexgo/conex/bench/internal/meter"
)

// What no library could beat: the same work with nothing around it.

// plainParties are measured by this program itself, with the standard library only.
func plainParties() meter.Parties {
	return meter.Parties{
		"process/bytes-100MiB":         {"memcpy": memcpy},
		"process/grain":                {"plain": plainGrain, "plain-half": plainHalf},
		"threading/lock":               {"sync.Mutex": mutexLock},
		"threading/lock-contended":     {"sync.Mutex": mutexContended},
		"threading/condition-pingpong": {"sync.Cond": condPingPong},
		"threading/thread":             {"WaitGroup.Go": waitGroup},
		"threading/timer":              {"AfterFunc": afterFunc},
		"threading/memory":             {"goroutine": goroutineMemory},
		"queue/1p1c":                   {"channel": channel(1)},
		"queue/4p4c":                   {"channel": channel(4)},
		"queue/priority":               {"container/heap": heapJobs},
		"contextvars/get-1":            {"ctx.Value": ctxValue},
		"contextvars/set":              {"context.WithValue": withValue},
	}
}

const bigSize = 100 << 20

// memcpy copies a buffer of 100 MiB again and again and returns bytes per second.
func memcpy(s meter.Spec) (meter.Figure, error) {
	src, dst := make([]byte, bigSize), make([]byte, bigSize)
	for i := range src {
		src[i] = byte(i >> 8)
	}
	copy(dst, src) // first touch is another matter
	start := time.Now()
	for range s.N {
		copy(dst, src)
	}
	took := time.Since(start)
	if !slices.Equal(src, dst) {
		return meter.Figure{}, errors.New("wrong copy")
	}
	return meter.Figure{Value: float64(s.N) * bigSize / took.Seconds(), N: s.N}, nil
}

// plainGrain has two processes do half the tasks each, at the same time, each on its core, in a plain loop, and returns
// the nanoseconds a task took in one of them.
func plainGrain(s meter.Spec) (f meter.Figure, err error) {
	exe, err := os.Executable()
	if err != nil {
		return f, err
	}
	half := s
	half.Peer, half.N = "plain-half", max(1, s.N/2)
	type side struct {
		cmd *exec.Cmd
		in  io.WriteCloser
		out *bufio.Reader
	}
	var sides []side
	defer func() {
		for _, p := range sides {
			err = errors.Join(err, p.in.Close(), p.cmd.Wait())
		}
	}()
	cores, _ := meter.Cores() // where they cannot be chosen, the kernel spreads two processes over two cores by itself
	for i := range 2 {
		cmd := exec.Command(exe, append([]string{"measure"}, half.Args()...)...)
		cmd.Stderr = os.Stderr
		in, err1 := cmd.StdinPipe()
		out, err2 := cmd.StdoutPipe()
		if err := errors.Join(err1, err2); err != nil {
			return f, err
		}
		start := cmd.Start
		if len(cores) > 1 {
			start = func() error { return meter.Start(cmd, cores[i]) }
		}
		if err := start(); err != nil {
			return f, err
		}
		p := side{cmd, in, bufio.NewReader(out)}
		sides = append(sides, p)
		if _, err := p.out.ReadString('\n'); err != nil { // it is ready
			return f, fmt.Errorf("a plain process does not start: %w", err)
		}
	}
	for _, p := range sides {
		if _, err := io.WriteString(p.in, "go\n"); err != nil {
			return f, err
		}
	}
	for _, p := range sides {
		line, err := p.out.ReadBytes('\n')
		if err != nil {
			return f, fmt.Errorf("a plain process gives no figure: %w", err)
		}
		one, err := readFigure(line)
		if err != nil {
			return f, err
		}
		f.Value += one.Value / 2
		f.N += one.N
	}
	return f, nil
}

// plainHalf is one of the two processes: it says that it is ready, waits for its start, works and returns nanoseconds
// per task.
func plainHalf(s meter.Spec) (meter.Figure, error) {
	want := meter.Busy(s.Arg)
	fmt.Println("ready")
	if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
		return meter.Figure{}, err
	}
	start := time.Now()
	for range s.N {
		if meter.Busy(s.Arg) != want {
			return meter.Figure{}, errors.New("wrong result")
		}
	}
	return meter.Figure{Value: float64(time.Since(start).Nanoseconds()) / float64(s.N), N: s.N}, nil
}
