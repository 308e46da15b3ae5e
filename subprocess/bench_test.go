//go:build unix

package subprocess_test

import (
	"bufio"
	"bytes"
	"io"
	"os/exec"
	"strconv"
	"testing"

	"github.com/conexgo/conex/subprocess"
)

const much = 64 << 20

func BenchmarkEcho(b *testing.B) {
	b.Run("conex", func(b *testing.B) {
		for b.Loop() {
			if _, err := subprocess.CheckOutput(b.Context(), subprocess.Command("/bin/echo", "hi")); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("exec", func(b *testing.B) {
		for b.Loop() {
			if _, err := exec.CommandContext(b.Context(), "/bin/echo", "hi").Output(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkOutput64MiB(b *testing.B) {
	args := []string{"head", "-c", strconv.Itoa(much), "/dev/zero"}
	b.Run("conex", func(b *testing.B) {
		for b.Loop() {
			out, err := subprocess.CheckOutput(b.Context(), subprocess.Cmd{Args: args})
			if len(out) != much || err != nil {
				b.Fatal(len(out), err)
			}
		}
	})
	b.Run("exec", func(b *testing.B) {
		for b.Loop() {
			out, err := exec.Command(args[0], args[1:]...).Output()
			if len(out) != much || err != nil {
				b.Fatal(len(out), err)
			}
		}
	})
}

func BenchmarkCommunicate64MiB(b *testing.B) {
	data := bytes.Repeat([]byte("0123456789abcdef"), much/16)
	b.Run("conex", func(b *testing.B) {
		for b.Loop() {
			c, err := subprocess.Run(b.Context(), subprocess.Cmd{Args: []string{"cat"}, Input: data, Stdout: subprocess.Pipe})
			if len(c.Stdout) != much || err != nil {
				b.Fatal(len(c.Stdout), err)
			}
		}
	})
	b.Run("exec", func(b *testing.B) {
		for b.Loop() {
			cmd := exec.Command("cat")
			cmd.Stdin = bytes.NewReader(data)
			out, err := cmd.Output()
			if len(out) != much || err != nil {
				b.Fatal(len(out), err)
			}
		}
	})
}

func BenchmarkLines(b *testing.B) {
	const lines = 1_000_000
	args := []string{"seq", strconv.Itoa(lines)}
	b.Run("conex", func(b *testing.B) {
		for b.Loop() {
			n := 0
			for _, err := range subprocess.Lines(b.Context(), subprocess.Cmd{Args: args}) {
				if err != nil {
					b.Fatal(err)
				}
				n++
			}
			if n != lines {
				b.Fatal(n)
			}
		}
	})
	b.Run("conex both", func(b *testing.B) {
		for b.Loop() {
			n := 0
			for _, err := range subprocess.Lines(b.Context(), subprocess.Cmd{Args: args, Capture: true}) {
				if err != nil {
					b.Fatal(err)
				}
				n++
			}
			if n != lines {
				b.Fatal(n)
			}
		}
	})
	b.Run("exec", func(b *testing.B) {
		for b.Loop() {
			cmd := exec.Command(args[0], args[1:]...)
			r, err := cmd.StdoutPipe()
			if err != nil {
				b.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				b.Fatal(err)
			}
			n := 0
			s := bufio.NewScanner(r)
			for s.Scan() {
				n++
			}
			if err := cmd.Wait(); n != lines || err != nil {
				b.Fatal(n, err)
			}
		}
	})
	// What the program itself takes, when nobody looks at what it writes.
	b.Run("limit", func(b *testing.B) {
		for b.Loop() {
			cmd := exec.Command(args[0], args[1:]...)
			r, err := cmd.StdoutPipe()
			if err != nil {
				b.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				b.Fatal(err)
			}
			io.CopyBuffer(io.Discard, struct{ io.Reader }{r}, make([]byte, 64<<10))
			if err := cmd.Wait(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
