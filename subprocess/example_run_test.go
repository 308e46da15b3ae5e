//go:build unix

package subprocess_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/conexgo/conex/subprocess"
)

// Run starts a program and waits for it. What is not redirected goes where this
// program's own output goes.
func ExampleRun() {
	ctx := context.Background()

	// An empty directory to list.
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.Remove(dir)

	// run(["ls", "-l"])
	done, err := subprocess.Run(ctx, subprocess.Cmd{Args: []string{"ls", "-l"}, Dir: dir})
	fmt.Println(done.Code, err)

	// run("exit 1", shell=True, check=True)
	cmd := subprocess.Shell("exit 1")
	cmd.Check = true
	_, err = subprocess.Run(ctx, cmd)
	var failed *subprocess.CalledProcessError
	if errors.As(err, &failed) {
		fmt.Println("failed with", failed.Code)
	}

	// run(["ls", "-l", "/dev/null"], capture_output=True)
	done, err = subprocess.Run(ctx, subprocess.Cmd{Args: []string{"ls", "-l", "/dev/null"}, Capture: true})
	fmt.Println(done.Code, err, len(done.Stderr))
	fmt.Println(strings.HasPrefix(string(done.Stdout), "crw"), strings.HasSuffix(string(done.Stdout), "/dev/null\n"))
	// Output:
	// total 0
	// 0 <nil>
	// failed with 1
	// 0 <nil> 0
	// true true
}

// What the shell and its commands complain of is output like the rest, if Stderr
// is Stdout; and "exit 0" makes it a success.
func ExampleCheckOutput() {
	ctx := context.Background()

	// check_output("ls non_existent_file; exit 0", stderr=STDOUT, shell=True)
	cmd := subprocess.Shell("ls non_existent_file; exit 0")
	cmd.Stderr = subprocess.Stdout
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	out, err := subprocess.CheckOutput(ctx, cmd)

	// Systems differ in the words before these.
	words := bytes.Split(bytes.TrimSpace(out), []byte(": "))
	fmt.Printf("%s, %v\n", words[len(words)-1], err)
	// Output:
	// No such file or directory, <nil>
}

func ExampleGetStatusOutput() {
	ctx := context.Background()

	code, out, err := subprocess.GetStatusOutput(ctx, subprocess.Shell("ls /bin/ls"))
	fmt.Println(code, out, err)

	// It would be 2 with the ls of GNU.
	code, _, err = subprocess.GetStatusOutput(ctx, subprocess.Shell("cat /bin/junk"))
	fmt.Println(code, err)

	// The shell does not find it. That is an answer like others.
	code, _, err = subprocess.GetStatusOutput(ctx, subprocess.Shell("/bin/junk"))
	fmt.Println(code, err)

	// A signal is its negative number.
	code, out, err = subprocess.GetStatusOutput(ctx, subprocess.Shell("/bin/kill $$"))
	fmt.Println(code, out, err)
	// Output:
	// 0 /bin/ls <nil>
	// 1 <nil>
	// 127 <nil>
	// -15  <nil>
}
