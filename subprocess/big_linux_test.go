package subprocess_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/conexgo/conex/internal/leak"
	. "github.com/conexgo/conex/subprocess"
)

// Real programs, in sizes and numbers that find what small tests do not.

// big is how much goes through cat: less where each byte costs more.
func big() int {
	if testing.Short() || raceEnabled {
		return 32 << 20
	}
	return 256 << 20
}

// counted is a reader of so many bytes that follow from their position, and knows their sum.
type counted struct {
	left, at int
	sum      uint32
}

func (c *counted) Read(p []byte) (int, error) {
	if c.left == 0 {
		return 0, io.EOF
	}
	n := min(len(p), c.left, len(megabyte)-c.at%len(megabyte))
	copy(p, megabyte[c.at%len(megabyte):][:n])
	c.sum = crc32.Update(c.sum, crc32.IEEETable, p[:n])
	c.left, c.at = c.left-n, c.at+n
	return n, nil
}

// summed is a writer that sums up.
type summed struct {
	n   int
	sum uint32
}

func (c *summed) Write(p []byte) (int, error) {
	c.sum = crc32.Update(c.sum, crc32.IEEETable, p)
	c.n += len(p)
	return len(p), nil
}

// Much goes in and comes back, by each of the ways.
func TestBigBothWays(t *testing.T) {
	leak.Check(t)
	n := big()
	t.Run("Communicate", func(t *testing.T) {
		data := bytes.Repeat(megabyte, n/len(megabyte))
		p := begun(t, Cmd{Args: []string{"cat"}, Stdin: Pipe, Stdout: Pipe, Stderr: Pipe})
		out, errs, err := p.Communicate(soon(t), data)
		if !bytes.Equal(out, data) || len(errs) > 0 || err != nil {
			t.Errorf("%d of %d bytes, %q, %v", len(out), n, errs, err)
		}
		ended(t, p, 0)
	})
	t.Run("readers and writers", func(t *testing.T) {
		in, out := &counted{left: n}, &summed{}
		if c, err := Run(soon(t), Cmd{Args: []string{"cat"}, Stdin: in, Stdout: out}); c.Code != 0 || err != nil {
			t.Error(c, err)
		}
		if out.n != n || out.sum != in.sum {
			t.Errorf("%d of %d bytes, sums %x and %x", out.n, n, out.sum, in.sum)
		}
	})
}

// The tree of this script ignores SIGTERM in every generation, partly in sessions of its own; its pids are its lines.
const stubborn = `trap '' TERM HUP INT
	echo $$
	sh -c 'echo $$; sleep 1000 & echo $!; wait' &
	sh -c 'echo $$; setsid sh -c "echo \$\$; sleep 1000 & echo \$!; wait" & wait' &
	wait`

const stubbornSize = 6

// pidsOf reads the lines.
func pidsOf(t testing.TB, r io.Reader, n int) (pids []int) {
	t.Helper()
	var pid int
	for range n {
		if _, err := fmt.Fscanln(r, &pid); err != nil {
			t.Fatalf("after %v: %v", pids, err)
		}
		pids = append(pids, pid)
	}
	return pids
}

// living are those that run; a zombie does not.
func living(pids []int) (left []int) {
	for _, pid := range pids {
		stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		if err != nil {
			continue
		}
		if _, state, _ := strings.Cut(string(stat), ") "); state != "" && state[0] != 'Z' && state[0] != 'X' {
			left = append(left, pid)
		}
	}
	return left
}

// mustDie gives what was killed the time to be dead: the kernel has promised it, but not when.
func mustDie(t testing.TB, pids []int) {
	t.Helper()
	deadline := time.Now().Add(5 * time.Second)
	for left := living(pids); len(left) > 0; left = living(pids) {
		if time.Now().After(deadline) {
			t.Fatalf("%v of %v live on", left, pids)
		}
		time.Sleep(time.Millisecond) // nobody tells of the death of a stranger
	}
}

func TestStubbornTree(t *testing.T) {
	leak.Check(t)
	for _, c := range []struct {
		name  string
		grace time.Duration
		end   func(p *Popen, cancel context.CancelFunc)
	}{
		{"Kill", 0, func(p *Popen, _ context.CancelFunc) { p.Kill() }},
		{"context", 0, func(_ *Popen, cancel context.CancelFunc) { cancel() }},
		{"context with grace", 20 * time.Millisecond, func(_ *Popen, cancel context.CancelFunc) { cancel() }},
		{"Terminate, then Kill", 0, func(p *Popen, _ context.CancelFunc) { p.Terminate(); p.Kill() }},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			cmd := shCmd(stubborn)
			cmd.Stdout, cmd.Grace = Pipe, c.grace
			p, err := Start(ctx, cmd)
			if err != nil {
				t.Fatal(err)
			}
			defer p.Stdout.Close()
			pids := pidsOf(t, p.Stdout, stubbornSize)
			c.end(p, cancel)
			if code, err := p.Wait(soon(t)); code != -9 || err != nil {
				t.Error(code, err)
			}
			mustDie(t, pids)
			// Nobody holds the pipe.
			if rest, err := io.ReadAll(p.Stdout); len(rest) > 0 || err != nil {
				t.Errorf("%q, %v", rest, err)
			}
		})
	}
}

// Run, whose output somebody holds who ignores SIGTERM, comes back with the output.
func TestStubbornTreeInRun(t *testing.T) {
	leak.Check(t)
	r, w := io.Pipe()
	ctx, cancel := context.WithCancel(context.Background())
	pids := make(chan []int, 1)
	go func() {
		pids <- pidsOf(t, r, stubbornSize)
		cancel()
		io.Copy(io.Discard, r)
	}()
	var kept bytes.Buffer
	cmd := shCmd(stubborn)
	cmd.Stdout, cmd.Stderr, cmd.Grace = io.MultiWriter(&kept, w), Pipe, 10*time.Millisecond
	_, err := Run(ctx, cmd)
	w.Close()
	var timeout *TimeoutError
	if !errors.As(err, &timeout) || !timeout.Ended || timeout.Code != -9 {
		t.Error(err)
	}
	mustDie(t, <-pids)
	if n := strings.Count(kept.String(), "\n"); n != stubbornSize {
		t.Errorf("%d lines: %q", n, &kept)
	}
}

// The end of the program is the end of its group, also of what does not mind SIGTERM; what has left the group stays.
func TestGroupEndsWithItsProgram(t *testing.T) {
	leak.Check(t)
	cmd := shCmd(`trap '' TERM HUP; sleep 1000 & echo $!; setsid sh -c 'echo $$; exec sleep 1000' & read x; exit 3`)
	cmd.Stdin, cmd.Stdout = Pipe, Pipe
	p := begun(t, cmd)
	pids := pidsOf(t, p.Stdout, 2)
	defer p.Stdout.Close()
	p.Stdin.Close()
	ended(t, p, 3)
	mustDie(t, pids[:1])
	if left := living(pids[1:]); len(left) != 1 {
		t.Error("the daemon is dead")
	}
	syscall.Kill(pids[1], syscall.SIGKILL) // it is ours to clean up
	mustDie(t, pids)
}

// A program that closes its input early, or never reads it, hinders nobody, whatever the way.
func TestEarlyClose(t *testing.T) {
	leak.Check(t)
	data := bytes.Repeat(megabyte, 8)
	for _, script := range []string{"exec <&-; echo done", "head -c 1 >/dev/null; exec <&-; echo done", "echo done"} {
		for name, set := range map[string]func(*Cmd){
			"Input":  func(c *Cmd) { c.Input = data },
			"reader": func(c *Cmd) { c.Stdin = bytes.NewReader(data) },
			"endless reader": func(c *Cmd) {
				c.Stdin = io.MultiReader(bytes.NewReader(data), endless{})
			},
		} {
			cmd := shCmd(script)
			cmd.Capture = true
			set(&cmd)
			if c, err := Run(soon(t), cmd); string(c.Stdout) != "done\n" || c.Code != 0 || err != nil {
				t.Errorf("%s, %s: %+v, %v", script, name, c, err)
			}
		}
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// Many at once, each with its own input and output: nobody gets another one's, and nothing is left.
func TestManyAtOnce(t *testing.T) {
	leak.Check(t)
	n := 200
	if testing.Short() {
		n = 50
	}
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			want := strings.Repeat(strconv.Itoa(i)+" ", 1000)
			cmd := shCmd("cat; exit $1", strconv.Itoa(i%100))
			cmd.Input, cmd.Capture = []byte(want), true
			c, err := Run(context.Background(), cmd)
			if string(c.Stdout) != want || len(c.Stderr) > 0 || c.Code != i%100 || err != nil {
				t.Errorf("%d: %d bytes, %q, %d, %v", i, len(c.Stdout), c.Stderr, c.Code, err)
			}
		})
	}
	all.Wait()
}

// All of them live at the same time, then all end at once.
func TestManyLive(t *testing.T) {
	leak.Check(t)
	n := 200
	if testing.Short() {
		n = 50
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var all []*Popen
	for range n {
		cmd := Command("sh", "-c", "sleep 1000 & echo $!; wait")
		cmd.Stdout = Pipe
		p, err := Start(ctx, cmd)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	var pids []int
	for _, p := range all {
		pids = append(append(pids, p.PID()), pidsOf(t, p.Stdout, 1)...)
		p.Stdout.Close()
	}
	if left := living(pids); len(left) != 2*n {
		t.Errorf("%d live, not %d", len(left), 2*n)
	}
	cancel()
	for _, p := range all {
		ended(t, p, -9)
	}
	mustDie(t, pids)
}
