package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/conexgo/conex/bench/internal/meter"
	"github.com/conexgo/conex/subprocess"
)

func subprocessParties() meter.Parties {
	return meter.Parties{
		"subprocess/true":              {"ours": runTrue},
		"subprocess/true-2":            {"ours": runTrueTwo},
		"subprocess/output-64MiB":      {"ours": outputBig},
		"subprocess/communicate-64MiB": {"ours": communicateBig},
		"subprocess/lines":             {"ours": lines},
		"subprocess/kill-tree":         {"ours": killTree},
	}
}

func runTrue(s meter.Spec) (meter.Figure, error) {
	return meter.Calls(s, 20, func(int) (time.Duration, error) {
		start := time.Now()
		err := runOnce()
		return time.Since(start), err
	})
}

func runOnce() error {
	_, err := subprocess.Run(context.Background(), subprocess.Cmd{Args: []string{"/bin/true"}, Check: true})
	return err
}

func runTrueTwo(s meter.Spec) (meter.Figure, error) {
	return meter.Bulk(s.N, meter.Count, func(n int) (int, error) {
		return meter.Together(2, n, func(lo, hi int) (int, error) {
			for range hi - lo {
				if err := runOnce(); err != nil {
					return 0, err
				}
			}
			return hi - lo, nil
		})
	})
}

func outputBig(s meter.Spec) (meter.Figure, error) {
	cmd := subprocess.Command("head", "-c", strconv.Itoa(meter.Big), "/dev/zero")
	return meter.Calls(s, 1, func(int) (time.Duration, error) {
		start := time.Now()
		out, err := subprocess.CheckOutput(context.Background(), cmd)
		took := time.Since(start)
		return took, errors.Join(err, sized(len(out)))
	})
}

func sized(n int) error {
	if n != meter.Big {
		return fmt.Errorf("%d bytes, not %d", n, meter.Big)
	}
	return nil
}

func communicateBig(s meter.Spec) (meter.Figure, error) {
	data := make([]byte, meter.Big)
	ctx := context.Background()
	return meter.Calls(s, 1, func(int) (time.Duration, error) {
		start := time.Now()
		p, err := subprocess.Start(ctx, subprocess.Cmd{
			Args: []string{"cat"}, Stdin: subprocess.Pipe, Stdout: subprocess.Pipe,
		})
		if err != nil {
			return 0, err
		}
		out, _, err := p.Communicate(ctx, data)
		took := time.Since(start)
		return took, errors.Join(err, sized(len(out)))
	})
}

// lines streams them and adds up how long they are, as every line's user looks at it.
func lines(s meter.Spec) (meter.Figure, error) {
	ctx := context.Background()
	file, err := meter.LinesFile()
	if err != nil {
		return meter.Figure{}, err
	}
	defer os.Remove(file)
	return meter.Calls(s, 1, func(int) (time.Duration, error) {
		start := time.Now()
		p, err := subprocess.Start(ctx, subprocess.Cmd{
			Args: []string{"cat", file}, Stdout: subprocess.Pipe,
		})
		if err != nil {
			return 0, err
		}
		n, sum := 0, 0
		for line, err := range p.Lines() {
			if err != nil {
				return 0, err
			}
			n++
			sum += len(line.Bytes)
		}
		_, err = p.Wait(ctx)
		took := time.Since(start)
		return took, errors.Join(err, meter.CheckLines(n, sum))
	})
}

// killTree is from the end of the grace until nothing of the tree runs any more.
func killTree(s meter.Spec) (f meter.Figure, err error) {
	f, err = meter.Calls(s, 2, func(int) (time.Duration, error) {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		cmd := subprocess.Command("sh", "-c", meter.Tree)
		cmd.Stdout, cmd.Grace = subprocess.Pipe, meter.TreeGrace
		p, err := subprocess.Start(ctx, cmd)
		if err != nil {
			return 0, err
		}
		defer p.Stdout.Close()
		pids, err := meter.ReadTree(p.Stdout)
		if err != nil {
			return 0, err
		}
		start := time.Now()
		cancel()
		<-p.Done()
		err = meter.UntilDead(pids)
		return time.Since(start) - meter.TreeGrace, err
	})
	f.Value = f.P99
	return f, err
}
