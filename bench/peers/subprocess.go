package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"github.com/conexgo/conex/bench/internal/meter"
)

// The subprocess cases with os/exec, as its documentation has them.

func runTrue(s meter.Spec) (meter.Figure, error) {
	return meter.Calls(s, 20, func(int) (time.Duration, error) {
		start := time.Now()
		err := exec.Command("/bin/true").Run()
		return time.Since(start), err
	})
}

func runTrueTwo(s meter.Spec) (meter.Figure, error) {
	return meter.Bulk(s.N, meter.Count, func(n int) (int, error) {
		return meter.Together(2, n, func(lo, hi int) (int, error) {
			for range hi - lo {
				if err := exec.Command("/bin/true").Run(); err != nil {
					return 0, err
				}
			}
			return hi - lo, nil
		})
	})
}

func outputBig(s meter.Spec) (meter.Figure, error) {
	return meter.Calls(s, 1, func(int) (time.Duration, error) {
		return output(exec.Command("head", "-c", strconv.Itoa(meter.Big), "/dev/zero"))
	})
}

func communicateBig(s meter.Spec) (meter.Figure, error) {
	data := make([]byte, meter.Big)
	return meter.Calls(s, 1, func(int) (time.Duration, error) {
		cmd := exec.Command("cat")
		cmd.Stdin = bytes.NewReader(data)
		return output(cmd)
	})
}

func output(cmd *exec.Cmd) (time.Duration, error) {
	start := time.Now()
	out, err := cmd.Output()
	took := time.Since(start)
	if err == nil && len(out) != meter.Big {
		err = fmt.Errorf("%d bytes, not %d", len(out), meter.Big)
	}
	return took, err
}

func scanLines(s meter.Spec) (meter.Figure, error) {
	file, err := meter.LinesFile()
	if err != nil {
		return meter.Figure{}, err
	}
	defer os.Remove(file)
	return meter.Calls(s, 1, func(int) (time.Duration, error) {
		start := time.Now()
		cmd := exec.Command("cat", file)
		out, err := cmd.StdoutPipe()
		if err != nil {
			return 0, err
		}
		if err := cmd.Start(); err != nil {
			return 0, err
		}
		n, sum := 0, 0
		in := bufio.NewScanner(out)
		for in.Scan() {
			n++
			sum += len(in.Bytes())
		}
		err = errors.Join(in.Err(), cmd.Wait())
		took := time.Since(start)
		return took, errors.Join(err, meter.CheckLines(n, sum))
	})
}

// killTree has what one writes by hand: a group, SIGTERM to it, and SIGKILL after the grace.
func killTree(s meter.Spec) (f meter.Figure, err error) {
	f, err = meter.Calls(s, 2, func(int) (time.Duration, error) {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		cmd := exec.CommandContext(ctx, "sh", "-c", meter.Tree)
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		cmd.Cancel = func() error {
			pid := cmd.Process.Pid
			time.AfterFunc(meter.TreeGrace, func() { syscall.Kill(-pid, syscall.SIGKILL) })
			return syscall.Kill(-pid, syscall.SIGTERM)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			return 0, err
		}
		if err := cmd.Start(); err != nil {
			return 0, err
		}
		pids, err := meter.ReadTree(out)
		if err != nil {
			return 0, err
		}
		start := time.Now()
		cancel()
		if err := cmd.Wait(); err == nil {
			return 0, errors.New("it was not killed")
		}
		err = meter.UntilDead(pids)
		return time.Since(start) - meter.TreeGrace, err
	})
	f.Value = f.P99
	return f, err
}
