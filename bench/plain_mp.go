package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"

	"github.com/conexgo/conex/bench/internal/meter"
)

// What Go has in place of a queue between processes: the pipes of os/exec.

// frameSize is how many bytes a number takes in a pipe: as much as a small message with its head.
const frameSize = 64

// pipeInts writes numbers to a command, a frame and a system call each, and reads the sum of them back.
func pipeInts(s meter.Spec) (f meter.Figure, err error) {
	exe, err := os.Executable()
	if err != nil {
		return f, err
	}
	half := s
	half.Peer = "pipe-half"
	cmd := exec.Command(exe, append([]string{"measure"}, half.Args()...)...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return f, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return f, err
	}
	if err := cmd.Start(); err != nil {
		return f, err
	}
	f, err = meter.Bulk(s.N, meter.SumInc, func(n int) (int, error) {
		var frame [frameSize]byte
		for i := -1; i < n; i++ { // how many come first
			v := i
			if i < 0 {
				v = n
			}
			binary.LittleEndian.PutUint64(frame[:], uint64(v))
			if _, err := in.Write(frame[:]); err != nil {
				return 0, err
			}
		}
		_, err := io.ReadFull(out, frame[:])
		return int(binary.LittleEndian.Uint64(frame[:])), err
	})
	in.Close()
	io.Copy(io.Discard, out)
	if e := cmd.Wait(); err == nil && e != nil {
		err = fmt.Errorf("the command: %w", e)
	}
	return f, err
}

// pipeHalf is that command. It ends with its input, and prints a figure of no meaning, as every party does.
func pipeHalf(s meter.Spec) (meter.Figure, error) {
	var frame [frameSize]byte
	for {
		if _, err := io.ReadFull(os.Stdin, frame[:]); err != nil {
			return meter.Figure{Value: 1, N: 1}, nil
		}
		n, sum := int(binary.LittleEndian.Uint64(frame[:])), 0
		for range n {
			if _, err := io.ReadFull(os.Stdin, frame[:]); err != nil {
				return meter.Figure{}, err
			}
			sum += meter.Inc(int(binary.LittleEndian.Uint64(frame[:])))
		}
		binary.LittleEndian.PutUint64(frame[:], uint64(sum))
		if _, err := os.Stdout.Write(frame[:]); err != nil {
			return meter.Figure{}, err
		}
	}
}
