package meter

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
)

// What the subprocess cases run, the same for everybody.
const (
	Big   = 64 << 20  // bytes through a pipe
	Lines = 1_000_000 // lines

	line = "a line of thirty-two characters" // and its end
)

// LinesFile writes the lines to a file, for cat: what makes lines one by one is slower than who reads them. The caller removes
// the file.
func LinesFile() (name string, _ error) {
	f, err := os.CreateTemp("", "conex-bench-lines")
	if err != nil {
		return "", err
	}
	_, err = f.WriteString(strings.Repeat(line+"\n", Lines))
	return f.Name(), errors.Join(err, f.Close())
}

// Tree is a script whose shell, and whose three descendants, ignore SIGTERM. They say their process ids, one a line.
const Tree = `trap '' TERM; echo $$; sleep 100 & echo $!; sh -c 'echo $$; sleep 100 & echo $!; wait' & wait`

// TreeGrace is how long it is given.
const TreeGrace = 10 * time.Millisecond

// ReadTree reads the process ids.
func ReadTree(r io.Reader) (pids []int, _ error) {
	in := bufio.NewScanner(r)
	for len(pids) < 4 && in.Scan() {
		pid, err := strconv.Atoi(in.Text())
		if err != nil {
			return nil, err
		}
		pids = append(pids, pid)
	}
	if len(pids) < 4 {
		return nil, errors.Join(fmt.Errorf("%d processes, not 4", len(pids)), in.Err())
	}
	return pids, nil
}

// UntilDead waits until none of the processes runs. A zombie does not: it is its parent's now.
func UntilDead(pids []int) error {
	for deadline := time.Now().Add(5 * time.Second); ; {
		left := 0
		for _, pid := range pids {
			if runs(pid) {
				left++
			}
		}
		if left == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%d of %v live on", left, pids)
		}
	}
}

func runs(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, state, ok := strings.Cut(string(stat), ") ")
	return ok && state[0] != 'Z' && state[0] != 'X'
}

// CheckLines checks how many lines there were, and how long together.
func CheckLines(n, sum int) error {
	if n != Lines || sum != Lines*len(line) {
		return fmt.Errorf("%d lines of %d bytes together, not %d of %d", n, sum, Lines, Lines*len(line))
	}
	return nil
}
