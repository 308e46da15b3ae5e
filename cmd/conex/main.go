// Command conex has tools for programs that use Conex, and for Python programs
// beside them.
//
//	conex manager    serves queues, locks, dicts and more to programs in Go and Python
//	conex version    says which version this is
//	conex help       lists the commands; conex help COMMAND tells of one
//
// Exit codes: 0 when it ended as it was asked to, 1 for what went wrong, 2 for
// wrong usage, 130 after a second interrupt.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
)

// The exit codes.
const (
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130
)

// A command is one subcommand.
type command struct {
	name, short string
	run         func(ctx context.Context, args []string, std streams) error
}

// streams are the standard ones.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// commands is set in init, since help refers to it.
var commands []command

func init() {
	commands = []command{
		{"manager", "serve queues, locks, dicts and more to programs in Go and Python", runManager},
		{"version", "say which version this is", runVersion},
		{"help", "list the commands, or tell of one: conex help manager", runHelp},
	}
}

// A usageError is a mistake in the command line.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usage(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		cancel()
		<-signals
		os.Exit(exitInterrupted)
	}()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the program. The end of ctx is the first interrupt.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	std := streams{stdin, stdout, stderr}
	if len(args) == 0 {
		runHelp(ctx, nil, streams{stdin, stderr, stderr})
		return exitUsage
	}
	name := args[0]
	if name == "-h" || name == "-help" || name == "--help" {
		name = "help"
	}
	for _, c := range commands {
		if c.name != name {
			continue
		}
		err := c.run(ctx, args[1:], std)
		var wrong *usageError
		switch {
		case err == nil || errors.Is(err, flag.ErrHelp):
			return 0
		case errors.As(err, &wrong):
			fmt.Fprintf(stderr, "conex %s: %v\nconex help %s tells more\n", name, err, name)
			return exitUsage
		}
		fmt.Fprintf(stderr, "conex %s: %v\n", name, err)
		return exitFailed
	}
	fmt.Fprintf(stderr, "conex: there is no command %q; conex help lists them\n", name)
	return exitUsage
}

func runHelp(ctx context.Context, args []string, std streams) error {
	if len(args) > 0 && args[0] != "help" {
		for _, c := range commands {
			if c.name == args[0] {
				return c.run(ctx, []string{"-h"}, streams{std.in, std.out, std.out})
			}
		}
		return usage("there is no command %q", args[0])
	}
	fmt.Fprint(std.out, "Usage: conex COMMAND [flags]\n\n")
	for _, c := range commands {
		fmt.Fprintf(std.out, "  %-9s %s\n", c.name, c.short)
	}
	fmt.Fprint(std.out, "\nconex COMMAND -h lists the flags of a command.\n")
	return nil
}

func runVersion(_ context.Context, args []string, std streams) error {
	if len(args) > 0 {
		if args[0] == "-h" {
			fmt.Fprint(std.out, "Usage: conex version\n")
			return nil
		}
		return usage("it takes no arguments")
	}
	version, revision := "(devel)", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "" {
			version = info.Main.Version
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = " " + s.Value
			}
		}
	}
	fmt.Fprintf(std.out, "conex %s%s %s %s/%s\n", version, revision, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return nil
}
