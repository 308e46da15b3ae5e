//go:build unix

package subprocesstest_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/conexgo/conex/subprocess"
	"github.com/conexgo/conex/subprocess/subprocesstest"
)

// branch is code to be tested.
func branch(ctx context.Context, repo string) (string, error) {
	out, err := subprocess.CheckOutput(ctx, subprocess.Cmd{
		Args: []string{"git", "rev-parse", "--abbrev-ref", "HEAD"}, Dir: repo,
	})
	return strings.TrimSpace(string(out)), err
}

// publish is more of it.
func publish(ctx context.Context, repo, text string) error {
	for _, cmd := range []subprocess.Cmd{
		{Args: []string{"git", "commit", "-F", "-"}, Dir: repo, Input: []byte(text)},
		{Args: []string{"git", "push"}, Dir: repo, Capture: true},
	} {
		cmd.Check = true
		if _, err := subprocess.Run(ctx, cmd); err != nil {
			return err
		}
	}
	return nil
}

// A program is played by a function.
func Example() {
	t, end := test() // in a test: its *testing.T
	defer end()

	cmds := subprocesstest.New(t)
	cmds.Handle("git", func(c *subprocesstest.Call) int {
		fmt.Fprintln(c.Stdout, "main")
		return 0
	})
	ctx := cmds.Context(context.Background()) // in a test: t.Context()

	fmt.Println(branch(ctx, "/srv/repo"))
	for _, c := range cmds.Calls() {
		fmt.Println(c)
	}
	// Output:
	// main <nil>
	// cd /srv/repo && git rev-parse --abbrev-ref HEAD
}

// What is to be run, in which order, and what comes of it, is a table.
func ExampleCommands_Expect() {
	t, end := test()
	defer end()

	cmds := subprocesstest.New(t)
	cmds.Expect("git", "commit", "-F", "-").Dir("/srv/repo").Input("Faster\n")
	cmds.Expect("git", "push").Stderr("fatal: no remote\n").Code(128)

	err := publish(cmds.Context(context.Background()), "/srv/repo", "Faster\n")
	var failed *subprocess.CalledProcessError
	if errors.As(err, &failed) {
		fmt.Print(failed.Code, " ", string(failed.Stderr))
	}
	// Output:
	// 128 fatal: no remote
}

// What was expected and is not run, or otherwise, fails the test.
func ExampleCommands_Expect_otherwise() {
	t, end := test()
	defer end()

	cmds := subprocesstest.New(t)
	cmds.Expect("git", "fetch", subprocesstest.Any)
	cmds.Expect("git", "push")

	_, err := subprocess.Run(cmds.Context(context.Background()), subprocess.Command("git", "push"))
	fmt.Println(errors.Is(err, subprocesstest.ErrUnexpected))
	// Output:
	// FAIL: subprocesstest: unexpected command: git push: next is git fetch <any>: Args[1] is "push", not "fetch"
	// true
	// FAIL: subprocesstest: git fetch <any> was expected and not run
	// FAIL: subprocesstest: git push was expected and not run
}

// A program that nobody plays is not there, whatever is on this machine.
func ExampleCommands_Real() {
	t, end := test()
	defer end()

	cmds := subprocesstest.New(t)
	cmds.Real("cat")
	ctx := cmds.Context(context.Background())

	c, err := subprocess.Run(ctx, subprocess.Cmd{Args: []string{"cat"}, Input: []byte("meow"), Capture: true})
	fmt.Println(string(c.Stdout), err)
	_, err = subprocess.Run(ctx, subprocess.Command("dog"))
	fmt.Println(errors.Is(err, fs.ErrNotExist))
	// Output:
	// meow <nil>
	// true
}

// A program that hangs shows whether its caller has the patience that it should.
func ExampleHang() {
	t, end := test()
	defer end()

	cmds := subprocesstest.New(t)
	cmds.Handle("rsync", subprocesstest.Hang)
	ctx, cancel := context.WithTimeout(cmds.Context(context.Background()), 10*time.Millisecond)
	defer cancel()

	_, err := subprocess.Run(ctx, subprocess.Command("rsync", "-a", "src", "dst"))
	fmt.Println(errors.Is(err, context.DeadlineExceeded))
	fmt.Println(cmds.Calls()[0].Result())
	// Output:
	// true
	// -9 true
}

// test returns what an Example has for a *testing.T, and what ends it.
func test() (t *printer, end func()) {
	t = &printer{}
	return t, func() {
		for _, f := range t.cleanups {
			f()
		}
	}
}

type printer struct{ cleanups []func() }

func (*printer) Helper()                           {}
func (*printer) Errorf(format string, args ...any) { fmt.Printf("FAIL: "+format+"\n", args...) }
func (p *printer) Cleanup(f func())                { p.cleanups = append(p.cleanups, f) }
