//go:build unix

package subprocess_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/conexgo/conex/subprocess"
)

// Lines come while the program runs, those of both outputs, and the failure at
// the end.
func ExampleLines() {
	cmd := subprocess.Shell("echo checking; echo 'no such file' >&2; exit 2")
	cmd.Capture, cmd.Check = true, true
	lines := map[string]int{}
	for line, err := range subprocess.Lines(context.Background(), cmd) {
		if err != nil {
			var failed *subprocess.CalledProcessError
			fmt.Println("failed:", errors.As(err, &failed), failed.Code)
			break
		}
		lines[line.Stream]++
	}
	fmt.Println(lines["stdout"], "line of output,", lines["stderr"], "of errors")
	// Output:
	// failed: true 2
	// 1 line of output, 1 of errors
}

// Who leaves the loop ends the program, so that of an endless one the first lines
// can be had.
func ExampleLines_break() {
	n := 0
	for line, err := range subprocess.Lines(context.Background(), subprocess.Command("yes", "again")) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(line)
		if n++; n == 3 {
			break
		}
	}
	// Output:
	// again
	// again
	// again
}

// A conversation with a program: a line there, a line back.
func ExamplePopen_Lines() {
	ctx := context.Background()
	cmd := subprocess.Command("cat")
	cmd.Stdin, cmd.Stdout = subprocess.Pipe, subprocess.Pipe
	p, err := subprocess.Start(ctx, cmd)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer p.Close(ctx)
	fmt.Fprintln(p.Stdin, "one")
	for line, err := range p.Lines() {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println("back:", line)
		if line.String() == "two" {
			p.Stdin.Close() // then cat ends, and so does the loop
			continue
		}
		fmt.Fprintln(p.Stdin, "two")
	}
	// Output:
	// back: one
	// back: two
}

// Of a long output only the end is kept.
func ExampleTail() {
	tail := subprocess.Tail{MaxLines: 2}
	cmd := subprocess.Shell("seq 100000; echo cannot go on >&2; exit 1")
	cmd.Stdout, cmd.Stderr = &tail, subprocess.Stdout
	code, err := subprocess.Call(context.Background(), cmd)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("code %d after:\n%s", code, tail.String())
	// Output:
	// code 1 after:
	// 100000
	// cannot go on
}

// Line ends of Windows become "\n", and what is no UTF-8 does not get far.
func ExampleText() {
	cmd := subprocess.Shell(`printf 'one\r\ntwo \377\r\n'`)
	cmd.Capture = true
	cmd.Text = &subprocess.Text{Decode: subprocess.DecodeReplace}
	c, err := subprocess.Run(context.Background(), cmd)
	fmt.Printf("%+q %v\n", c.Stdout, err)
	// Output:
	// "one\ntwo \ufffd\n" <nil>
}

func ExampleDecodeBackslash() {
	io.Copy(os.Stdout, subprocess.DecodeBackslash(strings.NewReader("caf\xe9\n")))
	// Output:
	// caf\xe9
}

// A file, a buffer and the null device, each for one of the streams.
func ExampleCmd_streams() {
	var out strings.Builder
	cmd := subprocess.Cmd{
		Args:   []string{"sort"},
		Stdin:  strings.NewReader("pear\napple\n"),
		Stdout: &out,
		Stderr: subprocess.DevNull,
	}
	if err := subprocess.CheckCall(context.Background(), cmd); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(out.String())
	// Output:
	// apple
	// pear
}
