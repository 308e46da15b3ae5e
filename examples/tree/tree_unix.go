//go:build unix

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"github.com/conexgo/conex/subprocess"
)

// family is a shell and five processes below it, the last two in a session of their own. All of them ignore SIGTERM, and
// the output is theirs, too. They print their numbers.
const family = `trap '' TERM
	echo $$
	sh -c 'echo $$; sleep 60 & echo $!; wait' &
	setsid sh -c 'echo $$; sleep 60 & echo $!; wait' &
	sleep 60 & echo $!
	wait`

const (
	members = 6
	grace   = 200 * time.Millisecond
)

func run(ctx context.Context) error {
	fmt.Printf("%-26s %s\n", "started", "a shell that ignores SIGTERM, and 5 processes below it, 2 of them in a session of their own")
	for _, way := range []struct {
		name string
		run  func(context.Context, io.Writer) error
	}{
		{"os/exec", plain},
		{"os/exec, its group killed", group},
		{"subprocess", ours},
	} {
		if err := show(ctx, way.name, way.run); err != nil {
			return fmt.Errorf("%s: %w", way.name, err)
		}
	}
	return nil
}

// plain is what the documentation of os/exec has.
func plain(ctx context.Context, out io.Writer) error {
	cmd := exec.CommandContext(ctx, "sh", "-c", family)
	cmd.Stdout = out
	cmd.WaitDelay = grace
	return cmd.Run()
}

// group is what one writes when that has not been enough.
func group(ctx context.Context, out io.Writer) error {
	cmd := exec.CommandContext(ctx, "sh", "-c", family)
	cmd.Stdout = out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error {
		time.AfterFunc(grace, func() { syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
		return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
	}
	cmd.WaitDelay = 2 * grace
	return cmd.Run()
}

func ours(ctx context.Context, out io.Writer) error {
	cmd := subprocess.Command("sh", "-c", family)
	cmd.Stdout, cmd.Grace = out, grace
	_, err := subprocess.Run(ctx, cmd)
	return err
}

// show has a way run the family, ends its context as soon as all are there, and looks who lives on.
func show(ctx context.Context, name string, run func(context.Context, io.Writer) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r, w := io.Pipe()
	result := make(chan error, 1)
	go func() {
		result <- run(ctx, w)
		w.Close()
	}()
	var pids []int
	in := bufio.NewScanner(r)
	for len(pids) < members && in.Scan() {
		pid, err := strconv.Atoi(in.Text())
		if err != nil {
			return err
		}
		pids = append(pids, pid)
	}
	go io.Copy(io.Discard, r)
	start := time.Now()
	cancel()
	if err := <-result; len(pids) < members {
		return errors.Join(err, fmt.Errorf("only %d processes", len(pids)))
	}
	took := time.Since(start)
	time.Sleep(50 * time.Millisecond) // nobody tells of the deaths of what is not ours
	alive := 0
	for _, pid := range pids {
		if lives(pid) {
			alive++
			syscall.Kill(pid, syscall.SIGKILL) // it is up to us
		}
	}
	fmt.Printf("%-26s %d of %d live on; returned %v after the end of the context\n", name, alive, members, took.Round(time.Millisecond))
	return nil
}
