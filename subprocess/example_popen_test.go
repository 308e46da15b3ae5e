//go:build unix

package subprocess_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/conexgo/conex/subprocess"
)

// A program that takes too long is killed. What it has written until then is not
// lost.
func ExamplePopen_Communicate() {
	ctx := context.Background()

	cmd := subprocess.Shell("echo started; exec sleep 600")
	cmd.Stdout, cmd.Stderr = subprocess.Pipe, subprocess.Pipe
	p, err := subprocess.Start(ctx, cmd)
	if err != nil {
		fmt.Println(err)
		return
	}

	patience, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	outs, errs, err := p.Communicate(patience, nil)
	if errors.Is(err, context.DeadlineExceeded) {
		// It goes on running, until we say otherwise.
		p.Kill()
		outs, errs, err = p.Communicate(ctx, nil)
	}
	code, _ := p.Poll()
	fmt.Printf("%q %q %v, code %d\n", outs, errs, err, code)
	// Output:
	// "started\n" "" <nil>, code -9
}

// What a program writes goes into a log, and at the end it is waited for.
func ExampleStart() {
	ctx := context.Background()
	log := os.Stdout

	// with Popen(["echo", "up"], stdout=PIPE) as proc: …
	p, err := subprocess.Start(ctx, subprocess.Cmd{Args: []string{"echo", "up"}, Stdout: subprocess.Pipe})
	if err != nil {
		fmt.Println(err)
		return
	}
	io.Copy(log, p.Stdout)
	p.Stdout.Close()
	code, err := p.Wait(ctx)
	fmt.Println(code, err)
	// Output:
	// up
	// 0 <nil>
}
