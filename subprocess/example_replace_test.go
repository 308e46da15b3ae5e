//go:build unix

package subprocess_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/conexgo/conex/subprocess"
)

// The shell's backquotes. See docs/replacing.md for this example and those that
// follow.
func Example_backquotes() {
	ctx := context.Background()

	output, err := subprocess.CheckOutput(ctx, subprocess.Command("basename", "/usr/share/doc"))
	fmt.Printf("%s%v\n", output, err)

	// A program that is not there, and one that fails.
	_, err = subprocess.CheckOutput(ctx, subprocess.Command("no-such-program"))
	fmt.Println(errors.Is(err, fs.ErrNotExist))
	output, err = subprocess.CheckOutput(ctx, subprocess.Command("sh", "-c", "echo half; exit 1"))
	fmt.Printf("%s%v\n", output, errors.Is(err, subprocess.ErrSubprocess))
	// Output:
	// doc
	// <nil>
	// true
	// half
	// true
}

// Python's os.system.
func Example_system() {
	ctx := context.Background()

	system := func(cmd subprocess.Cmd) {
		code, err := subprocess.Call(ctx, cmd)
		switch {
		case err != nil:
			fmt.Println("Execution failed:", errors.Is(err, fs.ErrNotExist))
		case code < 0:
			fmt.Println("Child was terminated by signal", -code)
		default:
			fmt.Println("Child returned", code)
		}
	}
	system(subprocess.Shell("exit 3"))
	system(subprocess.Shell("kill -TERM $$"))
	missing := subprocess.Shell("exit 3")
	missing.Executable = "/no/such/shell"
	system(missing)
	// Output:
	// Child returned 3
	// Child was terminated by signal 15
	// Execution failed: true
}

// Python's os.spawnlp with P_NOWAIT.
func Example_spawnNoWait() {
	ctx := context.Background()

	p, err := subprocess.Start(ctx, subprocess.Command("/bin/sh", "-c", "exit 0"))
	if err != nil {
		fmt.Println(err)
		return
	}
	pid := p.PID()
	fmt.Println(pid > 0)
	p.Wait(ctx) // sooner or later, if at all: it is no zombie without it
	// Output:
	// true
}

// Python's os.spawnlp with P_WAIT.
func Example_spawnWait() {
	ctx := context.Background()

	code, err := subprocess.Call(ctx, subprocess.Command("/bin/sh", "-c", "exit 3"))
	fmt.Println(code, err)
	// Output:
	// 3 <nil>
}

// Python's os.spawnvp: the arguments are a slice.
func Example_spawnVector() {
	ctx := context.Background()

	args := []string{"/bin/echo", "of", "several", "words"}
	code, err := subprocess.Call(ctx, subprocess.Cmd{Args: args})
	fmt.Println(code, err)
	// Output:
	// of several words
	// 0 <nil>
}

// Python's os.spawnlpe: with an environment.
func Example_spawnEnvironment() {
	ctx := context.Background()

	env := []string{"PATH=/usr/bin:/bin", "WORD=other"}
	code, err := subprocess.Call(ctx, subprocess.Cmd{Args: []string{"/bin/sh", "-c", "echo $WORD"}, Env: env})
	fmt.Println(code, err)
	// Output:
	// other
	// 0 <nil>
}

// Python's os.popen(cmd, "w"): what is written is what the command reads, and the
// result of close is its status.
func Example_popenWrite() {
	ctx := context.Background()

	cmd := subprocess.Shell("tr a-z A-Z; exit 1")
	cmd.Stdin = subprocess.Pipe
	p, err := subprocess.Start(ctx, cmd)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Fprintln(p.Stdin, "hello")
	p.Stdin.Close()
	if code, err := p.Wait(ctx); code != 0 || err != nil {
		fmt.Println("There were some errors")
	}
	// Output:
	// HELLO
	// There were some errors
}

// Python's os.popen(cmd): what the command writes.
func Example_popenRead() {
	ctx := context.Background()

	cmd := subprocess.Shell("echo one; echo two")
	cmd.Stdout = subprocess.Pipe
	p, err := subprocess.Start(ctx, cmd)
	if err != nil {
		fmt.Println(err)
		return
	}
	io.Copy(os.Stdout, p.Stdout)
	p.Stdout.Close()
	p.Wait(ctx)
	// Output:
	// one
	// two
}

// Python's os.popen2 and popen2.popen2: both ends. A slice instead of a command,
// popen2.popen2(["tr", "a-z", "A-Z"]), is subprocess.Command.
func Example_popen2() {
	ctx := context.Background()

	cmd := subprocess.Shell("tr a-z A-Z")
	cmd.Stdin, cmd.Stdout = subprocess.Pipe, subprocess.Pipe
	cmd.BufSize = 4096
	p, err := subprocess.Start(ctx, cmd)
	if err != nil {
		fmt.Println(err)
		return
	}
	childStdin, childStdout := p.Stdin, p.Stdout
	io.WriteString(childStdin, "hello\n")
	childStdin.Close()
	io.Copy(os.Stdout, childStdout)
	childStdout.Close()
	p.Wait(ctx)
	// Output:
	// HELLO
}

// Python's os.popen3, and popen2.Popen3 with capturestderr: three pipes. Who fills
// one while the other side fills another waits for ever; Communicate does not.
func Example_popen3() {
	ctx := context.Background()

	cmd := subprocess.Shell("tr a-z A-Z; echo done >&2")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = subprocess.Pipe, subprocess.Pipe, subprocess.Pipe
	p, err := subprocess.Start(ctx, cmd)
	if err != nil {
		fmt.Println(err)
		return
	}
	stdout, stderr, err := p.Communicate(ctx, []byte("hello\n"))
	fmt.Printf("%s%s%v\n", stdout, stderr, err)
	// Output:
	// HELLO
	// done
	// <nil>
}

// Python's os.popen4 and popen2.Popen4: both outputs in one pipe.
func Example_popen4() {
	ctx := context.Background()

	cmd := subprocess.Shell("echo out; echo err >&2")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = subprocess.Pipe, subprocess.Pipe, subprocess.Stdout
	p, err := subprocess.Start(ctx, cmd)
	if err != nil {
		fmt.Println(err)
		return
	}
	both, _, err := p.Communicate(ctx, nil)
	fmt.Printf("%s%v\n", both, err)
	// Output:
	// out
	// err
	// <nil>
}
